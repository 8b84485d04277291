/**
 * What was received and not applied must never be thrown away (invariant 11). MariaDB throws it away where MySQL does not:
 * a replica that follows by GTID fetches anew from where it has applied, and deletes its relay log, whenever one of its
 * threads starts while both stand. So its applier is started before its IO thread stops, a server that was found with both
 * stopped is not started again, and nothing is changed before all is applied.
 */
import { isNone, minus } from '../../../../core/recovery/progress/gtids.js';
import { addressText } from '../../../../core/topology/address.js';
import { startReplica, stopReplica } from '../../dialect.js';
import type { Hold } from '../../session/hold.js';
import { StepFailed } from '../../session/step-failed.js';
import { CHANGE_MS, READ_MS, STOP_IO_MS } from '../limits.js';
import { applierError, progressOf, readServer, type ReplicaState, type ServerState } from '../reading/replica-state.js';

/** Is there relay log that would be lost with it? What cannot be shown to be applied is taken to be missing. */
export function hasUnapplied(replica: ReplicaState, server: ServerState): boolean {
  return !isNone(minus(replica.received, progressOf(server, replica)));
}

/** Why it will not apply what it has received, whatever is asked of it; null when it will, or nothing is left. */
export function obstacleToApplying(hold: Hold, replica: ReplicaState, server: ServerState): string | null {
  const error = applierError(replica);
  if (error !== null) return error;
  if (!losesByStart(hold, replica) || !hasUnapplied(replica, server)) return null;
  return 'both its threads stand, and MariaDB deletes what was received and not applied when one of them starts';
}

/** Were one of its threads started, it would delete what it has not applied. */
export function losesByStart(hold: Hold, replica: ReplicaState): boolean {
  return replica.io === 'No' && losesByRestart(hold, replica);
}

/** Were its IO thread stopped and started, it would delete what it has not applied. */
export function losesByRestart({ dialect }: Hold, { byGtid, sql }: ReplicaState): boolean {
  return dialect.flavor === 'MariaDB' && byGtid && !sql;
}

/** Its threads may be started only if nothing is lost by it. */
export function assertStartLosesNothing(hold: Hold, replica: ReplicaState, server: ServerState): void {
  if (!losesByStart(hold, replica) || !hasUnapplied(replica, server)) return;
  const text = `${obstacleToApplying(hold, replica, server) ?? ''}: it is left as it is`;
  throw new StepFailed('state', `${addressText(hold.address)}: ${text}`, false);
}

/** Stops the IO thread. One of MariaDB whose applier stands and need not is started first; one that fails stays as it is. */
export async function stopFetching(hold: Hold, replica: ReplicaState): Promise<void> {
  if (replica.io === 'No') return;
  if (hold.dialect.flavor === 'MariaDB' && !replica.sql && applierError(replica) === null) {
    const server = await readServer(hold, READ_MS);
    if (hasUnapplied(replica, server)) await startApplier(hold, replica, server);
  }
  await hold.change(stopReplica(hold.dialect, replica.channel, 'IO_THREAD'), STOP_IO_MS);
}

/** Does nothing where the applier runs. */
export async function startApplier(hold: Hold, replica: ReplicaState, server: ServerState): Promise<void> {
  if (replica.sql) return;
  const error = obstacleToApplying(hold, replica, server);
  if (error !== null) {
    const text = `its applier has stopped: ${error}`;
    throw new StepFailed('state', `${addressText(hold.address)}: ${text}`, false);
  }
  await hold.change(startReplica(hold.dialect, replica.channel, 'SQL_THREAD'), CHANGE_MS);
}

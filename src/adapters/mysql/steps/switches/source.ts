/**
 * Changes of how a replica follows: by GTID or by place, how late, under which account. A CHANGE while both threads stand
 * throws relay log away, and on older servers and MariaDB every CHANGE does: so one thread goes on running where it may, and
 * elsewhere all that was received is applied before (invariant 11). Whatever comes of it, the threads run again as they did.
 */
import type { StepFindings } from '../../../../core/recovery/step.js';
import type { Threads } from '../../../../core/recovery/requests/switch-action.js';
import { addressText } from '../../../../core/topology/address.js';
import { changeSource, type SourceChange, startReplica, stopReplica } from '../../dialect.js';
import type { Hold } from '../../session/hold.js';
import { StepFailed } from '../../session/step-failed.js';
import { awaitApplied } from '../replica/await-applied.js';
import { CHANGE_MS, CONNECTED_MS, DRAIN_MS, READ_MS, STOP_SQL_MS } from '../limits.js';
import { hasUnapplied, losesByRestart, stopFetching } from '../replica/relay-log.js';
import { readReplicaOf, type ReplicaState, readServer } from '../reading/replica-state.js';
import { firstWord } from '../replica/replication.js';

/** Which thread has to stand for it, of servers that change the rest while the other runs. */
type Stands = 'sql' | 'io' | 'both';

export async function followByGtid(hold: Hold, on: boolean, running: Threads): Promise<StepFindings> {
  const before = await readReplicaOf(hold, READ_MS);
  if (before.byGtid === on) {
    await restore(hold, running);
    return { text: on ? 'it followed by GTID already' : 'it did not follow by GTID' };
  }
  return await changed(hold, 'both', running, (stopped) =>
    on ? { gtid: true } : { gtid: false, coordinates: placeOf(hold, stopped) },
  );
}

/** Without GTID it would otherwise begin at whatever place it knew last. */
function placeOf(hold: Hold, { sourceFile, sourcePosition }: ReplicaState): NonNullable<SourceChange['coordinates']> {
  if (sourceFile !== '' && sourcePosition > 0) return { file: sourceFile, position: sourcePosition };
  const text = 'where it stands in the log of its source is not known: let it replicate once before';
  throw new StepFailed('state', `${addressText(hold.address)}: ${text}`, false);
}

export async function delay(hold: Hold, seconds: number, running: Threads): Promise<StepFindings> {
  return await changed(hold, 'sql', running, () => ({ delaySeconds: seconds }));
}

export async function changeCredentials(
  hold: Hold,
  running: Threads,
  credentials: NonNullable<SourceChange['credentials']>,
): Promise<StepFindings> {
  const findings = await changed(hold, 'io', running, () => ({ credentials }));
  return { text: `${findings.text ?? ''}; it logs in as ${credentials.user}` };
}

async function changed(
  hold: Hold,
  stands: Stands,
  running: Threads,
  changeFor: (stopped: ReplicaState) => SourceChange,
): Promise<StepFindings> {
  try {
    const stopped = await stopFor(hold, hold.dialect.changesSourceWhileApplying ? stands : 'both', running);
    await hold.change(changeSource(hold.dialect, changeFor(stopped), stopped.channel), CHANGE_MS);
  } catch (error) {
    if (error instanceof StepFailed && error.code !== 'authority' && error.code !== 'barrier') {
      await restore(hold, running).catch(() => undefined);
    }
    throw error;
  }
  return { text: await restore(hold, running) };
}

async function stopFor(hold: Hold, stands: Stands, running: Threads): Promise<ReplicaState> {
  const before = await readReplicaOf(hold, READ_MS);
  if (stands === 'sql') {
    if (before.io === 'No') await assertNothingToLose(hold, before);
    if (before.sql) await hold.change(stopReplica(hold.dialect, before.channel, 'SQL_THREAD'), STOP_SQL_MS);
    return await readReplicaOf(hold, READ_MS);
  }
  await stopFetching(hold, before);
  const fetched = await readReplicaOf(hold, READ_MS);
  if (stands === 'io') {
    if (!fetched.sql) await assertNothingToLose(hold, fetched);
    return fetched;
  }
  if (hasUnapplied(fetched, await readServer(hold, READ_MS))) {
    // An applier that somebody stopped is not started for this.
    if (!running.sql) await assertNothingToLose(hold, fetched);
    await awaitApplied(hold, fetched.received, DRAIN_MS);
  }
  await hold.change(stopReplica(hold.dialect, fetched.channel), STOP_SQL_MS);
  return await readReplicaOf(hold, READ_MS);
}

async function assertNothingToLose(hold: Hold, replica: ReplicaState): Promise<void> {
  if (!hasUnapplied(replica, await readServer(hold, READ_MS))) return;
  const text = 'it has received what it has not applied, which a change would throw away: start its replication first';
  throw new StepFailed('state', `${addressText(hold.address)}: ${text}`, false);
}

/** What the threads were when it was asked for, whoever stopped them since. */
async function restore(hold: Hold, running: Threads): Promise<string> {
  const now = await readReplicaOf(hold, READ_MS);
  const wanted = [
    ...(running.io && now.io === 'No' ? (['IO_THREAD'] as const) : []),
    ...(running.sql && !now.sql ? (['SQL_THREAD'] as const) : []),
  ];
  if (wanted.length === 2) await hold.change(startReplica(hold.dialect, now.channel), CHANGE_MS);
  else for (const thread of wanted) await hold.change(startReplica(hold.dialect, now.channel, thread), CHANGE_MS);
  if (!running.sql && now.sql && !losesByRestart(hold, now)) {
    await hold.change(stopReplica(hold.dialect, now.channel, 'SQL_THREAD'), STOP_SQL_MS);
  }
  if (!running.io) return 'its threads are as they were';
  const after = await firstWord(hold, CONNECTED_MS);
  if (after.io === 'Yes') return 'it replicates as before';
  const said = `error ${String(after.ioErrno)}: ${after.ioError}`;
  throw new StepFailed('state', `${addressText(hold.address)}: its IO thread does not connect again: ${said}`, false);
}

/**
 * Keeps a replica from going on with its source: the host gets `//` before it, which is no name, and is the incumbent's way
 * to keep it readable. What was received and not applied stays, or the change is not made.
 */
import type { StepFindings } from '../../../../core/recovery/step.js';
import { addressText, DETACHED } from '../../../../core/topology/address.js';
import { onlyPlace } from '../../../../core/recovery/progress/gtids.js';
import { changeSource, type SourceChange, startReplica } from '../../dialect.js';
import type { Hold } from '../../session/hold.js';
import { StepFailed } from '../../session/step-failed.js';
import { drain } from './drain.js';
import { heartbeatOf } from './heartbeat.js';
import { CHANGE_MS, READ_MS } from '../limits.js';
import { hasUnapplied, stopFetching } from './relay-log.js';
import { startReplication } from './repoint.js';
import { readReplicaOf, type ReplicaState, readServer } from '../reading/replica-state.js';
import { stopApplier } from './stop-applier.js';

/** The way back. It goes on where it stood: it was not told to forget anything. */
export async function reattach(hold: Hold): Promise<StepFindings> {
  const before = await readReplicaOf(hold, READ_MS);
  if (before.host.startsWith(DETACHED)) {
    await rename(hold, before, before.host.slice(DETACHED.length), 'it is left detached');
  }
  const { text = '' } = await startReplication(hold);
  return { text: before.host.startsWith(DETACHED) ? text : `it was not detached; ${text}` };
}

export async function sever(hold: Hold): Promise<StepFindings> {
  const before = await readReplicaOf(hold, READ_MS);
  if (before.host.startsWith(DETACHED)) return { text: 'it was detached already' };
  await rename(hold, before, `${DETACHED}${before.host}`, 'its IO thread is stopped, and it is not detached');
  return { text: `it followed ${before.host}:${String(before.port)}` };
}

/** The same source by another name. `left`: what becomes of it where that cannot be done. */
async function rename(hold: Hold, before: ReplicaState, host: string, left: string): Promise<void> {
  const { dialect } = hold;
  const heartbeat = await heartbeatOf(hold, before);
  await stopFetching(hold, before);
  const stopped = await readReplicaOf(hold, READ_MS);
  const place = await kept(hold, before, stopped, left);
  const change = { address: { host, port: before.port }, ...place, ...heartbeat };
  await hold.change(changeSource(dialect, change, before.channel), CHANGE_MS);
  await applyAgain(hold, before);
}

/** Where the applier had to stand for the change it is as it was found again; all is applied, so MariaDB deletes nothing by it. */
async function applyAgain(hold: Hold, before: ReplicaState): Promise<void> {
  const { sql } = await readReplicaOf(hold, READ_MS);
  if (!before.sql || sql) return;
  await hold.change(startReplica(hold.dialect, before.channel, 'SQL_THREAD'), CHANGE_MS);
}

/** By place the place is told anew, because a change of host forgets it, and nothing may be left to apply. */
async function kept(
  hold: Hold,
  before: ReplicaState,
  stopped: ReplicaState,
  left: string,
): Promise<Pick<SourceChange, 'coordinates'>> {
  const { changesSourceWhileApplying } = hold.dialect;
  if (before.byGtid && changesSourceWhileApplying && stopped.sql) return {};
  const server = await readServer(hold, READ_MS);
  if (before.byGtid && !stopped.sql && hasUnapplied(stopped, server)) throw lost(hold, left);
  const drained = await drain(hold, stopped, server);
  const coordinates = before.byGtid ? null : onlyPlace(drained.appliedTo);
  if (!before.byGtid && coordinates === null) throw lost(hold, left);
  // Before MySQL 5.7, on MariaDB, and with a place the applier has to stand as well (error 1198).
  if (coordinates !== null || !changesSourceWhileApplying) {
    await stopApplier(hold, before.channel);
  }
  return coordinates === null ? {} : { coordinates };
}

function lost(hold: Hold, left: string): StepFailed {
  const text = `${left}: it would lose its place or its relay log`;
  return new StepFailed('state', `${addressText(hold.address)}: ${text}`, false);
}

/**
 * Keeps a replica from going on with its source: the host gets `//` before it, which is no name, and is the incumbent's way
 * to keep it readable. What was received and not applied stays, or the change is not made.
 */
import type { StepFindings } from '../../../core/recovery/step.js';
import { addressText, DETACHED } from '../../../core/topology/address.js';
import { onlyPlace } from '../../../core/recovery/gtids.js';
import { changeSource, type SourceChange, stopReplica } from '../dialect.js';
import type { Hold } from '../hold.js';
import { StepFailed } from '../step-failed.js';
import { drain } from './drain.js';
import { CHANGE_MS, READ_MS, STOP_SQL_MS } from './limits.js';
import { hasUnapplied, stopFetching } from './relay-log.js';
import { startReplication } from './repoint.js';
import { readReplicaOf, type ReplicaState, readServer } from './replica-state.js';

/** The way back. It goes on where it stood: it was not told to forget anything. */
export async function reattach(hold: Hold): Promise<StepFindings> {
  const before = await readReplicaOf(hold, READ_MS);
  if (before.host.startsWith(DETACHED)) {
    await stopFetching(hold, before);
    const stopped = await readReplicaOf(hold, READ_MS);
    const place = await kept(hold, before, stopped, 'it is left detached');
    const address = { host: before.host.slice(DETACHED.length), port: before.port };
    const change = { address, ...place, ...heartbeatOf(stopped) };
    await hold.change(changeSource(hold.dialect, change, before.channel), CHANGE_MS);
  }
  const { text = '' } = await startReplication(hold);
  return { text: before.host.startsWith(DETACHED) ? text : `it was not detached; ${text}` };
}

export async function sever(hold: Hold): Promise<StepFindings> {
  const before = await readReplicaOf(hold, READ_MS);
  if (before.host.startsWith(DETACHED)) return { text: 'it was detached already' };
  await stopFetching(hold, before);
  const stopped = await readReplicaOf(hold, READ_MS);
  const place = await kept(hold, before, stopped, 'its IO thread is stopped, and it is not detached');
  const address = { host: `${DETACHED}${before.host}`, port: before.port };
  const change = { address, ...place, ...heartbeatOf(stopped) };
  await hold.change(changeSource(hold.dialect, change, before.channel), CHANGE_MS);
  return { text: `it followed ${before.host}:${String(before.port)}` };
}

/** By place the place is told anew, because a change of host forgets it, and nothing may be left to apply. */
async function kept(
  hold: Hold,
  before: ReplicaState,
  stopped: ReplicaState,
  left: string,
): Promise<Pick<SourceChange, 'coordinates'>> {
  if (!before.byGtid) {
    const coordinates = onlyPlace((await drain(hold, stopped, await readServer(hold, READ_MS))).appliedTo);
    if (coordinates === null) throw lost(hold, left);
    await hold.change(stopReplica(hold.dialect, before.channel), STOP_SQL_MS);
    return { coordinates };
  }
  const keepsRelayLog = hold.dialect.changesSourceWhileApplying && stopped.sql;
  if (keepsRelayLog || !hasUnapplied(stopped, await readServer(hold, READ_MS))) return {};
  throw lost(hold, left);
}

function lost(hold: Hold, left: string): StepFailed {
  const text = `${left}: it would lose its place or its relay log`;
  return new StepFailed('state', `${addressText(hold.address)}: ${text}`, false);
}

function heartbeatOf({ heartbeatSeconds }: ReplicaState): { readonly heartbeatSeconds?: number } {
  return heartbeatSeconds === null ? {} : { heartbeatSeconds };
}

/**
 * Keeps a replica from going on with its source: the host gets `//` before it, which is no name, and is the incumbent's way
 * to keep it readable. What was received and not applied stays, or the change is not made.
 */
import type { StepFindings } from '../../../core/recovery/step.js';
import { addressText, DETACHED } from '../../../core/topology/address.js';
import { changeSource } from '../dialect.js';
import type { Hold } from '../hold.js';
import { StepFailed } from '../step-failed.js';
import { CHANGE_MS, READ_MS } from './limits.js';
import { hasUnapplied, stopFetching } from './relay-log.js';
import { startReplication } from './repoint.js';
import { readReplicaOf, type ReplicaState, readServer } from './replica-state.js';

/** The way back. It goes on where it stood: it was not told to forget anything. */
export async function reattach(hold: Hold): Promise<StepFindings> {
  const before = await readReplicaOf(hold, READ_MS);
  if (before.host.startsWith(DETACHED)) {
    await stopFetching(hold, before);
    const stopped = await readReplicaOf(hold, READ_MS);
    await assertKept(hold, before, stopped, 'it is left detached');
    const address = { host: before.host.slice(DETACHED.length), port: before.port };
    await hold.change(changeSource(hold.dialect, { address, ...heartbeatOf(stopped) }, before.channel), CHANGE_MS);
  }
  const { text = '' } = await startReplication(hold);
  return { text: before.host.startsWith(DETACHED) ? text : `it was not detached; ${text}` };
}

export async function sever(hold: Hold): Promise<StepFindings> {
  const before = await readReplicaOf(hold, READ_MS);
  if (before.host.startsWith(DETACHED)) return { text: 'it was detached already' };
  await stopFetching(hold, before);
  const stopped = await readReplicaOf(hold, READ_MS);
  await assertKept(hold, before, stopped, 'its IO thread is stopped, and it is not detached');
  const address = { host: `${DETACHED}${before.host}`, port: before.port };
  await hold.change(changeSource(hold.dialect, { address, ...heartbeatOf(stopped) }, before.channel), CHANGE_MS);
  return { text: `it followed ${before.host}:${String(before.port)}` };
}

async function assertKept(hold: Hold, before: ReplicaState, stopped: ReplicaState, left: string): Promise<void> {
  const keepsRelayLog = hold.dialect.changesSourceWhileApplying && stopped.sql;
  if (before.byGtid && (keepsRelayLog || !hasUnapplied(stopped, await readServer(hold, READ_MS)))) return;
  const text = `${left}: it would lose its place or its relay log`;
  throw new StepFailed('state', `${addressText(hold.address)}: ${text}`, false);
}

function heartbeatOf({ heartbeatSeconds }: ReplicaState): { readonly heartbeatSeconds?: number } {
  return heartbeatSeconds === null ? {} : { heartbeatSeconds };
}

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
import { readReplicaOf, readServer } from './replica-state.js';

export async function sever(hold: Hold): Promise<StepFindings> {
  const before = await readReplicaOf(hold, READ_MS);
  if (before.host.startsWith(DETACHED)) return { text: 'it was detached already' };
  await stopFetching(hold, before);
  const stopped = await readReplicaOf(hold, READ_MS);
  const keepsRelayLog = hold.dialect.changesSourceWhileApplying && stopped.sql;
  if (!before.byGtid || (!keepsRelayLog && hasUnapplied(stopped, await readServer(hold, READ_MS)))) {
    const text = 'its IO thread is stopped, and it is not detached: it would lose its place or its relay log';
    throw new StepFailed('state', `${addressText(hold.address)}: ${text}`, false);
  }
  const { heartbeatSeconds } = stopped;
  const change = {
    address: { host: `${DETACHED}${before.host}`, port: before.port },
    ...(heartbeatSeconds === null ? {} : { heartbeatSeconds }),
  };
  await hold.change(changeSource(hold.dialect, change, before.channel), CHANGE_MS);
  return { text: `it followed ${before.host}:${String(before.port)}` };
}

/** Stops the applier, also where it holds half a transaction: without waiting for a rest that will not come. */
import type { Address } from '../../../../core/topology/address.js';
import { stopReplica } from '../../dialect.js';
import type { Hold } from '../../session/hold.js';
import { endHalf } from './end-half.js';
import { READ_MS, STOP_SQL_MS } from '../limits.js';
import { readReplicaOf } from '../reading/replica-state.js';

/**
 * `thread`: null for both. `fellow`: a replica that it may follow for a moment to be rid of half a transaction. Resolves with
 * what became of such a one, for people.
 */
export async function stopApplier(
  hold: Hold,
  channel: string,
  thread: 'SQL_THREAD' | null = null,
  fellow: Address | null = null,
): Promise<string> {
  const said = await endHalf(hold, await readReplicaOf(hold, READ_MS), fellow);
  const statement = thread === null ? stopReplica(hold.dialect, channel) : stopReplica(hold.dialect, channel, thread);
  await hold.change(statement, STOP_SQL_MS);
  return said;
}

/** Whether an applier holds half a transaction: its source died while sending it, and nobody fetches the rest any more. */
import { quoted } from '../../dialect.js';
import type { Hold } from '../../session/hold.js';
import { READ_MS } from '../limits.js';
import { hasUnapplied } from '../replica/relay-log.js';
import { readReplicaOf, readServer, type ReplicaState, type ServerState } from './replica-state.js';
import { appliersRest } from './resting.js';

/** Fetching has stopped, all there is was read and handed out, nobody is at work, and a transaction is not at its end. */
export async function holdsHalf(hold: Hold, replica: ReplicaState): Promise<boolean> {
  const { dialect } = hold;
  if (dialect.gtid !== 'mysql' || replica.io !== 'No' || !replica.sql || !replica.idle) return false;
  if (!(await appliersRest(hold))) return false;
  if (!dialect.can('connectionTimes')) return hasUnapplied(replica, await readServer(hold, READ_MS));
  if (!(await hasBegun(hold, replica))) return false;
  // Somebody who was at work a moment ago may have got more to do since.
  return (await appliersRest(hold)) && (await readReplicaOf(hold, READ_MS)).io === 'No';
}

/** False where what was read since fetching stopped says that it cannot: where half of one counts as received, and all is applied. */
export function mayHoldHalf({ dialect }: Hold, replica: ReplicaState, server: ServerState): boolean {
  return dialect.gtid === 'mysql' && (dialect.can('connectionTimes') || hasUnapplied(replica, server));
}

/** Some worker is in the middle of a transaction. */
export async function hasBegun(hold: Hold, { channel }: ReplicaState): Promise<boolean> {
  const begun =
    'SELECT COUNT(*) AS begun FROM performance_schema.replication_applier_status_by_worker ' +
    `WHERE APPLYING_TRANSACTION <> '' AND CHANNEL_NAME = ${quoted(channel)}`;
  return (await hold.readRow(begun, READ_MS))['begun'] !== '0';
}

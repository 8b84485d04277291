/**
 * MySQL 5.6 counts a transaction as received from its first event on. Where the IO thread stops in the middle of one, nobody
 * can ever apply it there, and the server fetches it anew by itself wherever it goes on: it has not received it. Seen under
 * write load in every fiftieth stop; waited for, it kept a replica without its source for half a minute.
 *
 * It is told by the applier: the IO thread stands, the applier has read all there is, and one transaction is missing. Two
 * looks agree, because an applier that has not woken up yet says the same for a moment.
 */
import { isNone, minus, sizeOf } from '../../../../core/recovery/progress/gtids.js';
import type { Hold } from '../../session/hold.js';
import { READ_MS } from '../limits.js';
import { progressOf, readReplica, readServer, type ReplicaState, type ServerState } from './replica-state.js';
import { appliersRest } from './resting.js';

/** An applier wakes within a millisecond. */
const BETWEEN_LOOKS_MS = 100;

interface Seen {
  readonly replica: ReplicaState | null;
  readonly server: ServerState;
}

/**
 * What is counted as received and is there in part; '' for nothing, and where it cannot be told (yet). `seen`: the first look,
 * where it was just taken.
 */
export async function halfReceived(hold: Hold, seen: Seen | null = null): Promise<string> {
  // Later versions count what is there as a whole, and MariaDB drops what is not.
  if (hold.dialect.gtid !== 'mysql' || hold.dialect.can('waitsForGtidSets')) return '';
  const first = await missingAtEnd(hold, seen ?? (await look(hold)));
  if (isNone(first)) return '';
  await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS_MS));
  return (await missingAtEnd(hold, await look(hold))) === first ? first : '';
}

async function look(hold: Hold): Promise<Seen> {
  const replica = await readReplica(hold, READ_MS);
  return { replica, server: await readServer(hold, READ_MS) };
}

async function missingAtEnd(hold: Hold, { replica, server }: Seen): Promise<string> {
  if (replica === null || !isAtEnd(replica)) return '';
  const missing = minus(replica.received, progressOf(server, replica));
  return sizeOf(missing) === 1 && (await appliersRest(hold)) ? missing : '';
}

function isAtEnd({ byGtid, io, sql, idle }: ReplicaState): boolean {
  return byGtid && io === 'No' && sql && idle;
}

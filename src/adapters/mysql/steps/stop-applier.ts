/**
 * Stops the applier, also where it holds half a transaction because its source died while sending it. An applier of several
 * workers waits a minute for the rest then (its server's rule, seen on 9.7 and 5.6), with the rows of that transaction locked,
 * and its source cannot be forgotten or changed before. Here nobody fetches the rest any more, and what is not whole this
 * server has not acknowledged: its coordinator is ended, which rolls it back at once and throws no relay log away.
 *
 * Ending it needs SYSTEM_USER since 8.0.16. Whoever lacks it waits out the minute.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { addressText } from '../../../core/topology/address.js';
import { monotonicNowMs } from '../../../runtime/ports/clock.js';
import { quoted, stopReplica } from '../dialect.js';
import type { Hold } from '../hold.js';
import { StepFailed } from '../step-failed.js';
import { checkpointTaken } from './checkpoint.js';
import { CHANGE_MS, READ_MS, STOP_SQL_MS } from './limits.js';
import { hasUnapplied } from './relay-log.js';
import { readReplicaOf, readServer, type ReplicaState } from './replica-state.js';
import { appliersRest } from './resting.js';

const PAUSE_MS = 10;
const WORKER = /waiting for an event from coordinator|waiting for work from sql thread/i;
const COORDINATOR = /has read all relay log/i;

/** `thread`: null for both. */
export async function stopApplier(hold: Hold, channel: string, thread: 'SQL_THREAD' | null = null): Promise<void> {
  const replica = await readReplicaOf(hold, READ_MS);
  if (replica.sql && (await holdsHalf(hold, replica))) await endCoordinator(hold, channel);
  const statement = thread === null ? stopReplica(hold.dialect, channel) : stopReplica(hold.dialect, channel, thread);
  await hold.change(statement, STOP_SQL_MS);
}

/** Fetching has stopped, all there is was read and handed out, nobody is at work, and a transaction is not at its end. */
export async function holdsHalf(hold: Hold, replica: ReplicaState): Promise<boolean> {
  const { dialect } = hold;
  if (dialect.gtid !== 'mysql' || replica.io !== 'No' || !replica.sql || !replica.idle) return false;
  if (!(await appliersRest(hold))) return false;
  if (!dialect.can('connectionTimes')) return hasUnapplied(replica, await readServer(hold, READ_MS));
  const begun =
    'SELECT COUNT(*) AS begun FROM performance_schema.replication_applier_status_by_worker ' +
    `WHERE APPLYING_TRANSACTION <> '' AND CHANNEL_NAME = ${quoted(replica.channel)}`;
  if ((await hold.readRow(begun, READ_MS))['begun'] === '0') return false;
  // Somebody who was at work a moment ago may have got more to do since.
  return (await appliersRest(hold)) && (await readReplicaOf(hold, READ_MS)).io === 'No';
}

/** Does nothing where it is not to be found, or may not be ended: then its server ends it. */
async function endCoordinator(hold: Hold, channel: string): Promise<void> {
  const id = await coordinatorOf(hold, channel);
  if (id === null) return;
  await checkpointTaken(hold);
  try {
    await hold.change(`KILL ${id}`, CHANGE_MS);
  } catch (error) {
    if (error instanceof StepFailed && error.code === 'statement') return;
    throw error;
  }
  // A STOP that came before its end would wait like any other.
  const deadlineMs = monotonicNowMs() + STOP_SQL_MS;
  while ((await readReplicaOf(hold, READ_MS)).sql) {
    if (monotonicNowMs() > deadlineMs) {
      const text = 'its applier was ended in the middle of half a transaction, and still rolls it back';
      throw new StepFailed('limit', `${addressText(hold.address)}: ${text}`, true);
    }
    await sleep(PAUSE_MS);
  }
}

/** Null where it applies alone, and stops at once. */
async function coordinatorOf(hold: Hold, channel: string): Promise<string | null> {
  if (hold.dialect.can('connectionTimes')) {
    const [row] = await hold.read(
      'SELECT t.PROCESSLIST_ID AS id FROM performance_schema.replication_applier_status_by_coordinator c ' +
        `JOIN performance_schema.threads t USING (THREAD_ID) WHERE c.CHANNEL_NAME = ${quoted(channel)}`,
      READ_MS,
    );
    return row?.['id'] ?? null;
  }
  const rows = await hold.read('SHOW PROCESSLIST', READ_MS);
  const [coordinator, ...others] = rows.filter((row) => COORDINATOR.test(row['State'] ?? ''));
  const isOne = others.length === 0 && rows.some((row) => WORKER.test(row['State'] ?? ''));
  return isOne ? (coordinator?.['Id'] ?? null) : null;
}

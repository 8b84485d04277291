/**
 * Ends half a transaction in the hands of an applier whose source died while sending it. An applier of several workers waits a
 * minute for the rest when it is told to stop (its server's rule, seen on 9.7 and 5.6), with the rows of that transaction
 * locked, and its source cannot be forgotten or changed before. Here nobody fetches the rest any more, and what is not whole
 * this server has not acknowledged: it is rolled back at once, and no relay log is thrown away.
 *
 * Its coordinator is ended, which takes SYSTEM_USER since 8.0.16. For whoever lacks that, another way by GTID (seen on 9.7):
 * the first event of any other source ends what the last one sent in part, so it follows a fellow replica for a moment.
 * Neither a restart of its IO thread, nor FLUSH RELAY LOGS, nor rpl_stop_replica_timeout, nor itself as its source do that.
 * Where there is no fellow the minute is waited out.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Address, addressText } from '../../../../core/topology/address.js';
import { monotonicNowMs } from '../../../../runtime/ports/clock.js';
import { changeSource, quoted, startReplica, stopReplica } from '../../dialect.js';
import type { Hold } from '../../session/hold.js';
import { StepFailed } from '../../session/step-failed.js';
import { checkpointTaken } from '../reading/checkpoint.js';
import { drain } from './drain.js';
import { hasBegun, holdsHalf } from '../reading/half-transaction.js';
import { heartbeatOf } from './heartbeat.js';
import { CHANGE_MS, READ_MS, STOP_IO_MS, STOP_SQL_MS } from '../limits.js';
import { readReplicaOf, readServer, type ReplicaState } from '../reading/replica-state.js';

const PAUSE_MS = 10;
/** A busy fellow is worth waiting for: the other way is a minute. */
const FELLOW_MS = 10_000;
const WORKER = /waiting for an event from coordinator|waiting for work from sql thread/i;
const COORDINATOR = /has read all relay log/i;

/** What was done, for people; '' where it holds none. Where there is no way its server ends it, in a minute. */
export async function endHalf(hold: Hold, replica: ReplicaState, fellow: Address | null): Promise<string> {
  if (!replica.sql || !(await holdsHalf(hold, replica))) return '';
  if (await endCoordinator(hold, replica.channel)) return 'half a transaction was rolled back';
  const lacks = 'half a transaction was rolled back, without SYSTEM_USER to end its applier';
  const mayFollow = fellow !== null && replica.byGtid && hold.dialect.changesSourceWhileApplying;
  return mayFollow && (await followForAMoment(hold, replica, fellow))
    ? `${lacks}: it followed ${addressText(fellow)} for a moment`
    : `${lacks}: its server waited a minute for the rest`;
}

/** False where it may not be ended. One that is not to be found applies alone, and stops at once when it is told to. */
async function endCoordinator(hold: Hold, channel: string): Promise<boolean> {
  const id = await coordinatorOf(hold, channel);
  if (id === null) return true;
  await checkpointTaken(hold);
  try {
    await hold.change(`KILL ${id}`, CHANGE_MS);
  } catch (error) {
    if (error instanceof StepFailed && error.code === 'statement') return false;
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
  return true;
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

/**
 * False where that did not end it. The fellow has nothing to give; should it have got something since, that is applied and
 * not thrown away (invariant 11).
 */
async function followForAMoment(hold: Hold, replica: ReplicaState, fellow: Address): Promise<boolean> {
  const { dialect } = hold;
  const { channel } = replica;
  const change = { address: fellow, ...(await heartbeatOf(hold, replica)) };
  try {
    await hold.change(changeSource(dialect, change, channel), CHANGE_MS);
    await hold.change(startReplica(dialect, channel, 'IO_THREAD'), CHANGE_MS);
  } catch (error) {
    // The promotion must not depend on it: there is another way, only slower.
    if (error instanceof StepFailed && error.code === 'statement') return false;
    throw error;
  }
  const deadlineMs = monotonicNowMs() + FELLOW_MS;
  while ((await hasBegun(hold, replica)) && monotonicNowMs() < deadlineMs) await sleep(PAUSE_MS);
  await hold.change(stopReplica(dialect, channel, 'IO_THREAD'), STOP_IO_MS);
  const stopped = await readReplicaOf(hold, READ_MS);
  if (await holdsHalf(hold, stopped)) return false;
  await drain(hold, stopped, await readServer(hold, READ_MS));
  return true;
}

/**
 * A former primary is fenced: no client can be acknowledged, and it stays closed until a committed epoch opens it.
 *
 * Seen on MySQL 9.7 with semi-sync whose acknowledging replicas are gone: super_read_only=1 alone hangs behind commits that
 * wait for an acknowledgement, and switching semi-sync off acknowledges them, which would tell clients that their doomed
 * transactions are safe. So clients go first (offline_mode ends their sessions within milliseconds, also those that
 * wait), then semi-sync, then both flags, and they are read back.
 *
 * MySQL 5.6 and MariaDB have neither offline_mode nor super_read_only. There read_only=1 hangs in the same way (seen on
 * MariaDB 10.11), and a killed session is cut off at once without an acknowledgement. So sessions are killed, and all
 * writes locked out, again and again until no client came in between; then read_only. Semi-sync stays as it is: only a
 * privileged account could still write once our session has ended, and that must not be acknowledged for want of a replica.
 */
import type { StepFindings } from '../../../../core/recovery/step.js';
import { addressText } from '../../../../core/topology/address.js';
import { monotonicNowMs } from '../../../../runtime/ports/clock.js';
import type { Hold } from '../../session/hold.js';
import { StepFailed } from '../../session/step-failed.js';
import { endSessions, endSessionsOfNow } from './client-sessions.js';
import { readFindings } from '../reading/findings.js';
import { CHANGE_MS, READ_MS, SESSIONS_END_MS } from '../limits.js';
import { executedSince } from '../reading/own-log.js';
import { assertClosed } from './primary.js';
import { stopFetching } from '../replica/relay-log.js';
import { readReplica, readServer } from '../reading/replica-state.js';
import { sourceSwitches, waitsForAcknowledgements } from './semi-sync.js';
import { needsLock, waitedInVain, writesLocked } from './write-lock.js';

/** `since`: of a server without GTID, where the others left its log. */
export async function fence(hold: Hold, since: string | null): Promise<StepFindings> {
  const before = await readServer(hold, READ_MS);
  const closed = before.readOnly && before.superReadOnly === true && !before.offlineMode;
  if (needsLock(hold)) await closeBehindLock(hold);
  const waitedForAcks = needsLock(hold) || closed ? null : await closeToAll(hold);
  await stopReceiving(hold);
  await assertClosed(hold);
  const findings = await readFindings(hold);
  return {
    ...findings,
    ...(since === null ? {} : { executedGtids: await executedSince(hold, findings, since) }),
    ...(waitedForAcks === null ? {} : { waitedForAcks }),
    text: closed ? 'it was closed already' : 'its clients were sent away and it was closed',
  };
}

/** Did it wait for acknowledgements until now? */
async function closeToAll(hold: Hold): Promise<boolean> {
  await hold.change('SET GLOBAL offline_mode = 1', CHANGE_MS);
  const left = await endSessions(hold);
  const waited = await waitsForAcknowledgements(hold);
  const switches = await sourceSwitches(hold);
  if (left.length > 0 && switches.length > 0) await closeBeside(hold, left);
  for (const variable of switches) await hold.change(`SET GLOBAL ${variable} = 0`, CHANGE_MS);
  await hold.read('SET SESSION lock_wait_timeout = 5', READ_MS);
  await hold.change('SET GLOBAL super_read_only = 1', CHANGE_MS);
  await assertClosed(hold);
  await hold.change('SET GLOBAL offline_mode = 0', CHANGE_MS);
  return waited;
}

/**
 * Sessions that cannot be ended, such as those of whoever watches the server as root: one that waits for an acknowledgement
 * keeps super_read_only away (seen on 9.7, AFTER_SYNC and AFTER_COMMIT), and where that is had, no commit is under way that
 * switching semi-sync off could acknowledge.
 */
async function closeBeside(hold: Hold, users: readonly string[]): Promise<void> {
  await hold.read('SET SESSION lock_wait_timeout = 1', READ_MS);
  try {
    await hold.change('SET GLOBAL super_read_only = 1', CHANGE_MS);
  } catch (error) {
    throw waitedInVain(error) ? acknowledgeable(hold, users) : error;
  }
  await assertClosed(hold);
}

/** How long one attempt waits for commits that came in after the sessions were ended; the shortest that MySQL knows. */
const LOCK_MS = 1000;

/** The lock is left to our session: it ends when the server is pointed elsewhere, is opened, or the session is over. */
async function closeBehindLock(hold: Hold): Promise<void> {
  // Its appliers wait behind the lock, and a STOP of theirs would wait for them.
  await stopReceiving(hold);
  const deadlineMs = monotonicNowMs() + SESSIONS_END_MS;
  do {
    await endSessionsOfNow(hold);
    if (await writesLocked(hold, LOCK_MS)) {
      await hold.change('SET GLOBAL read_only = 1', CHANGE_MS);
      return;
    }
  } while (monotonicNowMs() < deadlineMs);
  const text = 'its clients come back faster than they can be sent away, and it could not be locked between them';
  throw new StepFailed('state', `${addressText(hold.address)}: ${text}`, true);
}

/** Invariant 13: semi-sync is never switched off while a client could receive the acknowledgement. */
function acknowledgeable(hold: Hold, users: readonly string[]): StepFailed {
  const text =
    `${addressText(hold.address)}: sessions of ${users.join(', ')} cannot be ended (they have SYSTEM_USER), and semi-sync is not ` +
    'switched off before them; offline_mode is on meanwhile. End them, or grant SYSTEM_USER to the account of orchestrator';
  return new StepFailed('state', text, true);
}

/** It may have come back with a source of old times and fetch from there: what it has must not grow while it is judged. */
async function stopReceiving(hold: Hold): Promise<void> {
  const replica = await readReplica(hold, READ_MS);
  if (replica !== null) await stopFetching(hold, replica);
}

/**
 * A former primary is fenced: no client can be acknowledged, and it stays closed until a committed epoch opens it.
 *
 * Seen on MySQL 9.7 with semi-sync whose acknowledging replicas are gone: super_read_only=1 alone hangs behind commits that
 * wait for an acknowledgement, and switching semi-sync off acknowledges them, which would tell clients that their doomed
 * transactions are safe. So clients go first (offline_mode ends their sessions within milliseconds, also those that
 * wait), then semi-sync, then both flags, and they are read back.
 */
import type { StepFindings } from '../../../core/recovery/step.js';
import { addressText } from '../../../core/topology/address.js';
import { monotonicNowMs } from '../../../runtime/ports/clock.js';
import { stopReplica } from '../dialect.js';
import { StatementFailed } from '../failure.js';
import type { Hold, TextRow } from '../hold.js';
import { StepFailed } from '../step-failed.js';
import { CHANGE_MS, READ_MS, SESSIONS_END_MS, STOP_IO_MS } from './limits.js';
import { assertClosed } from './primary.js';
import { readFindings, readReplica, readServer } from './replica-state.js';
import { sourceSwitches } from './semi-sync.js';

const NO_SUCH_THREAD = 1094;
/** The session belongs to an account with SYSTEM_USER, and we are none. */
const NOT_OWNER = 1095;

export async function fence(hold: Hold): Promise<StepFindings> {
  const before = await readServer(hold, READ_MS);
  const closed = before.readOnly && before.superReadOnly && !before.offlineMode;
  if (!closed) await closeToAll(hold);
  await stopFetching(hold);
  await assertClosed(hold);
  const findings = await readFindings(hold);
  return { ...findings, text: closed ? 'it was closed already' : 'its clients were sent away and it was closed' };
}

async function closeToAll(hold: Hold): Promise<void> {
  await hold.change('SET GLOBAL offline_mode = 1', CHANGE_MS);
  const left = await endSessions(hold);
  for (const variable of await sourceSwitches(hold)) {
    if (left.length > 0) throw acknowledgeable(hold, left);
    await hold.change(`SET GLOBAL ${variable} = 0`, CHANGE_MS);
  }
  await hold.read('SET SESSION lock_wait_timeout = 5', READ_MS);
  await hold.change('SET GLOBAL super_read_only = 1', CHANGE_MS);
  await assertClosed(hold);
  await hold.change('SET GLOBAL offline_mode = 0', CHANGE_MS);
}

/** Resolves with the users of sessions that cannot be ended; those killed count as gone, their sockets are closed. */
async function endSessions(hold: Hold): Promise<readonly string[]> {
  const deadlineMs = monotonicNowMs() + SESSIONS_END_MS;
  const immortal = new Set<string>();
  for (;;) {
    const sessions = await clientSessions(hold);
    const mortal = sessions.filter(({ id }) => !immortal.has(id));
    if (mortal.length === 0) return [...new Set(sessions.map(({ user }) => user))];
    if (monotonicNowMs() > deadlineMs) {
      const users = [...new Set(mortal.map(({ user }) => user))].join(', ');
      throw new StepFailed('state', `${addressText(hold.address)}: sessions of ${users} do not end`, true);
    }
    for (const { id } of mortal) {
      if (!(await killed(hold, id))) immortal.add(id);
    }
  }
}

interface Session {
  readonly id: string;
  readonly user: string;
}

/** SHOW PROCESSLIST, because performance_schema does not tell which sessions were killed. */
async function clientSessions(hold: Hold): Promise<readonly Session[]> {
  const self = await hold.readRow("SELECT SUBSTRING_INDEX(USER(), '@', 1) AS user", READ_MS);
  const rows = await hold.read('SHOW PROCESSLIST', READ_MS);
  return rows
    .filter((row) => isClient(row, self['user'] ?? ''))
    .map((row) => ({ id: row['Id'] ?? '', user: row['User'] ?? '' }));
}

const NO_CLIENTS = new Set(['system user', 'event_scheduler', 'unauthenticated user']);

/** Our own account writes nothing; replicas that fetch are no clients; a killed session's client is cut off already. */
function isClient(row: TextRow, self: string): boolean {
  const user = row['User'] ?? '';
  const command = row['Command'] ?? '';
  if (user === self || NO_CLIENTS.has(user)) return false;
  return command !== 'Killed' && command !== 'Daemon' && !command.startsWith('Binlog Dump');
}

async function killed(hold: Hold, id: string): Promise<boolean> {
  try {
    await hold.change(`KILL ${id}`, CHANGE_MS);
    return true;
  } catch (error) {
    const cause = error instanceof StepFailed ? error.cause : null;
    if (cause instanceof StatementFailed && cause.number === NO_SUCH_THREAD) return true;
    if (cause instanceof StatementFailed && cause.number === NOT_OWNER) return false;
    throw error;
  }
}

/** Invariant 13: semi-sync is never switched off while a client could receive the acknowledgement. */
function acknowledgeable(hold: Hold, users: readonly string[]): StepFailed {
  const text =
    `${addressText(hold.address)}: sessions of ${users.join(', ')} cannot be ended (they have SYSTEM_USER), and semi-sync is not ` +
    'switched off before them; offline_mode is on meanwhile. End them, or grant SYSTEM_USER to the account of orchestrator';
  return new StepFailed('state', text, true);
}

/** It may have come back with a source of old times and fetch from there: what it has must not grow while it is judged. */
async function stopFetching(hold: Hold): Promise<void> {
  const replica = await readReplica(hold, READ_MS);
  if (replica === null || replica.io === 'No') return;
  await hold.change(stopReplica(hold.dialect, replica.channel, 'IO_THREAD'), STOP_IO_MS);
}

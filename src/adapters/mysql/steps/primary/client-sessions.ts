/** Ends the sessions of clients on a server that is closed: all but our own account's, replicas' and the server's own. */
import { addressText } from '../../../../core/topology/address.js';
import { monotonicNowMs } from '../../../../runtime/ports/clock.js';
import { StatementFailed } from '../../connection/failure.js';
import type { Hold, TextRow } from '../../session/hold.js';
import { StepFailed } from '../../session/step-failed.js';
import { CHANGE_MS, READ_MS, SESSIONS_END_MS } from '../limits.js';

const NO_SUCH_THREAD = 1094;
/** The session belongs to an account with SYSTEM_USER, and we are none. */
const NOT_OWNER = 1095;

/** Resolves with the users of sessions that cannot be ended; those killed count as gone, their sockets are closed. */
export async function endSessions(hold: Hold): Promise<readonly string[]> {
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

/** Those of now, once; who comes meanwhile is not waited for. */
export async function endSessionsOfNow(hold: Hold): Promise<void> {
  for (const { id } of await clientSessions(hold)) await killed(hold, id);
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

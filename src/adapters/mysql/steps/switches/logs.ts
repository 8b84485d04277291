/** Binary logs and connections, as an operator asks for it. */
import { createHash } from 'node:crypto';
import type { StepFindings } from '../../../../core/recovery/step.js';
import { addressText } from '../../../../core/topology/address.js';
import { logsBetween } from '../../../../core/topology/binlog-position.js';
import { monotonicNowMs } from '../../../../runtime/ports/clock.js';
import { quoted } from '../../dialect.js';
import { StatementFailed } from '../../connection/failure.js';
import type { Hold, TextRow } from '../../session/hold.js';
import { StepFailed } from '../../session/step-failed.js';
import { CHANGE_MS, READ_MS } from '../limits.js';
import { readOwnEnd } from '../reading/replica-state.js';

/** As many as may be asked for at once. */
const FLUSHED_MAX = 100;

export async function flushLogs(hold: Hold, to: string): Promise<StepFindings> {
  for (let flushed = 0; ; flushed++) {
    const file = (await readOwnEnd(hold, READ_MS))?.file ?? '';
    const isThere = to === '' ? flushed > 0 : (logsBetween(to, file) ?? -1) >= 0;
    if (isThere || flushed === FLUSHED_MAX) return { text: `it writes ${file}` };
    await hold.change('FLUSH BINARY LOGS', CHANGE_MS);
  }
}

export async function purgeLogs(hold: Hold, before: string): Promise<StepFindings> {
  const logs = await logNames(hold);
  const first = before === '' ? (logs.at(-1) ?? '') : before;
  if (!logs.includes(first)) {
    if (logs[0] !== undefined && (logsBetween(first, logs[0]) ?? -1) >= 0)
      return { text: `${logs[0]} is the first it has` };
    const text = `it has no binary log ${first}; it has ${logs[0] ?? 'none'} to ${logs.at(-1) ?? 'none'}`;
    throw new StepFailed('state', `${addressText(hold.address)}: ${text}`, false);
  }
  await hold.change(`PURGE BINARY LOGS TO ${quoted(first)}`, PURGE_MS);
  const [oldest = first] = await logNames(hold);
  if (oldest === first) return { text: `${String(logs.indexOf(first))} logs before ${first} were deleted` };
  const text = `${oldest} is still in use there, by the server itself or by a replica that reads it`;
  throw new StepFailed('state', `${addressText(hold.address)}: ${text}: ask again`, true);
}

async function logNames(hold: Hold): Promise<readonly string[]> {
  return (await hold.read('SHOW BINARY LOGS', READ_MS)).map((row) => row['Log_name'] ?? '');
}

/** Files of gigabytes go slowly on some file systems. */
const PURGE_MS = 60_000;

export async function seeQuery(hold: Hold, connection: number): Promise<StepFindings> {
  const row = await connectionRow(hold, connection);
  const name = addressText(hold.address);
  if (row === null) throw new StepFailed('state', `${name}: there is no connection ${String(connection)}`, false);
  const why = noClient(row);
  if (why !== null) throw new StepFailed('state', `${name}: connection ${String(connection)} ${why}`, false);
  return { query: digestOf(row), text: `${row['User'] ?? ''}, ${row['Command'] ?? ''} for ${row['Time'] ?? '0'} s` };
}

/** Ending what replicates is what stop-replica is for; ending us is for nobody. */
function noClient(row: TextRow): string | null {
  const command = row['Command'] ?? '';
  if (row['User'] === 'system user' || row['User'] === 'event_scheduler') return 'is a thread of the server itself';
  if (command.startsWith('Binlog Dump')) return 'sends the binary log to a replica';
  return row['Own'] === '1' ? 'is our own' : null;
}

export async function killQuery(hold: Hold, connection: number, query: string): Promise<StepFindings> {
  const row = await connectionRow(hold, connection);
  if (row === null || digestOf(row) !== query)
    return { ended: false, text: 'it runs something else by now: nothing was ended' };
  if (row['Command'] === 'Sleep') return { ended: false, text: 'it runs nothing: there was nothing to end' };
  try {
    await hold.change(`KILL QUERY ${String(connection)}`, CHANGE_MS);
  } catch (error) {
    const cause = error instanceof StepFailed ? error.cause : error;
    // Unknown thread id: its client went in this moment.
    if (!(cause instanceof StatementFailed) || cause.number !== 1094) throw error;
  }
  await assertEnds(hold, connection, query);
  return { text: 'its statement was ended' };
}

/** The server takes note of a KILL and answers at once; what hangs where it does not look for that goes on. */
async function assertEnds(hold: Hold, connection: number, query: string): Promise<void> {
  const deadlineMs = monotonicNowMs() + ENDS_MS;
  for (;;) {
    // Before the look: what is too late is so by a look of that time, also where this process stood still meanwhile.
    const lookedAtMs = monotonicNowMs();
    const row = await connectionRow(hold, connection);
    if (row === null || row['Command'] === 'Sleep' || digestOf(row) !== query) return;
    if (lookedAtMs >= deadlineMs) throw goesOn(hold, connection, row['State'] ?? '');
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** Most end within milliseconds; a rollback takes as long as what it undoes. */
const ENDS_MS = 2_000;
const PAUSE_MS = 20;

function goesOn(hold: Hold, connection: number, state: string): StepFailed {
  const who = `${addressText(hold.address)}: connection ${String(connection)}`;
  const text = `${who} was told to end its statement, and still runs it ${String(ENDS_MS / 1000)} s later`;
  // "ACK from slave" until 8.0.25, "from replica" since; MariaDB has its own.
  const why = /semi-?sync.* ACK/i.test(state)
    ? `its commit waits for the acknowledgement of a replica, which no KILL ends: let one acknowledge, or switch semi-sync off (disable-semi-sync-master)`
    : `its state is "${state}": it may be rolling back, look again`;
  return new StepFailed('state', `${text}: ${why}`, false);
}

async function connectionRow(hold: Hold, connection: number): Promise<TextRow | null> {
  const rows = await hold.read('SHOW FULL PROCESSLIST', READ_MS);
  const row = rows.find((one) => one['Id'] === String(connection));
  if (row === undefined) return null;
  const { self = '' } = await hold.readRow('SELECT CONNECTION_ID() AS self', READ_MS);
  return { ...row, Own: self === String(connection) ? '1' : '0' };
}

/** The statement itself may hold what is nobody's business, and the record is read by many. */
function digestOf(row: TextRow): string {
  const parts = [row['User'], row['Host'], row['db'], row['Info']].map((part) => part ?? '');
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 32);
}

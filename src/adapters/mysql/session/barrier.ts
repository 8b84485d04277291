/**
 * The lock that makes one session the only one of us that changes a server. Whoever comes later takes it away: the holder
 * is killed, and its lock is waited for, because a killed statement may go on for a while (a killed STOP REPLICA was seen
 * to stop the applier afterwards); the answer to KILL proves nothing, the lock does.
 */
import { addressText } from '../../../core/topology/address.js';
import type { ClusterId } from '../../../core/topology/server.js';
import { OperationalError } from '../../../runtime/errors.js';
import { monotonicNowMs } from '../../../runtime/ports/clock.js';
import type { Authority } from '../../../runtime/ports/mysql.js';
import { quoted } from '../dialect.js';
import { StatementFailed } from '../connection/failure.js';
import { assertLease, CHANGE_DEADLINE_MS, condition, confirmed, takeDeadline, textRows } from './hold.js';
import type { Link } from '../connection/link.js';

/** MySQL takes names of up to 64 characters; a cluster's id is a UUID, now and then with a suffix. */
const NAME_LENGTH = 64;

/** GET_LOCK counts in seconds. After each the holder is looked at anew: another leader may have been faster. */
const SLICE_SECONDS = 1;

/** The thread is gone already. */
const NO_SUCH_THREAD = 1094;

export function barrierName(clusterId: ClusterId): string {
  return `orchestrator:${clusterId}`.slice(0, NAME_LENGTH);
}

/** Resolves when the link holds the lock. Rejects with an OperationalError; the link is then to be closed. */
export async function takeBarrier(link: Link, name: string, authority: Authority, timeoutMs: number): Promise<void> {
  const deadlineMs = monotonicNowMs() + timeoutMs;
  let waitSeconds = 0;
  for (;;) {
    const leftMs = deadlineMs - monotonicNowMs();
    if (leftMs <= 0) throw notHad(link, name, timeoutMs);
    const { taken, holder } = await tryLock(link, name, waitSeconds, leftMs);
    if (taken) return;
    if (holder !== null) await kill(link, holder, authority, leftMs);
    waitSeconds = SLICE_SECONDS;
  }
}

async function tryLock(
  link: Link,
  name: string,
  waitSeconds: number,
  leftMs: number,
): Promise<{ readonly taken: boolean; readonly holder: number | null }> {
  const lock = quoted(name);
  const [set] = await link.run(
    `SELECT GET_LOCK(${lock}, ${String(waitSeconds)}) AS taken, IS_USED_LOCK(${lock}) AS holder`,
    leftMs + SLICE_SECONDS * 1000,
  );
  const row = set === undefined ? undefined : textRows(set)[0];
  const holder = row?.['holder'] ?? '';
  return { taken: row?.['taken'] === '1', holder: holder === '' ? null : Number(holder) };
}

/** The holder may be a new leader's session, if we are the old one: so even this takes the right to act. */
async function kill(link: Link, thread: number, authority: Authority, leftMs: number): Promise<void> {
  await takeDeadline(link, CHANGE_DEADLINE_MS, leftMs);
  await confirmed(authority);
  const statement = `${condition('')}; KILL ${String(thread)}`;
  assertLease(authority);
  try {
    await link.run(statement, leftMs);
  } catch (error) {
    if (error instanceof StatementFailed && error.number === NO_SUCH_THREAD) return;
    throw error;
  }
}

function notHad(link: Link, name: string, timeoutMs: number): OperationalError {
  const server = addressText(link.address);
  const text = `the lock ${name} could not be had within ${String(timeoutMs)} ms: the statement of its holder still runs`;
  return new OperationalError('MYSQL_BARRIER', `${server}: ${text}`);
}

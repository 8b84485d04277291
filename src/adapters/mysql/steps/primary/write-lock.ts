/**
 * A lock that keeps everybody from writing, for servers on which privileged accounts write in spite of read_only (MySQL 5.6,
 * MariaDB). It belongs to our session: while that lives nobody can write or commit, whatever their rights, and what the
 * server has is final. It ends with the session, and read_only remains.
 */
import { StatementFailed } from '../../connection/failure.js';
import type { Hold } from '../../session/hold.js';
import { StepFailed } from '../../session/step-failed.js';
import { CHANGE_MS, READ_MS } from '../limits.js';

const LOCK_WAIT_TIMEOUT = 1205;

export function needsLock({ dialect }: Hold): boolean {
  return !dialect.hasSuperReadOnly;
}

/**
 * Rejects with StepFailed when a statement or a commit of a client does not end in time. Meanwhile new statements wait
 * behind it, so the limit is how long clients may be held up in vain. Whole seconds.
 */
export async function lockWrites(hold: Hold, limitMs: number): Promise<void> {
  const seconds = Math.max(1, Math.ceil(limitMs / 1000));
  await hold.read(`SET SESSION lock_wait_timeout = ${String(seconds)}`, READ_MS);
  hold.memory.locksWrites = true;
  await hold.change('FLUSH TABLES WITH READ LOCK', limitMs + CHANGE_MS);
}

/** False when somebody's statement or commit stood in the way for that long. */
export async function writesLocked(hold: Hold, limitMs: number): Promise<boolean> {
  try {
    await lockWrites(hold, limitMs);
    return true;
  } catch (error) {
    if (waitedInVain(error)) return false;
    throw error;
  }
}

/** A client kept a table or a commit for longer than `lock_wait_timeout`. */
export function waitedInVain(error: unknown): boolean {
  const cause = error instanceof StepFailed ? error.cause : null;
  return cause instanceof StatementFailed && cause.number === LOCK_WAIT_TIMEOUT;
}

/** Does nothing where our session holds no lock. */
export async function unlock(hold: Hold): Promise<void> {
  if (!hold.memory.locksWrites) return;
  await hold.read('UNLOCK TABLES', READ_MS);
  hold.memory.locksWrites = false;
}

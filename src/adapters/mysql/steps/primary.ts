/** Steps on a server that is or becomes a primary: detach, open, close. */
import type { SemiSyncDuty, StepFindings } from '../../../core/recovery/step.js';
import { addressText } from '../../../core/topology/address.js';
import { resetReplicaAll, stopReplica } from '../dialect.js';
import type { Hold } from '../hold.js';
import { StepFailed } from '../step-failed.js';
import { CHANGE_MS, DRAIN_MS, READ_MS, STOP_IO_MS, STOP_SQL_MS } from './limits.js';
import { hasUnapplied, readFindings, readReplica, readServer } from './replica-state.js';
import { awaitApplied } from './replication.js';
import { askForAcknowledgements } from './semi-sync.js';

/** Told before the source is forgotten, because nobody can ask the server for it afterwards. */
export type BeforeReset = (hold: Hold) => Promise<void>;

export async function detach(hold: Hold, beforeReset: BeforeReset): Promise<StepFindings> {
  const state = await readReplica(hold, READ_MS);
  if (state === null) return { text: 'it had no source any more' };
  if (state.io !== 'No') await hold.change(stopReplica(hold.dialect, state.channel, 'IO_THREAD'), STOP_IO_MS);
  await drain(hold);
  await hold.change(stopReplica(hold.dialect, state.channel), STOP_SQL_MS);
  await beforeReset(hold);
  await hold.change(resetReplicaAll(hold.dialect, state.channel), CHANGE_MS);
  return { text: `it followed ${state.host}:${String(state.port)}` };
}

/** A promoted server has applied all it received; should it not have, its relay log is not thrown away (invariant 11). */
async function drain(hold: Hold): Promise<void> {
  const replica = await readReplica(hold, READ_MS);
  const { executed } = await readServer(hold, READ_MS);
  if (replica === null || !hasUnapplied(replica, executed)) return;
  try {
    await awaitApplied(hold, replica.retrieved, DRAIN_MS);
  } catch (error) {
    // The promotion is committed: there is nothing to do but wait on.
    throw error instanceof StepFailed && error.code === 'limit' ? new StepFailed('limit', error.message, true) : error;
  }
}

/**
 * Could this account open the server? A closed one is closed once more, which changes nothing and needs the same right: a
 * grant that is missing is found before the point of no return, not after it. Empty when it could, or is open.
 */
export async function obstacleToOpening(hold: Hold): Promise<{ readonly openError?: string }> {
  const { readOnly } = await readServer(hold, READ_MS);
  if (!readOnly) return {};
  try {
    await hold.change('SET GLOBAL read_only = 1', CHANGE_MS);
    return {};
  } catch (error) {
    if (error instanceof StepFailed && error.code === 'statement') return { openError: error.message };
    throw error;
  }
}

export async function open(hold: Hold, semiSync: SemiSyncDuty | null): Promise<StepFindings> {
  const text = await askForAcknowledgements(hold, semiSync);
  const before = await readServer(hold, READ_MS);
  // Clears super_read_only too.
  if (before.readOnly || before.superReadOnly) await hold.change('SET GLOBAL read_only = 0', CHANGE_MS);
  if (before.offlineMode) await hold.change('SET GLOBAL offline_mode = 0', CHANGE_MS);
  const after = await readServer(hold, READ_MS);
  if (after.readOnly || after.superReadOnly || after.offlineMode) {
    throw new StepFailed('state', `${addressText(hold.address)}: it was opened and reads back as closed`, true);
  }
  return { executedGtids: after.executed, readOnly: false, ...(text === '' ? {} : { text }) };
}

/**
 * Sets both flags, which waits for commits that are under way and for tables that clients have locked, and reads them back.
 * Only then its executed set is final.
 */
export async function close(hold: Hold, limitMs: number): Promise<StepFindings> {
  const before = await readServer(hold, READ_MS);
  if (!before.readOnly || !before.superReadOnly) {
    const seconds = Math.max(1, Math.ceil(limitMs / 1000));
    await hold.read(`SET SESSION lock_wait_timeout = ${String(seconds)}`, READ_MS);
    await hold.change('SET GLOBAL super_read_only = 1', limitMs + CHANGE_MS);
  }
  await assertClosed(hold);
  return await readFindings(hold);
}

/** Fenced means: both flags were read back (invariant 14). One of them alone was seen while a commit still hung. */
export async function assertClosed(hold: Hold): Promise<void> {
  const after = await readServer(hold, READ_MS);
  if (after.readOnly && after.superReadOnly) return;
  const flags = `read_only=${after.readOnly ? '1' : '0'}, super_read_only=${after.superReadOnly ? '1' : '0'}`;
  throw new StepFailed('state', `${addressText(hold.address)}: it was closed and reads back ${flags}`, true);
}

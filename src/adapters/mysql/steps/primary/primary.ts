/** Steps on a server that is or becomes a primary: detach, open, close. */
import type { SemiSyncDuty, StepFindings } from '../../../../core/recovery/step.js';
import { type Address, addressText } from '../../../../core/topology/address.js';
import { resetReplicaAll } from '../../dialect.js';
import type { Hold } from '../../session/hold.js';
import { StepFailed } from '../../session/step-failed.js';
import { drain } from '../replica/drain.js';
import { CHANGE_MS, READ_MS } from '../limits.js';
import { readFindings } from '../reading/findings.js';
import { stopFetching } from '../replica/relay-log.js';
import { isClosed, progressOf, readOwnEnd, readReplica, readServer } from '../reading/replica-state.js';
import { askForAcknowledgements } from './semi-sync.js';
import { stopApplier } from '../replica/stop-applier.js';
import { lockWrites, needsLock, unlock, waitedInVain } from './write-lock.js';

/** Told before the source is forgotten, because nobody can ask the server for it afterwards. */
export type BeforeReset = (hold: Hold) => Promise<void>;

/** `fellow`: see the step. */
export async function detach(hold: Hold, fellow: Address | null, beforeReset: BeforeReset): Promise<StepFindings> {
  const state = await readReplica(hold, READ_MS);
  if (state === null) return { text: 'it had no source any more' };
  await stopFetching(hold, state);
  await applyTheRest(hold);
  const half = await stopApplier(hold, state.channel, null, fellow);
  await beforeReset(hold);
  await hold.change(resetReplicaAll(hold.dialect, state.channel), CHANGE_MS);
  return { text: [`it followed ${state.host}:${String(state.port)}`, ...(half === '' ? [] : [half])].join('; ') };
}

/** A promoted server has applied all it received; should it not have, its relay log is not thrown away (invariant 11). */
async function applyTheRest(hold: Hold): Promise<void> {
  const replica = await readReplica(hold, READ_MS);
  if (replica === null) return;
  try {
    await drain(hold, replica, await readServer(hold, READ_MS));
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
  await unlock(hold);
  const before = await readServer(hold, READ_MS);
  // Clears super_read_only too.
  if (before.readOnly || before.superReadOnly === true) await hold.change('SET GLOBAL read_only = 0', CHANGE_MS);
  if (before.offlineMode) await hold.change('SET GLOBAL offline_mode = 0', CHANGE_MS);
  const after = await readServer(hold, READ_MS);
  if (after.readOnly || after.superReadOnly === true || after.offlineMode) {
    throw new StepFailed('state', `${addressText(hold.address)}: it was opened and reads back as closed`, true);
  }
  const binaryLog = await binaryLogPlace(hold);
  const told = { ...(text === '' ? {} : { text }), ...(binaryLog === null ? {} : { binaryLog }) };
  return { executedGtids: progressOf(after, null), readOnly: false, ...told };
}

/** For the operator's hooks; nobody needs it enough to fail for want of it. */
async function binaryLogPlace(hold: Hold): Promise<string | null> {
  const end = await readOwnEnd(hold, READ_MS).catch(() => null);
  return end === null ? null : `${end.file}:${String(end.position)}`;
}

/**
 * Waits for commits that are under way and for tables that clients have locked, closes, and reads it back. Only then what
 * it has executed is final; where privileged accounts write in spite of read_only, as long as our session holds its lock.
 */
export async function close(hold: Hold, limitMs: number): Promise<StepFindings> {
  try {
    await shutOutWriters(hold, limitMs);
  } catch (error) {
    if (!waitedInVain(error)) throw error;
    const name = addressText(hold.address);
    const seconds = String(limitMs / 1000);
    const text = `${name}: a client held a lock for ${seconds} s, so it was not closed (SHOW PROCESSLIST there names it)`;
    // Not tried again: all who write wait meanwhile.
    throw new StepFailed('limit', text, false, error);
  }
  await assertClosed(hold);
  return await readFindings(hold);
}

async function shutOutWriters(hold: Hold, limitMs: number): Promise<void> {
  if (needsLock(hold)) {
    await lockWrites(hold, limitMs);
    await hold.change('SET GLOBAL read_only = 1', CHANGE_MS);
  } else if (!isClosed(await readServer(hold, READ_MS))) {
    const seconds = Math.max(1, Math.ceil(limitMs / 1000));
    await hold.read(`SET SESSION lock_wait_timeout = ${String(seconds)}`, READ_MS);
    await hold.change('SET GLOBAL super_read_only = 1', limitMs + CHANGE_MS);
  }
}

/** Fenced means: all flags that there are were read back (invariant 14). One of two was seen while a commit still hung. */
export async function assertClosed(hold: Hold): Promise<void> {
  const after = await readServer(hold, READ_MS);
  if (isClosed(after)) return;
  const flag = (name: string, on: boolean | null): readonly string[] =>
    on === null ? [] : [`${name}=${on ? '1' : '0'}`];
  const flags = [...flag('read_only', after.readOnly), ...flag('super_read_only', after.superReadOnly)].join(', ');
  throw new StepFailed('state', `${addressText(hold.address)}: it was closed and reads back ${flags}`, true);
}

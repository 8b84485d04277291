/** Steps on replication threads: stop-io, restart-io, await-applied. None of them can lose relay log. */
import type { StepFindings } from '../../../core/recovery/step.js';
import { addressText } from '../../../core/topology/address.js';
import { monotonicNowMs } from '../../../runtime/ports/clock.js';
import { quoted, startReplica, stopReplica } from '../dialect.js';
import type { Hold } from '../hold.js';
import { StepFailed } from '../step-failed.js';
import { CHANGE_MS, FIRST_WORD_MS, READ_MS, STOP_IO_MS } from './limits.js';
import {
  applierError,
  readFindings,
  readReplica,
  readReplicaOf,
  type ReplicaState,
  readServer,
} from './replica-state.js';

/** The IO thread only: the applier goes on with what was received. */
export async function stopIo(hold: Hold): Promise<StepFindings> {
  const before = await readReplicaOf(hold, READ_MS);
  if (before.io !== 'No') {
    await hold.change(stopReplica(hold.dialect, before.channel, 'IO_THREAD'), STOP_IO_MS);
    const after = await readReplicaOf(hold, READ_MS);
    if (after.io !== 'No')
      throw new StepFailed('state', `${addressText(hold.address)}: its IO thread runs again`, true);
  }
  const findings = await readFindings(hold);
  return { ...findings, text: before.io === 'No' ? 'it was stopped already' : `it was ${before.io}` };
}

/** What the IO thread meets when it connects anew; the last look before the answer is given is the text. */
export async function restartIo(hold: Hold): Promise<StepFindings> {
  const before = await readReplicaOf(hold, READ_MS);
  if (before.io === 'No') return { text: 'its IO thread was stopped, so it was left alone' };
  await hold.change(stopReplica(hold.dialect, before.channel, 'IO_THREAD'), STOP_IO_MS);
  await hold.change(startReplica(hold.dialect, before.channel, 'IO_THREAD'), CHANGE_MS);
  const after = await firstWord(hold, FIRST_WORD_MS);
  return { text: after.io === 'Yes' ? 'it connected' : `${after.io}: ${after.ioError || 'no error yet'}` };
}

/** Looks until the IO thread has connected or says why not, or the time is up. */
export async function firstWord(hold: Hold, limitMs: number): Promise<ReplicaState> {
  const deadlineMs = monotonicNowMs() + limitMs;
  for (let pauseMs = 10; ; pauseMs = Math.min(pauseMs * 2, 200)) {
    const state = await readReplicaOf(hold, READ_MS);
    const settled = state.io === 'Yes' || state.ioErrno !== 0;
    if (settled || monotonicNowMs() + pauseMs > deadlineMs) return state;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** After each slice the applier is looked at: it may have stopped, and then the wait would be in vain. */
const SLICE_MS = 1000;

export async function awaitApplied(hold: Hold, gtids: string, limitMs: number): Promise<StepFindings> {
  const deadlineMs = monotonicNowMs() + limitMs;
  for (;;) {
    const leftMs = Math.max(0, deadlineMs - monotonicNowMs());
    if (await appliedWithin(hold, gtids, Math.min(SLICE_MS, leftMs))) break;
    if (leftMs === 0) {
      const text = `${addressText(hold.address)} has not applied ${gtids} within ${String(limitMs / 1000)} s`;
      throw new StepFailed('limit', text, false);
    }
    await keepApplying(hold);
  }
  return { executedGtids: (await readServer(hold, READ_MS)).executed };
}

async function appliedWithin(hold: Hold, gtids: string, waitMs: number): Promise<boolean> {
  // 0 means no limit to MySQL; a millisecond is the shortest wait.
  const seconds = Math.max(0.001, waitMs / 1000).toFixed(3);
  const statement = `SELECT WAIT_FOR_EXECUTED_GTID_SET(${quoted(gtids)}, ${seconds}) AS result`;
  const row = await hold.readRow(statement, waitMs + READ_MS);
  return row['result'] === '0';
}

async function keepApplying(hold: Hold): Promise<void> {
  const state = await readReplica(hold, READ_MS);
  if (state === null || state.sql) return;
  const error = applierError(state);
  if (error !== null) {
    throw new StepFailed('state', `${addressText(hold.address)}: its applier has stopped: ${error}`, false);
  }
  await hold.change(startReplica(hold.dialect, state.channel, 'SQL_THREAD'), CHANGE_MS);
}

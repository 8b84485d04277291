/** Steps on replication threads: stop-io and restart-io. Neither can lose relay log. */
import { minus } from '../../../core/recovery/gtids.js';
import type { StepFindings } from '../../../core/recovery/step.js';
import { addressText } from '../../../core/topology/address.js';
import { monotonicNowMs } from '../../../runtime/ports/clock.js';
import { startReplica, stopReplica } from '../dialect.js';
import type { Hold } from '../hold.js';
import { StepFailed } from '../step-failed.js';
import { readFindings } from './findings.js';
import { halfReceived } from './half-received.js';
import { CHANGE_MS, FIRST_WORD_MS, READ_MS, STOP_IO_MS } from './limits.js';
import { losesByRestart, stopFetching } from './relay-log.js';
import { stopBetween } from './stop-between.js';
import { readReplicaOf, type ReplicaState } from './replica-state.js';

/** The IO thread only: the applier goes on with what was received. `byPlace`: its source lives, and nothing is left half. */
export async function stopIo(hold: Hold, byPlace = false): Promise<StepFindings> {
  const before = await readReplicaOf(hold, READ_MS);
  if (byPlace) await stopBetween(hold);
  else if (before.io !== 'No') {
    await stopFetching(hold, before);
    const after = await readReplicaOf(hold, READ_MS);
    if (after.io !== 'No')
      throw new StepFailed('state', `${addressText(hold.address)}: its IO thread runs again`, true);
  }
  const findings = await readFindings(hold, byPlace);
  const half = byPlace ? '' : await halfReceived(hold);
  const receivedGtids = minus(findings.receivedGtids ?? '', half);
  return { ...findings, receivedGtids, text: before.io === 'No' ? 'it was stopped already' : `it was ${before.io}` };
}

/** What the IO thread meets when it connects anew; the last look before the answer is given is the text. */
export async function restartIo(hold: Hold): Promise<StepFindings> {
  const before = await readReplicaOf(hold, READ_MS);
  if (before.io === 'No') return { text: 'its IO thread was stopped, so it was left alone' };
  if (losesByRestart(hold, before)) {
    return { text: 'its applier was stopped, so it was left alone: MariaDB might delete its relay log' };
  }
  await hold.change(stopReplica(hold.dialect, before.channel, 'IO_THREAD'), STOP_IO_MS);
  await hold.change(startReplica(hold.dialect, before.channel, 'IO_THREAD'), CHANGE_MS);
  const after = await firstWord(hold, FIRST_WORD_MS);
  return { text: after.io === 'Yes' ? 'it connected' : `${after.io}: ${after.ioError || 'no error yet'}` };
}

/**
 * Looks until the IO thread has connected or says why not, or the time is up. `named`: and has asked its source for its uuid,
 * which MySQL does a moment after it says that it has connected.
 */
export async function firstWord(hold: Hold, limitMs: number, named = false): Promise<ReplicaState> {
  const deadlineMs = monotonicNowMs() + limitMs;
  for (let pauseMs = 10; ; pauseMs = Math.min(pauseMs * 2, 200)) {
    const state = await readReplicaOf(hold, READ_MS);
    const connected = state.io === 'Yes' && (state.sourceUuid !== '' || !named);
    if (connected || state.ioErrno !== 0 || monotonicNowMs() + pauseMs > deadlineMs) return state;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

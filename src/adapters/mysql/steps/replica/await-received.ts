/**
 * Waits until a replica has received what it is told, applied or not. One that lost its link to a source that lives fetches
 * nothing until its next try, which may be a minute away: it tries now, and where it is refused there is nothing to wait for.
 */
import { isNone, minus, unionOf } from '../../../../core/recovery/progress/gtids.js';
import type { StepFindings } from '../../../../core/recovery/step.js';
import { addressText } from '../../../../core/topology/address.js';
import { monotonicNowMs } from '../../../../runtime/ports/clock.js';
import type { Hold } from '../../session/hold.js';
import { StepFailed } from '../../session/step-failed.js';
import { readFindings } from '../reading/findings.js';
import { READ_MS } from '../limits.js';
import { readReplicaOf } from '../reading/replica-state.js';
import { restartIo } from './replication.js';

/** Between two looks. */
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 100;

export async function awaitReceived(hold: Hold, target: string, limitMs: number): Promise<StepFindings> {
  const deadlineMs = monotonicNowMs() + limitMs;
  let hasTried = false;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const findings = await readFindings(hold);
    const missing = minus(target, unionOf(findings.executedGtids ?? '', findings.receivedGtids ?? ''));
    if (isNone(missing)) return findings;
    const obstacle = await obstacleToFetching(hold);
    const isLate = monotonicNowMs() + pauseMs > deadlineMs;
    if (isLate || obstacle?.isFinal === true || (hasTried && obstacle !== null)) {
      const why = obstacle === null ? ` within ${String(limitMs / 1000)} s` : `: ${obstacle.text}`;
      throw new StepFailed('limit', `${addressText(hold.address)} has not received ${missing}${why}`, false);
    }
    if (obstacle !== null) await restartIo(hold);
    hasTried ||= obstacle !== null;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** Null where it fetches, or is about to. */
async function obstacleToFetching(hold: Hold): Promise<{ readonly text: string; readonly isFinal: boolean } | null> {
  const { io, ioErrno, ioError } = await readReplicaOf(hold, READ_MS);
  if (io === 'No') return { text: 'its IO thread stands', isFinal: true };
  if (io === 'Yes' || ioErrno === 0) return null;
  return { text: `error ${String(ioErrno)}: ${ioError}`, isFinal: false };
}

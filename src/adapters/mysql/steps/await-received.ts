/** Waits until a replica has received what it is told, applied or not. Nothing is changed. */
import { isNone, minus, unionOf } from '../../../core/recovery/gtids.js';
import type { StepFindings } from '../../../core/recovery/step.js';
import { addressText } from '../../../core/topology/address.js';
import { monotonicNowMs } from '../../../runtime/ports/clock.js';
import type { Hold } from '../hold.js';
import { StepFailed } from '../step-failed.js';
import { readFindings } from './findings.js';

/** Between two looks. */
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 100;

export async function awaitReceived(hold: Hold, target: string, limitMs: number): Promise<StepFindings> {
  const deadlineMs = monotonicNowMs() + limitMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const findings = await readFindings(hold);
    const missing = minus(target, unionOf(findings.executedGtids ?? '', findings.receivedGtids ?? ''));
    if (isNone(missing)) return findings;
    if (monotonicNowMs() + pauseMs > deadlineMs) {
      const text = `${addressText(hold.address)} has not received ${missing} within ${String(limitMs / 1000)} s`;
      throw new StepFailed('limit', text, false);
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** The incumbent's TopologyRecoveryStep: a line for each thing that was meant and each that came of it, in order of time. */
import type { Recovery } from '../../../core/recovery/recovery.js';
import { describeStep } from '../../../core/recovery/step-text.js';
import { lostWords, type NameOf, stepResult, verdictWords } from '../step-words.js';
import { timestamp } from './values.js';

export interface LegacyStep {
  readonly Id: number;
  readonly RecoveryUID: string;
  readonly AuditAt: string;
  readonly Message: string;
}

interface Line {
  readonly atMs: number;
  readonly text: string;
}

export function legacyRecoverySteps(recovery: Recovery, nameOf: NameOf): readonly LegacyStep[] {
  return recoveryLines(recovery, nameOf).map((line, position) => ({
    Id: position + 1,
    RecoveryUID: recovery.id,
    AuditAt: timestamp(line.atMs),
    Message: line.text,
  }));
}

function recoveryLines(recovery: Recovery, nameOf: NameOf): readonly Line[] {
  const lines: Line[] = [
    {
      atMs: recovery.openedAtMs,
      text: `${recovery.openedBy} opened a ${recovery.kind} recovery of ${nameOf(recovery.failed)}: ${recovery.code}: ${recovery.description}`,
    },
  ];
  for (const record of recovery.steps) {
    const intent = describeStep(record.step, nameOf);
    const again = record.attempt > 1 ? ` (attempt ${String(record.attempt)})` : '';
    lines.push({ atMs: record.intendedAtMs, text: `will ${intent}${again}` });
    const result = stepResult(record);
    if (result !== null) lines.push({ atMs: record.finishedAtMs ?? record.intendedAtMs, text: `${intent}: ${result}` });
  }
  for (const lost of recovery.lost) {
    const text = `lost replica: ${nameOf(lost.server)}: ${lostWords(lost)}`;
    lines.push({ atMs: recovery.closedAtMs ?? recovery.openedAtMs, text });
  }
  if (recovery.closedAtMs !== null && recovery.verdict !== null) {
    lines.push({ atMs: recovery.closedAtMs, text: `recovery ${verdictWords(recovery.verdict)}` });
  }
  // Steps on several servers run side by side; a stable sort keeps an intent before its result.
  return lines.sort((one, other) => one.atMs - other.atMs);
}

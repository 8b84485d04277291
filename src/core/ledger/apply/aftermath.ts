/**
 * What follows a recovery, in its record. It changes no server and promotes nobody, so all that is kept here is that it
 * is written once: of a recovery that is over, in terms that do not go back, and nothing but such steps.
 */
import { isAftermath } from '../../recovery/telling/aftermath.js';
import { HOOK_KEYS } from '../../recovery/telling/hook-terms.js';
import { withIntents, withOutcome } from '../../recovery/record.js';
import type { Recovery, RecoveryId } from '../../recovery/recovery.js';
import type { NumberedStep, Step, StepOutcome } from '../../recovery/step.js';
import { type Draft, type Fact, fact, rejected } from '../draft.js';

export function applyAftermathIntended(
  draft: Draft,
  id: RecoveryId,
  term: number,
  numbered: NumberedStep,
): readonly Fact[] {
  const recovery = closedRecovery(draft, id);
  if (recovery === null) return rejected(`recovery ${id} is not closed: nothing follows it yet`);
  const { step, attempt } = numbered;
  if (!isAftermath(step)) return rejected(`recovery ${id} is closed: ${step.kind} is no step to follow it`);
  const lastTerm = recovery.steps.reduce((highest, record) => Math.max(highest, record.term), 0);
  if (term < lastTerm)
    return rejected(`recovery ${id}: a leader of term ${String(term)} was followed by one of term ${String(lastTerm)}`);
  draft.recoveries.set(id, withIntents(recovery, [numbered], term, draft.nowMs));
  const again = attempt > 1 ? ` (attempt ${String(attempt)})` : '';
  return [fact('step-intended', `${nameOfStep(step)} after recovery ${id}${again}`, step.server, recovery.clusterId)];
}

export function applyAftermathFinished(
  draft: Draft,
  id: RecoveryId,
  number: number,
  outcome: StepOutcome,
): readonly Fact[] {
  const recovery = closedRecovery(draft, id);
  const record = recovery?.steps.find((known) => known.number === number);
  if (recovery === null || record === undefined || !isAftermath(record.step) || record.outcome !== null) {
    return rejected(`recovery ${id}: step ${String(number)} is not under way`);
  }
  draft.recoveries.set(id, withOutcome(recovery, number, outcome, draft.nowMs));
  const { step } = record;
  const detail = outcome.ok ? (outcome.findings.text ?? '') : outcome.error;
  const how = `${outcome.ok ? 'done' : 'failed'}${detail === '' ? '' : `: ${detail}`}`;
  return [fact('step-finished', `${nameOfStep(step)} after recovery ${id} ${how}`, step.server, recovery.clusterId)];
}

function nameOfStep(step: Step): string {
  return step.kind === 'hooks' ? HOOK_KEYS[step.list] : step.kind;
}

function closedRecovery(draft: Draft, id: RecoveryId): Recovery | null {
  const recovery = draft.recoveries.get(id);
  return recovery === undefined || recovery.closedAtMs === null ? null : recovery;
}

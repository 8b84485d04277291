/** The incumbent's TopologyRecoveryStep: a line for each thing that was meant and each that came of it, in order of time. */
import { durabilityVerdict } from '../../../core/recovery/durability/durability.js';
import { HOLDING_BACK } from '../../../core/recovery/telling/hook-terms.js';
import type { Recovery, StepRecord, Verdict } from '../../../core/recovery/recovery.js';
import { describeStep } from '../../../core/recovery/step-text.js';
import { named } from '../../../core/recovery/telling/naming.js';
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
  /** Of a step that may come after the end. */
  readonly follows?: boolean;
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
  const lines = [...openingLines(recovery, nameOf), ...recovery.steps.flatMap((record) => stepLines(record, nameOf))];
  const { verdict, closedAtMs } = recovery;
  if (closedAtMs !== null && verdict !== null) {
    // What follows a recovery is told after its end, also when both happened in one millisecond.
    const after = lines.findIndex(({ atMs, follows }) => follows === true && atMs >= closedAtMs);
    lines.splice(after < 0 ? lines.length : after, 0, ...closingLines(recovery, verdict, closedAtMs, nameOf));
  }
  // Steps on several servers run side by side; a stable sort keeps an intent before its result.
  return lines.sort((one, other) => one.atMs - other.atMs);
}

/** What was decided before anything was touched: who takes part, who may be promoted and who may not, and why. */
function openingLines(recovery: Recovery, nameOf: NameOf): readonly Line[] {
  const { inputs, openedAtMs: atMs, kind, code, description, failed } = recovery;
  const replicas = inputs.participants.filter(({ role }) => role === 'replica');
  const asked = inputs.command === undefined ? '' : ` (${inputs.command}, asked for by ${inputs.requestedBy})`;
  const texts = [
    `${recovery.openedBy} will handle ${code} on ${nameOf(failed)}: ${kind} recovery${asked}: ${description}`,
    ...replicas
      .filter(({ promotable }) => !promotable)
      .map(({ id, reason }) => `will not promote ${nameOf(id)}: ${reason}`),
  ];
  const { requestedCandidate } = inputs;
  if (requestedCandidate !== null) texts.push(`candidate that was asked for: ${nameOf(requestedCandidate)}`);
  const candidates = replicas
    .filter(({ promotable }) => promotable)
    .sort((one, other) => one.preference - other.preference);
  if (candidates.length > 1) {
    texts.push(
      `candidates, best first among equally advanced ones: ${candidates.map(({ id }) => nameOf(id)).join(', ')}`,
    );
  }
  return texts.map((text) => ({ atMs, text }));
}

function stepLines(record: StepRecord, nameOf: NameOf): readonly Line[] {
  const { step, attempt, intendedAtMs, outcome } = record;
  const intent = describeStep(step, nameOf);
  const follows = step.kind === 'publish' || (step.kind === 'hooks' && !HOLDING_BACK.has(step.list));
  const again = attempt > 1 ? ` (attempt ${String(attempt)})` : '';
  const lines: Line[] = [{ atMs: intendedAtMs, text: `will ${intent}${again}`, follows }];
  if (outcome === null) return lines;
  const atMs = record.finishedAtMs ?? intendedAtMs;
  const told = (outcome.ok ? outcome.findings.lines : outcome.lines) ?? [];
  for (const text of told) lines.push({ atMs, text, follows });
  lines.push({ atMs, text: `${intent}: ${stepResult(record) ?? ''}`, follows });
  if (step.kind === 'promise-promotion' && outcome.ok)
    lines.push({ atMs, text: `promoted replica: ${nameOf(step.server)}` });
  return lines;
}

function closingLines(recovery: Recovery, verdict: Verdict, atMs: number, nameOf: NameOf): readonly Line[] {
  const { lost, promotion, kind, failed } = recovery;
  const texts = lost.map((one) => `lost replica: ${named(nameOf(one.server), lostWords(one))}`);
  if (kind === 'dead-primary' && promotion !== null) {
    const servers = [failed, ...lost.map(({ server }) => server)].map(nameOf);
    texts.push(`downtiming as lost-in-recovery: ${servers.join(', ')}`);
  }
  if (kind === 'dead-primary' && promotion === null) texts.push('Failure: no replica promoted.');
  const durability = promotion === null ? null : durabilityVerdict(recovery);
  if (durability !== null) {
    texts.push(
      durability.kind === 'guaranteed'
        ? 'no acknowledged transaction is lost'
        : `that no acknowledged transaction is lost is not guaranteed: ${durability.because.join('; ')}`,
    );
  }
  texts.push(`recovery ${verdictWords(verdict)}`);
  return texts.map((text) => ({ atMs, text }));
}

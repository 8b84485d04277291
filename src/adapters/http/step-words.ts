/** Recoveries in words: whose server is whose, and what came of a step. Written once, for every list that shows them. */
import type { LostServer, Recovery, StepRecord, Verdict } from '../../core/recovery/recovery.js';
import type { StepOutcome } from '../../core/recovery/step.js';
import { type Address, addressText } from '../../core/topology/address.js';
import type { ServerId } from '../../core/topology/server.js';

/** The server's address as text; its id when nobody knows it any more. */
export type NameOf = (server: ServerId) => string;

/** Names of servers as they were at the opening of the recovery, else as they are now. */
export function namesIn(recovery: Recovery, addressOf: (server: ServerId) => Address | null): NameOf {
  const names = new Map(recovery.inputs.participants.map(({ id, host, port }) => [id, addressText({ host, port })]));
  return (server) => {
    const now = addressOf(server);
    return names.get(server) ?? (now === null ? server : addressText(now));
  };
}

/** Null while the step is under way. */
export function stepResult(record: StepRecord): string | null {
  if (record.outcome === null) return null;
  const tookMs = record.finishedAtMs === null ? '' : `, ${String(record.finishedAtMs - record.intendedAtMs)} ms`;
  const detail = stepDetail(record.outcome);
  return `${record.outcome.ok ? 'done' : 'failed'}${tookMs}${detail === '' ? '' : `: ${detail}`}`;
}

/** What a person has to know of a step that is under way; '' for most. */
export function waitingWords({ step, outcome }: StepRecord, nameOf: NameOf): string {
  if (outcome !== null || step.kind !== 'clone') return '';
  const name = nameOf(step.server);
  return `when it has the copy, ${name} restarts with it; where nobody supervises it, it stays down until you start it`;
}

/** What was found, or what went wrong; '' when there is nothing to say. */
export function stepDetail(outcome: StepOutcome | null): string {
  if (outcome === null) return '';
  return outcome.ok ? (outcome.findings.text ?? '') : outcome.error;
}

export function lostWords(lost: LostServer): string {
  return lost.gtids === '' ? lost.reason : `${lost.reason}; it alone has ${lost.gtids}`;
}

export function verdictWords(verdict: Verdict): string {
  return verdict.kind === 'succeeded' ? 'succeeded' : `${verdict.kind}: ${verdict.reason}`;
}

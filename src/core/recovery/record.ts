/**
 * What an entry of the log does to a recovery's record. The ledger calls it when the entry is applied, after it has judged
 * whether the entry is allowed; the driver, which proposes the next intents together with the outcomes they rest on, and
 * the preview call it to look ahead. One function for both, so that what is foreseen is what comes.
 */
import { binlogPositionText } from '../topology/binlog-position.js';
import type { ServerId } from '../topology/server.js';
import type { Recovery, StepRecord } from './recovery.js';
import type { Hop, NumberedStep, Step, StepOutcome } from './step.js';

export function withIntents(
  recovery: Recovery,
  steps: readonly NumberedStep[],
  term: number,
  intendedAtMs: number,
): Recovery {
  const records = new Map(recovery.steps.map((record) => [record.number, record]));
  for (const { number, attempt, step } of steps) {
    records.set(number, { number, attempt, step, term, intendedAtMs, finishedAtMs: null, outcome: null });
  }
  return { ...recovery, steps: [...records.values()].sort((one, other) => one.number - other.number) };
}

export function withOutcome(recovery: Recovery, number: number, outcome: StepOutcome, finishedAtMs: number): Recovery {
  const finish = (record: StepRecord): StepRecord =>
    record.number === number ? { ...record, outcome, finishedAtMs } : record;
  return { ...recovery, steps: recovery.steps.map(finish) };
}

export function withCancellation(recovery: Recovery, by: string, atMs: number): Recovery {
  return { ...recovery, cancelled: { by, atMs } };
}

export function withPromotion(recovery: Recovery, server: ServerId, epoch: number): Recovery {
  return { ...recovery, promotion: { server, epoch }, successor: server };
}

/** Two steps of a recovery with the same key are the same step, however often it was tried. */
export function stepKey(step: Step): string {
  if ('gtids' in step) {
    const drops = step.kind === 'reset-gtids' ? ` ${step.drops}` : '';
    return `${step.kind} ${step.server} ${step.gtids}${drops}${hopIn(step)}`;
  }
  switch (step.kind) {
    case 'run-until':
      return `${step.kind} ${step.server} ${step.until} hop ${step.hop}`;
    case 'clone':
      return `${step.kind} ${step.server} ${step.source}`;
    case 'repoint':
      return `${step.kind} ${step.server} ${step.source} ${String(step.start)}${placeIn(step)}`;
    case 'acknowledge':
      return `${step.kind} ${step.server} ${String(step.on)}`;
    case 'locate':
      return `${step.kind} ${step.server} ${step.source}`;
    case 'open':
    case 'promise-promotion':
      return `${step.kind} ${step.server} ${String(step.epoch)}`;
    case 'look':
    case 'stop-io':
    case 'start-replica':
      return `${step.kind} ${step.server}${againIn(step)}${hopIn(step)}`;
    default:
      return ownKey(step);
  }
}

/** Of steps that are told apart by one thing beside their server, if by that. */
function ownKey(step: Step): string {
  if (step.kind === 'hooks') return `${step.kind} ${step.list}`;
  if (step.kind === 'switch') return `${step.kind} ${step.server} ${JSON.stringify(step.action)}`;
  return `${step.kind} ${step.server}`;
}

function againIn({ again }: { readonly again?: true; readonly kind: string }): string {
  return again === true ? ' again' : '';
}

function hopIn({ hop }: { readonly hop?: Hop; readonly kind: string }): string {
  return hop === undefined ? '' : ` hop ${hop}`;
}

function placeIn({ begin }: Extract<Step, { kind: 'repoint' }>): string {
  return begin === undefined ? '' : ` ${binlogPositionText(begin.at)} ${begin.after}`;
}

export function recordOf(recovery: Recovery, step: Step): StepRecord | undefined {
  const key = stepKey(step);
  return recovery.steps.find((record) => stepKey(record.step) === key);
}

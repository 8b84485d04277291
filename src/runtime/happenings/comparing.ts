/** What has happened between two looks at the same thing. */
import { headwayOf } from '../../core/recovery/progress/headway.js';
import { describeStep } from '../../core/recovery/step-text.js';
import type { Problem } from '../../core/analysis/problem.js';
import type { Recovery, StepRecord } from '../../core/recovery/recovery.js';
import type { ServerId } from '../../core/topology/server.js';
import type { Happening } from '../ports/happenings.js';

/** Without what every one is given when it is written down. */
export type Told = Omit<Happening, 'id' | 'atMs'>;

export type NameOf = (server: ServerId) => string;

/** A problem as followers know it. */
export interface ShownProblem {
  readonly problem: Problem;
  /** Why nothing would be done about it. */
  readonly restraint: readonly string[];
}

const NOTHING: Omit<Told, 'kind'> = {
  clusterId: '',
  server: '',
  code: '',
  text: '',
  reasons: [],
  recovery: '',
  step: 0,
  leader: '',
  arrived: 0,
  moving: 0,
};

export function marker(kind: 'reset' | 'current'): Told {
  return { ...NOTHING, kind };
}

export function leaderIs(leader: string): Told {
  return { ...NOTHING, kind: 'leader', leader, text: leader === '' ? 'no node leads' : `${leader} leads` };
}

export function problemIs(
  kind: 'problem-began' | 'problem-changed' | 'problem-ended',
  { problem, restraint }: ShownProblem,
  nameOf: NameOf,
): Told {
  const { clusterId, server, code, description, because } = problem;
  const reasons = kind === 'problem-ended' ? [] : [...because, ...restraint];
  return { ...NOTHING, kind, clusterId, server: nameOf(server), code, text: description, reasons };
}

/** Ages and counts in the reasons change all the time; a name and what is done about it do not. */
export function isSameProblem(one: ShownProblem, other: ShownProblem): boolean {
  return (
    one.problem.code === other.problem.code &&
    one.problem.reaction === other.problem.reaction &&
    one.restraint.length === other.restraint.length
  );
}

/**
 * All that became of a recovery since it was last looked at; `before` null: it was not known. What is older than `sinceMs`
 * (wall clock) is no news: a node that starts plays its whole log again.
 */
export function recoveryNews(
  before: Recovery | null,
  now: Recovery,
  nameOf: NameOf,
  sinceMs: number = Number.NEGATIVE_INFINITY,
): readonly Told[] {
  const { arrived, of: moving } = headwayOf(now) ?? { arrived: 0, of: 0 };
  const about = { ...NOTHING, clusterId: now.clusterId, recovery: now.id, arrived, moving };
  const opened: Told[] = [];
  if (before === null && now.openedAtMs >= sinceMs) {
    const server = nameOf(now.failed);
    opened.push({ ...about, kind: 'recovery-opened', server, code: now.code, text: now.description });
  }
  const known = new Map(before?.steps.map((step) => [step.number, step]));
  const steps = now.steps.flatMap((step) =>
    stepNews(known.get(step.number), step, nameOf, sinceMs).map((told) => ({ ...about, ...told })),
  );
  const closed: Told[] = [];
  if (isReached(before?.closedAtMs, now.closedAtMs, sinceMs)) {
    const server = now.successor === null ? '' : nameOf(now.successor);
    closed.push({ ...about, kind: 'recovery-closed', server, code: now.code, text: verdictText(now) });
  }
  return [...opened, ...steps, ...closed];
}

type StepTold = Pick<Told, 'kind' | 'server' | 'code' | 'text' | 'step'>;

function stepNews(
  before: StepRecord | undefined,
  now: StepRecord,
  nameOf: NameOf,
  sinceMs: number,
): readonly StepTold[] {
  if (before === now) return [];
  const shown = { server: nameOf(now.step.server), code: now.step.kind, step: now.number };
  const told: StepTold[] = [];
  if (before?.attempt !== now.attempt && now.intendedAtMs >= sinceMs) {
    told.push({ ...shown, kind: 'step-began', text: describeStep(now.step, nameOf) });
  }
  if (isReached(before?.finishedAtMs, now.finishedAtMs, sinceMs)) {
    told.push({ ...shown, kind: 'step-ended', text: outcomeText(now) });
  }
  return told;
}

function isReached(before: number | null | undefined, now: number | null, sinceMs: number): boolean {
  return now !== null && now !== before && now >= sinceMs;
}

function outcomeText({ outcome }: StepRecord): string {
  if (outcome === null) return 'ended';
  return outcome.ok ? 'done' : `failed (${outcome.code}): ${outcome.error}`;
}

function verdictText({ verdict }: Recovery): string {
  if (verdict === null) return 'closed';
  return verdict.kind === 'succeeded' ? 'succeeded' : `${verdict.kind}: ${verdict.reason}`;
}

/**
 * How often a step is tried before the plan goes on without it. Before the promotion every wait is paid for by clients that
 * cannot write, so a replica that does not answer is not asked twice: the plan does without it, or is undone and planned
 * anew. After the promotion there is no way but forward, and more patience costs nothing.
 */
import { recordOf } from './record.js';
import type { Recovery, StepRecord } from './recovery.js';
import type { Step, StepFailure, StepFindings, StepKind } from './step.js';

/** Tries of a step whose server cannot be reached. */
const WHEN_UNREACHABLE: Readonly<Record<StepKind, number>> = {
  look: 2,
  'stop-io': 1,
  'await-applied': 1,
  'await-received': 1,
  'run-until': 1,
  repoint: 3,
  locate: 2,
  'promise-promotion': 1,
  detach: 6,
  open: 6,
  close: 2,
  fence: 2,
  acknowledge: 2,
  release: 2,
  'restart-io': 1,
  'start-replica': 3,
  sever: 1,
  reattach: 2,
  'inject-empty': 3,
  'keep-binary-logs': 3,
  'reset-gtids': 20,
  'prepare-clone': 2,
  // The server restarts with its new data, which takes as long as it takes.
  clone: 500,
  hooks: 1,
  // Somebody waits for the answer.
  switch: 2,
  publish: 1,
};

/** Tries of a step that the server refused for a reason that passes: a barrier in other hands, a deadline missed. */
const WHEN_REFUSED = 8;

/** How a step stands: `pending` is to be taken (again) or under way, the other two are final. */
export type Standing =
  | { readonly kind: 'pending' }
  | { readonly kind: 'done'; readonly findings: StepFindings }
  | { readonly kind: 'given-up'; readonly code: StepFailure; readonly error: string };

export function standingOf(recovery: Recovery, step: Step): Standing {
  const record = recordOf(recovery, step);
  return record === undefined ? { kind: 'pending' } : standingOfRecord(record);
}

export function standingOfRecord(record: StepRecord): Standing {
  const { outcome } = record;
  if (outcome === null) return { kind: 'pending' };
  if (outcome.ok) return { kind: 'done', findings: outcome.findings };
  const again = outcome.retriable || mustSucceed(record.step.kind, outcome.code);
  if (again && record.attempt < triesOf(record.step.kind, outcome.code)) return { kind: 'pending' };
  return { kind: 'given-up', code: outcome.code, error: outcome.error };
}

/**
 * After the promotion the cluster has no other primary: whatever MySQL objects to (a grant that is missing, say), opening it
 * is tried until somebody has mended it. Only a server that does not answer is given up, because its death is judged then,
 * and one that was rebuilt: what was promoted is not there any more, and no attempt brings it back.
 */
function mustSucceed(kind: StepKind, code: StepFailure): boolean {
  return (kind === 'detach' || kind === 'open') && code !== 'unreachable' && code !== 'replaced';
}

function triesOf(kind: StepKind, code: StepFailure): number {
  if (mustSucceed(kind, code)) return Number.POSITIVE_INFINITY;
  return code === 'unreachable' || code === 'not-admitted' ? WHEN_UNREACHABLE[kind] : WHEN_REFUSED;
}

/** How long the driver waits before an attempt: at once the first time, then longer each time. Milliseconds. */
export function pauseBeforeMs(attempt: number): number {
  if (attempt <= 1) return 0;
  const longestMs = attempt > PERSON_NEEDED ? PERSON_PAUSE_MS : LONGEST_PAUSE_MS;
  return Math.min(FIRST_PAUSE_MS * 2 ** Math.min(attempt - 2, 20), longestMs);
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2000;
/** By then it waits for a person, and every attempt is two entries in the log. */
const PERSON_NEEDED = 30;
const PERSON_PAUSE_MS = 10_000;

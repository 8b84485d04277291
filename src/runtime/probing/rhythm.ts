/**
 * When is an address asked again? A pure rule: every interval with some jitter, so that a thousand servers found in one
 * second are not asked in one second ever after; the dead less and less often, except those that must be fenced.
 */
import type { Rng } from '../../core/base/rng.js';
import type { ProbingPace } from './pace.js';

/**
 * server: known, asked at the pace. owed: a former primary that is not fenced yet; the moment it answers counts, so it
 * never backs off. alias: another address of a known server. stranger: nobody ever answered there.
 */
export type Standing = 'server' | 'owed' | 'alias' | 'stranger';

export interface Course {
  readonly standing: Standing;
  /** Probes in a row that got no report. */
  readonly failures: number;
  /** How many probes there were; the second one is where the crowd is spread out. */
  readonly probes: number;
}

const JITTER = 0.1;

/** Milliseconds from the beginning of the last probe to that of the next. */
export function intervalMs(course: Course, pace: ProbingPace, rng: Rng): number {
  const steady = steadyMs(course, pace);
  if (course.probes === 1) return steady * (0.1 + 0.9 * rng.next());
  return steady * (1 - JITTER + 2 * JITTER * rng.next());
}

/** The same without the jitter. */
export function steadyMs({ standing, failures }: Pick<Course, 'standing' | 'failures'>, pace: ProbingPace): number {
  switch (standing) {
    case 'owed':
      return pace.pollMs;
    case 'alias':
      return Math.max(pace.pollMs, pace.aliasPollMs);
    case 'stranger':
      return backedOff(pace.pollMs, 2, failures, Math.max(pace.pollMs, pace.strangerPollMaxMs));
    case 'server':
      return backedOff(pace.pollMs, pace.deadFactor, failures, Math.max(pace.pollMs, pace.deadPollMaxMs));
  }
}

/** The first failure is followed up at the usual pace. */
function backedOff(pollMs: number, factor: number, failures: number, maxMs: number): number {
  return Math.min(maxMs, pollMs * factor ** Math.max(0, failures - 1));
}

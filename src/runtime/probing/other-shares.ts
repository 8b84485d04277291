/**
 * What a node does about servers that are another's to look at. Normally nothing. The leader looks itself where no look
 * came in for one and a half intervals, whatever the reason: a node that died between two answers, one that is frozen,
 * a list of participants that has not arrived. So nobody goes unseen for two. And a connection that was opened for such
 * a look, or in an emergency, is closed again after a while.
 */
import type { Clock } from '../ports/clock.js';
import type { Course } from './course.js';
import type { ProbingPace } from './pace.js';
import { steadyMs } from './rhythm.js';

const OVERDUE_INTERVALS = 1.5;

/** An emergency asks many times a second; it must not open a connection each time. */
const LINGER_MS = 5_000;

export interface OtherSharesParts {
  readonly clock: Clock;
  readonly pace: ProbingPace;
  leads(): boolean;
  /** When the newest look there began, whoever looked; null when nobody did. */
  lastLookMs(course: Course): number | null;
  look(key: string, course: Course): void;
  release(course: Course): void;
}

export class OtherShares {
  readonly #parts: OtherSharesParts;

  constructor(parts: OtherSharesParts) {
    this.#parts = parts;
  }

  /** To be called several times within an interval. */
  tend(courses: ReadonlyMap<string, Course>): void {
    const nowMs = this.#parts.clock.nowMs();
    const leads = this.#parts.leads();
    for (const [key, course] of courses) {
      if (course.isMine || course.busy) continue;
      if (course.borrowedAtMs !== null && nowMs - course.borrowedAtMs > LINGER_MS) this.#giveBack(course);
      if (leads && this.#isOverdue(course, nowMs)) this.#parts.look(key, course);
    }
  }

  #isOverdue(course: Course, nowMs: number): boolean {
    const lastMs = this.#parts.lastLookMs(course) ?? course.sinceMs;
    return nowMs - lastMs > OVERDUE_INTERVALS * steadyMs(course, this.#parts.pace);
  }

  #giveBack(course: Course): void {
    course.borrowedAtMs = null;
    this.#parts.release(course);
  }
}

/**
 * Notices that this process did not run for a while: its own timer is late by more than any load explains (SIGSTOP, a
 * blocked thread), or the wall clock moved against the monotonic one (a virtual machine that was frozen: its monotonic
 * clock stood still with it). Whatever was measured before such a gap says nothing about the others.
 */
import type { Clock } from '../ports/clock.js';

const SHIFT_MAX_MS = 100;

export class PauseWatch {
  readonly #clock: Clock;
  readonly #lateMaxMs: number;
  #expectedAtMs = Number.POSITIVE_INFINITY;
  #offsetMs: number;

  constructor(clock: Clock, lateMaxMs: number) {
    this.#clock = clock;
    this.#lateMaxMs = lateMaxMs;
    this.#offsetMs = clock.wallMs() - clock.nowMs();
  }

  /** This thread means to run again at that time at the latest. */
  expect(atMs: number): void {
    this.#expectedAtMs = atMs;
  }

  /** To be asked before anything else is done in a turn. */
  paused(nowMs: number): boolean {
    const late = nowMs > this.#expectedAtMs + this.#lateMaxMs;
    const offset = this.#clock.wallMs() - nowMs;
    const shifted = Math.abs(offset - this.#offsetMs) > SHIFT_MAX_MS;
    // Slow drift is followed, or it would add up to a shift.
    this.#offsetMs = offset;
    if (late) this.#expectedAtMs = Number.POSITIVE_INFINITY;
    return late || shifted;
  }
}

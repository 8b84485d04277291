/**
 * Notices that this process, or the whole machine, did not run for a while. Whatever waited for an answer meanwhile ran
 * into its time limit although the answer may lie in the socket's buffer, so nothing that looked like silence counts.
 * The monotonic clock stands still while a machine is suspended; the wall clock, set right afterwards, gives it away.
 */
import type { Clock, Timer } from '../ports/clock.js';

export interface PauseLimits {
  /** A timer that fires this much late means that we did not run. */
  readonly pauseMs: number;
  /** How often that is looked at. */
  readonly pauseCheckMs: number;
}

export class PauseWatch {
  readonly #clock: Clock;
  readonly #limits: PauseLimits;
  readonly #onPause: (pausedMs: number) => void;
  #timer: Timer | null = null;
  #lastMs = 0;
  #lastWallMs = 0;
  #resumedAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, limits: PauseLimits, onPause: (pausedMs: number) => void) {
    this.#clock = clock;
    this.#limits = limits;
    this.#onPause = onPause;
  }

  start(): void {
    this.#lastMs = this.#clock.nowMs();
    this.#lastWallMs = this.#clock.wallMs();
    this.#arm();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  /**
   * To be asked also before a conclusion from silence: after a pause the time-outs of looks may fire before our own timer.
   */
  check(): void {
    const nowMs = this.#clock.nowMs();
    const wallMs = this.#clock.wallMs();
    const elapsedMs = nowMs - this.#lastMs;
    const lateMs = elapsedMs - this.#limits.pauseCheckMs;
    const jumpMs = wallMs - this.#lastWallMs - elapsedMs;
    this.#lastMs = nowMs;
    this.#lastWallMs = wallMs;
    const pausedMs = Math.max(lateMs, jumpMs);
    if (pausedMs <= this.#limits.pauseMs) return;
    this.#resumedAtMs = nowMs;
    this.#onPause(pausedMs);
  }

  /** Did we run all the time since that instant? */
  ranSince(atMs: number): boolean {
    this.check();
    return this.#resumedAtMs < atMs;
  }

  #arm(): void {
    this.#timer = this.#clock.setTimer(this.#limits.pauseCheckMs, () => {
      this.check();
      this.#arm();
    });
  }
}

/**
 * How often one caller may change something: a script that runs wild must not fill the log, which all nodes have to write.
 * Reads are not counted.
 */
import type { Clock } from '../../../runtime/ports/clock.js';

/** Seconds' worth of commands that may come at once. */
const BURST_SECONDS = 5;
const CALLERS_MAX = 10_000;

interface Bucket {
  left: number;
  filledAtMs: number;
}

export class Pace {
  readonly #clock: Clock;
  readonly #perSecond: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /** `perSecond` 0: as often as they like. */
  constructor(clock: Clock, perSecond: () => number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
  }

  admits(caller: string): boolean {
    const perSecond = this.#perSecond();
    if (perSecond === 0) return true;
    const nowMs = this.#clock.nowMs();
    const full = perSecond * BURST_SECONDS;
    const bucket = this.#buckets.get(caller) ?? { left: full, filledAtMs: nowMs };
    bucket.left = Math.min(full, bucket.left + ((nowMs - bucket.filledAtMs) / 1000) * perSecond);
    bucket.filledAtMs = nowMs;
    // Whoever has not asked for longest is at the front.
    this.#buckets.delete(caller);
    this.#buckets.set(caller, bucket);
    for (const oldest of this.#buckets.keys()) {
      if (this.#buckets.size <= CALLERS_MAX) break;
      this.#buckets.delete(oldest);
    }
    if (bucket.left < 1) return false;
    bucket.left -= 1;
    return true;
  }
}

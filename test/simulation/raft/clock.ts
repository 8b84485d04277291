/**
 * A node's own monotonic clock: it starts anywhere, runs a little fast or slow, and can leap ahead (a host that was
 * suspended). It never runs backwards; that is what monotonic means.
 */
export class Clock {
  readonly #rate: number;
  #offsetMs: number;

  constructor(rate: number, offsetMs: number) {
    this.#rate = rate;
    this.#offsetMs = offsetMs;
  }

  /** What it shows at the true time `atMs`. */
  read(atMs: number): number {
    return atMs * this.#rate + this.#offsetMs;
  }

  /** The true time at which it will show `localMs`, if it does not leap before. */
  trueTimeOf(localMs: number): number {
    return (localMs - this.#offsetMs) / this.#rate;
  }

  /** It stood still while `trueMs` went by. */
  standStill(trueMs: number): void {
    this.#offsetMs -= trueMs * this.#rate;
  }

  leap(ms: number): void {
    this.#offsetMs += ms;
  }
}

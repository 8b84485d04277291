/**
 * A peer's instants on our own clock. Each node counts from its own zero, and what is decided about the dead and about
 * servers that we changed rests on which of two instants came first. So the error goes to one side only: we say our time,
 * the peer answers with its own, and since its answer was formed after our question, an instant reckoned from the two is
 * too old by at most the way there, and never too new. A report that seems older than it is counts for less, and no more.
 */
import type { Pong } from '../ports/peers.js';

/** Two clocks that run apart by more than this are out of order; crystals are within a tenth of it. */
const DRIFT = 0.001;

export class PeerClock {
  /** On our clock: nothing that happened to either clock before it matters. */
  readonly sinceMs: number;
  readonly #theirsMs: number;

  constructor({ sentAtMs, clockMs }: Pong) {
    this.sinceMs = sentAtMs;
    this.#theirsMs = clockMs;
  }

  /** Never later than it was; `nowMs` is ours, at which the peer's word had come. */
  ours(theirsMs: number, nowMs: number): number {
    const awayMs = theirsMs - this.#theirsMs;
    return Math.min(nowMs, this.sinceMs + awayMs - Math.abs(awayMs) * DRIFT);
  }
}

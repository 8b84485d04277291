/**
 * Linearizable reads asked at a follower: passed on to the leader, many in one message. The number that identifies a message
 * is never used twice, not even across a restart: the answer to a question from before the restart carries an older index,
 * and taking it for the answer to a new question would be a stale read. Hence the random start.
 */
import type { Rng } from '../base/rng.js';

interface Sent {
  readonly contexts: readonly number[];
  readonly giveUpAtMs: number;
}

const MAX_WAITING_READS = 20_000;

export class ForwardedReads {
  #lastNumber: number;
  #waiting: number[] = [];
  readonly #sent = new Map<number, Sent>();

  constructor(rng: Rng) {
    // 51 random bits: what is left of 2^53 counts further than any node lives.
    this.#lastNumber = rng.integer(2 ** 19) * 2 ** 32 + rng.integer(2 ** 32);
  }

  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** False: too many wait already. */
  add(context: number): boolean {
    if (this.#waiting.length >= MAX_WAITING_READS) return false;
    this.#waiting.push(context);
    return true;
  }

  /** All that wait go out in one message with the number returned. */
  send(giveUpAtMs: number): number {
    this.#lastNumber += 1;
    this.#sent.set(this.#lastNumber, { contexts: this.#waiting, giveUpAtMs });
    this.#waiting = [];
    return this.#lastNumber;
  }

  /** The reads that message `number` carried; none if it was answered or given up before. Undefined: not ours. */
  answered(number: number): readonly number[] | undefined {
    const sent = this.#sent.get(number);
    this.#sent.delete(number);
    return sent?.contexts;
  }

  nextDeadlineMs(): number {
    for (const sent of this.#sent.values()) return sent.giveUpAtMs;
    return Number.POSITIVE_INFINITY;
  }

  takeExpired(now: number): readonly number[] {
    const expired = [...this.#sent].filter(([, sent]) => sent.giveUpAtMs <= now);
    for (const [number] of expired) this.#sent.delete(number);
    return expired.flatMap(([, sent]) => sent.contexts);
  }

  /** The leader they were sent to is gone. */
  takeAll(): readonly number[] {
    const all = [...[...this.#sent.values()].flatMap((sent) => sent.contexts), ...this.#waiting];
    this.#sent.clear();
    this.#waiting = [];
    return all;
  }
}

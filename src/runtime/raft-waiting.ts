/**
 * Callers that wait for an answer, each until its own deadline, all under one timer: a timer for each of ten thousand
 * proposals a second would cost more than the proposals.
 */
import type { Clock, Timer } from './ports/clock.js';

interface Waiter<T> {
  readonly deadlineMs: number;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

export class Waiting<T> {
  readonly #clock: Clock;
  /** What a caller is told whose deadline has passed. */
  readonly #expired: () => Error;
  readonly #waiters = new Map<number, Waiter<T>>();
  #timer: { readonly atMs: number; readonly timer: Timer } | null = null;

  constructor(clock: Clock, expired: () => Error) {
    this.#clock = clock;
    this.#expired = expired;
  }

  get size(): number {
    return this.#waiters.size;
  }

  async add(id: number, deadlineMs: number): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiters.set(id, { deadlineMs, resolve, reject });
      this.#arm(deadlineMs);
    });
  }

  /** Of nobody, when the caller has given up. */
  resolve(id: number, value: T): void {
    this.#take(id)?.resolve(value);
  }

  reject(id: number, error: Error): void {
    this.#take(id)?.reject(error);
  }

  /** Nobody is waited for any more. */
  close(error: () => Error): void {
    for (const id of [...this.#waiters.keys()]) this.reject(id, error());
    this.#timer?.timer.cancel();
    this.#timer = null;
  }

  #take(id: number): Waiter<T> | undefined {
    const waiter = this.#waiters.get(id);
    this.#waiters.delete(id);
    return waiter;
  }

  /** Left armed when its caller has been answered: the next one's deadline is later anyway. */
  #arm(atMs: number): void {
    if (this.#timer !== null && this.#timer.atMs <= atMs) return;
    this.#timer?.timer.cancel();
    const timer = this.#clock.setTimer(atMs - this.#clock.nowMs(), () => {
      this.#timer = null;
      this.#expire();
    });
    this.#timer = { atMs, timer };
  }

  #expire(): void {
    const now = this.#clock.nowMs();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [id, { deadlineMs }] of this.#waiters) {
      if (deadlineMs <= now) this.reject(id, this.#expired());
      else nextMs = Math.min(nextMs, deadlineMs);
    }
    if (Number.isFinite(nextMs)) this.#arm(nextMs);
  }
}

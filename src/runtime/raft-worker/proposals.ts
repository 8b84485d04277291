/**
 * Which of our own proposals an entry in the log is. A proposal is known by index AND term: the same index in another term
 * is somebody else's entry, and then ours is certainly not done. Two of ours may wait at one index, when this node led,
 * lost and led again: either may still be the one that is committed.
 */
import type { Entry, LogIndex, Term } from '../../core/raft/message.js';
import type { Settled } from './protocol.js';

/** Beyond this, those whose callers have given up are looked for. Far above what the core lets in at a time. */
const SWEEP_ABOVE = 50_000;

interface Waiting {
  readonly id: number;
  readonly term: Term;
  readonly deadlineMs: number;
}

export class Proposals {
  readonly #byIndex = new Map<LogIndex, Waiting[]>();

  add(id: number, index: LogIndex, term: Term, deadlineMs: number, nowMs: number): void {
    if (this.#byIndex.size >= SWEEP_ABOVE) this.#sweep(nowMs);
    const others = this.#byIndex.get(index);
    const waiting = { id, term, deadlineMs };
    if (others === undefined) this.#byIndex.set(index, [waiting]);
    else others.push(waiting);
  }

  /** To be told of every committed entry, in order. */
  settle(entries: readonly Entry[]): { readonly settled: readonly Settled[]; readonly dropped: readonly number[] } {
    const settled: Settled[] = [];
    const dropped: number[] = [];
    if (this.#byIndex.size === 0) return { settled, dropped };
    for (const { index, term } of entries) {
      for (const waiting of this.#byIndex.get(index) ?? []) {
        if (waiting.term === term) settled.push({ id: waiting.id, index, term });
        else dropped.push(waiting.id);
      }
      this.#byIndex.delete(index);
    }
    return { settled, dropped };
  }

  /** A snapshot took the place of the entries up to `index`: what was in them nobody can tell here. */
  forgetUpTo(index: LogIndex): readonly number[] {
    const unknown: number[] = [];
    for (const [at, waiting] of this.#byIndex) {
      if (at > index) continue;
      unknown.push(...waiting.map(({ id }) => id));
      this.#byIndex.delete(at);
    }
    return unknown;
  }

  #sweep(nowMs: number): void {
    for (const [index, waiting] of this.#byIndex) {
      const alive = waiting.filter(({ deadlineMs }) => deadlineMs > nowMs);
      if (alive.length === 0) this.#byIndex.delete(index);
      else this.#byIndex.set(index, alive);
    }
  }
}

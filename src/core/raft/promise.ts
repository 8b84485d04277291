/**
 * The voter's half of the lease: with every answer to a leader it promises no vote and no pre-vote for anyone else for a
 * while. The leader acts on the strength of that, so a promise is never broken: not when the leader's stream breaks (a
 * cut cable is not a dead leader), and not by a restart (a restarted voter no longer knows what it promised and waits as
 * if it had just done so). Only the leader itself can release voters early, by giving its lease up before it orders a
 * transfer.
 */
import type { NodeId, Term } from './message.js';

export class VoterPromise {
  #to: NodeId | null;
  #term: Term;
  #untilMs: number;

  /** `to` null: promised to somebody, nobody knows to whom. */
  constructor(to: NodeId | null, term: Term, untilMs: number) {
    this.#to = to;
    this.#term = term;
    this.#untilMs = untilMs;
  }

  give(to: NodeId, term: Term, untilMs: number): void {
    this.#to = to;
    this.#term = term;
    this.#untilMs = Math.max(this.#untilMs, untilMs);
  }

  /** After a pause nobody can say how much of the promise has passed on other clocks: keep all of it. */
  extend(untilMs: number): void {
    this.#untilMs = Math.max(this.#untilMs, untilMs);
  }

  /**
   * A transfer lifts promises given in earlier terms only: the leader of the term before gave its lease up for good in
   * that term, but a late duplicate of its order must not cost the leader of the present term its lease.
   */
  forbids(candidate: NodeId, request: { readonly term: Term; readonly transfer: boolean }, now: number): boolean {
    if (now >= this.#untilMs || candidate === this.#to) return false;
    return !(request.transfer && this.#term < request.term);
  }

  /** When `self` may stand for election. */
  freeAtMs(self: NodeId): number {
    return this.#to === self ? Number.NEGATIVE_INFINITY : this.#untilMs;
  }
}

/**
 * A leader's rounds. Everything sent in one go carries the round's number, and every answer repeats it, so the leader
 * can tell WHEN it sent what is being answered: leases are dated from the sending, never from the answer's arrival, or a
 * slow answer would stretch them. It also proves that an answer was given after a read arrived or after a match was known.
 */
interface Round {
  readonly number: number;
  readonly sentMs: number;
}

/** Carried by an answer that answers no round of the term it names. */
export const NO_ROUND = 0;

/** Bounds memory when rounds come faster than the horizon prunes them; forgetting the oldest only shortens a lease. */
const MAX_REMEMBERED = 4096;

export class Rounds {
  readonly #horizonMs: number;
  #remembered: Round[] = [];
  #last = 0;

  /** A round older than `horizonMs` cannot date a lease any more. */
  constructor(horizonMs: number) {
    this.#horizonMs = horizonMs;
  }

  get last(): number {
    return this.#last;
  }

  open(now: number): number {
    this.#last += 1;
    this.#remembered.push({ number: this.#last, sentMs: now });
    const oldest = this.#remembered[0];
    if (
      oldest !== undefined &&
      (oldest.sentMs + 2 * this.#horizonMs < now || this.#remembered.length > MAX_REMEMBERED)
    ) {
      this.#prune(now);
    }
    return this.#last;
  }

  /** -Infinity when the round is forgotten, and so too old to matter. */
  sentMs(number: number): number {
    const first = this.#remembered[0];
    if (first === undefined) return Number.NEGATIVE_INFINITY;
    return this.#remembered[number - first.number]?.sentMs ?? Number.NEGATIVE_INFINITY;
  }

  #prune(now: number): void {
    const keep = this.#remembered.filter((round) => round.sentMs + this.#horizonMs >= now);
    this.#remembered = keep.slice(-MAX_REMEMBERED / 2);
  }
}

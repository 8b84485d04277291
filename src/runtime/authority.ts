/**
 * The leader's right to change servers, asked anew before every statement (SAFETY.md, invariant 2). A lapsed lease is no
 * disgrace: it costs one round of confirmation. A term that has passed is the end: this authority never becomes valid again.
 */
import { OperationalError } from './errors.js';
import type { Clock } from './ports/clock.js';
import type { Consensus } from './ports/consensus.js';
import type { Authority } from './ports/mysql.js';

/** A round trip to a quorum on a long line, with room for a busy disk. */
const CONFIRM_TIMEOUT_MS = 2000;

/** What must be left of a lease so that a statement still goes out under it. */
const LEASE_MARGIN_MS = 5;

export class LeaderAuthority implements Authority {
  readonly term: number;
  readonly #consensus: Consensus;
  readonly #clock: Clock;

  constructor(term: number, consensus: Consensus, clock: Clock) {
    this.term = term;
    this.#consensus = consensus;
    this.#clock = clock;
  }

  async confirm(): Promise<void> {
    this.#assertTerm();
    if (this.#leaseLeftMs() > LEASE_MARGIN_MS) return;
    await this.#consensus.readIndex(this.#clock.nowMs() + CONFIRM_TIMEOUT_MS);
    this.#assertTerm();
    if (this.#leaseLeftMs() <= LEASE_MARGIN_MS) {
      throw new OperationalError(
        'LEASE_LAPSED',
        'a quorum confirmed this leader, but too late to act on it; trying again helps if the members are not overloaded',
      );
    }
  }

  assertLease(): void {
    this.#assertTerm();
    if (this.#leaseLeftMs() <= 0) {
      throw new OperationalError('LEASE_LAPSED', `the lease of term ${String(this.term)} has lapsed; nothing was sent`);
    }
  }

  #leaseLeftMs(): number {
    const lease = this.#consensus.lease();
    return lease.term === this.term ? lease.until - this.#clock.nowMs() : 0;
  }

  #assertTerm(): void {
    const { role, term } = this.#consensus.leadership();
    if (role !== 'leader' || term !== this.term) {
      throw new OperationalError('NOT_LEADER', `this node no longer leads term ${String(this.term)}; nothing was sent`);
    }
  }
}

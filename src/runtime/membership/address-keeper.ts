/**
 * Puts into the log where the members are. A member that came up at another address is found there at once (its own word
 * is enough for that), but only the log tells those who start later. The leader proposes the address at which it reaches
 * the node, and tries again until it is committed.
 */
import { isJoint } from '../../core/raft/membership.js';
import { moved } from '../../core/raft/membership-plan.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { Consensus, ConsensusStatus } from '../ports/consensus.js';

const AGAIN_AFTER_MS = 1000;
const COMMIT_MS = 5000;

export class AddressKeeper {
  readonly #consensus: Consensus;
  readonly #clock: Clock;
  readonly #tell: (text: string) => void;
  #again: Timer | null = null;
  #busy = false;
  #closed = false;

  constructor(consensus: Consensus, clock: Clock, tell: (text: string) => void) {
    this.#consensus = consensus;
    this.#clock = clock;
    this.#tell = tell;
  }

  /** To be called when this node has begun to lead, and when a peer has said something new of itself. */
  async check(): Promise<void> {
    if (this.#busy || this.#closed || this.#consensus.leadership().role !== 'leader') return;
    this.#busy = true;
    try {
      if (!(await this.#commit())) this.#later();
    } catch {
      this.#later();
    } finally {
      this.#busy = false;
    }
  }

  close(): void {
    this.#closed = true;
    this.#again?.cancel();
  }

  /** False: there is more to do, later. */
  async #commit(): Promise<boolean> {
    const status = await this.#consensus.status();
    if (status.role !== 'leader') return true;
    const news = this.#news(status);
    const names = Object.keys(news);
    if (names.length === 0) return !this.#isAnyoneLost(status);
    if (isJoint(status.membership)) return false;
    await this.#consensus.changeMembership(moved(status.membership, news), this.#clock.nowMs() + COMMIT_MS);
    for (const id of names) {
      this.#tell(`${id} is at ${news[id] ?? ''} now, it was at ${status.membership.addresses[id] ?? ''}`);
    }
    return true;
  }

  #news(status: ConsensusStatus): Readonly<Record<string, string>> {
    const news: Record<string, string> = {};
    for (const { id, address, foundAt, connected } of status.peers)
      if (connected && foundAt !== address) news[id] = foundAt;
    const own = this.#consensus.peers().get(status.id)?.raftAddress ?? '';
    const isMember = status.membership.addresses[status.id] !== undefined;
    if (isMember && own !== '' && status.membership.addresses[status.id] !== own) news[status.id] = own;
    return news;
  }

  /** Said to be elsewhere, and not reached there yet. */
  #isAnyoneLost(status: ConsensusStatus): boolean {
    return status.peers.some(({ address, foundAt }) => foundAt !== address);
  }

  #later(): void {
    if (this.#closed) return;
    this.#again?.cancel();
    this.#again = this.#clock.setTimer(AGAIN_AFTER_MS, () => {
      void this.check();
    });
  }
}

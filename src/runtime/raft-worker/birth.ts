/**
 * Whether a node with an empty disk may vote. It may be new in a new cluster, or it may have lost its disk in an old one,
 * and then it acknowledged entries and cast votes that it no longer knows: voting again could elect a leader without them.
 * It cannot tell by itself, so it asks the others before it takes part. One that holds a log means that the cluster was
 * born long ago: take part without a vote until the leader has brought us up to date. A majority of nodes as empty as we
 * are means birth, after a moment's grace for those that are slower to answer.
 */
import type { Membership, NodeId } from '../../core/raft/message.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { Introduction } from '../ports/peer-transport.js';

/** For the members that a majority does without. */
const GRACE_MS = 1000;

export type Birthright = 'voter' | 'forgetful';

export class Birth {
  readonly #self: NodeId;
  readonly #voters: ReadonlySet<NodeId>;
  readonly #clock: Clock;
  readonly #decide: (right: Birthright) => void;
  readonly #empty = new Set<NodeId>();
  #grace: Timer | null = null;
  #decided = false;

  /** `decide` is called once, at the earliest when `begin` is. */
  constructor(self: NodeId, { voters }: Membership, clock: Clock, decide: (right: Birthright) => void) {
    this.#self = self;
    this.#voters = new Set(voters);
    this.#clock = clock;
    this.#decide = decide;
  }

  begin(): void {
    this.#heard(this.#self);
    // Not a founder: it joins later, or it had joined and lost its disk; what the log says of it is not known yet.
    if (!this.#voters.has(this.#self)) this.#settle('forgetful');
  }

  met({ info, hasLog }: Introduction): void {
    if (hasLog) this.#settle('forgetful');
    else this.#heard(info.id);
  }

  close(): void {
    this.#decided = true;
    this.#grace?.cancel();
  }

  #heard(id: NodeId): void {
    if (this.#decided || !this.#voters.has(id)) return;
    this.#empty.add(id);
    if (this.#empty.size === this.#voters.size) this.#settle('voter');
    else if (this.#empty.size * 2 > this.#voters.size) {
      this.#grace ??= this.#clock.setTimer(GRACE_MS, () => {
        this.#settle('voter');
      });
    }
  }

  #settle(right: Birthright): void {
    if (this.#decided) return;
    this.close();
    this.#decide(right);
  }
}

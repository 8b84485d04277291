/** The membership of a node, wired: who serves it, who keeps the members' addresses in the log, and what is told of it. */
import { AddressKeeper } from '../../runtime/membership/address-keeper.js';
import { NodeMembership } from '../../runtime/membership/node-membership.js';
import { systemClock } from '../../runtime/ports/clock.js';
import type { Standing } from '../../runtime/ports/membership.js';
import type { ReplicatedLedger } from '../../runtime/replicated-ledger.js';
import type { Log } from '../log.js';
import type { RaftSide } from './raft.js';

const WORDS: Readonly<Record<Standing, { readonly level: 'info' | 'warn'; readonly text: string }>> = {
  voter: { level: 'info', text: 'this node is a voter of its cluster' },
  learner: { level: 'info', text: 'this node is a learner: it follows the log and has no vote until it is promoted' },
  waiting: {
    level: 'warn',
    text: 'this node is no member of the cluster yet: it waits to be added ("orchestrator raft add ADDRESS" at any member)',
  },
  recovering: {
    level: 'warn',
    text: 'this node lost its disk, or part of it: it has no vote until the leader has brought it up to date',
  },
  removed: {
    level: 'warn',
    text: 'this node was REMOVED from its cluster: it stands for nothing, answers reads from what it knew, and can be stopped',
  },
};

export class MembershipSide {
  readonly membership: NodeMembership;
  readonly #addresses: AddressKeeper;
  readonly #log: Log;
  #told: Standing | null = null;

  constructor({ consensus, self }: RaftSide, ledger: ReplicatedLedger, log: Log) {
    this.#log = log;
    this.membership = new NodeMembership({
      consensus,
      clock: systemClock,
      clusterId: self.clusterId,
      state: () => ledger.state,
    });
    this.#addresses = new AddressKeeper(consensus, systemClock, (text) => {
      log.info(text);
    });
  }

  /** Something about the cluster has changed: who leads, who takes part, what a node says of itself. */
  notice(): void {
    void this.#addresses.check();
    void this.#tellStanding();
  }

  stop(): void {
    this.#addresses.close();
  }

  async #tellStanding(): Promise<void> {
    const standing = await this.membership.refresh();
    if (standing === this.#told) return;
    const isFirst = this.#told === null;
    this.#told = standing;
    const words = WORDS[standing];
    if (!isFirst || standing !== 'voter') this.#log[words.level](words.text);
  }
}

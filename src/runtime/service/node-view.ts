/**
 * What this node says about itself and its cluster. Role, term and leader are known at once; what only the Raft thread
 * knows (membership, when a peer was last heard) is asked for now and then and shown as it last was.
 */
import { hostname } from 'node:os';
import type { LedgerState } from '../../core/ledger/state.js';
import type { Orchestrators } from '../../core/recovery/explain/death.js';
import { isLive } from '../membership/live-voters.js';
import type { Clock } from '../ports/clock.js';
import type { Consensus, ConsensusStatus } from '../ports/consensus.js';
import type { MemberStatus, NodeStatus } from '../ports/service.js';

/** A member list is read by people and by pages that refresh once a second. */
const STATUS_AGE_MS = 500;

export interface NodeViewOptions {
  readonly id: string;
  readonly version: string;
  readonly raftEnabled: boolean;
  readonly consensus: Consensus;
  readonly clock: Clock;
  readonly state: () => LedgerState;
}

export class NodeView {
  readonly #options: NodeViewOptions;
  /** Asked once: it is a call into the system, and every answer to a reader has this view in its headers. */
  readonly #hostname = hostname();
  #status: ConsensusStatus | null = null;
  #askedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: NodeViewOptions) {
    this.#options = options;
  }

  /** Asks the Raft thread; what it says is shown from then on. Never rejects: an old view is better than none. */
  async refresh(): Promise<void> {
    this.#askedAtMs = this.#options.clock.nowMs();
    try {
      this.#status = await this.#options.consensus.status();
    } catch {
      // The Raft thread is closing; the last view stands.
    }
  }

  view(): NodeStatus {
    const { id, version, raftEnabled, consensus, clock, state } = this.#options;
    if (clock.nowMs() - this.#askedAtMs > STATUS_AGE_MS) void this.refresh();
    const { role, term, leader } = consensus.leadership();
    return {
      id,
      hostname: this.#hostname,
      version,
      role: this.#status === null && leader === null ? 'starting' : role === 'pre-candidate' ? 'candidate' : role,
      term,
      leader,
      leaderHttpAddress: leader === null ? null : this.#httpAddress(leader),
      inQuorum: leader !== null,
      raftEnabled,
      members: this.#members(leader),
      appliedIndex: state().index,
    };
  }

  /** All configured voters, of the old and the new membership while one replaces the other; empty before the first look. */
  voters(): readonly string[] {
    const membership = this.#status?.membership;
    return membership === undefined ? [] : [...new Set<string>([...membership.voters, ...membership.outgoing])];
  }

  /** Who of the voters answers is known to the leader alone. */
  orchestrators(): Orchestrators {
    const status = this.#status;
    const voters = this.voters();
    const leads = status !== null && this.#options.consensus.leadership().role === 'leader';
    const live = leads ? status.membership.voters.filter((id) => isLive(status, id)).length : null;
    return { voters: Math.max(1, voters.length), live };
  }

  #httpAddress(id: string): string | null {
    const { consensus, state } = this.#options;
    for (const peer of consensus.peers().values()) {
      if (peer.id === id) return peer.httpAddress;
    }
    return state().nodes.get(id)?.httpAddress ?? null;
  }

  #members(leader: string | null): readonly MemberStatus[] {
    const status = this.#status;
    if (status === null) return [];
    const { voters, learners, addresses } = status.membership;
    const lastHeard = new Map(status.peers.map((peer) => [peer.id as string, peer.lastHeardMs]));
    return [...voters, ...learners].map((id) => ({
      id,
      voter: voters.includes(id),
      raftAddress: addresses[id] ?? '',
      httpAddress: this.#httpAddress(id) ?? '',
      isLeader: id === leader,
      lastHeardMs: lastHeard.get(id) ?? null,
    }));
  }
}

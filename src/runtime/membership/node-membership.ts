/**
 * The membership as this node serves it. One change at a time, whoever asks: two operators who both replace a node would
 * otherwise take turns at each other's steps.
 */
import type { LedgerState } from '../../core/ledger/state.js';
import type { LogIndex } from '../../core/raft/message.js';
import { OperationalError } from '../errors.js';
import type { Clock } from '../ports/clock.js';
import type { Consensus } from '../ports/consensus.js';
import type {
  ChangeOutcome,
  ClusterMembership,
  ClusterStatus,
  MembershipChange,
  Standing,
} from '../ports/membership.js';
import type { Answer } from '../ports/service.js';
import { ClusterChange } from './cluster-changes.js';
import { clusterStatus, type SelfDescription, standingOf } from './cluster-view.js';

export interface NodeMembershipParts {
  readonly consensus: Consensus;
  readonly clock: Clock;
  readonly clusterId: string;
  readonly state: () => LedgerState;
}

export class NodeMembership implements ClusterMembership {
  readonly #parts: NodeMembershipParts;
  #underWay: MembershipChange | null = null;
  #standing: Standing = 'voter';

  constructor(parts: NodeMembershipParts) {
    this.#parts = parts;
  }

  standing(): Standing {
    return this.#standing;
  }

  /** Asks the Raft thread; what it says is this node's standing from then on. Never rejects. */
  async refresh(): Promise<Standing> {
    try {
      this.#standing = standingOf(await this.#parts.consensus.status());
    } catch {
      // The Raft thread is closing.
    }
    return this.#standing;
  }

  async status(): Promise<ClusterStatus> {
    const { consensus, clusterId } = this.#parts;
    const status = await consensus.status();
    this.#standing = standingOf(status);
    return clusterStatus(clusterId, status, (id) => this.#describe(id));
  }

  async change(change: MembershipChange, deadlineMs: number): Promise<Answer<ChangeOutcome>> {
    if (this.#underWay !== null) {
      return { ok: false, refusal: { code: 'BUSY', message: `"${wordsOf(this.#underWay)}" is under way; try again` } };
    }
    this.#underWay = change;
    try {
      return await new ClusterChange(this.#parts, deadlineMs).run(change);
    } catch (error) {
      const isLate = error instanceof OperationalError && error.code === 'DEADLINE';
      if (!isLate) throw error;
      const message = `${wordsOf(change)}: ${error.message}; it may still come true, look at the status`;
      return { ok: true, value: { done: false, message, progress: null } };
    } finally {
      this.#underWay = null;
    }
  }

  async snapshot(deadlineMs: number): Promise<LogIndex> {
    return await this.#parts.consensus.takeSnapshot(deadlineMs);
  }

  #describe(id: string): SelfDescription | undefined {
    const { consensus, state } = this.#parts;
    for (const info of consensus.peers().values()) if (info.id === id) return info;
    return state().nodes.get(id);
  }
}

function wordsOf(change: MembershipChange): string {
  switch (change.verb) {
    case 'add':
      return `add ${change.id ?? change.address}`;
    case 'replace':
      return `replace ${change.old}`;
    case 'transfer':
      return 'transfer';
    default:
      return `${change.verb} ${change.id}`;
  }
}

/**
 * The rare wishes of the main thread, answered when they have come true: a transfer when the other leads, a change of
 * membership when the new one is in force, a snapshot when it is on disk. How long that may take is the caller's to say,
 * on the main thread; here the last of each kind is remembered and no more.
 */
import { decodeMembership } from '../../core/raft/membership-codec.js';
import type { Entry, LogIndex, Membership, NodeId, Term } from '../../core/raft/message.js';
import type { Proposal, Refusal } from '../../core/raft/propose.js';
import type { ErrorCode } from '../errors.js';
import type { Leadership } from '../ports/consensus.js';
import type { CallResult, Refused } from './protocol.js';

export interface CallSubject {
  leader(): NodeId | null;
  transferLeadership(to: NodeId): Proposal;
  proposeMembership(next: Membership): Proposal;
  /** Those that `next` would make voters and whose log is behind. */
  unprepared(next: Membership): readonly NodeId[];
  wantSnapshot(): void;
}

interface PendingChange {
  readonly id: number;
  readonly index: LogIndex;
  readonly term: Term;
}

const REFUSALS: { readonly [Name in Refusal]: { readonly code: ErrorCode; readonly message: string } } = {
  'not-leader': { code: 'NOT_LEADER', message: 'this node does not lead' },
  transferring: { code: 'NOT_LEADER', message: 'leadership is being handed over to another node' },
  overloaded: { code: 'OVERLOADED', message: 'too many commands wait to be committed' },
  'membership-change-in-progress': {
    code: 'PROPOSAL_DROPPED',
    message: 'another change of membership is under way, or this leader has only just been elected: try again',
  },
  'invalid-membership': {
    code: 'BAD_REQUEST',
    message: 'no such membership is possible: it needs voters, each once, with addresses',
  },
  'invalid-target': { code: 'BAD_REQUEST', message: 'leadership can only be handed to another voter' },
  stopped: { code: 'STORAGE', message: 'the disk of this node has failed: it does not lead until it works again' },
};

export function refusedAs(refusal: Refusal, leader: NodeId | null): Refused {
  return { ...REFUSALS[refusal], leader };
}

export class Calls {
  readonly #subject: CallSubject;
  readonly #answer: (id: number, result: CallResult) => void;
  #transfer: { readonly id: number; readonly to: NodeId } | null = null;
  #change: PendingChange | null = null;
  #snapshots: number[] = [];

  constructor(subject: CallSubject, answer: (id: number, result: CallResult) => void) {
    this.#subject = subject;
    this.#answer = answer;
  }

  transfer(id: number, to: NodeId): void {
    if (this.#accepted(id, this.#subject.transferLeadership(to)) !== null) this.#transfer = { id, to };
  }

  /**
   * A voter must have been a learner first: one that is still empty gives no vote (birth.ts), so a leader that lost its
   * quorum in the middle of such a change would never find one again.
   */
  change(id: number, next: Membership): void {
    const unprepared = this.#subject.unprepared(next);
    if (unprepared.length > 0) {
      const message = `not yet up to date: ${unprepared.join(', ')}; make it a learner first, and a voter once its log has caught up`;
      this.#answer(id, { ok: false, error: { code: 'BAD_REQUEST', message, leader: null } });
      return;
    }
    const position = this.#accepted(id, this.#subject.proposeMembership(next));
    if (position !== null) this.#change = { id, ...position };
  }

  snapshot(id: number): void {
    this.#snapshots.push(id);
    this.#subject.wantSnapshot();
  }

  onLeadership({ leader }: Leadership): void {
    if (this.#transfer === null || leader !== this.#transfer.to) return;
    this.#succeed(this.#transfer.id, null);
    this.#transfer = null;
  }

  onCommitted(entries: readonly Entry[]): void {
    const change = this.#change;
    if (change === null) return;
    for (const entry of entries) {
      if (entry.index === change.index && entry.term !== change.term) {
        const message = 'another leader replaced the change of membership before it was committed';
        this.#answer(change.id, { ok: false, error: { code: 'PROPOSAL_DROPPED', message, leader: null } });
        this.#change = null;
        return;
      }
      const settled = entry.kind === 'membership' && decodeMembership(entry.payload).outgoing.length === 0;
      if (settled && entry.index >= change.index) {
        this.#succeed(change.id, null);
        this.#change = null;
        return;
      }
    }
  }

  onSnapshot(outcome: { readonly index: LogIndex } | { readonly trouble: string }): void {
    for (const id of this.#snapshots.splice(0)) {
      if ('index' in outcome) this.#succeed(id, outcome.index);
      else this.#answer(id, { ok: false, error: { code: 'STORAGE', message: outcome.trouble, leader: null } });
    }
  }

  #accepted(id: number, proposal: Proposal): { readonly index: LogIndex; readonly term: Term } | null {
    if (proposal.ok) return { index: proposal.index, term: proposal.term };
    const error = refusedAs(proposal.refusal, this.#subject.leader());
    this.#answer(id, { ok: false, error });
    return null;
  }

  #succeed(id: number, value: unknown): void {
    this.#answer(id, { ok: true, value });
  }
}

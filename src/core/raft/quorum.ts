/**
 * The arithmetic of agreement. While a membership change runs, a decision needs a majority of the new voters AND a
 * majority of the outgoing ones (Raft paper section 6): a majority of the union would let two disjoint groups decide.
 * Everything a leader may believe (commit index, lease, confirmed round, "my quorum is alive") is one question: what is
 * the greatest value that a quorum has reached?
 */
import { assert } from '../base/assert.js';
import type { Membership, NodeId } from './message.js';

export type VoteOutcome = 'won' | 'lost' | 'pending';

export function majorityOf(count: number): number {
  return Math.floor(count / 2) + 1;
}

/** The greatest value v such that a quorum of the membership has `valueOf(id) >= v`. */
export function quorumValue(membership: Membership, valueOf: (id: NodeId) => number): number {
  const incoming = majorityValue(membership.voters, valueOf);
  if (membership.outgoing.length === 0) return incoming;
  return Math.min(incoming, majorityValue(membership.outgoing, valueOf));
}

export function voteOutcome(membership: Membership, votes: ReadonlyMap<NodeId, boolean>): VoteOutcome {
  const incoming = majorityVote(membership.voters, votes);
  if (membership.outgoing.length === 0) return incoming;
  const outgoing = majorityVote(membership.outgoing, votes);
  if (incoming === 'lost' || outgoing === 'lost') return 'lost';
  return incoming === 'won' && outgoing === 'won' ? 'won' : 'pending';
}

function majorityValue(voters: readonly NodeId[], valueOf: (id: NodeId) => number): number {
  assert(voters.length > 0, 'no voters: nobody can agree');
  const descending = voters.map(valueOf).sort((left, right) => right - left);
  return descending[majorityOf(voters.length) - 1] ?? Number.NEGATIVE_INFINITY;
}

function majorityVote(voters: readonly NodeId[], votes: ReadonlyMap<NodeId, boolean>): VoteOutcome {
  assert(voters.length > 0, 'no voters: nobody can be elected');
  const needed = majorityOf(voters.length);
  const granted = voters.filter((id) => votes.get(id) === true).length;
  const refused = voters.filter((id) => votes.get(id) === false).length;
  if (granted >= needed) return 'won';
  return voters.length - refused < needed ? 'lost' : 'pending';
}

/**
 * The leader's half of the lease. A quorum has promised not to vote for anyone else for L from when it answered; the
 * leader counts L from when it SENT what was answered, less what clocks may differ, so its lease is over before the first
 * promise is. It lapses at rest (nobody pays for messages that nobody needs) and any round renews it: a proposal, a
 * read, a heartbeat.
 */
import { isVoter } from './membership.js';
import type { NodeId } from './message.js';
import { quorumValue } from './quorum.js';
import type { Lease } from './ready.js';
import type { LeaderRole, RaftState } from './state.js';

export function leaseOf(state: RaftState): Lease {
  const { role, term, memberships, options } = state;
  const none = { term, until: 0 };
  // A leader on its way out has none: it handed it over, or votes are counted without it.
  if (role.kind !== 'leader' || role.transfer !== null || !isVoter(memberships.current, state.id)) return none;
  const sentMs = quorumValue(memberships.current, (id) => sentToMs(state, role, id));
  return sentMs === Number.NEGATIVE_INFINITY
    ? none
    : { term, until: sentMs + options.promiseMs - options.driftAllowanceMs };
}

/** Forgets every promise so far; only rounds that leave from now on count. For pauses and membership changes. */
export function dropLease(leader: LeaderRole): void {
  leader.leaseFloorRound = leader.rounds.last;
  for (const progress of leader.peers.values()) progress.answeredSentMs = Number.NEGATIVE_INFINITY;
}

function sentToMs(state: RaftState, leader: LeaderRole, id: NodeId): number {
  if (id === state.id) return state.now;
  return leader.peers.get(id)?.answeredSentMs ?? Number.NEGATIVE_INFINITY;
}

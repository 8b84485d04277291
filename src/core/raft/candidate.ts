/**
 * Standing for election. First a pre-vote, which raises no term: a node that comes back from a cut must not disturb a
 * leader that everyone else follows. Then the vote itself, asked for only when our own vote is on disk: a candidate that
 * forgot voting for itself could vote for another in the same term. The order of a leader (transfer) skips the first part.
 */
import { assert } from '../base/assert.js';
import { awaitAnotherTry, awaitVotes, mayCampaign } from './election-timer.js';
import { becomeLeader } from './leader.js';
import { isSoleVoter, membersOf, isVoter } from './membership.js';
import type { NodeId, TimeoutNow, VoteRequest, VoteResponse } from './message.js';
import { voteOutcome } from './quorum.js';
import type { RaftState } from './state.js';
import { becomeFollower, refuseForwarded } from './step-down.js';

/** The election timer ran out. */
export function campaign(state: RaftState): void {
  if (!mayCampaign(state)) return;
  refuseForwarded(state);
  if (isSoleVoter(state.memberships.current, state.id)) {
    standForElection(state, false);
    return;
  }
  state.campaigns += 1;
  awaitVotes(state);
  state.role = { kind: 'pre-candidate', votes: new Map([[state.id, true]]) };
  state.outbox.tell('pre-vote', `asks for pre-votes for term ${state.term + 1}`);
  askForVotes(state, { preVote: true, transfer: false });
}

/** The leader of this very term asks us to take over. */
export function takeOver(state: RaftState, order: TimeoutNow): void {
  if (order.term !== state.term || state.role.kind !== 'follower' || !mayCampaign(state)) return;
  refuseForwarded(state);
  standForElection(state, true);
}

export function countVote(state: RaftState, response: VoteResponse): void {
  const { role } = state;
  if (role.kind !== 'candidate' && role.kind !== 'pre-candidate') return;
  if (response.preVote !== (role.kind === 'pre-candidate')) return;
  // Its time is over, only the timer is late: a voter that lost its disk counts on it (recovering-voter.ts).
  if (state.now >= state.electionAtMs) return;
  if (!isVoter(state.memberships.current, response.from)) return;
  // A granted pre-vote speaks of the term we would enter, everything else of the term we are in.
  const expected = response.preVote && response.granted ? state.term + 1 : state.term;
  if (response.granted && response.term !== expected) return;
  role.votes.set(response.from, response.granted);
  decide(state);
}

/** Our own vote counts like any other once it cannot be forgotten. */
export function countOwnVote(state: RaftState): void {
  const { role, disk } = state;
  if (role.kind !== 'candidate' || role.votes.has(state.id)) return;
  if (disk.syncedTerm !== state.term || disk.syncedVote !== state.id) return;
  role.votes.set(state.id, true);
  decide(state);
}

function standForElection(state: RaftState, transfer: boolean): void {
  state.term += 1;
  state.vote = state.id;
  awaitVotes(state);
  state.role = { kind: 'candidate', votes: new Map() };
  state.outbox.tell(
    'candidate',
    `stands for election in term ${state.term}${transfer ? " at its leader's order" : ''}`,
  );
  askForVotes(state, { preVote: false, transfer });
}

function decide(state: RaftState): void {
  const { role } = state;
  assert(role.kind === 'candidate' || role.kind === 'pre-candidate', 'only a candidate counts votes');
  const outcome = voteOutcome(state.memberships.current, role.votes);
  if (outcome === 'won') {
    if (role.kind === 'pre-candidate') standForElection(state, false);
    else becomeLeader(state);
  } else if (outcome === 'lost') {
    becomeFollower(state, state.term, null);
    awaitAnotherTry(state);
  }
}

function askForVotes(state: RaftState, kind: { readonly preVote: boolean; readonly transfer: boolean }): void {
  const { memberships, log, outbox } = state;
  for (const to of membersOf(memberships.current)) {
    if (to === state.id || !isVoter(memberships.current, to)) continue;
    const request = requestFor(state, to, kind, log.lastIndex, log.lastTerm);
    if (kind.preVote) outbox.send(request);
    else outbox.sendAfterSync(request);
  }
}

function requestFor(
  state: RaftState,
  to: NodeId,
  kind: { readonly preVote: boolean; readonly transfer: boolean },
  lastIndex: number,
  lastTerm: number,
): VoteRequest {
  const term = kind.preVote ? state.term + 1 : state.term;
  return { type: 'vote-request', from: state.id, to, term, ...kind, lastIndex, lastTerm };
}

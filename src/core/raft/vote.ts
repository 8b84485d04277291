/**
 * Answering a request for a vote. Four reasons to refuse, each of which has cost somebody data or a leader:
 * the vote of this term is given (two leaders); the candidate's log is behind (committed entries lost); a leader is known
 * and alive (a removed or flapping node must not unseat it); a promise is not over (two leases). And a node that may have
 * forgotten something does not vote at all.
 * A pre-vote asks the same questions and changes nothing at either end.
 */
import { awaitAnotherTry, awaitSilence } from './election-timer.js';
import type { NodeId, VoteRequest, VoteResponse } from './message.js';
import type { RaftState } from './state.js';
import { becomeFollower } from './step-down.js';

export function answerVoteRequest(state: RaftState, request: VoteRequest): void {
  if (state.storageBroken || state.recovery !== null) return;
  if (request.preVote) answerPreVote(state, request);
  else answerVote(state, request);
}

function answerPreVote(state: RaftState, request: VoteRequest): void {
  const granted =
    request.term > state.term && !isBound(state, request) && state.log.isCoveredBy(request.lastIndex, request.lastTerm);
  // A yes speaks of the term asked about; a no tells the present one, so that a candidate left behind catches up.
  const term = granted ? request.term : state.term;
  state.outbox.send({ ...response(state, request.from, granted), term, preVote: true });
  if (granted) giveWay(state, request);
}

function answerVote(state: RaftState, request: VoteRequest): void {
  if (request.term > state.term) {
    if (isBound(state, request)) return;
    becomeFollower(state, request.term, null);
  }
  const granted =
    request.term === state.term &&
    isFree(state, request.from) &&
    !isBound(state, request) &&
    state.log.isCoveredBy(request.lastIndex, request.lastTerm);
  if (granted) {
    state.vote = request.from;
    awaitSilence(state);
  }
  state.outbox.sendAfterSync(response(state, request.from, granted));
}

function isFree(state: RaftState, candidate: NodeId): boolean {
  if (state.vote === candidate) return true;
  return state.vote === null && state.role.kind === 'follower' && state.role.leader === null;
}

/** Bound to a leader that is alive, or by a promise. Only a transfer, which the leader itself ordered, goes past that. */
function isBound(state: RaftState, request: VoteRequest): boolean {
  if (state.promise.forbids(request.from, request, state.now)) return true;
  if (request.transfer) return false;
  const { role } = state;
  if (role.kind === 'leader') return true;
  if (role.kind !== 'follower' || role.leader === null || role.leader === request.from) return false;
  return state.now < role.leaderHeardMs + state.options.electionTimeoutMs;
}

/**
 * Two survivors that stand at the same moment would each vote for themselves. So a node that is about to stand, or has
 * just begun to, lets a candidate it would vote for go first; of two that ask each other, the one with the smaller id. Once
 * per missing leader: a candidate that nobody can answer must not hold the others back for ever.
 */
function giveWay(state: RaftState, request: VoteRequest): void {
  const { role } = state;
  if (state.gaveWay || role.kind === 'leader' || role.kind === 'candidate') return;
  if (role.kind === 'pre-candidate' && state.id > request.from) return;
  state.gaveWay = true;
  const planned = role.kind === 'follower' ? state.electionAtMs : state.now;
  if (role.kind === 'pre-candidate') becomeFollower(state, state.term, null);
  awaitAnotherTry(state);
  state.electionAtMs = Math.max(state.electionAtMs, planned);
}

function response(state: RaftState, to: NodeId, granted: boolean): VoteResponse {
  return { type: 'vote-response', from: state.id, to, term: state.term, preVote: false, granted };
}

/**
 * The one door for messages. First: whose is it? (A node that was left out may say what it likes.) Then the term: a newer
 * one makes anybody a follower, an older one is answered only where silence would leave somebody stuck. What is left is of
 * the present term and goes to the role it is for.
 */
import { assertNever } from '../base/assert.js';
import { countVote, takeOver } from './candidate.js';
import { hearLeader, onAppendRequest, onHeartbeatRequest, onSnapshotRequest } from './follower.js';
import { onAppendResponse, onHeartbeatResponse, onSnapshotResponse } from './leader.js';
import { isMember } from './membership.js';
import type { AppendRequest, AppendResponse, HeartbeatRequest, Message, SnapshotRequest } from './message.js';
import { onReadIndexRequest, onReadIndexResponse } from './read-index.js';
import { askForTarget, onTarget } from './recovering-voter.js';
import { NO_ROUND } from './rounds.js';
import { leaderOf } from './state.js';
import type { RaftState } from './state.js';
import { becomeFollower } from './step-down.js';
import { answerVoteRequest } from './vote.js';

export function dispatch(state: RaftState, message: Message): void {
  if (message.to !== state.id || message.from === state.id || !isKnown(state, message)) return;
  if (message.type === 'vote-request') {
    answerVoteRequest(state, message);
  } else if (message.type === 'read-index-request') {
    // Any asker, of any term, may know what is committed.
    if (message.term > state.term) becomeFollower(state, message.term, null);
    onReadIndexRequest(state, message);
  } else if (message.type === 'vote-response' && message.preVote && message.granted) {
    countVote(state, message);
  } else if (message.term < state.term) {
    answerStale(state, message);
  } else {
    if (message.term > state.term) becomeFollower(state, message.term, null);
    handle(state, message);
  }
}

/**
 * A leader's word, and a request for a vote, may come from a node that our lagging membership does not name yet: without
 * them a new voter could never be elected by old ones. Anything else from a stranger is noise.
 */
function isKnown(state: RaftState, message: Message): boolean {
  if (isFromLeader(message) || message.type === 'vote-request' || message.type === 'timeout-now') return true;
  if (isMember(state.memberships.current, message.from) || leaderOf(state) === message.from) return true;
  return state.role.kind === 'leader' && state.role.peers.has(message.from);
}

function isFromLeader(message: Message): message is AppendRequest | HeartbeatRequest | SnapshotRequest {
  return (
    message.type === 'append-request' || message.type === 'heartbeat-request' || message.type === 'snapshot-request'
  );
}

/**
 * A leader left behind, or one that never reached a node whose term ran ahead, learns the newer term from this; otherwise
 * that node could neither follow nor be elected.
 */
function answerStale(state: RaftState, message: Message): void {
  if (!isFromLeader(message)) return;
  const refusal: AppendResponse = {
    type: 'append-response',
    from: state.id,
    to: message.from,
    term: state.term,
    accepted: false,
    index: 0,
    hintIndex: 0,
    hintTerm: 0,
    // The round belongs to an older term. The asker may lead a later one when this arrives, perhaps this very one, and would
    // take it for the answer to a round of that: a lease, or a read, that nobody vouched for.
    round: NO_ROUND,
  };
  if (state.disk.syncedTerm === state.term) state.outbox.send(refusal);
  else if (!state.storageBroken) state.outbox.sendAfterSync(refusal);
}

function handle(state: RaftState, message: Exclude<Message, { type: 'vote-request' | 'read-index-request' }>): void {
  const leader = state.role.kind === 'leader' ? state.role : null;
  if (isFromLeader(message)) {
    hearLeader(state, message.from);
    askForTarget(state);
  }
  switch (message.type) {
    case 'append-request':
      onAppendRequest(state, message);
      break;
    case 'heartbeat-request':
      onHeartbeatRequest(state, message);
      break;
    case 'snapshot-request':
      onSnapshotRequest(state, message);
      break;
    case 'append-response':
      if (leader !== null) onAppendResponse(state, leader, message);
      break;
    case 'heartbeat-response':
      if (leader !== null) onHeartbeatResponse(state, leader, message);
      break;
    case 'snapshot-response':
      if (leader !== null) onSnapshotResponse(state, leader, message);
      break;
    case 'vote-response':
      countVote(state, message);
      break;
    case 'timeout-now':
      takeOver(state, message);
      break;
    case 'read-index-response':
      onTarget(state, message);
      onReadIndexResponse(state, message);
      break;
    default:
      assertNever(message);
  }
}

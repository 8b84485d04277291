/**
 * Leading: what a leader does when it begins, when it is answered, and when its timer fires. It leads only as long as a
 * quorum answers: one that is cut off steps down by itself after an election timeout, so that its clients are told to look
 * elsewhere instead of waiting for commits that cannot come.
 */
import { advanceCommit } from './commit.js';
import { LeaderReads } from './leader-reads.js';
import type { AppendResponse, HeartbeatResponse, NodeId, SnapshotResponse } from './message.js';
import { acknowledge, becomeDoubted, becomeProbe } from './progress.js';
import type { Progress } from './progress.js';
import { appendOwn } from './propose.js';
import { quorumValue } from './quorum.js';
import { confirmReads } from './read-index.js';
import { forgetLeavers, refreshPeers } from './reconfigure.js';
import { nudge } from './replicate.js';
import { NO_ROUND, Rounds } from './rounds.js';
import type { LeaderRole, RaftState } from './state.js';
import { stepDown } from './step-down.js';
import { giveTransferUp, orderIfCaughtUp } from './transfer.js';

/** Between two looks at a peer that contradicts itself. */
const LOST_LOG_RETRY_MS = 5000;

export function becomeLeader(state: RaftState): void {
  const leader: LeaderRole = {
    kind: 'leader',
    peers: new Map(),
    rounds: new Rounds(state.options.promiseMs),
    reads: new LeaderReads(),
    termStartIndex: state.log.lastIndex + 1,
    heartbeatAtMs: state.now + state.options.heartbeatIntervalMs,
    heartbeatDue: true,
    leaseFloorRound: 0,
    transfer: null,
  };
  state.role = leader;
  state.campaigns = 0;
  state.gaveWay = false;
  state.electionAtMs = Number.POSITIVE_INFINITY;
  state.outbox.tell('leader', `leads term ${state.term} from entry ${leader.termStartIndex} on`);
  refreshPeers(state, leader);
  appendOwn(state, 'empty', state.opening);
}

export function leaderTick(state: RaftState, leader: LeaderRole): void {
  giveTransferUp(state, leader);
  if (state.role !== leader || state.now < leader.heartbeatAtMs) return;
  leader.heartbeatAtMs = state.now + state.options.heartbeatIntervalMs;
  leader.heartbeatDue = true;
  state.flushWanted = true;
  forgetLeavers(state, leader);
  // The order may have been lost; the target takes it once.
  orderIfCaughtUp(state, leader);
  checkQuorum(state, leader);
}

export function leaderDeadlineMs(leader: LeaderRole): number {
  const heartbeatAtMs = leader.peers.size === 0 ? Number.POSITIVE_INFINITY : leader.heartbeatAtMs;
  return Math.min(heartbeatAtMs, leader.transfer?.giveUpAtMs ?? Number.POSITIVE_INFINITY);
}

export function onAppendResponse(state: RaftState, leader: LeaderRole, response: AppendResponse): void {
  const progress = leader.peers.get(response.from);
  if (progress === undefined || response.round === NO_ROUND) return;
  hear(state, leader, progress, response);
  state.flushWanted = true;
  const counts = response.recovering !== true;
  if (!response.accepted) refusedAppend(state, progress, response);
  else if (acknowledge(progress, response.index, leader.rounds.last, counts)) matched(state, leader, response.from);
}

export function onHeartbeatResponse(state: RaftState, leader: LeaderRole, response: HeartbeatResponse): void {
  const progress = leader.peers.get(response.from);
  if (progress === undefined) return;
  hear(state, leader, progress, response);
  if (progress.state === 'probe' && state.now >= progress.retryAtMs) {
    progress.probeOut = false;
    state.flushWanted = true;
  }
  nudge(state, leader, response.from, progress);
}

export function onSnapshotResponse(state: RaftState, leader: LeaderRole, response: SnapshotResponse): void {
  const progress = leader.peers.get(response.from);
  if (progress === undefined) return;
  progress.lastHeardMs = state.now;
  state.flushWanted = true;
  if (response.installed) {
    const counts = response.recovering !== true;
    if (acknowledge(progress, response.index, leader.rounds.last, counts)) matched(state, leader, response.from);
  } else if (progress.state === 'snapshot') {
    // It asks again by refusing the next probe, which leaves with its next heartbeat: no hurry with a node in trouble.
    becomeProbe(progress, progress.match + 1);
    progress.probeOut = true;
  }
}

/** The stream broke: what was on it is lost. */
export function onPeerDisconnected(leader: LeaderRole, peer: NodeId): void {
  const progress = leader.peers.get(peer);
  if (progress?.state === 'replicate') becomeProbe(progress, progress.match + 1);
}

function matched(state: RaftState, leader: LeaderRole, from: NodeId): void {
  advanceCommit(state, leader);
  if (state.role === leader && leader.transfer?.to === from) orderIfCaughtUp(state, leader);
}

function hear(
  state: RaftState,
  leader: LeaderRole,
  progress: Progress,
  { round, recovering }: AppendResponse | HeartbeatResponse,
): void {
  progress.lastHeardMs = state.now;
  if (recovering === true && !progress.recovering) doubt(progress);
  progress.recovering = recovering === true;
  if (progress.recovering || round <= progress.answeredRound) return;
  progress.answeredRound = round;
  if (round > leader.leaseFloorRound) {
    progress.answeredSentMs = Math.max(progress.answeredSentMs, leader.rounds.sentMs(round));
  }
  confirmReads(state, leader);
}

/** It lost something, nobody knows what, and may have taken other entries since: find out anew where our logs agree. */
function doubt(progress: Progress): void {
  const next = progress.match + 1;
  progress.match = 0;
  progress.vouched = 0;
  becomeProbe(progress, next);
}

function refusedAppend(state: RaftState, progress: Progress, response: AppendResponse): void {
  if (progress.state === 'snapshot') return;
  const { index, hintIndex, hintTerm } = response;
  if (index <= progress.match) {
    if (response.round <= progress.matchRound) return;
    // It was asked after it had acknowledged this, and no longer has it: its disk lost something.
    const next = Math.max(1, Math.min(index, hintIndex + 1));
    if (becomeDoubted(progress, index, next, state.now + LOST_LOG_RETRY_MS)) {
      state.outbox.tell('lost-log', `${response.from} no longer holds entry ${index}, which it had acknowledged`);
    }
  } else if (progress.state === 'replicate') {
    becomeProbe(progress, progress.match + 1);
  } else if (index === progress.next - 1) {
    const agreed = state.log.lastIndexNotAbove(hintIndex, hintTerm).index;
    becomeProbe(progress, Math.max(progress.match + 1, Math.min(index, agreed + 1)));
  }
}

function checkQuorum(state: RaftState, leader: LeaderRole): void {
  const heardMs = quorumValue(state.memberships.current, (id) => {
    const progress = leader.peers.get(id);
    if (id === state.id) return state.now;
    return progress === undefined || progress.recovering ? Number.NEGATIVE_INFINITY : progress.lastHeardMs;
  });
  if (heardMs + state.options.electionTimeoutMs > state.now) return;
  stepDown(state, `no quorum has answered for ${state.options.electionTimeoutMs} ms`);
}

/**
 * Who is asked a linearizable read and how the answer comes back. The leader's own reads and those that followers pass on
 * wait in the same queue (leader-reads.ts); a follower sends what it was asked in one message (forwarded-reads.ts). An answer
 * of null is "nobody can vouch for it now": never a guess.
 */
import { leaseOf } from './lease.js';
import type { PendingRead } from './leader-reads.js';
import type { ReadIndexRequest, ReadIndexResponse } from './message.js';
import { quorumValue } from './quorum.js';
import { answerRead } from './read-answer.js';
import { leaderOf } from './state.js';
import type { LeaderRole, RaftState } from './state.js';
import { hasOpenedTerm } from './term-start.js';

/** Our own shell asks. */
export function readIndex(state: RaftState, context: number): void {
  if (state.role.kind === 'leader') {
    enqueue(state, state.role, { from: null, context });
  } else if (leaderOf(state) === null || !state.forwarded.add(context)) {
    state.outbox.answerRead(context, null);
  }
}

/** A follower asks. */
export function onReadIndexRequest(state: RaftState, request: ReadIndexRequest): void {
  const read = { from: request.from, context: request.context };
  if (state.role.kind === 'leader') enqueue(state, state.role, read);
  else answerRead(state, read, null);
}

/** The leader answered what we had passed on. */
export function onReadIndexResponse(state: RaftState, response: ReadIndexResponse): void {
  const index = response.confirmed ? response.index : null;
  for (const context of state.forwarded.answered(response.context) ?? []) state.outbox.answerRead(context, index);
}

/** Sends what was asked since the last Ready. */
export function flushForwarded(state: RaftState): void {
  const leader = leaderOf(state);
  if (!state.forwarded.hasWaiting || leader === null || leader === state.id) return;
  const context = state.forwarded.send(state.now + state.options.electionTimeoutMs);
  state.outbox.send({ type: 'read-index-request', from: state.id, to: leader, term: state.term, context });
}

export function expireForwarded(state: RaftState): void {
  for (const context of state.forwarded.takeExpired(state.now)) state.outbox.answerRead(context, null);
}

/** Answers the reads whose round a quorum has answered. */
export function confirmReads(state: RaftState, leader: LeaderRole): void {
  if (leader.reads.hasUnconfirmed) {
    const confirmed = quorumValue(state.memberships.current, (id) =>
      id === state.id ? Number.POSITIVE_INFINITY : (leader.peers.get(id)?.answeredRound ?? 0),
    );
    for (const { read, index } of leader.reads.confirm(confirmed)) answerRead(state, read, index);
  }
  if (leader.reads.hasWaiting) state.flushWanted = true;
}

function enqueue(state: RaftState, leader: LeaderRole, read: PendingRead): void {
  if (state.options.leaseReads && hasOpenedTerm(state, leader) && leaseOf(state).until > state.now) {
    answerRead(state, read, state.commit);
  } else if (leader.reads.add(read)) {
    state.flushWanted = true;
  } else {
    answerRead(state, read, null);
  }
}

/** How a node becomes a follower: from any role, on any evidence that somebody else leads or that it should not. */
import { awaitSilence } from './election-timer.js';
import type { NodeId, Term } from './message.js';
import { answerRead } from './read-answer.js';
import { leaderOf, type RaftState } from './state.js';

/** Enters `term` (never lower than the present one) as a follower of `leader`, who may be unknown. */
export function becomeFollower(state: RaftState, term: Term, leader: NodeId | null): void {
  const former = state.role;
  const formerLeader = leaderOf(state);
  if (term > state.term) {
    state.term = term;
    state.vote = null;
  }
  const heardMs = leader === null ? Number.NEGATIVE_INFINITY : state.now;
  state.role = { kind: 'follower', leader, leaderHeardMs: heardMs };
  if (former.kind === 'leader') for (const read of former.reads.takeAll()) answerRead(state, read, null);
  if (formerLeader !== leader) refuseForwarded(state);
  if (leader !== null) {
    state.campaigns = 0;
    state.gaveWay = false;
    if (formerLeader !== leader) state.outbox.tell('leader', `following ${leader} in term ${state.term}`);
  }
  if (former.kind !== 'follower' || leader !== null) awaitSilence(state);
}

export function stepDown(state: RaftState, why: string): void {
  state.outbox.tell('step-down', `gave up leadership of term ${state.term}: ${why}`);
  becomeFollower(state, state.term, null);
}

/** Reads that were on their way to a leader that is gone: their askers ask again. */
export function refuseForwarded(state: RaftState): void {
  for (const context of state.forwarded.takeAll()) state.outbox.answerRead(context, null);
}

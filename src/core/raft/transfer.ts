/**
 * Handing leadership over. The lease goes first; new proposals are refused; the target is brought up to date and then told
 * to stand at once. If it has not taken over within an election timeout: before the order went out, leadership simply goes
 * on; after it, this term's lease is gone for good (a late order would let voters go past their promises while we act),
 * so the leader stands for election again and goes on in a new term.
 */
import type { NodeId } from './message.js';
import { refusalOf, refused } from './propose.js';
import type { Proposal } from './propose.js';
import type { LeaderRole, RaftState } from './state.js';
import { stepDown } from './step-down.js';

export function transferLeadership(state: RaftState, to: NodeId): Proposal {
  const refusal = refusalOf(state);
  const { role } = state;
  if (refusal !== null || role.kind !== 'leader') return refused(refusal ?? 'not-leader');
  if (to === state.id || !state.memberships.current.voters.includes(to)) return refused('invalid-target');
  role.transfer = { to, giveUpAtMs: state.now + state.options.electionTimeoutMs, ordered: false };
  state.outbox.tell('transfer', `hands leadership of term ${state.term} over to ${to}`);
  state.flushWanted = true;
  orderIfCaughtUp(state, role);
  return { ok: true, index: state.log.lastIndex, term: state.term };
}

/** Called whenever the target has acknowledged something. */
export function orderIfCaughtUp(state: RaftState, leader: LeaderRole): void {
  const { transfer } = leader;
  if (transfer === null || leader.peers.get(transfer.to)?.match !== state.log.lastIndex) return;
  transfer.ordered = true;
  state.outbox.send({ type: 'timeout-now', from: state.id, to: transfer.to, term: state.term });
}

/** The transfer's time is up. */
export function giveTransferUp(state: RaftState, leader: LeaderRole): void {
  const { transfer } = leader;
  if (transfer === null || state.now < transfer.giveUpAtMs) return;
  leader.transfer = null;
  if (!transfer.ordered) {
    state.outbox.tell('transfer', `${transfer.to} did not catch up in time: leadership stays here`);
    return;
  }
  stepDown(state, `${transfer.to} was told to take over and has not done so in time`);
  state.electionAtMs = state.now;
}

/** A leader that must go names the voter that is furthest along, which spares the others the wait for silence. */
export function nameSuccessor(state: RaftState, leader: LeaderRole): void {
  const { voters } = state.memberships.current;
  let best: NodeId | null = null;
  let bestMatch = -1;
  for (const id of voters) {
    const match = leader.peers.get(id)?.match ?? -1;
    if (match > bestMatch) {
      best = id;
      bestMatch = match;
    }
  }
  if (best !== null) state.outbox.send({ type: 'timeout-now', from: state.id, to: best, term: state.term });
}

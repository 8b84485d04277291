/**
 * The leader's part in a membership change: it enters the joint membership, and when that is committed it leaves it by
 * itself; a leader that finds a predecessor's change half done finishes it. The lease is given up at each step, so that it
 * is never counted by one set of voters and spent under another. A leader that is no longer a voter still leads until
 * its removal is committed by the others, then names a successor and steps down.
 */
import { Inflight } from './inflight.js';
import { dropLease } from './lease.js';
import { encodeMembership } from './membership-codec.js';
import { firstStep, isJoint, leaveJoint, membershipFault, membersOf } from './membership.js';
import type { Membership } from './message.js';
import { createProgress } from './progress.js';
import type { Progress } from './progress.js';
import { appendOwn, refusalOf, refused } from './propose.js';
import type { Proposal } from './propose.js';
import type { LeaderRole, RaftState } from './state.js';
import { hasOpenedTerm } from './term-start.js';

/** How many election timeouts a node that was left out is still told of it, so that it does not wonder for ever. */
const FAREWELL_TIMEOUTS = 2;

export function proposeMembership(state: RaftState, next: Membership): Proposal {
  const refusal = refusalOf(state);
  const { role, memberships } = state;
  if (refusal !== null || role.kind !== 'leader') return refused(refusal ?? 'not-leader');
  if (membershipFault(next) !== null) return refused('invalid-membership');
  const settled = memberships.currentIndex <= state.commit && !isJoint(memberships.current);
  if (!settled || !hasOpenedTerm(state, role)) return refused('membership-change-in-progress');
  return enter(state, role, firstStep(memberships.current, next));
}

/** The joint membership is committed: on to the new one. */
export function leaveJointMembership(state: RaftState, leader: LeaderRole): void {
  enter(state, leader, leaveJoint(state.memberships.current));
}

/** Keeps a Progress for everyone in the newest membership, and for those just left out a little longer. */
export function refreshPeers(state: RaftState, leader: LeaderRole): void {
  const members = membersOf(state.memberships.current);
  for (const id of members) {
    const known = leader.peers.get(id);
    if (known !== undefined) known.leavesAtMs = Number.POSITIVE_INFINITY;
    else if (id !== state.id) leader.peers.set(id, newPeer(state));
  }
  for (const [id, progress] of leader.peers) {
    if (members.includes(id)) continue;
    const farewellMs = state.now + FAREWELL_TIMEOUTS * state.options.electionTimeoutMs;
    progress.leavesAtMs = Math.min(progress.leavesAtMs, farewellMs);
  }
}

export function forgetLeavers(state: RaftState, leader: LeaderRole): void {
  for (const [id, progress] of leader.peers) if (progress.leavesAtMs <= state.now) leader.peers.delete(id);
}

function newPeer(state: RaftState): Progress {
  const { maxInflightMessages, maxInflightBytes } = state.options;
  return createProgress(state.log.lastIndex + 1, new Inflight(maxInflightMessages, maxInflightBytes), state.now);
}

function enter(state: RaftState, leader: LeaderRole, membership: Membership): Proposal {
  dropLease(leader);
  const proposal = appendOwn(state, 'membership', encodeMembership(membership));
  refreshPeers(state, leader);
  state.outbox.tell('membership', describe(membership));
  return proposal;
}

function describe(membership: Membership): string {
  const { voters, outgoing, learners } = membership;
  const old = outgoing.length > 0 ? `, outgoing ${outgoing.join(' ')}` : '';
  const learning = learners.length > 0 ? `, learners ${learners.join(' ')}` : '';
  return `enters membership: voters ${voters.join(' ')}${old}${learning}`;
}

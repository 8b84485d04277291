/**
 * When an entry is committed: a quorum has it on disk AND it is of the leader's own term. An older entry on a majority can
 * still be overwritten (Raft paper figure 8); it is committed by being followed. The leader's own disk is one vote among
 * the others, so a commit does not wait for it if the others are faster.
 */
import { assert } from '../base/assert.js';
import { isJoint, isVoter } from './membership.js';
import { quorumValue } from './quorum.js';
import { leaveJointMembership } from './reconfigure.js';
import type { LeaderRole, RaftState } from './state.js';
import { stepDown } from './step-down.js';
import { nameSuccessor } from './transfer.js';
import { flush } from './replicate.js';

export function advanceCommit(state: RaftState, leader: LeaderRole): void {
  const { log, disk, memberships } = state;
  const reached = quorumValue(memberships.current, (id) =>
    id === state.id ? disk.syncedIndex : (leader.peers.get(id)?.vouched ?? 0),
  );
  if (reached <= state.commit || log.termAt(reached) !== state.term) return;
  assert(reached <= log.lastIndex, `commit ${reached} is beyond the log, which ends at ${log.lastIndex}`);
  state.commit = reached;
  state.flushWanted = true;
  followMembership(state, leader);
}

function followMembership(state: RaftState, leader: LeaderRole): void {
  const { memberships } = state;
  if (memberships.currentIndex > state.commit) return;
  if (isJoint(memberships.current)) {
    leaveJointMembership(state, leader);
  } else if (!isVoter(memberships.current, state.id)) {
    // The last word: everyone hears that the removal is committed before the successor is named.
    flush(state, leader);
    nameSuccessor(state, leader);
    stepDown(state, 'it is no longer a voter');
  }
}

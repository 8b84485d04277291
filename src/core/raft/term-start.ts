/**
 * A new leader holds every committed entry but does not know which of its entries those are: the commit index it learned
 * as a follower may lag. Only when an entry of its own term is committed does it know (Raft paper section 8); until then it
 * answers no read and changes no membership.
 */
import type { LeaderRole, RaftState } from './state.js';

export function hasOpenedTerm(state: RaftState, leader: LeaderRole): boolean {
  return state.commit >= leader.termStartIndex;
}

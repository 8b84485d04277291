/**
 * Who takes part, and how that changes. A change of voters goes through joint consensus: old membership -> joint (both sets
 * decide) -> new. Two entries in the log, one change at a time, and the leader takes the second step by itself, so that a
 * crashed operator never leaves the cluster half-way. A membership holds from the moment its entry is APPENDED, committed
 * or not (Raft paper section 6); if that entry is cut off again, so is the membership (membership-history.ts).
 */
import type { Membership, NodeId } from './message.js';

/** Everyone the leader replicates to, each once. */
export function membersOf(membership: Membership): readonly NodeId[] {
  return [...new Set([...membership.voters, ...membership.outgoing, ...membership.learners])];
}

export function isMember(membership: Membership, id: NodeId): boolean {
  return isVoter(membership, id) || membership.learners.includes(id);
}

/** Has a say in at least one of the majorities. */
export function isVoter(membership: Membership, id: NodeId): boolean {
  return membership.voters.includes(id) || membership.outgoing.includes(id);
}

export function isJoint(membership: Membership): boolean {
  return membership.outgoing.length > 0;
}

/** Nobody else has a say, so there is nobody to wait for. */
export function isSoleVoter(membership: Membership, id: NodeId): boolean {
  return !isJoint(membership) && membership.voters.length === 1 && membership.voters[0] === id;
}

/**
 * What the leader appends to get from `current` to `next`. Without a change of voters every majority stays what it was
 * and one entry is enough (learners, addresses).
 */
export function firstStep(current: Membership, next: Membership): Membership {
  if (sameSet(current.voters, next.voters)) return next;
  return { ...next, outgoing: current.voters, addresses: { ...current.addresses, ...next.addresses } };
}

/** The second step: the outgoing voters lose their say, and those who are nowhere else their address. */
export function leaveJoint(joint: Membership): Membership {
  const remaining = new Set<string>([...joint.voters, ...joint.learners]);
  const addresses = Object.fromEntries(Object.entries(joint.addresses).filter(([id]) => remaining.has(id)));
  return { voters: joint.voters, outgoing: [], learners: joint.learners, addresses };
}

/** Why `next` cannot be asked for; null if it can. */
export function membershipFault(next: Membership): string | null {
  if (next.voters.length === 0) return 'a membership needs at least one voter';
  if (next.outgoing.length > 0) return 'outgoing voters are set by the leader, not by the proposal';
  if (new Set([...next.voters, ...next.learners]).size < next.voters.length + next.learners.length) {
    return 'a node appears twice';
  }
  return null;
}

function sameSet(left: readonly NodeId[], right: readonly NodeId[]): boolean {
  return left.length === right.length && left.every((id) => right.includes(id));
}

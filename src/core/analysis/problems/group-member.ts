/**
 * A member of a replication group is gone, and replicas outside the group hung on it. Who is the group's primary is the
 * group's own affair: a failover of ours beside the group's would make a second primary, so a member has no other problem than
 * this. What is left to us are those replicas, which another member could feed. A member is known by what it said of itself
 * last, so one that has left the group in peace is no member any more.
 */
import type { Evidence } from '../evidence.js';
import { isOutOfReach, noneReplicates, type Rule } from '../rule.js';

export const GROUP_MEMBER: readonly Rule[] = [
  {
    code: 'DeadReplicationGroupMemberWithReplicas',
    sentence: 'Group member is unreachable and all its reachable replicas are not replicating',
    severity: 'critical',
    reaction: 'none',
    matches: (evidence) => isGroupMember(evidence) && evidence.replicas.known > 0 && isGone(evidence),
  },
];

/** One that says OFFLINE is configured for a group and not in it. */
export function isGroupMember({ facts: { group } }: Evidence): boolean {
  return group !== null && group.state !== 'OFFLINE';
}

function isGone(evidence: Evidence): boolean {
  const verdict = evidence.judgement?.verdict;
  if (verdict === 'dead' || verdict === 'dead-and-some-replicas') return true;
  return isOutOfReach(evidence) && noneReplicates(evidence);
}

/**
 * A member of a replication group is gone, and replicas outside the group hung on it. Who is the group's primary is the
 * group's own affair: a failover of ours beside the group's would make a second primary, so a member has no other problem than
 * this. What is left to us are those replicas, which another member could feed. A member is known by what it said of itself
 * last, so one that has left the group in peace is no member any more.
 */
import { isGroupMember } from '../../topology/server.js';
import type { Evidence } from '../evidence.js';
import { isOutOfReach, noneReplicates, type Rule } from '../rule.js';

const SENTENCE = 'Group member is unreachable and all its reachable replicas are not replicating';

export const GROUP_MEMBER: readonly Rule[] = [
  {
    code: 'DeadReplicationGroupMemberWithReplicas',
    sentence: SENTENCE,
    severity: 'critical',
    reaction: 'recover-dead-group-member',
    matches: (evidence) => isGroupMember(evidence.facts) && evidence.replicas.known > 0 && isDead(evidence),
  },
  {
    // By own eyes alone: told, and nothing is done about it.
    code: 'DeadReplicationGroupMemberWithReplicas',
    sentence: SENTENCE,
    severity: 'critical',
    reaction: 'examine',
    matches: (evidence) => isGroupMember(evidence.facts) && isOutOfReach(evidence) && noneReplicates(evidence),
  },
];

function isDead({ judgement }: Evidence): boolean {
  return judgement?.verdict === 'dead' || judgement?.verdict === 'dead-and-some-replicas';
}

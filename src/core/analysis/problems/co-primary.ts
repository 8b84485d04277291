/** Two servers that replicate from each other. The codes are told; their recovery is a later playbook. */
import { answersButFeedsNobody, isOutOfReach, noneReplicates, type Rule } from '../rule.js';

export const CO_PRIMARY: readonly Rule[] = [
  {
    code: 'DeadCoMaster',
    sentence: 'Co-master cannot be reached by orchestrator and none of its replicas is replicating',
    severity: 'critical',
    reaction: 'none',
    matches: ({ isCoPrimary, judgement }) => isCoPrimary && judgement?.verdict === 'dead',
  },
  {
    code: 'DeadCoMasterAndSomeReplicas',
    sentence:
      'Co-master cannot be reached by orchestrator; some of its replicas are unreachable and none of its reachable replicas is replicating',
    severity: 'critical',
    reaction: 'none',
    matches: ({ isCoPrimary, judgement }) => isCoPrimary && judgement?.verdict === 'dead-and-some-replicas',
  },
  {
    code: 'UnreachableCoMaster',
    sentence:
      'Co-master cannot be reached by orchestrator but it has replicating replicas; possibly a network/host issue',
    severity: 'critical',
    reaction: 'examine',
    matches: (evidence) =>
      evidence.isCoPrimary &&
      evidence.replicas.valid > 0 &&
      (isOutOfReach(evidence) || answersButFeedsNobody(evidence)),
  },
  {
    code: 'AllCoMasterReplicasNotReplicating',
    sentence: 'Co-master is reachable but none of its replicas is replicating',
    severity: 'warning',
    reaction: 'none',
    matches: (evidence) => evidence.isCoPrimary && evidence.reach === 'reachable' && noneReplicates(evidence),
  },
];

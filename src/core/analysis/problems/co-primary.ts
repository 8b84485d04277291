/** Two servers that replicate from each other: either may be the one that takes writes, so neither is a mere intermediate. */
import { answersButFeedsNobody, isOutOfReach, noneReplicates, type Rule } from '../rule.js';

export const CO_PRIMARY: readonly Rule[] = [
  {
    code: 'DeadCoMaster',
    sentence: 'Co-master cannot be reached by orchestrator and none of its replicas is replicating',
    severity: 'critical',
    reaction: 'recover-dead-co-primary',
    matches: ({ isCoPrimary, judgement }) => isCoPrimary && judgement?.verdict === 'dead',
  },
  {
    code: 'DeadCoMasterAndSomeReplicas',
    sentence:
      'Co-master cannot be reached by orchestrator; some of its replicas are unreachable and none of its reachable replicas is replicating',
    severity: 'critical',
    reaction: 'recover-dead-co-primary',
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
  {
    // The other one took its role and follows it no more. Users of the incumbent know it by this name until it is back.
    code: 'DeadCoMaster',
    sentence: 'Co-master cannot be reached by orchestrator and none of its replicas is replicating',
    severity: 'warning',
    reaction: 'none',
    matches: ({ wasCoPrimary, reach }) => wasCoPrimary && reach === 'unreachable',
  },
];

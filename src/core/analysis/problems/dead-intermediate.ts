/** A server in the middle of the tree is gone, or cannot be reached. Judged like a head of a cluster: by votes. */
import type { Evidence } from '../evidence.js';
import { allLag, isOutOfReach, type Rule } from '../rule.js';
import { allAreGone } from './dead-primary.js';

export const DEAD_INTERMEDIATE: readonly Rule[] = [
  {
    code: 'DeadIntermediateMasterWithSingleReplicaFailingToConnect',
    sentence: 'Intermediate master cannot be reached by orchestrator and its (single) replica is failing to connect',
    severity: 'critical',
    reaction: 'recover-dead-intermediate',
    matches: (evidence) =>
      isIntermediate(evidence) && evidence.replicas.known === 1 && evidence.judgement?.verdict === 'dead',
  },
  {
    code: 'DeadIntermediateMasterWithSingleReplica',
    sentence: 'Intermediate master cannot be reached by orchestrator and its (single) replica is not replicating',
    severity: 'warning',
    reaction: 'none',
    matches: (evidence) =>
      isIntermediate(evidence) && evidence.replicas.known === 1 && isOutOfReach(evidence) && replicaIsStopped(evidence),
  },
  {
    code: 'DeadIntermediateMaster',
    sentence: 'Intermediate master cannot be reached by orchestrator and none of its replicas is replicating',
    severity: 'critical',
    reaction: 'recover-dead-intermediate',
    matches: (evidence) => isIntermediate(evidence) && evidence.judgement?.verdict === 'dead',
  },
  {
    code: 'DeadIntermediateMasterAndSomeReplicas',
    sentence:
      'Intermediate master cannot be reached by orchestrator; some of its replicas are unreachable and none of its reachable replicas is replicating',
    severity: 'critical',
    reaction: 'recover-dead-intermediate',
    matches: (evidence) => isIntermediate(evidence) && evidence.judgement?.verdict === 'dead-and-some-replicas',
  },
  {
    code: 'DeadIntermediateMasterAndReplicas',
    sentence: 'Intermediate master cannot be reached by orchestrator and all of its replicas are unreachable',
    severity: 'critical',
    reaction: 'none',
    matches: (evidence) => isIntermediate(evidence) && allAreGone(evidence),
  },
  {
    code: 'UnreachableIntermediateMasterWithLaggingReplicas',
    sentence: 'Intermediate master cannot be reached by orchestrator and all of its replicas are lagging',
    severity: 'warning',
    reaction: 'examine',
    matches: (evidence) => isIntermediate(evidence) && isOutOfReach(evidence) && allLag(evidence),
  },
  {
    code: 'UnreachableIntermediateMaster',
    sentence:
      'Intermediate master cannot be reached by orchestrator but it has replicating replicas; possibly a network/host issue',
    severity: 'warning',
    reaction: 'examine',
    matches: (evidence) => isIntermediate(evidence) && isOutOfReach(evidence),
  },
];

/** A co-primary is one too, for whatever its own rules did not name. */
export function isIntermediate({ isPrimary, replicas }: Evidence): boolean {
  return !isPrimary && replicas.known > 0;
}

function replicaIsStopped({ judgement }: Evidence): boolean {
  return judgement?.replicas[0]?.vote === 'stopped';
}

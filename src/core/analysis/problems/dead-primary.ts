/** The head of a cluster is gone, or cannot be reached. Only the first kind is ever acted upon, and only with proof. */
import type { Evidence } from '../evidence.js';
import { allLag, answersButFeedsNobody, isOutOfReach, type Rule } from '../rule.js';

const UNREACHABLE =
  'Master cannot be reached by orchestrator but it has replicating replicas; possibly a network/host issue';

export const DEAD_PRIMARY: readonly Rule[] = [
  {
    code: 'DeadMasterWithoutReplicas',
    sentence: 'Master cannot be reached by orchestrator and has no replica',
    severity: 'critical',
    reaction: 'none',
    matches: (evidence) => evidence.isPrimary && evidence.replicas.known === 0 && isOutOfReach(evidence),
  },
  {
    code: 'DeadMaster',
    sentence: 'Master cannot be reached by orchestrator and none of its replicas is replicating',
    severity: 'critical',
    reaction: 'recover-dead-primary',
    matches: ({ isPrimary, judgement }) => isPrimary && judgement?.verdict === 'dead',
  },
  {
    code: 'DeadMasterAndReplicas',
    sentence: 'Master cannot be reached by orchestrator and none of its replicas is replicating',
    severity: 'critical',
    reaction: 'none',
    matches: (evidence) => evidence.isPrimary && allAreGone(evidence),
  },
  {
    code: 'DeadMasterAndSomeReplicas',
    sentence:
      'Master cannot be reached by orchestrator; some of its replicas are unreachable and none of its reachable replicas is replicating',
    severity: 'critical',
    reaction: 'recover-dead-primary',
    matches: ({ isPrimary, judgement }) => isPrimary && judgement?.verdict === 'dead-and-some-replicas',
  },
  {
    code: 'UnreachableMasterWithLaggingReplicas',
    sentence: 'Master cannot be reached by orchestrator and all of its replicas are lagging',
    severity: 'critical',
    reaction: 'examine',
    matches: (evidence) => evidence.isPrimary && isOutOfReach(evidence) && allLag(evidence),
  },
  {
    code: 'UnreachableMaster',
    sentence: UNREACHABLE,
    severity: 'critical',
    reaction: 'examine',
    matches: (evidence) => evidence.isPrimary && evidence.replicas.known > 0 && isOutOfReach(evidence),
  },
  {
    code: 'UnreachableMaster',
    sentence: UNREACHABLE,
    severity: 'critical',
    reaction: 'examine',
    matches: (evidence) => evidence.isPrimary && answersButFeedsNobody(evidence),
  },
];

/** By agreement; or, where no votes are collected, by this node's own eyes. Nothing is done about it either way. */
export function allAreGone({ judgement, reach, replicas }: Evidence): boolean {
  if (judgement !== null) return judgement.verdict === 'dead-and-replicas';
  return reach === 'unreachable' && replicas.known > 0 && replicas.dead === replicas.known;
}

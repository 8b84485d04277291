/** A server in the middle of the tree answers, and those below it do not get its transactions. */
import { noneReplicates, type Rule } from '../rule.js';
import { isIntermediate } from './dead-intermediate.js';

export const INTERMEDIATE_REPLICAS: readonly Rule[] = [
  {
    code: 'AllIntermediateMasterReplicasFailingToConnectOrDead',
    sentence: 'Intermediate master is reachable but all of its replicas are failing to connect',
    severity: 'warning',
    reaction: 'recover-dead-intermediate',
    matches: (evidence) =>
      isIntermediate(evidence) &&
      evidence.reach === 'reachable' &&
      evidence.replicas.known > 1 &&
      evidence.replicas.failingToConnect > 0 &&
      evidence.replicas.failingToConnect === evidence.replicas.valid &&
      noneReplicates(evidence),
  },
  {
    code: 'AllIntermediateMasterReplicasNotReplicating',
    sentence: 'Intermediate master is reachable but none of its reachable replicas is replicating',
    severity: 'warning',
    reaction: 'none',
    matches: (evidence) =>
      isIntermediate(evidence) &&
      evidence.reach === 'reachable' &&
      evidence.replicas.valid > 0 &&
      noneReplicates(evidence),
  },
];

/**
 * What a person can do about a problem, above all about one that is not answered with a recovery: whoever reads at night
 * that nothing is done must find beside it what would help. A complete table, so that no code is without a word.
 */
import type { AnalysisCode } from './problem.js';

const LOOK_FIRST =
  'look at the servers and at the network between them and the orchestrators; if it is dead for certain, promote a replica: orchestrator-client -c force-master-failover -i CLUSTER';
const SAME_PLACE =
  'look at the network between them and the orchestrators first: who sees neither a server nor any of its replicas is likely cut off; then bring the replicas back';
const MEND_REPLICAS = 'see what the replicas say of their threads (SHOW REPLICA STATUS), mend that and start them';
const MOVE_REPLICAS =
  'bring it back, or move its replicas: orchestrator-client -c relocate-replicas -i THIS -d ANOTHER SERVER';
const ACKERS = 'bring back replicas that acknowledge, or lower rpl_semi_sync_source_wait_for_replica_count';

/** Ready to be typed: the name of the server stands where the table has CLUSTER or THIS. */
export function remedyFor(code: AnalysisCode, name: string): string {
  return REMEDIES[code].replaceAll(/\b(?:CLUSTER|THIS)\b/g, name);
}

export const REMEDIES: Readonly<Record<AnalysisCode, string>> = {
  DeadMasterWithoutReplicas: 'bring it back, or restore a backup: no replica has its data',
  DeadMaster: 'see why nothing is done: orchestrator-client -c explain -i CLUSTER',
  DeadMasterAndReplicas: SAME_PLACE,
  DeadMasterAndSomeReplicas: 'see why nothing is done: orchestrator-client -c explain -i CLUSTER',
  UnreachableMasterWithLaggingReplicas: LOOK_FIRST,
  UnreachableMaster: LOOK_FIRST,
  LockedSemiSyncMaster: ACKERS,
  LockedSemiSyncMasterHypothesis: ACKERS,
  MasterWithTooManySemiSyncReplicas: 'switch semi-sync off on replicas that need not acknowledge',
  NoWriteableMasterStructureWarning: 'if it is to take writes: orchestrator-client -c set-writeable -i THIS',
  MasterSingleReplicaNotReplicating: MEND_REPLICAS,
  MasterSingleReplicaDead: 'bring the replica back, or add another: a failover has nobody to promote',
  AllMasterReplicasNotReplicating: MEND_REPLICAS,
  AllMasterReplicasNotReplicatingOrDead: MEND_REPLICAS,
  DeadCoMaster: 'bring it back, and see that the other co-master takes the writes',
  DeadCoMasterAndSomeReplicas: 'bring it back, and see that the other co-master takes the writes',
  UnreachableCoMaster: 'look at the network between it and the orchestrators',
  AllCoMasterReplicasNotReplicating: MEND_REPLICAS,
  DeadIntermediateMasterWithSingleReplicaFailingToConnect: MOVE_REPLICAS,
  DeadIntermediateMasterWithSingleReplica: MOVE_REPLICAS,
  DeadIntermediateMaster: MOVE_REPLICAS,
  DeadIntermediateMasterAndSomeReplicas: MOVE_REPLICAS,
  DeadIntermediateMasterAndReplicas: SAME_PLACE,
  UnreachableIntermediateMasterWithLaggingReplicas: MOVE_REPLICAS,
  UnreachableIntermediateMaster: 'look at the network between it and the orchestrators',
  AllIntermediateMasterReplicasFailingToConnectOrDead: MEND_REPLICAS,
  AllIntermediateMasterReplicasNotReplicating: MEND_REPLICAS,
  BinlogServerFailingToConnectToMaster: 'see what it says of its source (SHOW REPLICA STATUS)',
  FirstTierReplicaFailingToConnectToMaster:
    'see what it says of its source (SHOW REPLICA STATUS): address, account, network',
  DeadReplicationGroupMemberWithReplicas: MOVE_REPLICAS,
};

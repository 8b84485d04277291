/** A problem is a named finding about one server: the code and sentence are those users of the incumbent know. */
import type { ClusterId, ServerId } from '../topology/server.js';

/** The incumbent's codes. */
export type AnalysisCode =
  | 'DeadMasterWithoutReplicas'
  | 'DeadMaster'
  | 'DeadMasterAndReplicas'
  | 'DeadMasterAndSomeReplicas'
  | 'UnreachableMasterWithLaggingReplicas'
  | 'UnreachableMaster'
  | 'LockedSemiSyncMaster'
  | 'LockedSemiSyncMasterHypothesis'
  | 'MasterWithTooManySemiSyncReplicas'
  | 'NoWriteableMasterStructureWarning'
  | 'MasterSingleReplicaNotReplicating'
  | 'MasterSingleReplicaDead'
  | 'AllMasterReplicasNotReplicating'
  | 'AllMasterReplicasNotReplicatingOrDead'
  | 'DeadCoMaster'
  | 'DeadCoMasterAndSomeReplicas'
  | 'UnreachableCoMaster'
  | 'AllCoMasterReplicasNotReplicating'
  | 'DeadIntermediateMasterWithSingleReplicaFailingToConnect'
  | 'DeadIntermediateMasterWithSingleReplica'
  | 'DeadIntermediateMaster'
  | 'DeadIntermediateMasterAndSomeReplicas'
  | 'DeadIntermediateMasterAndReplicas'
  | 'UnreachableIntermediateMasterWithLaggingReplicas'
  | 'UnreachableIntermediateMaster'
  | 'AllIntermediateMasterReplicasFailingToConnectOrDead'
  | 'AllIntermediateMasterReplicasNotReplicating'
  | 'BinlogServerFailingToConnectToMaster'
  | 'FirstTierReplicaFailingToConnectToMaster'
  | 'DeadReplicationGroupMemberWithReplicas';

/** The incumbent's, but for the last. */
export type StructureCode =
  | 'NoLoggingReplicasStructureWarning'
  | 'NoFailoverSupportStructureWarning'
  | 'DifferentGTIDModesStructureWarning'
  | 'ErrantGTIDStructureWarning'
  | 'NoWriteableMasterStructureWarning'
  | 'MultipleMajorVersionsLoggingReplicasStructureWarning'
  | 'StatementAndMixedLoggingReplicasStructureWarning'
  | 'StatementAndRowLoggingReplicasStructureWarning'
  | 'MixedAndRowLoggingReplicasStructureWarning'
  | 'NotEnoughValidSemiSyncReplicasStructureWarning'
  | 'WriteableReplicaStructureWarning';

/** What a recovery answers. */
export type RecoveryReaction =
  | 'recover-dead-primary'
  | 'recover-dead-co-primary'
  | 'recover-dead-intermediate'
  | 'recover-dead-group-member'
  | 'open-primary'
  | 'reopen-primary'
  | 'repair-semi-sync';

export type Reaction = RecoveryReaction | 'examine' | 'none';

/** A problem that is answered with a recovery, unless something keeps us from it. */
export function callsForRecovery<T extends { readonly reaction: Reaction }>(
  problem: T,
): problem is T & { readonly reaction: RecoveryReaction } {
  return problem.reaction !== 'examine' && problem.reaction !== 'none';
}

export interface Problem {
  readonly server: ServerId;
  readonly clusterId: ClusterId;
  readonly code: AnalysisCode;
  readonly description: string;
  readonly severity: 'critical' | 'warning' | 'notice';
  readonly reaction: Reaction;
  /** What the finding rests on, in words, for the record and for people: votes, counts, ages. */
  readonly because: readonly string[];
}

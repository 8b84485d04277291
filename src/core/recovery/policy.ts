/** What the configuration says of acting. Durations in milliseconds unless the name says otherwise. */
import type { ReplicationRules } from './choice/can-replicate.js';
import type { DurabilityRule } from './durability/durability-terms.js';
import type { ClusterFilter } from './guards/filters.js';

export interface RecoveryPolicy {
  /** ObserveOnly: everything is judged and nothing is done. */
  readonly observesOnly: boolean;
  /** RecoverMasterClusterFilters: clusters whose dead primary is replaced without being asked. */
  readonly primaryFilters: readonly ClusterFilter[];
  /** RecoverIntermediateMasterClusterFilters: clusters whose replicas get another source when theirs dies. */
  readonly intermediateFilters: readonly ClusterFilter[];
  /** RecoveryPeriodBlockSeconds: after an automatic recovery, no other one of its family in the cluster for so long. 0: none is blocked. */
  readonly blockMs: number;
  /** How long a candidate may take to apply what it has received. */
  readonly applyLimitMs: number;
  /** ReasonableMaintenanceReplicationLagSeconds: how far behind the candidate of a planned takeover may be. */
  readonly maintenanceLagSeconds: number;
  /** Who may follow whom, whatever the data. */
  readonly replication: ReplicationRules;
  readonly preventCrossDataCenter: boolean;
  readonly preventCrossRegion: boolean;
  /** PromotionIgnoreHostnameFilters: servers that are never promoted, by patterns on their host names. */
  readonly neverPromote: readonly RegExp[];
  /** RecoveryIgnoreHostnameFilters: servers whose death is answered with nothing, by patterns on their host names. */
  readonly ignoredHosts: readonly RegExp[];
  /** FailMasterPromotionOnLagMinutes: who was further behind is not promoted. 0: however far. */
  readonly promotionLagMs: number;
  /** FailMasterPromotionIfSQLThreadNotUpToDate. */
  readonly promotesAppliedOnly: boolean;
  /** DetachLostReplicasAfterMasterFailover: who is set apart is kept from going on with its old source. */
  readonly detachesLost: boolean;
  /** ApplyMySQLPromotionAfterMasterFailover is false: after a failover the new primary is left as it is, for others to open. */
  readonly leavesClosed: boolean;
  /** MasterFailoverLostInstancesDowntimeMinutes: how long those who were left behind are no news. 0: a year. */
  readonly lostDowntimeMs: number;
  /** In this order; the first that matches holds. */
  readonly durability: readonly DurabilityRule[];
  /** Automatic recoveries of dead primaries beside each other. */
  readonly concurrentMax: number;
  /** MaxConcurrentReplicaOperations: how many replicas an operator's plan keeps without their source at a time. */
  readonly movesAtOnce: number;
  /** InstanceBulkOperationsWaitTimeoutSeconds: how long each of many that are moved may take to apply what it has. */
  readonly bulkWaitMs: number;
  /** UseSuperReadOnly: whoever is made read-only by an operator is closed to administrators too. */
  readonly superReadOnly: boolean;
  /** CoMasterRecoveryMustPromoteOtherCoMaster. */
  readonly promotesOtherCoPrimary: boolean;
  readonly semiSync: SemiSyncRepair;
  readonly brake: BrakeLimits;
}

/** none: it is reported. enough: more replicas are made to acknowledge when too few do. exact: and others not to, when too many do. */
export type SemiSyncRepair = 'none' | 'enough' | 'exact';

/** More clusters than `clusters` whose primary is to be replaced within `withinMs`: it is not they who are ill. */
export interface BrakeLimits {
  /** 0: there is no brake. */
  readonly clusters: number;
  readonly withinMs: number;
}

/** What the configuration says of acting. Durations in milliseconds unless the name says otherwise. */
import type { ClusterFilter } from './filters.js';

export interface RecoveryPolicy {
  /** RecoverMasterClusterFilters: clusters whose dead primary is replaced without being asked. */
  readonly primaryFilters: readonly ClusterFilter[];
  /** RecoveryPeriodBlockSeconds: after an automatic promotion, no other one in the cluster for so long. 0: none is blocked. */
  readonly blockMs: number;
  /** How long a candidate may take to apply what it has received. */
  readonly applyLimitMs: number;
  /** ReasonableMaintenanceReplicationLagSeconds: how far behind the candidate of a planned takeover may be. */
  readonly maintenanceLagSeconds: number;
  readonly preventCrossDataCenter: boolean;
  readonly preventCrossRegion: boolean;
  /** PromotionIgnoreHostnameFilters: servers that are never promoted, by patterns on their host names. */
  readonly neverPromote: readonly RegExp[];
}

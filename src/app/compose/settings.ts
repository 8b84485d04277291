/** What the rooms take from the configuration, in the words of each. */
import type { ClusterRules } from '../../core/analysis/ground.js';
import type { DiagnosisSettings } from '../../core/analysis/limits.js';
import type { LedgerState } from '../../core/ledger/state.js';
import { type ClusterFilter, filterText } from '../../core/recovery/guards/filters.js';
import { matchesFilters } from '../../core/recovery/guards/guards.js';
import type { ReplicationRules } from '../../core/recovery/choice/can-replicate.js';
import type { RecoveryPolicy } from '../../core/recovery/policy.js';
import { type Address, addressText } from '../../core/topology/address.js';
import type { ClusterId } from '../../core/topology/server.js';
import type { PublicSettings } from '../../runtime/ports/service.js';
import { DEFAULT_PACE, type ProbingPace } from '../../runtime/probing/pace.js';
import type { Config } from '../config/config.js';

/** How long a candidate may take to apply what it has received before the promotion gives up on it. */
const APPLY_LIMIT_MS = 60_000;
/** The incumbent's, for those who would rather wait than lose the candidate. */
const PATIENT_APPLY_LIMIT_MS = 24 * 3600 * 1000;

/** A look that is older than this many polls says nothing about now; the incumbent's own measure. */
const STALE_POLLS = 5;

export function recoveryPolicy(config: Config): RecoveryPolicy {
  const { recovery, lag, observesOnly } = config;
  return {
    observesOnly,
    primaryFilters: recovery.primaryFilters,
    intermediateFilters: recovery.intermediateFilters,
    blockMs: recovery.blockMs,
    applyLimitMs: recovery.waitsForApplier ? PATIENT_APPLY_LIMIT_MS : APPLY_LIMIT_MS,
    maintenanceLagSeconds: lag.maintenanceSeconds,
    replication: replicationRules(config),
    preventCrossDataCenter: recovery.preventCrossDataCenter,
    preventCrossRegion: recovery.preventCrossRegion,
    neverPromote: recovery.neverPromote,
    ignoredHosts: recovery.ignoredHosts,
    promotionLagMs: recovery.promotionLagMs,
    promotesAppliedOnly: recovery.promotesAppliedOnly,
    detachesLost: recovery.detachesLost,
    leavesClosed: recovery.leavesClosed,
    lostDowntimeMs: recovery.lostDowntimeMs,
    durability: recovery.durability,
    concurrentMax: recovery.concurrentMax,
    movesAtOnce: recovery.movesAtOnce,
    bulkWaitMs: recovery.bulkWaitMs,
    superReadOnly: recovery.useSuperReadOnly,
    brake: recovery.brake,
    promotesOtherCoPrimary: recovery.promotesOtherCoPrimary,
    semiSync: recovery.semiSync.exactReplicas ? 'exact' : recovery.semiSync.unlocksPrimary ? 'enough' : 'none',
  };
}

export function diagnosisSettings({ lag, probing, recovery }: Config): DiagnosisSettings {
  return {
    reasonableLagSeconds: lag.reasonableSeconds,
    staleSightMs: STALE_POLLS * probing.intervalMs,
    lockedSemiSyncMs: recovery.semiSync.lockedMs,
    enforceExactSemiSyncReplicas: recovery.semiSync.exactReplicas,
    recoverNonWriteablePrimary: recovery.opensReadOnlyPrimary,
  };
}

export function clusterRules({ recovery }: Config, state: () => LedgerState): ClusterRules {
  const covered = (filters: readonly ClusterFilter[], id: ClusterId): boolean => {
    const cluster = state().clusters.get(id);
    return cluster !== undefined && matchesFilters(state(), filters, cluster);
  };
  const crossZone = recovery.durability.filter(({ policy }) => policy === 'cross-zone').map(({ clusters }) => clusters);
  return {
    restartGraceMs: (id) => (recovery.restartGrace.find(({ filters }) => covered(filters, id))?.seconds ?? 0) * 1000,
    // Under cross-zone durability a site that is cut off cannot acknowledge a write, so nothing is lost by passing it over.
    recoversSilentSite: (id) => covered(recovery.silentSiteFilters, id) || covered(crossZone, id),
  };
}

export function probingPace({ probing, mysql }: Config): ProbingPace {
  return {
    ...DEFAULT_PACE,
    pollMs: probing.intervalMs,
    probeTimeoutMs: mysql.probeTimeoutMs,
    concurrencyMax: probing.maxConcurrent,
    deadConcurrencyMax: probing.deadMaxConcurrent,
    slowMs: probing.slowMs,
    deadFactor: probing.deadFactor,
    deadPollMaxMs: Math.max(probing.deadIntervalMaxMs, probing.intervalMs),
  };
}

export function publicSettings(config: Config, state: () => LedgerState): PublicSettings {
  const covered = (filters: readonly ClusterFilter[], id: ClusterId): boolean => {
    const cluster = state().clusters.get(id);
    return cluster !== undefined && matchesFilters(state(), filters, cluster);
  };
  return {
    defaultInstancePort: config.mysql.defaultPort,
    instancePollSeconds: config.probing.intervalMs / 1000,
    reasonableReplicationLagSeconds: config.lag.reasonableSeconds,
    reasonableMaintenanceReplicationLagSeconds: config.lag.maintenanceSeconds,
    automaticPrimaryRecovery: (id) => covered(config.recovery.primaryFilters, id),
    automaticIntermediateRecovery: (id) => covered(config.recovery.intermediateFilters, id),
    textRemovedFromHosts: config.views.textRemovedFromHosts,
    webMessage: config.views.webMessage,
    fuzzyPoolHosts: config.views.fuzzyPoolHosts,
    hidesProblemsOf: (address) => matchesAny(config.views.hideProblemsOf, address),
    isNoControlReplica: (address) => matchesAny(config.views.noControlReplicas, address),
    replicationRules: replicationRules(config),
    recoveryBlockMs: config.recovery.blockMs,
    recoveryFilters: {
      primaryClusters: config.recovery.primaryFilters.map(filterText),
      intermediateClusters: config.recovery.intermediateFilters.map(filterText),
      ignoredHosts: config.recovery.ignoredHosts.map(({ source }) => source),
    },
  };
}

function replicationRules({ views, lag }: Config): ReplicationRules {
  return {
    lowerVersionAllowed: views.lowerReplicaVersionAllowed,
    verifyFilters: views.verifyReplicationFilters,
    maintenanceLagSeconds: lag.maintenanceSeconds,
  };
}

function matchesAny(patterns: readonly RegExp[], address: Address): boolean {
  return patterns.some((pattern) => pattern.test(addressText(address)));
}

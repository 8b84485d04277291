/** From the keys about servers to what the rooms need: filters, names, classes, and how long words stand. */
import type { Config, QuestionsConfig } from '../config.js';
import type { Values } from '../keys/keys.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export function readServers(values: Values): Pick<Config, 'discovery' | 'classification' | 'lifetimes'> {
  return {
    discovery: {
      filters: {
        servers: values.DiscoveryIgnoreHostnameFilters,
        replicas: values.DiscoveryIgnoreReplicaHostnameFilters,
        sources: values.DiscoveryIgnoreMasterHostnameFilters,
        users: values.DiscoveryIgnoreReplicationUsernameFilters,
      },
      logFiltered: values.EnableDiscoveryFiltersLogs,
      forgetUnseenMs: values.UnseenInstanceForgetHours * HOUR_MS,
      recordTopologiesMs: values.SnapshotTopologiesIntervalHours * HOUR_MS,
      // What blocks the next recovery must not be forgotten before its time.
      keepHistoryMs:
        values.AuditPurgeDays === 0
          ? 0
          : Math.max(
              values.AuditPurgeDays * 24 * HOUR_MS,
              values.RecoveryPeriodBlockSeconds * 1000,
              values.RecoveryPeriodBlockMinutes * MINUTE_MS,
            ),
      names: {
        hosts: values.HostnameResolveMethod,
        servers: values.MySQLHostnameResolveMethod,
        lifetimeMs: values.ExpiryHostnameResolvesMinutes * MINUTE_MS,
        rejected: values.RejectHostnameResolvePattern,
      },
    },
    classification: {
      dataCenter: values.DataCenterPattern,
      region: values.RegionPattern,
      environment: values.PhysicalEnvironmentPattern,
      clusterAliases: values.ClusterNameToAlias,
    },
    lifetimes: {
      candidateMs: values.CandidateInstanceExpireMinutes * MINUTE_MS,
      poolMs: values.InstancePoolExpiryMinutes * MINUTE_MS,
      unresolveMs: values.ExpiryHostnameResolvesMinutes * MINUTE_MS,
    },
  };
}

export function readQuestions(values: Values): QuestionsConfig {
  return {
    lag: values.ReplicationLagQuery || values.SlaveLagQuery,
    detect: {
      clusterAlias: values.DetectClusterAliasQuery,
      clusterDomain: values.DetectClusterDomainQuery,
      instanceAlias: values.DetectInstanceAliasQuery,
      promotionRule: values.DetectPromotionRuleQuery,
      dataCenter: values.DetectDataCenterQuery,
      region: values.DetectRegionQuery,
      environment: values.DetectPhysicalEnvironmentQuery,
      semiSyncEnforced: values.DetectSemiSyncEnforcedQuery,
    },
    onlyReportedReplicas: values.DiscoverByShowSlaveHosts,
    connectionLifetimeMs: values.MySQLConnectionLifetimeSeconds * 1000,
  };
}

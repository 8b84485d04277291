/**
 * Every route of the incumbent's API: how it names parameters, whether it asks for the right to write, and what it answers
 * when all is well. `OK X` is its envelope around X, `X|null` may be null where there is nothing. What we do not support
 * is `unsupported`; `never` is always an error. Where its script fails on what it answers (move-replicas-gtid), the answer is
 * the one that the script reads.
 */
export interface IncumbentRoute {
  readonly path: string;
  readonly right: 'look' | 'write' | 'unsupported';
  readonly answer: string;
}

const TABLE = `
/api/relocate/:host/:port/:belowHost/:belowPort write OK Instance
/api/relocate-below/:host/:port/:belowHost/:belowPort write OK Instance
/api/relocate-slaves/:host/:port/:belowHost/:belowPort write OK Instance[]
/api/relocate-replicas/:host/:port/:belowHost/:belowPort write OK Instance[]
/api/regroup-slaves/:host/:port write OK InstanceKey
/api/regroup-replicas/:host/:port write OK InstanceKey
/api/move-up/:host/:port write OK Instance
/api/move-up-slaves/:host/:port write OK Instance[]
/api/move-up-replicas/:host/:port write OK Instance[]
/api/move-below/:host/:port/:siblingHost/:siblingPort write OK Instance
/api/move-equivalent/:host/:port/:belowHost/:belowPort write OK Instance
/api/repoint/:host/:port/:belowHost/:belowPort write OK Instance
/api/repoint-slaves/:host/:port write OK Instance[]
/api/repoint-replicas/:host/:port write OK Instance[]
/api/make-co-master/:host/:port write OK Instance
/api/enslave-siblings/:host/:port write OK Instance
/api/take-siblings/:host/:port write OK Instance
/api/enslave-master/:host/:port write OK Instance
/api/take-master/:host/:port write OK Instance
/api/master-equivalent/:host/:port/:logFile/:logPos write OK Equivalence[]|null
/api/regroup-slaves-bls/:host/:port unsupported never
/api/regroup-replicas-bls/:host/:port unsupported never
/api/move-below-gtid/:host/:port/:belowHost/:belowPort write OK Instance
/api/move-slaves-gtid/:host/:port/:belowHost/:belowPort write OK Instance[]
/api/move-replicas-gtid/:host/:port/:belowHost/:belowPort write OK Instance[]
/api/regroup-slaves-gtid/:host/:port write OK InstanceKey
/api/regroup-replicas-gtid/:host/:port write OK InstanceKey
/api/match/:host/:port/:belowHost/:belowPort unsupported never
/api/match-below/:host/:port/:belowHost/:belowPort unsupported never
/api/match-up/:host/:port unsupported never
/api/match-slaves/:host/:port/:belowHost/:belowPort unsupported never
/api/match-replicas/:host/:port/:belowHost/:belowPort unsupported never
/api/match-up-slaves/:host/:port unsupported never
/api/match-up-replicas/:host/:port unsupported never
/api/regroup-slaves-pgtid/:host/:port unsupported never
/api/regroup-replicas-pgtid/:host/:port unsupported never
/api/make-master/:host/:port write OK Instance
/api/make-local-master/:host/:port unsupported never
/api/enable-gtid/:host/:port write OK Instance
/api/disable-gtid/:host/:port write OK Instance
/api/locate-gtid-errant/:host/:port look OK string[]
/api/gtid-errant-reset-master/:host/:port write OK Instance
/api/gtid-errant-inject-empty/:host/:port write OK Instance
/api/skip-query/:host/:port write OK Instance
/api/start-slave/:host/:port write OK Instance
/api/start-replica/:host/:port write OK Instance
/api/restart-slave/:host/:port write OK Instance
/api/restart-replica/:host/:port write OK Instance
/api/stop-slave/:host/:port write OK Instance
/api/stop-replica/:host/:port write OK Instance
/api/stop-slave-nice/:host/:port write OK Instance
/api/stop-replica-nice/:host/:port write OK Instance
/api/reset-slave/:host/:port write OK Instance
/api/reset-replica/:host/:port write OK Instance
/api/change-master-credentials/:host/:port write OK Instance
/api/detach-slave/:host/:port write OK Instance
/api/detach-replica/:host/:port write OK Instance
/api/reattach-slave/:host/:port write OK Instance
/api/reattach-replica/:host/:port write OK Instance
/api/detach-slave-master-host/:host/:port write OK Instance
/api/detach-replica-master-host/:host/:port write OK Instance
/api/reattach-slave-master-host/:host/:port write OK Instance
/api/reattach-replica-master-host/:host/:port write OK Instance
/api/flush-binary-logs/:host/:port write OK Instance
/api/purge-binary-logs/:host/:port/:logFile write OK Instance
/api/restart-slave-statements/:host/:port write OK string[]
/api/restart-replica-statements/:host/:port write OK string[]
/api/enable-semi-sync-master/:host/:port write OK Instance
/api/enable-semi-sync-source/:host/:port write OK Instance
/api/disable-semi-sync-master/:host/:port write OK Instance
/api/disable-semi-sync-source/:host/:port write OK Instance
/api/enable-semi-sync-replica/:host/:port write OK Instance
/api/disable-semi-sync-replica/:host/:port write OK Instance
/api/delay-replication/:host/:port/:seconds write OK int
/api/can-replicate-from/:host/:port/:belowHost/:belowPort look OK InstanceKey
/api/can-replicate-from-gtid/:host/:port/:belowHost/:belowPort look OK InstanceKey
/api/set-read-only/:host/:port write OK Instance
/api/set-writeable/:host/:port write OK Instance
/api/kill-query/:host/:port/:process write OK Instance
/api/last-pseudo-gtid/:host/:port unsupported never
/api/submit-pool-instances/:pool write OK string
/api/cluster-pool-instances/:clusterName write OK Pools
/api/cluster-pool-instances/:clusterName/:pool write OK Pools
/api/heuristic-cluster-pool-instances/:clusterName write OK Instance[]
/api/heuristic-cluster-pool-instances/:clusterName/:pool write OK Instance[]
/api/heuristic-cluster-pool-lag/:clusterName write OK int
/api/heuristic-cluster-pool-lag/:clusterName/:pool write OK int
/api/search/:searchString look Instance[]
/api/search look Instance[]
/api/cluster/:clusterHint look Instance[]
/api/cluster/alias/:clusterAlias look Instance[]
/api/cluster/instance/:host/:port look Instance[]
/api/cluster-info/:clusterHint look ClusterInfo
/api/cluster-info/alias/:clusterAlias look ClusterInfo
/api/cluster-osc-slaves/:clusterHint look Instance[]
/api/cluster-osc-replicas/:clusterHint look Instance[]
/api/set-cluster-alias/:clusterName write OK null
/api/clusters look string[]|null
/api/clusters-info look ClusterInfo[]
/api/masters look Instance[]|null
/api/master/:clusterHint look Instance
/api/instance-replicas/:host/:port look Instance[]
/api/all-instances look Instance[]
/api/downtimed look Instance[]
/api/downtimed/:clusterHint look Instance[]
/api/topology/:clusterHint look OK string
/api/topology/:host/:port look OK string
/api/topology-tabulated/:clusterHint look OK string
/api/topology-tabulated/:host/:port look OK string
/api/topology-tags/:clusterHint look OK string
/api/topology-tags/:host/:port look OK string
/api/snapshot-topologies look OK string
/api/submit-masters-to-kv-stores look OK KVPair[]|null
/api/submit-masters-to-kv-stores/:clusterHint look OK KVPair[]|null
/api/tagged look InstanceKey[]
/api/tags/:host/:port look string[]
/api/tag-value/:host/:port look string
/api/tag-value/:host/:port/:tagName look string
/api/tag/:host/:port look OK InstanceKey
/api/tag/:host/:port/:tagName/:tagValue look OK InstanceKey
/api/untag/:host/:port look OK InstanceKey[]
/api/untag/:host/:port/:tagName look OK InstanceKey[]
/api/untag-all look OK InstanceKey[]
/api/untag-all/:tagName/:tagValue look OK InstanceKey[]
/api/instance/:host/:port look Instance
/api/discover/:host/:port write OK Instance|null
/api/async-discover/:host/:port write OK null
/api/refresh/:host/:port write OK InstanceKey
/api/forget/:host/:port write OK InstanceKey
/api/forget-cluster/:clusterHint write OK null
/api/begin-maintenance/:host/:port/:owner/:reason write OK InstanceKey
/api/end-maintenance/:host/:port write OK InstanceKey
/api/in-maintenance/:host/:port look OK string
/api/end-maintenance/:maintenanceKey write OK int
/api/maintenance look Maintenance[]
/api/begin-downtime/:host/:port/:owner/:reason write OK InstanceKey
/api/begin-downtime/:host/:port/:owner/:reason/:duration write OK InstanceKey
/api/end-downtime/:host/:port write OK InstanceKey
/api/replication-analysis look OK ReplicationAnalysis[]
/api/replication-analysis/:clusterName look OK ReplicationAnalysis[]
/api/replication-analysis/instance/:host/:port look OK ReplicationAnalysis[]
/api/recover/:host/:port write OK InstanceKey
/api/recover/:host/:port/:candidateHost/:candidatePort write OK InstanceKey
/api/recover-lite/:host/:port write OK InstanceKey
/api/recover-lite/:host/:port/:candidateHost/:candidatePort write OK InstanceKey
/api/graceful-master-takeover/:host/:port write OK TopologyRecovery
/api/graceful-master-takeover/:host/:port/:designatedHost/:designatedPort write OK TopologyRecovery
/api/graceful-master-takeover/:clusterHint write OK TopologyRecovery
/api/graceful-master-takeover/:clusterHint/:designatedHost/:designatedPort write OK TopologyRecovery
/api/graceful-master-takeover-auto/:host/:port write OK TopologyRecovery
/api/graceful-master-takeover-auto/:host/:port/:designatedHost/:designatedPort write OK TopologyRecovery
/api/graceful-master-takeover-auto/:clusterHint write OK TopologyRecovery
/api/graceful-master-takeover-auto/:clusterHint/:designatedHost/:designatedPort write OK TopologyRecovery
/api/force-master-failover/:host/:port write OK TopologyRecovery
/api/force-master-failover/:clusterHint write OK TopologyRecovery
/api/force-master-takeover/:clusterHint/:designatedHost/:designatedPort write OK TopologyRecovery
/api/force-master-takeover/:host/:port/:designatedHost/:designatedPort write OK TopologyRecovery
/api/register-candidate/:host/:port/:promotionRule write OK InstanceKey
/api/automated-recovery-filters look OK RecoveryFilters
/api/audit-failure-detection look Detection[]
/api/audit-failure-detection/:page look Detection[]
/api/audit-failure-detection/id/:id look Detection[]
/api/audit-failure-detection/alias/:clusterAlias look Detection[]
/api/audit-failure-detection/alias/:clusterAlias/:page look Detection[]
/api/replication-analysis-changelog look ReplicationAnalysisChangelog[]|null
/api/audit-recovery look TopologyRecovery[]
/api/audit-recovery/:page look TopologyRecovery[]
/api/audit-recovery/id/:id look TopologyRecovery[]
/api/audit-recovery/uid/:uid look TopologyRecovery[]
/api/audit-recovery/cluster/:clusterName look TopologyRecovery[]
/api/audit-recovery/cluster/:clusterName/:page look TopologyRecovery[]
/api/audit-recovery/alias/:clusterAlias look TopologyRecovery[]
/api/audit-recovery/alias/:clusterAlias/:page look TopologyRecovery[]
/api/audit-recovery-steps/:uid look TopologyRecoveryStep[]
/api/active-cluster-recovery/:clusterName look TopologyRecovery[]
/api/recently-active-cluster-recovery/:clusterName look TopologyRecovery[]
/api/recently-active-instance-recovery/:host/:port look TopologyRecovery[]
/api/ack-recovery/cluster/:clusterHint write OK string
/api/ack-recovery/cluster/alias/:clusterAlias write OK string
/api/ack-recovery/instance/:host/:port write OK InstanceKey
/api/ack-recovery/:recoveryId write OK string
/api/ack-recovery/uid/:uid write OK string
/api/ack-all-recoveries write OK string
/api/blocked-recoveries look BlockedTopologyRecovery[]
/api/blocked-recoveries/cluster/:clusterName look BlockedTopologyRecovery[]
/api/disable-global-recoveries write OK "disabled"
/api/enable-global-recoveries write OK "enabled"
/api/check-global-recoveries look OK "enabled"|"disabled"
/api/problems look Instance[]|null
/api/problems/:clusterName look Instance[]|null
/api/audit look Audit[]
/api/audit/:page look Audit[]
/api/audit/instance/:host/:port look Audit[]
/api/audit/instance/:host/:port/:page look Audit[]
/api/resolve/:host/:port look OK InstanceKey
/api/headers look Headers
/api/health look OK HealthStatus
/api/lb-check look string
/api/_ping look string
/api/leader-check look "OK"
/api/leader-check/:errorStatusCode look "OK"
/api/grab-election write OK null
/api/raft-add-peer/:addr write string
/api/raft-remove-peer/:addr write string
/api/raft-yield/:node write OK null
/api/raft-yield-hint/:hint write OK string
/api/raft-peers look string[]
/api/raft-state look string
/api/raft-leader look string
/api/raft-health look "healthy"
/api/raft-status look RaftStatus
/api/raft-snapshot look string
/api/raft-follower-health-report/:authenticationToken/:raftBind/:raftAdvertise look string
/api/reload-configuration write OK string
/api/hostname-resolve-cache look OK ResolveCache
/api/reset-hostname-resolve-cache write OK null
/api/routed-leader-check look "OK"
/api/reelect write OK null
/api/reload-cluster-alias write never
/api/deregister-hostname-unresolve/:host/:port write OK InstanceKey|null
/api/register-hostname-unresolve/:host/:port/:virtualname write OK InstanceKey|null
/api/bulk-instances write InstanceKey[]|null
/api/bulk-promotion-rules write CandidateDatabaseInstance[]|null
/api/discovery-metrics-raw/:seconds look MetricJSON[]
/api/discovery-metrics-aggregated/:seconds look AggregatedDiscoveryMetrics
/api/discovery-queue-metrics-raw/:seconds look QueueMetric[]
/api/discovery-queue-metrics-aggregated/:seconds look AggregatedQueueMetrics
/api/discovery-queue-metrics-raw/:queue/:seconds look QueueMetric[]
/api/discovery-queue-metrics-aggregated/:queue/:seconds look AggregatedQueueMetrics
/api/backend-query-metrics-raw/:seconds look QueryMetric[]
/api/backend-query-metrics-aggregated/:seconds look AggregatedQueryMetrics
/api/write-buffer-metrics-raw/:seconds look WriteBufferMetric[]
/api/write-buffer-metrics-aggregated/:seconds look AggregatedWriteBufferMetric
/api/agents unsupported never
/api/agent/:host unsupported never
/api/agent-umount/:host unsupported never
/api/agent-mount/:host unsupported never
/api/agent-create-snapshot/:host unsupported never
/api/agent-removelv/:host unsupported never
/api/agent-mysql-stop/:host unsupported never
/api/agent-mysql-start/:host unsupported never
/api/agent-seed/:targetHost/:sourceHost unsupported never
/api/agent-active-seeds/:host unsupported never
/api/agent-recent-seeds/:host unsupported never
/api/agent-seed-details/:seedId unsupported never
/api/agent-seed-states/:seedId unsupported never
/api/agent-abort-seed/:seedId unsupported never
/api/agent-custom-command/:host/:command unsupported never
/api/seeds unsupported never
/api/status look OK HealthStatus
`;

export const INCUMBENT_API: readonly IncumbentRoute[] = TABLE.trim()
  .split('\n')
  .map((line) => {
    const [path = '', right = '', ...answer] = line.split(' ');
    return { path, right: right as IncumbentRoute['right'], answer: answer.join(' ') };
  });

export const INCUMBENT_ROUTES: readonly string[] = INCUMBENT_API.map(({ path }) => path);

/** Of its pages: each leads to one of ours. */
export const INCUMBENT_PAGES: readonly string[] = `
/web/access-token
/web/
/
/web/home
/web/about
/web/keep-calm
/web/faq
/web/status
/web/clusters
/web/clusters-analysis
/web/cluster/:clusterName
/web/cluster/alias/:clusterAlias
/web/cluster/instance/:host/:port
/web/cluster-pools/:clusterName
/web/search/:searchString
/web/search
/web/discover
/web/audit
/web/audit/:page
/web/audit/instance/:host/:port
/web/audit/instance/:host/:port/:page
/web/audit-recovery
/web/audit-recovery/:page
/web/audit-recovery/id/:id
/web/audit-recovery/uid/:uid
/web/audit-recovery/cluster/:clusterName
/web/audit-recovery/cluster/:clusterName/:page
/web/audit-recovery/alias/:clusterAlias
/web/audit-recovery/alias/:clusterAlias/:page
/web/audit-failure-detection
/web/audit-failure-detection/:page
/web/audit-failure-detection/id/:id
/web/audit-failure-detection/alias/:clusterAlias
/web/audit-failure-detection/alias/:clusterAlias/:page
/web/audit-recovery-steps/:uid
/web/agents
/web/agent/:host
/web/seed-details/:seedId
/web/seeds
`
  .trim()
  .split('\n');

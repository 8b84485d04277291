// Servers that acknowledge a write only when a replica in another data centre has it, and nodes that know the policy.
import { readOverview } from '../../demo/overview.js';
import { shopSql } from '../../demo/set.js';
import { until } from '../../demo/until.js';
import { WRITER_ACCOUNT } from '../../demo/write-session.js';
import type { MySqlLab } from '../../lab/mysql-lab.js';
import type { OrchestratorCluster } from '../../lab/orchestrator-cluster.js';
import type { Topology } from '../../lab/topology.js';

export interface CrossZone {
  readonly topology: Topology;
  readonly cluster: OrchestratorCluster;
}

/** Every server is a data centre of its own; the time-out of semi-sync is the longest there is. */
export async function setUpCrossZone(lab: MySqlLab): Promise<CrossZone> {
  const topology = await lab.topology({
    replicas: 2,
    semiSync: true,
    extra: ['rpl_semi_sync_source_timeout=4294967295'],
    door: true,
  });
  // Whoever comes back comes back open, and asks for acknowledgements from its first moment on: without the second, which
  // the policy rests on, it would acknowledge alone until it is fenced.
  for (const server of topology.servers) server.configure(['read_only=OFF', 'rpl_semi_sync_source_enabled=ON']);
  await topology.primary.execute(shopSql(WRITER_ACCOUNT));
  await topology.caughtUp();
  const cluster = await lab.cluster({
    seeds: [topology.primary.address],
    config: {
      DurabilityPolicies: { '*': 'cross-zone' },
      DetectDataCenterQuery: "SELECT CONCAT('zone-', @@server_id)",
    },
  });
  await until('a failover that would be guaranteed to lose nothing', async () => {
    const views = await Promise.all(cluster.nodes.map(readOverview));
    return views.every(({ clusters }) => clusters[0]?.failover.guaranteed === true) ? true : undefined;
  });
  return { topology, cluster };
}

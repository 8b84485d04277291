// Nodes for a measurement: their data on the real disk, recoveries off, and what is read of them by /metrics and the
// overview. Each measurement has nodes of its own, because the one before would have warmed them.
import { setTimeout as sleep } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import { MySqlLab } from '../../lab/mysql-lab.js';
import type { OrchestratorCluster } from '../../lab/orchestrator-cluster.js';
import type { OrchestratorNode } from '../../lab/orchestrator-node.js';

export interface NodesOptions {
  readonly nodes: number;
  readonly seeds: readonly string[];
  readonly pollSeconds: number;
  readonly config?: Readonly<Record<string, unknown>>;
}

export interface BenchNodes {
  readonly lab: MySqlLab;
  readonly cluster: OrchestratorCluster;
  close(): Promise<void>;
}

export async function openBenchNodes(options: NodesOptions): Promise<BenchNodes> {
  const lab = await openLabOnDisk();
  try {
    const config = { InstancePollSeconds: options.pollSeconds, RecoverMasterClusterFilters: [], ...options.config };
    const cluster = await lab.cluster({ nodes: options.nodes, seeds: options.seeds, config });
    return {
      lab,
      cluster,
      close: async () => {
        await cluster.stop();
        await lab.close();
      },
    };
  } catch (error) {
    await lab.close();
    throw error;
  }
}

/** A sync in memory costs nothing; the MySQL servers of other labs of this process stay there. */
async function openLabOnDisk(): Promise<MySqlLab> {
  const given = process.env['ORCHESTRATOR_LAB_DIRECTORY'];
  process.env['ORCHESTRATOR_LAB_DIRECTORY'] = given ?? tmpdir();
  try {
    return await MySqlLab.open();
  } finally {
    if (given === undefined) delete process.env['ORCHESTRATOR_LAB_DIRECTORY'];
  }
}

export interface Metrics {
  readonly servers: number;
  readonly term: number;
  readonly appliedIndex: number;
  readonly problems: number;
  readonly inQuorum: boolean;
}

export async function metricsOf(node: OrchestratorNode): Promise<Metrics> {
  const text = String((await node.request('/metrics')).body);
  const value = (name: string): number =>
    Number(new RegExp(`^orchestrator_${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
  return {
    servers: value('servers'),
    term: value('raft_term'),
    appliedIndex: value('raft_applied_index'),
    problems: value('problems'),
    inQuorum: value('in_quorum') === 1,
  };
}

/** Milliseconds until this node knows so many servers, every one probed once; null when the time is over before. */
export async function msUntilKnown(node: OrchestratorNode, count: number, deadlineMs: number): Promise<number | null> {
  const beganMs = performance.now();
  while ((await metricsOf(node)).servers < count) {
    if (performance.now() - beganMs > deadlineMs) return null;
    await sleep(10);
  }
  return performance.now() - beganMs;
}

interface Overview {
  readonly members: readonly { readonly isSelf: boolean; readonly lastHeardMs: number | null }[];
  readonly clusters: readonly {
    readonly servers: readonly { readonly address: string; readonly lastSeenAgeMs: number | null }[];
  }[];
}

export interface Sights {
  /** Of all servers, milliseconds; Infinity for one that this node knows and has never seen. */
  readonly agesMs: readonly number[];
  /** How long ago the leader last heard of the others; empty on a follower. */
  readonly heardMs: readonly number[];
}

export async function sightsOf(node: OrchestratorNode): Promise<Sights> {
  const overview = await node.get<Overview>('/api/v1/overview', 60_000);
  return {
    agesMs: overview.clusters.flatMap(({ servers }) => servers.map((server) => server.lastSeenAgeMs ?? Infinity)),
    heardMs: overview.members.flatMap(({ isSelf, lastHeardMs }) =>
      isSelf || lastHeardMs === null ? [] : [lastHeardMs],
    ),
  };
}

// Several nodes that are one cluster.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePorts } from './free-ports.js';
import { OrchestratorNode, type Spawn } from './orchestrator-node.js';
import { PROJECT_ROOT } from './project-root.js';

const run = promisify(execFile);
const LEADER_DEADLINE_MS = 60_000;

export interface ClusterOptions {
  /** Three unless told otherwise; one is a cluster without Raft keys. */
  readonly nodes?: number;
  /** MySQL servers to begin with, `host:port`. */
  readonly seeds: readonly string[];
  /** Further keys of every node's configuration file; recoveries of every cluster are on unless it says otherwise. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Makes an address at which the others are to reach the node that listens for Raft at `raftAddress`. */
  readonly door?: (raftAddress: string) => Promise<string>;
}

export class OrchestratorCluster {
  readonly nodes: readonly OrchestratorNode[];

  private constructor(nodes: readonly OrchestratorNode[]) {
    this.nodes = nodes;
  }

  /** Lays out the nodes, starts them all and waits for a leader. dist/ is built first when it is stale. */
  static async start(directory: string, spawn: Spawn, options: ClusterOptions): Promise<OrchestratorCluster> {
    await run(join(PROJECT_ROOT, 'scripts', 'build'));
    const count = options.nodes ?? 3;
    const ports = await freePorts(count * 3);
    const listening = ports.slice(0, count).map((port) => `127.0.0.1:${String(port)}`);
    const { door } = options;
    const addresses = door === undefined ? listening : await Promise.all(listening.map(door));
    const nodes = addresses.map((raftAddress, index) => {
      const name = `node-${String(index + 1)}`;
      return new OrchestratorNode(
        {
          name,
          directory: join(directory, name),
          raftAddress,
          peers: count === 1 ? [] : addresses,
          httpPort: ports[count + index] ?? 0,
          grpcPort: ports[2 * count + index] ?? 0,
          seeds: options.seeds,
          config: {
            InstancePollSeconds: 1,
            RecoverMasterClusterFilters: ['*'],
            // One alone would listen at the port of the default, as would one of another test beside it.
            ...(count === 1 ? { RaftBind: listening[index] } : {}),
            ...(door === undefined ? {} : { RaftBind: listening[index], RaftAdvertise: raftAddress }),
            ...options.config,
          },
        },
        spawn,
      );
    });
    const cluster = new OrchestratorCluster(nodes);
    await Promise.all(nodes.map((node) => node.start()));
    await cluster.leader();
    return cluster;
  }

  get running(): OrchestratorNode[] {
    return this.nodes.filter((node) => node.running);
  }

  /** The node that says it leads; waits until there is one. */
  async leader(deadlineMs: number = LEADER_DEADLINE_MS): Promise<OrchestratorNode> {
    const deadline = performance.now() + deadlineMs;
    for (;;) {
      const claims = await Promise.all(this.running.map(async (node) => ((await node.isLeader()) ? node : undefined)));
      const leader = claims.find((node) => node !== undefined);
      if (leader !== undefined) return leader;
      if (performance.now() > deadline) throw new Error(`no leader within ${String(deadlineMs)} ms`);
      await sleep(20);
    }
  }

  /** Any running node that does not lead. */
  async follower(): Promise<OrchestratorNode> {
    const leader = await this.leader();
    const follower = this.running.find((node) => node !== leader);
    if (follower === undefined) throw new Error('every running node leads');
    return follower;
  }

  async stop(): Promise<void> {
    await Promise.all(this.running.map((node) => node.stop()));
  }
}

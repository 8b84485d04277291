// A primary with two replicas and three nodes that watch it, report what they find, and change nothing.
import { setTimeout as sleep } from 'node:timers/promises';
import { HappeningFollower, type HeardHappening } from '../../lab/happenings.js';
import { MySqlLab } from '../../lab/mysql-lab.js';
import type { OrchestratorCluster } from '../../lab/orchestrator-cluster.js';
import { PrivateNetwork } from '../../lab/private-network.js';
import type { Topology } from '../../lab/topology.js';

const PATIENCE_MS = 60_000;
const REST_MS = 3000;

export interface DetectionSet {
  readonly topology: Topology;
  readonly cluster: OrchestratorCluster;
  readonly followers: readonly HappeningFollower[];
  /** In which the primary lives; null: in none of its own. */
  readonly network: PrivateNetwork | null;
  close(): Promise<void>;
}

export interface SetOptions {
  /** Further keys of the nodes' configuration. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Every server is reached through a relay that a bench or a test holds in its hands. */
  readonly door?: boolean;
  /** The primary lives in a network of its own; needs root. */
  readonly network?: boolean;
}

export async function openSet(options: SetOptions = {}): Promise<DetectionSet> {
  const { config = {}, door = false } = options;
  const lab = await MySqlLab.open();
  try {
    const network = options.network === true ? await PrivateNetwork.open(lab.spawn.bind(lab)) : null;
    const topology = await lab.topology({ replicas: 2, door, ...(network === null ? {} : { place: network }) });
    // It comes back as it was: nobody opens it again here.
    topology.primary.configure(['read_only=OFF']);
    const cluster = await lab.cluster({
      seeds: [topology.primary.address],
      config: { RecoverMasterClusterFilters: [], InstancePollSeconds: 1, ...config },
    });
    await until('every node knows all servers', async () => {
      const known = await Promise.all(
        cluster.nodes.map((node) => node.get<readonly unknown[]>(`/api/cluster/${topology.primary.address}`)),
      );
      return known.every((instances) => instances.length === topology.servers.length);
    });
    const followers = await Promise.all(cluster.nodes.map(({ url }) => HappeningFollower.follow(url)));
    await until('nothing is wrong', () => Promise.resolve(isWell(followers)));
    return {
      topology,
      cluster,
      followers,
      network,
      close: async () => {
        for (const follower of followers) follower.stop();
        await lab.close();
      },
    };
  } catch (error) {
    await lab.close();
    throw error;
  }
}

/** And the nodes have forgotten what was. */
export async function allIsWell({ followers }: DetectionSet): Promise<void> {
  await until('nothing is wrong any more', () => Promise.resolve(isWell(followers)));
  await sleep(REST_MS);
}

/** What the cluster has committed is told by every node; the first word counts. */
export function firstDeath({ followers }: DetectionSet, sinceMs: number): HeardHappening | undefined {
  return followers
    .flatMap(({ heard }) =>
      heard.filter(({ code, heardAtMs }) => code.startsWith('DeadMaster') && heardAtMs >= sinceMs),
    )
    .toSorted((one, other) => one.heardAtMs - other.heardAtMs)[0];
}

export async function until(what: string, condition: () => Promise<boolean>, patienceMs = PATIENCE_MS): Promise<void> {
  const deadlineMs = performance.now() + patienceMs;
  for (;;) {
    const isMet = await condition().catch(() => false);
    if (isMet) return;
    if (performance.now() > deadlineMs) throw new Error(`waited ${String(patienceMs)} ms in vain: ${what}`);
    await sleep(20);
  }
}

/** Of problems; what is said about the structure stands apart. */
function isWell(followers: readonly HappeningFollower[]): boolean {
  return followers.every(({ heard }) => isQuiet(heard));
}

function isQuiet(heard: readonly HeardHappening[]): boolean {
  const open = new Set<string>();
  let isWhole = false;
  for (const { kind, server } of heard) {
    if (kind === 'reset') open.clear();
    if (kind === 'current') isWhole = true;
    if (kind === 'problem-began') open.add(server);
    if (kind === 'problem-ended') open.delete(server);
  }
  return isWhole && open.size === 0;
}

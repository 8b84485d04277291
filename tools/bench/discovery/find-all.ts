// From five seeds to all servers known: the nodes run and have a leader, then they are told of one server in each
// topology, and the clock runs until the node that was told knows every server of all of them.
import { MySqlLab } from '../../lab/mysql-lab.js';
import type { Flavor } from '../../lab/dialect.js';
import { SimulatorProcesses } from '../../simulator/simulator-process.js';
import { round, type Spread, spreadOf } from '../statistics.js';
import { msUntilKnown, openBenchNodes } from './bench-nodes.js';

export interface FindAllOptions {
  readonly kind: Flavor | 'simulated';
  readonly nodes: number;
  readonly clusters: number;
  readonly replicasPerCluster: number;
  readonly rounds: number;
}

export interface FindAll {
  readonly kind: FindAllOptions['kind'];
  readonly nodes: number;
  readonly servers: number;
  readonly secondsUntilKnown: Spread;
}

const DEADLINE_MS = 60_000;

export async function measureFindAll(options: FindAllOptions): Promise<FindAll> {
  const { kind, nodes, clusters, replicasPerCluster, rounds } = options;
  const lab = await MySqlLab.open();
  try {
    const seeds = await seedsOf(lab, options);
    const servers = clusters * (replicasPerCluster + 1);
    const values: number[] = [];
    for (let number = 0; number < rounds; number += 1) values.push(await findOnce(seeds, servers, nodes));
    return { kind, nodes, servers, secondsUntilKnown: spreadOf(values) };
  } finally {
    await lab.close();
  }
}

async function seedsOf(lab: MySqlLab, options: FindAllOptions): Promise<readonly string[]> {
  const { kind: flavor, clusters, replicasPerCluster } = options;
  if (flavor === 'simulated') {
    return (await SimulatorProcesses.start(lab.spawn.bind(lab), { clusters, replicasPerCluster })).seeds;
  }
  const seeds: string[] = [];
  for (let cluster = 0; cluster < clusters; cluster += 1) {
    seeds.push((await lab.topology({ flavor, replicas: replicasPerCluster })).primary.address);
  }
  return seeds;
}

async function findOnce(seeds: readonly string[], servers: number, nodes: number): Promise<number> {
  const { cluster, close } = await openBenchNodes({ nodes, seeds: [], pollSeconds: 1 });
  try {
    const leader = await cluster.leader();
    const beganMs = performance.now();
    await Promise.all(seeds.map((seed) => leader.get(`/api/async-discover/${seed.replace(':', '/')}`)));
    if ((await msUntilKnown(leader, servers, DEADLINE_MS)) === null) {
      throw new Error(`not all ${String(servers)} servers were found within ${String(DEADLINE_MS / 1000)} s`);
    }
    return round((performance.now() - beganMs) / 1000);
  } finally {
    await close();
  }
}

// Many simulated servers, all under write load, on several nodes: is each seen in time on every node, what does it cost,
// does Raft stay quiet, and does the log stay as it is?
import { setTimeout as sleep } from 'node:timers/promises';
import { MySqlLab } from '../../lab/mysql-lab.js';
import type { OrchestratorNode } from '../../lab/orchestrator-node.js';
import { SimulatorProcesses } from '../../simulator/simulator-process.js';
import { cpuSecondsOf, rssMiB } from '../process-usage.js';
import { round } from '../statistics.js';
import { metricsOf, msUntilKnown, openBenchNodes, sightsOf } from './bench-nodes.js';

export interface FleetOptions {
  readonly nodes: number;
  readonly clusters: number;
  readonly replicasPerCluster: number;
  readonly pollSeconds: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

export interface Fleet {
  readonly servers: number;
  readonly nodes: number;
  readonly pollSeconds: number;
  /** From the start of the nodes on; null when they never knew all. */
  readonly secondsUntilKnown: number | null;
  readonly known: number;
  readonly probesPerSecond: number;
  /** The leader first. */
  readonly coresOfNodes: readonly number[];
  readonly coresOfAllNodes: number;
  readonly coresOfSimulator: number;
  readonly rssMiBOfNodes: readonly number[];
  readonly connections: number;
  /** The oldest sighting, at the worst of the looks; the leader first. Null: a server was never seen by that node. */
  readonly oldestSightingMsOnNodes: readonly (number | null)[];
  readonly medianSightingMsOnNodes: readonly (number | null)[];
  readonly logEntriesPerMinute: number;
  readonly leaderChanges: number;
  /** The longest silence of a follower at the looks. */
  readonly heartbeatGapMs: number | null;
  readonly problems: number;
  readonly untaught: readonly string[];
}

/** Of the ages: each look renders every server. */
const LOOKS = 10;
const BETWEEN_LOOKS_MS = 1000;

export async function measureFleet(options: FleetOptions): Promise<Fleet> {
  const lab = await MySqlLab.open();
  try {
    const { clusters, replicasPerCluster } = options;
    const simulator = await SimulatorProcesses.start(lab.spawn.bind(lab), { clusters, replicasPerCluster });
    return await measureOn(simulator, options);
  } finally {
    await lab.close();
  }
}

async function measureOn(simulator: SimulatorProcesses, options: FleetOptions): Promise<Fleet> {
  const servers = simulator.addresses.length;
  const { seeds } = simulator;
  const { cluster, close } = await openBenchNodes({ nodes: options.nodes, seeds, pollSeconds: options.pollSeconds });
  try {
    const knownMs = await msUntilKnown(await cluster.leader(), servers, options.warmUpSeconds * 1000);
    await sleep(Math.max(0, options.warmUpSeconds * 1000 - (knownMs ?? 0)));
    const leader = await cluster.leader();
    const nodes = [leader, ...cluster.nodes.filter((node) => node !== leader)];
    const load = await measureLoad(nodes, simulator, options.seconds);
    const looks = await look(nodes);
    const { term, servers: known, problems } = await metricsOf(leader);
    const { connections, untaught } = await simulator.counts();
    return {
      servers,
      nodes: options.nodes,
      pollSeconds: options.pollSeconds,
      secondsUntilKnown: knownMs === null ? null : round(knownMs / 1000, 1),
      known,
      ...load.figures,
      rssMiBOfNodes: nodes.map(({ pid }) => round(rssMiB(pid), 0)),
      connections,
      ...looks,
      leaderChanges: term - load.termBefore,
      problems,
      untaught,
    };
  } finally {
    await close();
  }
}

type LoadFigures = Pick<
  Fleet,
  'probesPerSecond' | 'coresOfNodes' | 'coresOfAllNodes' | 'coresOfSimulator' | 'logEntriesPerMinute'
>;

/** Nobody asks the nodes anything meanwhile. */
async function measureLoad(
  nodes: readonly OrchestratorNode[],
  simulator: SimulatorProcesses,
  seconds: number,
): Promise<{ readonly figures: LoadFigures; readonly termBefore: number }> {
  const leader = nodes[0];
  if (leader === undefined) throw new Error('no nodes');
  const before = await metricsOf(leader);
  const queriesBefore = (await simulator.counts()).queries;
  const cpu = (): number[] => [...nodes, ...simulator.pids.map((pid) => ({ pid }))].map(({ pid }) => cpuSecondsOf(pid));
  const [cpuBefore, beganMs] = [cpu(), performance.now()];
  await sleep(seconds * 1000);
  const passed = (performance.now() - beganMs) / 1000;
  const cores = cpu().map((value, at) => round((value - (cpuBefore[at] ?? 0)) / passed, 3));
  const queries = (await simulator.counts()).queries - queriesBefore;
  const entries = (await metricsOf(leader)).appliedIndex - before.appliedIndex;
  const sum = (values: readonly number[]): number =>
    round(
      values.reduce((total, value) => total + value, 0),
      3,
    );
  const figures = {
    probesPerSecond: round(queries / passed, 0),
    coresOfNodes: cores.slice(0, nodes.length),
    coresOfAllNodes: sum(cores.slice(0, nodes.length)),
    coresOfSimulator: sum(cores.slice(nodes.length)),
    logEntriesPerMinute: round((entries * 60) / passed, 1),
  };
  return { figures, termBefore: before.term };
}

async function look(
  nodes: readonly OrchestratorNode[],
): Promise<Pick<Fleet, 'oldestSightingMsOnNodes' | 'medianSightingMsOnNodes' | 'heartbeatGapMs'>> {
  const oldest = nodes.map(() => 0);
  const medians = nodes.map((): number[] => []);
  const heard: number[] = [];
  for (let number = 0; number < LOOKS; number += 1) {
    // One after the other: together they would measure each other's rendering.
    for (const [at, node] of nodes.entries()) {
      const { agesMs, heardMs } = await sightsOf(node);
      const sorted = agesMs.toSorted((one, other) => one - other);
      oldest[at] = Math.max(oldest[at] ?? 0, sorted.at(-1) ?? Infinity);
      medians[at]?.push(sorted[Math.floor(sorted.length / 2)] ?? Infinity);
      heard.push(...heardMs);
    }
    await sleep(BETWEEN_LOOKS_MS);
  }
  const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
  return {
    oldestSightingMsOnNodes: oldest.map(finite),
    medianSightingMsOnNodes: medians.map((values) => finite(Math.max(...values))),
    heartbeatGapMs: heard.length === 0 ? null : round(Math.max(...heard), 0),
  };
}

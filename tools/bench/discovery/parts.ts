// The measurements of `scripts/bench discovery`, each with what it is held against.
import { type FindAll, measureFindAll } from './find-all.js';
import { type Fleet, measureFleet } from './fleet.js';
import { measureProbeCost, type ProbeCost, type ProbeCostOptions } from './probe-cost.js';

export interface Times {
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

/** One row of the table. */
export interface Figure {
  readonly what: string;
  readonly measured: string;
  readonly target: string;
  /** Null where there is nothing to hold it against. */
  readonly held: boolean | null;
}

export interface PartResult {
  readonly figures: readonly Figure[];
  readonly details: unknown;
}

export type Part = (times: Times) => Promise<PartResult>;

type ProbeCase = Pick<ProbeCostOptions, 'flavor' | 'tls' | 'clusters' | 'replicasPerCluster'> & {
  readonly cpuMsMax: number | null;
};

/** MySQL 5.6 offers no TLS that today's clients accept. A hundred servers where they are small enough. */
const PROBE_CASES: Readonly<Record<string, readonly ProbeCase[]>> = {
  mysql56: [{ flavor: 'mysql56', tls: false, clusters: 5, replicasPerCluster: 19, cpuMsMax: 1 }],
  mysql97: [
    { flavor: 'mysql97', tls: false, clusters: 4, replicasPerCluster: 4, cpuMsMax: 1.5 },
    { flavor: 'mysql97', tls: true, clusters: 4, replicasPerCluster: 4, cpuMsMax: null },
  ],
  mariadb: [
    { flavor: 'mariadb', tls: false, clusters: 4, replicasPerCluster: 4, cpuMsMax: null },
    { flavor: 'mariadb', tls: true, clusters: 4, replicasPerCluster: 4, cpuMsMax: null },
  ],
};

const PROBES_PER_SECOND = 100;
/** The interval is jittered, and the count begins anywhere in it. */
const RATE_TOLERANCE = 0.97;

function probeCost(name: string): Part {
  return async (times) => {
    const costs: ProbeCost[] = [];
    const figures: Figure[] = [];
    for (const { cpuMsMax, ...options } of PROBE_CASES[name] ?? []) {
      const cost = await measureProbeCost({ ...options, ...times, probesPerSecond: PROBES_PER_SECOND });
      costs.push(cost);
      figures.push(...probeFigures(cost, cpuMsMax));
    }
    return { figures, details: costs };
  };
}

function probeFigures(cost: ProbeCost, cpuMsMax: number | null): readonly Figure[] {
  const { flavor, tls, servers, cpuMsPerProbe, probesPerSecond } = cost;
  const what = `${flavor}${tls ? ', TLS' : ''}, ${String(servers)} servers`;
  return [
    {
      what: `${what}: CPU of one probe`,
      measured: `${String(cpuMsPerProbe)} ms`,
      target: cpuMsMax === null ? '' : `<= ${String(cpuMsMax)} ms`,
      held: cpuMsMax === null ? null : cpuMsPerProbe <= cpuMsMax,
    },
    {
      what: `${what}: polls a second`,
      measured: String(probesPerSecond),
      target: String(PROBES_PER_SECOND),
      held: probesPerSecond >= PROBES_PER_SECOND * RATE_TOLERANCE,
    },
  ];
}

const FIND_ROUNDS = 5;
const FIND_SECONDS_MAX = 1.5;

const findAll: Part = async () => {
  const clusters = { clusters: 5, replicasPerCluster: 19, rounds: FIND_ROUNDS };
  const results: FindAll[] = [];
  for (const kind of ['simulated', 'mysql56'] as const) {
    for (const nodes of [1, 3]) results.push(await measureFindAll({ ...clusters, kind, nodes }));
  }
  const figures = results.map(({ kind, nodes, servers, secondsUntilKnown: { p50, most } }) => ({
    what: `five seeds to all ${String(servers)} known, ${kind}, ${nodesText(nodes)}`,
    measured: `${String(p50)} s (at most ${String(most)})`,
    target: `<= ${String(FIND_SECONDS_MAX)} s`,
    held: most <= FIND_SECONDS_MAX,
  }));
  return { figures, details: results };
};

const RSS_MIB_MAX = 220;

const hundred: Part = async (times) => {
  const fleet = await measureFleet({ nodes: 3, clusters: 5, replicasPerCluster: 19, pollSeconds: 1, ...times });
  const most = Math.max(...fleet.rssMiBOfNodes);
  const { logEntriesPerMinute } = fleet;
  const rss = { measured: `${String(most)} MiB`, target: `<= ${String(RSS_MIB_MAX)} MiB`, held: most <= RSS_MIB_MAX };
  const entries = { measured: String(logEntriesPerMinute), target: '0', held: logEntriesPerMinute === 0 };
  const figures = [
    { what: 'log entries a minute, 100 healthy servers under write load', ...entries },
    { what: 'RSS of a node, 100 servers (the largest of three)', ...rss },
  ];
  return { figures: [...figures, ...fleetFigures(fleet, null)], details: fleet };
};

const thousand: Part = async (times) => {
  const fleet = await measureFleet({ nodes: 3, clusters: 50, replicasPerCluster: 19, pollSeconds: 1, ...times });
  return { figures: fleetFigures(fleet, 1), details: fleet };
};

/** Five minutes until all are found would be far too slow; they are given that, so that what breaks can be seen. */
const many: Part = async (times) => {
  const fleets: Fleet[] = [];
  for (const nodes of [1, 3, 5]) {
    for (const pollSeconds of [5, 10]) {
      fleets.push(await measureFleet({ nodes, clusters: 500, replicasPerCluster: 19, pollSeconds, ...times }));
    }
  }
  return { figures: fleets.flatMap((fleet) => fleetFigures(fleet, null)), details: fleets };
};

/** A poll and the way of the sighting to the other nodes, which get it at most a second old. */
function oldestMax({ pollSeconds, nodes }: Fleet): number {
  return pollSeconds * 2000 + (nodes > 1 ? 1000 : 0);
}

export function fleetFigures(fleet: Fleet, coresMax: number | null): readonly Figure[] {
  const { servers, nodes, pollSeconds, coresOfAllNodes, oldestSightingMsOnNodes: oldest, leaderChanges } = fleet;
  const what = `${String(servers)} servers every ${String(pollSeconds)} s, ${nodesText(nodes)}`;
  const worst = oldest.includes(null) ? Infinity : Math.max(...oldest.map(Number));
  return [
    {
      what: `${what}: known`,
      measured: `${String(fleet.known)}, after ${String(fleet.secondsUntilKnown)} s`,
      target: String(servers),
      held: fleet.known === servers,
    },
    {
      what: `${what}: oldest sighting on any node`,
      measured: `${String(worst)} ms (medians ${fleet.medianSightingMsOnNodes.join(', ')})`,
      target: `<= ${String(oldestMax(fleet))} ms`,
      held: worst <= oldestMax(fleet),
    },
    {
      what: `${what}: cores of all nodes`,
      measured: `${String(coresOfAllNodes)} (${fleet.coresOfNodes.join(' + ')}; simulator ${String(fleet.coresOfSimulator)})`,
      target: coresMax === null ? '' : `< ${String(coresMax)}`,
      held: coresMax === null ? null : coresOfAllNodes < coresMax,
    },
    {
      what: `${what}: heartbeats`,
      measured: `${String(leaderChanges)} changes of leader, at most ${String(fleet.heartbeatGapMs ?? 0)} ms of silence`,
      target: 'none changes',
      held: leaderChanges === 0,
    },
    {
      what: `${what}: log entries a minute`,
      measured: String(fleet.logEntriesPerMinute),
      target: '0',
      held: fleet.logEntriesPerMinute === 0,
    },
  ];
}

function nodesText(nodes: number): string {
  return nodes === 1 ? 'one node' : `${String(nodes)} nodes`;
}

export const PARTS: Readonly<Record<string, Part>> = {
  mysql56: probeCost('mysql56'),
  mysql97: probeCost('mysql97'),
  mariadb: probeCost('mariadb'),
  seeds: findAll,
  hundred,
  thousand,
  many,
};

/** `many` takes half an hour, and is asked for by name. */
export const USUAL_PARTS = Object.keys(PARTS).filter((name) => name !== 'many');

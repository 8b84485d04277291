// scripts/bench relocate: all replicas of a primary but one go below that one by GTID, while clients write: how long the
// command takes, and for how long any of the replicas stands meanwhile. Then they go back, which is the next measurement.
import { milliseconds } from '../../demo/voice.js';
import { readOverview } from '../../demo/overview.js';
import { shopSql } from '../../demo/set.js';
import { until } from '../../demo/until.js';
import { WRITER_ACCOUNT } from '../../demo/write-session.js';
import { Writer } from '../../demo/writer.js';
import type { Flavor } from '../../lab/dialect.js';
import { MySqlLab } from '../../lab/mysql-lab.js';
import type { OrchestratorCluster } from '../../lab/orchestrator-cluster.js';
import type { Topology } from '../../lab/topology.js';
import { spreadOf } from '../statistics.js';
import { takeoverBench } from './takeover-bench.js';
import { ThreadWatch } from './thread-watch.js';

const FLAVORS: readonly Flavor[] = ['mysql56', 'mariadb', 'mysql97'];
const ROUNDS = 5;
const REPLICAS = 19;
/** Promised for a quiet machine of two cores. */
const PROMISED = { wholeMs: 1500, stoodMs: 300 };
const WRITE_EVERY_MS = 20;
const COMMAND_MS = 60_000;
const PATIENCE_MS = 120_000;

interface Wanted {
  readonly flavors: readonly Flavor[];
  readonly rounds: number;
  readonly replicas: number;
}

interface Stage {
  readonly topology: Topology;
  readonly cluster: OrchestratorCluster;
  readonly writer: Writer;
  readonly watch: ThreadWatch;
}

interface Round {
  readonly wholeMs: number;
  readonly stoodMs: number;
}

interface Figures {
  readonly flavor: Flavor;
  readonly replicas: number;
  readonly all: readonly Round[];
}

async function setUp(lab: MySqlLab, flavor: Flavor, replicas: number): Promise<Stage> {
  const topology = await lab.topology({ flavor, replicas: replicas + 1 });
  await topology.primary.execute(shopSql(WRITER_ACCOUNT));
  await topology.caughtUp();
  const cluster = await lab.cluster({ seeds: [topology.primary.address], config: QUIET });
  await until('every server in the view of every node', () => seen(cluster, topology), PATIENCE_MS);
  const writer = new Writer([topology.primary], WRITE_EVERY_MS);
  writer.start();
  return { topology, cluster, writer, watch: new ThreadWatch(topology.replicas) };
}

/** Nothing dies here; a machine that is held up is no reason to replace a primary. */
const QUIET = { RecoverMasterClusterFilters: [], RecoverIntermediateMasterClusterFilters: [] };

async function seen(cluster: OrchestratorCluster, { servers }: Topology): Promise<true | undefined> {
  const views = await Promise.all(cluster.nodes.map(readOverview));
  const isWhole = views.every(
    ({ clusters: [only] }) => only?.servers.filter(({ valid }) => valid).length === servers.length,
  );
  return isWhole ? true : undefined;
}

/** Whom each follows, and that it does. */
async function follow(replicas: Topology['replicas'], port: number): Promise<true | undefined> {
  const all = await Promise.all(replicas.map((replica) => replica.replicaStatus()));
  const done = all.every((one) => one?.sourcePort === port && one.ioRunning === 'Yes' && one.sqlRunning === 'Yes');
  return done ? true : undefined;
}

/** The nodes' own view of it, on which the next command is judged. */
async function known({ cluster, topology }: Stage, below: string): Promise<void> {
  const moving = topology.replicas.slice(1).map(({ address }) => address);
  await until(
    `all below ${below} in the view of the leader`,
    async () => {
      const { clusters } = await readOverview(await cluster.leader());
      const [only] = clusters;
      const place = only?.servers.find(({ address }) => address === below);
      const there = only?.servers.filter(({ source, address }) => source === place?.id && moving.includes(address));
      return place !== undefined && there?.length === moving.length ? true : undefined;
    },
    PATIENCE_MS,
  );
}

async function moveAll(stage: Stage, from: string, to: string): Promise<Round> {
  const { topology, cluster, watch } = stage;
  const [path, port] = [[from, to].map((one) => one.replace(':', '/')).join('/'), Number(to.split(':')[1])];
  const leader = await cluster.leader();
  watch.reset();
  const beganMs = performance.now();
  // The same request a second time would be answered and not done: each is one of its own.
  const { status, body } = await leader.request(`/api/relocate-replicas/${path}?round=${String(beganMs)}`, COMMAND_MS);
  const wholeMs = performance.now() - beganMs;
  const moved = topology.replicas.slice(1);
  if (status !== 200) throw new Error(`relocate-replicas: ${String(status)} ${JSON.stringify(body)}`);
  const { Details: there, Message: message } = body as {
    readonly Details: readonly unknown[];
    readonly Message: string;
  };
  if (there.length < moved.length) throw new Error(message);
  await until(`all of them below ${to}`, () => follow(moved, port), PATIENCE_MS);
  await known(stage, to);
  return { wholeMs: Math.round(wholeMs), stoodMs: Math.round(Math.max(...watch.longest.values())) };
}

async function measure(flavor: Flavor, { rounds, replicas }: Wanted): Promise<Figures> {
  const lab = await MySqlLab.open();
  try {
    const stage = await setUp(lab, flavor, replicas);
    const all = await playRounds(stage, rounds).finally(() => stage.watch.end());
    await stage.writer.stop();
    for (const replica of stage.topology.replicas) await replica.catchUp(stage.topology.primary);
    return { flavor, replicas, all };
  } finally {
    await lab.close();
  }
}

async function playRounds(stage: Stage, rounds: number): Promise<readonly Round[]> {
  const { primary, replicas } = stage.topology;
  const [sibling, ...moving] = replicas;
  if (sibling === undefined) throw new Error('there is nobody to go below');
  const figures: Round[] = [];
  for (let at = 1; at <= rounds; at += 1) {
    const ways = [
      [primary.address, sibling.address],
      [sibling.address, primary.address],
    ] as const;
    for (const [from, to] of ways) {
      const round = await moveAll(stage, from, to);
      figures.push(round);
      const what = `${String(moving.length)} replicas of ${from} below ${to}`;
      const took = `${milliseconds(round.wholeMs)}, none stood longer than ${milliseconds(round.stoodMs)}`;
      process.stdout.write(`${primary.flavor} ${String(at)}/${String(rounds)}: ${what}: ${took}\n`);
    }
  }
  return figures;
}

function summary({ flavor, replicas, all }: Figures) {
  const whole = spreadOf(all.map(({ wholeMs }) => wholeMs));
  const stood = spreadOf(all.map(({ stoodMs }) => stoodMs));
  const holds = whole.p50 <= PROMISED.wholeMs && stood.most <= PROMISED.stoodMs;
  return { relocate: flavor, replicas, rounds: all.length, whole, stood, promised: PROMISED, holds };
}

function table(all: readonly ReturnType<typeof summary>[]): string {
  const lines = all.map(({ relocate, replicas, rounds, whole, stood }) => {
    const figures = [whole.p50, whole.most, stood.p50, stood.most].map(milliseconds);
    return `| ${[relocate, String(replicas), String(rounds), ...figures].join(' | ')} |`;
  });
  const head = '| servers | replicas | moves | all moved: median | worst | one stood: median | worst |';
  return [head, '|---|---|---|---|---|---|---|', ...lines].join('\n');
}

/** `--rounds N --replicas N --flavour NAME`. Null: not understood. */
function wantedBy(words: readonly string[]): Wanted | null {
  let wanted: Wanted = { flavors: ['mysql56', 'mariadb'], rounds: ROUNDS, replicas: REPLICAS };
  for (let at = 0; at < words.length; at += 2) {
    const [name, value = ''] = words.slice(at);
    const count = /^[1-9]\d{0,2}$/.test(value) ? Number(value) : null;
    const flavor = FLAVORS.find((one) => one === value);
    if (name === '--rounds' && count !== null) wanted = { ...wanted, rounds: count };
    else if (name === '--replicas' && count !== null) wanted = { ...wanted, replicas: count };
    else if (name === '--flavour' && flavor !== undefined) wanted = { ...wanted, flavors: [flavor] };
    else return null;
  }
  return wanted;
}

/** False when the words are not understood. */
export async function relocateBench(words: readonly string[]): Promise<boolean> {
  const [first, ...rest] = words;
  if (first === 'takeover') return await takeoverBench(rest);
  const wanted = wantedBy(words);
  if (wanted === null) return false;
  const all: ReturnType<typeof summary>[] = [];
  for (const flavor of wanted.flavors) {
    const figures = summary(await measure(flavor, wanted));
    process.stdout.write(`${JSON.stringify(figures)}\n`);
    all.push(figures);
  }
  process.stdout.write(`\n${table(all)}\n`);
  return true;
}

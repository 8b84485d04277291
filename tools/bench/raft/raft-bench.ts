// Throughput, outages and thrift of the replicated log, line by line for people and at the end as JSON for programs.
import { setTimeout as sleep } from 'node:timers/promises';
import { loadavg } from 'node:os';
import { type BenchCluster, openBenchCluster } from './bench-cluster.js';
import { benchEtcd, ETCD_MISSING, etcdProgram } from './etcd.js';
import { type Blow, measureOutage } from './outage.js';
import { coresUsed, rssMiB } from '../process-usage.js';
import { round, type Spread, spreadOf } from '../statistics.js';
import { type Column, measureThroughput, pipelineSubject, tableOf, unarySubject, writeMany } from './throughput.js';

interface RaftBenchOptions {
  /** Of each measurement of throughput. */
  seconds: number;
  /** Blows to the leader of each kind. */
  rounds: number;
  /** 0: the memory over many writes is not measured. */
  writes: number;
}

const DEFAULTS: RaftBenchOptions = { seconds: 10, rounds: 20, writes: 1_000_000 };

const IDLE_MS = 15_000;
const QUIET_MS = 3000;

const PATHS = { put: '/orchestrator.v1.KeyValue/Put', get: '/orchestrator.v1.KeyValue/Get' };

/** The table's columns, and what the JSON at the end says beside them. */
interface Ours extends Readonly<Record<string, unknown>> {
  readonly throughput: readonly Column[];
}

type Say = (line: string) => void;

/** False: the words are not understood. */
export async function raftBenchByWords(words: readonly string[]): Promise<boolean> {
  const options = parse(words);
  if (options === null) return false;
  const say = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  say(JSON.stringify(await raftBench(options, say), null, 2));
  return true;
}

function parse(words: readonly string[]): RaftBenchOptions | null {
  const options = { ...DEFAULTS };
  for (let at = 0; at < words.length; at += 2) {
    const name = words[at]?.replace(/^--/, '');
    const value = Number(words[at + 1]);
    if (!(name === 'seconds' || name === 'rounds' || name === 'writes') || !Number.isInteger(value)) return null;
    options[name] = value;
  }
  return options;
}

async function raftBench(options: RaftBenchOptions, say: Say): Promise<object> {
  const load = (when: string): void => {
    const averages = loadavg().map((average) => round(average));
    say(`load average ${when}: ${averages.join(' ')}`);
  };
  load('before');
  const ours = await benchOurs(options, say);
  const program = etcdProgram();
  const etcd = program === null ? null : await benchEtcd(program, options.seconds, say);
  load('after');
  say(etcd === null ? ETCD_MISSING : '');
  say(tableOf(etcd === null ? ours.throughput : [etcd, ...ours.throughput]));
  return { ours, etcd };
}

async function benchOurs({ seconds, rounds, writes }: RaftBenchOptions, say: Say): Promise<Ours> {
  const cluster = await openBenchCluster();
  try {
    const fresh = await idle(cluster, say);
    const { grpcAddress } = await cluster.leader();
    const throughput = [
      await measureThroughput(unarySubject('here, unary', grpcAddress, PATHS), seconds, say),
      await measureThroughput({ ...pipelineSubject(grpcAddress), name: 'here, Pipeline' }, seconds, say),
    ];
    const killed = await outages(cluster, 'SIGKILL', rounds, say);
    const stopped = await outages(cluster, 'SIGSTOP', rounds, say);
    const memory = writes === 0 ? null : await memoryOver(cluster, writes, say);
    return { fresh, throughput, leaderKilledMs: killed, leaderStoppedMs: stopped, memory };
  } finally {
    await cluster.close();
  }
}

async function idle(cluster: BenchCluster, say: Say): Promise<object> {
  const leader = await cluster.leader();
  const followers = cluster.nodes.filter((node) => node !== leader);
  await sleep(QUIET_MS);
  const nodes = [leader, ...followers];
  const [leaderCores = Number.NaN, ...followerCores] = await coresUsed(
    nodes.map(({ pid }) => pid),
    IDLE_MS,
  );
  const rss = nodes.map(({ pid }) => round(rssMiB(pid), 0));
  const result = {
    leaderCores: round(leaderCores, 3),
    followerCores: followerCores.map((cores) => round(cores, 3)),
    rssMiB: rss,
  };
  say(`  at rest: leader ${String(result.leaderCores)} core, followers ${result.followerCores.join(', ')}`);
  say(`  RSS of a fresh node: ${rss.join(', ')} MiB`);
  return result;
}

async function outages(cluster: BenchCluster, blow: Blow, rounds: number, say: Say): Promise<Spread | null> {
  if (rounds === 0) return null;
  const values: number[] = [];
  for (let number = 0; number < rounds; number += 1) values.push(round(await measureOutage(cluster, blow), 0));
  const spread = spreadOf(values);
  say(
    `  leader ${blow} to next committed write: median ${String(spread.p50)} ms, ` +
      `${String(spread.least)} to ${String(spread.most)} (${String(rounds)} times)`,
  );
  return spread;
}

/** Over the second half of the writes, where everything that is kept by design is full. */
async function memoryOver(cluster: BenchCluster, writes: number, say: Say): Promise<object> {
  const looks: number[][] = [];
  const failed = await writeMany((await cluster.leader()).grpcAddress, writes, () => {
    looks.push(cluster.nodes.map(({ pid }) => round(rssMiB(pid), 0)));
  });
  const quarter = Math.floor(looks.length / 4);
  const shown = looks.filter((_, number) => number % 5 === 4).map((look) => look.join('/'));
  if (failed > 0) say(`  ${String(failed)} of the writes failed`);
  say(`  RSS over ${String(writes)} writes, MiB: ${shown.join(' ')}`);
  const nodes = cluster.nodes.map(({ name }, node) => {
    const series = looks.map((look) => look[node] ?? Number.NaN);
    const third = spreadOf(series.slice(2 * quarter, 3 * quarter));
    const fourth = spreadOf(series.slice(3 * quarter));
    const [least, most] = [Math.min(third.least, fourth.least), Math.max(third.most, fourth.most)];
    const growth = round(fourth.p50 / third.p50 - 1, 3);
    const spread = round(most / least - 1, 3);
    say(
      `  ${name}: median of the third quarter ${String(third.p50)}, of the fourth ${String(fourth.p50)} (${percent(growth)}); ` +
        `in both ${String(least)} to ${String(most)} (${percent(spread)})`,
    );
    return { name, thirdMedian: third.p50, fourthMedian: fourth.p50, growth, least, most, spread };
  });
  return { writes, failed, nodes, rssMiB: looks };
}

function percent(share: number): string {
  return `${share < 0 ? '' : '+'}${String(round(share * 100, 1))} %`;
}

/** What happens to the processes of a cluster, one blow after the other, each healed before the next. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Rng } from '../../../src/core/base/rng.js';
import type { BenchCluster, BenchNode } from '../../../tools/bench/raft/bench-cluster.js';

/** Long enough to be deposed, short enough to be back before anyone has noticed. */
const PAUSES_MS = [60, 400, 2500];
const CALM_MS = 1200;

export type Blow = (cluster: BenchCluster, rng: Rng) => Promise<void>;

const BLOWS: Readonly<Record<string, Blow>> = {
  'the leader is killed': async (cluster) => {
    await killed([await cluster.leader()]);
  },
  'a node is killed': async (cluster, rng) => {
    await killed([anyOf(cluster.nodes, rng)]);
  },
  'the leader is paused': async (cluster, rng) => {
    await paused([await cluster.leader()], anyOf(PAUSES_MS, rng));
  },
  'a node is paused': async (cluster, rng) => {
    await paused([anyOf(cluster.nodes, rng)], anyOf(PAUSES_MS, rng));
  },
  'a majority is paused': async (cluster, rng) => {
    const spared = anyOf(cluster.nodes, rng);
    await paused(
      cluster.nodes.filter((node) => node !== spared),
      anyOf(PAUSES_MS, rng),
    );
  },
  'a majority is killed': async (cluster, rng) => {
    const spared = anyOf(cluster.nodes, rng);
    await killed(cluster.nodes.filter((node) => node !== spared));
  },
  'the leader is paused, and another killed meanwhile': async (cluster, rng) => {
    const leader = await cluster.leader();
    const other = anyOf(
      cluster.nodes.filter((node) => node !== leader),
      rng,
    );
    leader.pause();
    await sleep(300);
    await killed([other]);
    leader.resume();
  },
};

/** Strikes until the time is over and every blow was struck at least once; says what it did. */
export async function strikeFor(
  durationMs: number,
  cluster: BenchCluster,
  rng: Rng,
  more: Readonly<Record<string, Blow>> = {},
): Promise<readonly string[]> {
  const blows: Readonly<Record<string, Blow>> = { ...BLOWS, ...more };
  const done: string[] = [];
  const endAt = performance.now() + durationMs;
  let deck = shuffled(Object.keys(blows), rng);
  while (performance.now() < endAt || done.length < Object.keys(blows).length) {
    if (deck.length === 0) deck = shuffled(Object.keys(blows), rng);
    const name = deck.pop() ?? '';
    await blows[name]?.(cluster, rng);
    done.push(name);
    await sleep(CALM_MS * rng.next());
  }
  return done;
}

async function killed(nodes: readonly BenchNode[]): Promise<void> {
  await Promise.all(nodes.map((node) => node.kill()));
  await sleep(300);
  await Promise.all(nodes.map((node) => node.start()));
}

async function paused(nodes: readonly BenchNode[], forMs: number): Promise<void> {
  for (const node of nodes) node.pause();
  await sleep(forMs);
  for (const node of nodes) node.resume();
}

function anyOf<T>(choices: readonly T[], rng: Rng): T {
  const choice = choices[rng.integer(choices.length)];
  if (choice === undefined) throw new Error('nothing to choose from');
  return choice;
}

function shuffled(names: readonly string[], rng: Rng): string[] {
  return names
    .map((name) => ({ name, place: rng.next() }))
    .sort((one, other) => one.place - other.place)
    .map(({ name }) => name);
}

// scripts/bench detection: how soon a death is known, how often one is made up, and what looking costs. The nodes report
// and change nothing, so that one set of servers bears all rounds.
import { setTimeout as sleep } from 'node:timers/promises';
import { round, spreadOf } from '../statistics.js';
import { firstDeath, isWell, openSet, type DetectionSet, until } from './set.js';
import { measureThousand } from './thousand.js';

const ROUNDS = 20;
/** The nodes have seen that all is well again, and forgotten what was. */
const REST_MS = 3000;
/** What looks like a death is looked at for longer than a death takes. */
const TEMPTATION_MS = 4000;
const GRACE_SECONDS = 20;

type Part = (rounds: number) => Promise<void>;

const PARTS: Readonly<Record<string, Part>> = {
  kill: (rounds) => measureDeaths('killed', rounds, 150, ({ topology }) => topology.primary.kill()),
  pause: (rounds) =>
    measureDeaths('frozen', rounds, 2000, ({ topology }) => {
      topology.primary.pause();
      return Promise.resolve();
    }),
  'io-threads': (rounds) => countAlarms('IO threads stopped by an operator', rounds, {}, stopIoThreads),
  restart: (rounds) =>
    countAlarms(
      `restarts within ${String(GRACE_SECONDS)} s of grace`,
      rounds,
      { PrimaryRestartGraceSeconds: GRACE_SECONDS },
      restartPrimary,
    ),
  thousand: async () => {
    const { p50, p99 } = await measureThousand();
    say(`evidence and diagnosis of 1000 servers: ${String(round(p50))} ms (p99 ${String(round(p99))} ms; at most 5)`);
  },
};

async function measureDeaths(
  name: string,
  rounds: number,
  targetMs: number,
  strike: (set: DetectionSet) => Promise<void>,
): Promise<void> {
  const set = await openSet();
  const taken: number[] = [];
  try {
    for (let number = 1; number <= rounds; number += 1) {
      const atMs = performance.now();
      await strike(set);
      await until('the primary is called dead', () => Promise.resolve(firstDeath(set, atMs) !== undefined));
      taken.push((firstDeath(set, atMs)?.heardAtMs ?? Number.NaN) - atMs);
      await revive(set);
    }
  } finally {
    await set.close();
  }
  const { p50, least, most, count } = spreadOf(taken);
  say(
    `${name}: declared dead after ${String(round(p50, 0))} ms, median of ${String(count)}, ` +
      `${String(round(least, 0))} to ${String(round(most, 0))} (at most ${String(targetMs)})`,
  );
}

async function countAlarms(
  name: string,
  rounds: number,
  config: Readonly<Record<string, unknown>>,
  tempt: (set: DetectionSet) => Promise<void>,
): Promise<void> {
  const set = await openSet(config);
  let alarms = 0;
  try {
    for (let number = 1; number <= rounds; number += 1) {
      const atMs = performance.now();
      await tempt(set);
      const death = firstDeath(set, atMs);
      if (death !== undefined) alarms += 1;
      await allIsWell(set);
    }
  } finally {
    await set.close();
  }
  say(`${name}: ${String(alarms)} false alarms in ${String(rounds)}`);
}

async function stopIoThreads({ topology }: DetectionSet): Promise<void> {
  for (const replica of topology.replicas) await replica.execute('STOP REPLICA IO_THREAD');
  await sleep(TEMPTATION_MS);
  for (const replica of topology.replicas) await replica.execute('START REPLICA IO_THREAD');
}

async function restartPrimary({ topology }: DetectionSet): Promise<void> {
  await topology.primary.kill();
  await sleep(TEMPTATION_MS);
  await topology.primary.start();
}

async function revive(set: DetectionSet): Promise<void> {
  const { primary, replicas } = set.topology;
  if (primary.running) primary.resume();
  else await primary.start();
  // Replicas that have given up wait for a minute before they try again.
  for (const replica of replicas) {
    await replica.execute('STOP REPLICA IO_THREAD');
    await replica.execute('START REPLICA IO_THREAD');
  }
  await allIsWell(set);
}

async function allIsWell({ followers }: DetectionSet): Promise<void> {
  await until('nothing is wrong any more', () => Promise.resolve(isWell(followers)));
  await sleep(REST_MS);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** False when the words are not understood. */
export async function detectionBench(words: readonly string[]): Promise<boolean> {
  const at = words.indexOf('--rounds');
  const rounds = at === -1 ? ROUNDS : Number(words[at + 1]);
  const named = at === -1 ? words : [...words.slice(0, at), ...words.slice(at + 2)];
  if (!(rounds > 0) || !named.every((name) => Object.hasOwn(PARTS, name))) return false;
  for (const name of named.length === 0 ? Object.keys(PARTS) : named) await PARTS[name]?.(rounds);
  return true;
}

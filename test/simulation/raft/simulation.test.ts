/**
 * Plays histories from fresh seeds until its share of time is used. A failure prints its seed: SIM_SEED=n plays that one
 * again, SIM_SEEDS=count plays that many whatever the time, SIM_START sets the first.
 */
import { performance } from 'node:perf_hooks';
import { expect, test } from 'vitest';
import { Happenings } from './happenings.js';
import { simulate } from './simulation.js';
import type { Outcome } from './simulation.js';

const SHARE_MS = 45_000;

const { SIM_SEED: single, SIM_SEEDS: wanted, SIM_START: first } = process.env;
const count = single !== undefined ? 1 : Number(wanted ?? Number.POSITIVE_INFINITY);
const start = Number(single ?? first ?? Date.now() % 1_000_000_000);

function play(seed: number): Outcome {
  try {
    return simulate(seed);
  } catch (error) {
    throw new Error(`raft simulation: seed ${seed} failed; play it again with SIM_SEED=${seed}`, { cause: error });
  }
}

test('clusters in a storm keep every promise of Raft, and heal', { timeout: 24 * 3_600_000 }, () => {
  console.log(`raft simulation: SIM_START=${start}`);
  const total = { histories: 0, committed: 0, acknowledged: 0, readsAnswered: 0, leaders: 0 };
  const happened = new Happenings();
  const untilMs = Number.isFinite(count) ? Number.POSITIVE_INFINITY : performance.now() + SHARE_MS;
  for (let seed = start; seed < start + count && performance.now() < untilMs; seed += 1) {
    const outcome = play(seed);
    total.histories += 1;
    total.committed += outcome.committed;
    total.acknowledged += outcome.acknowledged;
    total.readsAnswered += outcome.readsAnswered;
    total.leaders += outcome.leaders;
    happened.add(outcome.happened.counts);
  }
  console.log(`raft simulation: ${JSON.stringify({ ...total, ...Object.fromEntries(happened.counts) })}`);
  // Histories in which nothing happens prove nothing.
  expect(total.leaders).toBeGreaterThanOrEqual(total.histories);
  if (total.histories < 100) return;
  expect(total.acknowledged).toBeGreaterThan(5 * total.histories);
  expect(total.readsAnswered).toBeGreaterThan(5 * total.histories);
  expect(total.leaders).toBeGreaterThan(2 * total.histories);
  // The rarest comes some twenty times in a thousand histories.
  if (total.histories >= 1000) expect(happened.missing).toEqual([]);
});

// What looks like a death and is none, done to real servers under the eyes of real nodes: once here, twenty times in the
// long run (scripts/test --long system), as scripts/bench detection counts it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEATHS, timeDeaths } from '../../../tools/bench/detection/deaths.js';
import { type DetectionSet, openSet } from '../../../tools/bench/detection/set.js';
import {
  type Temptation,
  TEMPTATIONS,
  tempt,
  type Tempted,
  temptIn,
} from '../../../tools/bench/detection/temptations.js';

const ROUNDS = process.env['ORCHESTRATOR_TEST_LONG'] === '1' ? 20 : 1;
/** A busy machine is no failure. */
const PATIENCE_MS = 1_800_000;

function expectNoAlarm({ found }: Temptation, { rounds, alarms, seen }: Tempted): void {
  expect(alarms, `false alarms in ${String(rounds)}`).toBe(0);
  if (found !== null) expect(seen, `rounds in which ${found} was told`).toBe(rounds);
}

describe('nobody is called dead for', () => {
  const { restart, ...others } = TEMPTATIONS;
  let set: DetectionSet;

  beforeAll(async () => {
    set = await openSet(TEMPTATIONS['cut-off'].options);
  });
  afterAll(async () => {
    await set.close();
  });

  it.each(Object.values<Temptation>(others))(
    '$what',
    async (temptation) => {
      expectNoAlarm(temptation, await temptIn(set, temptation, ROUNDS));
    },
    PATIENCE_MS,
  );

  it(
    `${restart.what}, in a set that grants them`,
    async () => {
      expectNoAlarm(restart, await tempt(restart, ROUNDS));
    },
    PATIENCE_MS,
  );
});

it('a primary whose packets are dropped is called dead', async () => {
  const taken = await timeDeaths(DEATHS.drop, 1);
  expect(taken).toHaveLength(1);
});

// The leader is killed over what it tells the world: as an operator's commands begin, when they have done their work and it
// has not heard so, before a key-value store has taken the new primary, and after. On real servers and real nodes, with a
// real shell. CRASH_SEED plays a sample again; the long run takes every list.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRng } from '../../../src/core/base/rng.js';
import { until } from '../../../tools/demo/until.js';
import { PLAN_CONFIG, PLAN_KINDS } from '../../support/crash/plan-kinds.js';
import { endsWell, theOne, withLogs } from '../../support/crash/play-plan.js';
import { CrashStage } from '../../support/crash/stage.js';
import { type Blow, BLOWS, LISTS, Teller } from '../../support/crash/teller.js';

const LONG = process.env['ORCHESTRATOR_TEST_LONG'] !== undefined;
const SEED = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000);
const SAMPLE = 3;
const ROUND_MS = 300_000;

const rng = createRng(SEED);

function sample(): readonly Blow[] {
  const left = [...BLOWS];
  return Array.from({ length: SAMPLE }, () => left.splice(rng.integer(left.length), 1)).flat();
}

describe(`the leader dies over what it tells (CRASH_SEED=${String(SEED)})`, () => {
  const takeover = PLAN_KINDS.find(({ name }) => name === 'graceful-takeover');
  let teller: Teller;
  let stage: CrashStage;

  beforeAll(async () => {
    teller = await Teller.open();
    stage = await CrashStage.open({ config: { ...PLAN_CONFIG, ...teller.config } });
  });
  afterAll(async () => {
    await stage.close();
    await teller.close();
  });

  it.each(LONG ? BLOWS : sample())(
    '$when $list, and the next one tells it',
    async (blow) => {
      if (takeover === undefined) throw new Error('takeovers are in the table');
      await withLogs(stage, `${blow.list}, ${blow.when}`, async () => {
        const known = await stage.knownRecoveries();
        teller.arm(blow, async () => {
          await (await stage.cluster.leader()).kill();
        });
        await takeover.begin(stage);
        const record = theOne(await stage.closedSince(known, takeover.kind));
        await until('all lists have run, and the stores know', () => {
          teller.look();
          const ran = new Set(teller.runs(record.id).map(({ list }) => list));
          if (ran.size < LISTS.length) throw new Error(`only ${[...ran].join()} ran`);
          if (!teller.hasStruck) throw new Error('nobody was struck');
          if (teller.primaries.at(-1) !== record.successor) throw new Error(teller.primaries.join());
          return Promise.resolve(true);
        });
        await endsWell(stage, takeover, record);
        expect(stage.cluster.running.length).toBe(stage.cluster.nodes.length);
        // Whoever was struck before it had done its work is in the list once, as the second attempt; after it, twice. On a busy
        // machine another leader is deposed, or may not act for a moment, and that makes it one attempt more, run or not.
        for (const list of LISTS) {
          const attempts = teller.runs(record.id).flatMap((run) => (run.list === list ? [run.attempt] : []));
          const expected = list !== blow.list ? [1] : blow.when === 'before' ? [2] : [1, 2];
          const [last = 0, least = 1] = [attempts.at(-1), expected.at(-1)];
          if (last === least) expect(attempts, list).toEqual(expected);
          expect(last, list).toBeGreaterThanOrEqual(least);
          expect(attempts.length, list).toBeGreaterThanOrEqual(expected.length);
          expect(attempts, list).toEqual([...new Set(attempts)].sort((one, other) => one - other));
        }
        teller.look();
        expect(new Set(teller.primaries).size, teller.primaries.join()).toBe(teller.primaries.length);
        teller.forget();
      });
    },
    ROUND_MS,
  );
});

// The leader is killed with SIGKILL in the middle of every kind of plan, on real servers and real nodes: the next leader
// brings it to its end, once, and nothing that a client was told is lost. A run strikes once at each of some kinds, chosen
// anew each time (CRASH_SEED plays the same again); the long run takes every point of every kind.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRng } from '../../../src/core/base/rng.js';
import { type Layout, STAR } from '../../support/crash/layouts.js';
import type { PlanKind } from '../../support/crash/plan-kind.js';
import { PLAN_CONFIG, PLAN_KINDS } from '../../support/crash/plan-kinds.js';
import { pointText, type PlanPoint } from '../../support/crash/plan-points.js';
import { type Played, playPlan } from '../../support/crash/play-plan.js';
import { CrashStage } from '../../support/crash/stage.js';

const LONG = process.env['ORCHESTRATOR_TEST_LONG'] !== undefined;
const SEED = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000);
const KINDS = Number(process.env['CRASH_KINDS'] ?? 9);
const ROUND_MS = 300_000;
const PLAYS_MAX = 5;
const ROUNDS_MAX = 1000;
const OPTIONS = { config: PLAN_CONFIG };

const rng = createRng(SEED);

interface Sampled {
  readonly name: string;
  readonly kind: PlanKind;
  readonly point: PlanPoint;
}

function sample(): readonly Sampled[] {
  // A member of a group that was killed takes half a minute to come back: that is for the long run.
  const left = PLAN_KINDS.filter(({ layout }) => layout === undefined);
  const kinds = Array.from({ length: Math.min(KINDS, left.length) }, () =>
    left.splice(rng.integer(left.length), 1),
  ).flat();
  return kinds.map((kind) => {
    const when = rng.integer(2) === 0 ? 'before' : 'after';
    return { name: kind.name, kind, point: { shape: null, nth: 1 + rng.integer(kind.statements), when } };
  });
}

describe(`the leader dies in the middle (CRASH_SEED=${String(SEED)})`, () => {
  let stage: CrashStage;

  beforeAll(async () => {
    stage = await CrashStage.open(OPTIONS);
  });
  afterAll(async () => {
    await stage.close();
  });

  const renew = async (layout: Layout): Promise<void> => {
    await stage.close();
    stage = await CrashStage.open({ ...OPTIONS, layout });
  };

  /** Whatever is wrong with the servers after a failure is no matter of the next one. */
  const played = async (kind: PlanKind, point: PlanPoint | null): Promise<Played> => {
    const { layout = STAR } = kind;
    if (stage.layout !== layout) await renew(layout);
    try {
      return await playPlan(stage, kind, point);
    } catch (error) {
      await renew(layout);
      throw error;
    }
  };

  if (!LONG) {
    it.each(sample())(
      'of a plan of the kind $name, and the next one brings it to its end',
      async ({ kind, point }) => {
        // What a plan says hangs on what its leader knows already: where it ended before the point, an earlier one is struck.
        for (let [at, plays] = [point, 1]; ; plays += 1) {
          const { struck, said } = await played(kind, at);
          if (struck) return;
          expect(plays, pointText(at)).toBeLessThan(PLAYS_MAX);
          at = { ...at, nth: 1 + rng.integer(Math.max(1, Math.min(said.length, at.nth) - 1)) };
        }
      },
      ROUND_MS,
    );
    return;
  }

  it.each(PLAN_KINDS)(
    'at every point of a plan of the kind $name, and the next one brings it to its end',
    async (kind) => {
      const undisturbed = await played(kind, null);
      const [met, repeated, failures] = [new Set<string>(), new Set<string>(), new Array<unknown>()];
      for (const point of undisturbed.points) {
        try {
          const { struck, record } = await played(kind, point);
          if (struck) met.add(pointText(point));
          for (const step of record.steps) if (step.attempt > 1) repeated.add(step.kind);
        } catch (error) {
          failures.push(error);
        }
      }
      const unmet = undisturbed.points.map(pointText).filter((point) => !met.has(point));
      process.stdout.write(
        `${kind.name}: ${String(undisturbed.said.length)} statements, ${String(undisturbed.points.length)} points, ` +
          `${String(failures.length)} failures; not met: ${unmet.join('; ') || 'none'}\n`,
      );
      if (failures.length > 0) throw new AggregateError(failures, failures.map(String).join('\n\n'));
      expect(met.size, undisturbed.points.map(pointText).join('; ')).toBeGreaterThan(0);
      // Every step of the plan was cut short at least once, and taken again.
      const touching = undisturbed.record.steps.map((step) => step.kind).filter((step) => step !== 'promise-promotion');
      expect([...repeated].sort()).toEqual([...new Set(touching)].sort());
    },
    ROUND_MS * ROUNDS_MAX,
  );
});

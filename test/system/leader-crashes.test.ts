// The leader is killed with SIGKILL at the points of every kind of plan, on real servers and real nodes: the next leader
// brings it to its end, once, and nothing that a client was told is lost. CRASH_SEED plays a sample again; the long run
// takes every point.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRng } from '../../src/core/base/rng.js';
import { pointText, type PlanPoint } from '../support/crash/plan-points.js';
import { PLAN_CONFIG, PLAN_KINDS } from '../support/crash/plan-kinds.js';
import { playPlan } from '../support/crash/play-plan.js';
import { CrashStage } from '../support/crash/stage.js';

const LONG = process.env['ORCHESTRATOR_TEST_LONG'] !== undefined;
const SEED = Number(process.env['CRASH_SEED'] ?? Date.now() % 1_000_000);
const SAMPLE = Number(process.env['CRASH_POINTS'] ?? 2);
const ROUND_MS = 120_000;
const ROUNDS_MAX = 1000;
const SIZE = { replicas: 2, config: PLAN_CONFIG };

describe(`the leader dies in the middle (CRASH_SEED=${String(SEED)})`, () => {
  let stage: CrashStage;

  beforeAll(async () => {
    stage = await CrashStage.open(SIZE);
  });
  afterAll(async () => {
    await stage.close();
  });

  /** Whatever is wrong with the servers after a failure is no matter of the next one. */
  const renewed = async <T>(played: Promise<T>): Promise<T> => {
    try {
      return await played;
    } catch (error) {
      await stage.close();
      stage = await CrashStage.open(SIZE);
      throw error;
    }
  };

  it.each(PLAN_KINDS.map((kind) => [kind.kind, kind] as const))(
    'of a plan of the kind %s, and the next one brings it to its end',
    async (name, kind) => {
      const undisturbed = await renewed(playPlan(stage, kind, null));
      const chosen = LONG ? undisturbed.points : sample(undisturbed.points, SAMPLE);
      const [met, repeated, failures] = [new Set<string>(), new Set<string>(), new Array<unknown>()];
      for (const point of chosen) {
        try {
          const { struck, record } = await renewed(playPlan(stage, kind, point));
          if (struck) met.add(pointText(point));
          for (const step of record.steps) if (step.attempt > 1) repeated.add(step.kind);
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw new AggregateError(failures, failures.map(String).join('\n\n'));
      expect(met.size, `points of ${name}: ${chosen.map(pointText).join('; ')}`).toBeGreaterThan(0);
      if (!LONG) return;
      // Every step of the plan was cut short at least once, and taken again.
      const touching = undisturbed.record.steps.map((step) => step.kind).filter((step) => step !== 'promise-promotion');
      expect([...repeated].sort()).toEqual([...new Set(touching)].sort());
    },
    LONG ? ROUND_MS * ROUNDS_MAX : ROUND_MS * (SAMPLE + 2),
  );
});

function sample(points: readonly PlanPoint[], count: number): readonly PlanPoint[] {
  const rng = createRng(SEED);
  const left = [...points];
  return Array.from({ length: Math.min(count, left.length) }, () => left.splice(rng.integer(left.length), 1)).flat();
}

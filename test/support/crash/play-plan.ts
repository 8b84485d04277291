/** One plan from its beginning to its end, its leader killed at one point of it, and everything looked at that must be true then. */
import { expect } from 'vitest';
import type { RecoveryOverview } from '../../../tools/demo/overview.js';
import { pointText, type PlanPoint } from './plan-points.js';
import type { PlanKind } from './plan-kinds.js';
import type { CrashStage } from './stage.js';

export interface Played {
  readonly record: RecoveryOverview;
  /** Of the plan as it was played. */
  readonly points: readonly PlanPoint[];
  /** False: the plan did not come to the point. */
  readonly struck: boolean;
}

export async function playPlan(stage: CrashStage, kind: PlanKind, point: PlanPoint | null): Promise<Played> {
  const what = point === null ? `${kind.kind} undisturbed` : `${kind.kind}, leader killed ${pointText(point)}`;
  try {
    return await play(stage, kind, point);
  } catch (error) {
    const logs = stage.cluster.nodes.map((node) => `${node.name}:\n${tail(node.log())}`).join('\n');
    throw new Error(`${what}: ${error instanceof Error ? error.message : String(error)}\n${logs}`, { cause: error });
  }
}

async function play(stage: CrashStage, kind: PlanKind, point: PlanPoint | null): Promise<Played> {
  await kind.prepare?.(stage);
  const known = await stage.knownRecoveries();
  stage.points.start(point, async (said) => {
    await (await stage.speaker(said)).kill();
  });
  await kind.begin(stage);
  const own = await stage.closedSince(known, kind.kind);
  const struck = stage.points.struck !== null;
  const { points } = stage.points;
  stage.points.start();
  expect(own.map(({ verdict }) => verdict?.kind)).toEqual(['succeeded']);
  const [record] = own;
  if (record === undefined) throw new Error('one was counted');
  expect(record.lost).toEqual([]);
  await kind.restore?.(stage);
  await stage.settled();
  if (record.successor !== null) expect(stage.primary.address).toBe(record.successor);
  await stage.writeAndRest();
  await stage.assertNothingLost();
  return { record, points, struck };
}

const TAIL_LINES = 60;

function tail(log: string): string {
  return log.split('\n').slice(-TAIL_LINES).join('\n');
}

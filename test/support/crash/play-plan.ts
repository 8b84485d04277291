/** One plan from its beginning to its end, its leader killed at one point of it, and everything looked at that must be true then. */
import { expect } from 'vitest';
import type { RecoveryOverview } from '../../../tools/demo/overview.js';
import type { Said } from '../../../tools/lab/door/said.js';
import { pointsOf, pointText, type PlanPoint } from './plan-points.js';
import type { PlanKind } from './plan-kind.js';
import type { CrashStage } from './stage.js';

export interface Played {
  readonly record: RecoveryOverview;
  /** Of the plan as it was played. */
  readonly points: readonly PlanPoint[];
  readonly said: readonly Said[];
  /** False: the plan did not come to the point. */
  readonly struck: boolean;
}

export async function playPlan(stage: CrashStage, kind: PlanKind, point: PlanPoint | null): Promise<Played> {
  const what = point === null ? `${kind.name} undisturbed` : `${kind.name}, leader killed ${pointText(point)}`;
  return await withLogs(stage, what, () => play(stage, kind, point));
}

const ANSWERS = 3;

/** What goes wrong is told with what it was about, with what was answered, and with the last words of all nodes. */
export async function withLogs<T>(stage: CrashStage, what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const logs = stage.cluster.nodes.map((node) => `${node.name}:\n${tail(node.log())}`).join('\n');
    const why = error instanceof Error ? error.message : String(error);
    const answers = stage.answers.slice(-ANSWERS).join('\n');
    throw new Error(`${what}: ${why}\nanswers:\n${answers}\n${logs}`, { cause: error });
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
  const said = [...stage.points.said];
  stage.points.start();
  const record = theOne(own);
  await endsWell(stage, kind, record);
  await neverOpenedTwice(stage, kind, known);
  return { record, points: pointsOf(said, record.steps), said, struck };
}

/** What a leader has seen of a server before it was opened is no reason for the next one to open it once more. */
async function neverOpenedTwice(stage: CrashStage, kind: PlanKind, known: ReadonlySet<string>): Promise<void> {
  if (kind.kind === 'read-only-primary') return;
  const { recoveries } = await stage.overview();
  const fresh = recoveries.filter(({ id }) => !known.has(id)).map((recovery) => recovery.kind);
  expect(fresh).not.toContain('read-only-primary');
}

/** There is one record of it, and it says that it succeeded. */
export function theOne(own: readonly RecoveryOverview[]): RecoveryOverview {
  expect(own.map(({ verdict }) => verdict?.kind)).toEqual(['succeeded']);
  const [record] = own;
  if (record === undefined) throw new Error('one was counted');
  expect(record.lost).toEqual([]);
  return record;
}

/** The servers stand as the record says, and everything is on all of them that a client was told is written. */
export async function endsWell(stage: CrashStage, kind: PlanKind, record: RecoveryOverview): Promise<void> {
  await kind.restore?.(stage);
  await stage.settled();
  // Replicas of a group's member are given another member, which need not be the primary.
  if (record.successor !== null && kind.layout === undefined) expect(stage.primary.address).toBe(record.successor);
  await stage.writeAndRest();
  await stage.assertNothingLost();
}

const TAIL_LINES = 60;

function tail(log: string): string {
  return log.split('\n').slice(-TAIL_LINES).join('\n');
}

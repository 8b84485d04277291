/**
 * The leader is frozen in the middle of a step and wakes when the world has gone on. Whatever it had on its lips, or on the
 * wire, must not change a server any more: the server itself refuses it, or the session in which it would be said is gone.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Said } from '../../../tools/lab/door/said.js';
import type { PlanKind } from './plan-kind.js';
import type { PlanPoint } from './plan-points.js';
import { endsWell, theOne } from './play-plan.js';
import { hasSession, noneConnects, stateOf, stillStateOf } from './server-state.js';
import type { CrashStage } from './stage.js';

/**
 * overtaken: the change is on the wire when the leader freezes, and arrives after the next leader has finished.
 * late: nobody takes over, but it arrives after its deadline. unsaid: the deadline is known and the change not sent yet;
 * it would be sent after the next leader has finished. unheard: the change was made, and the next leader cannot know it.
 */
export const FREEZES = ['overtaken', 'late', 'unsaid', 'unheard'] as const;
export type Freeze = (typeof FREEZES)[number];

/** `Subquery returns more than 1 row`: what the server judges first did not hold. */
const REFUSED = 1242;
/** More than the server grants a change before its deadline. */
const PAST_DEADLINE_MS = 1500;
/** For what a woken leader might still do. */
const AFTERMATH_MS = 700;

const DEADLINE = /^SET @orchestrator_deadline/;

/** The points around the first change of this shape, found in a plan that was played undisturbed. */
function pointFor(freeze: Freeze, change: RegExp, said: readonly Said[]): PlanPoint {
  const at = said.findIndex((one) => one.isChange && change.test(one.shape));
  const found = said[at];
  if (found === undefined) throw new Error(`the plan has no change like ${String(change)}`);
  if (freeze !== 'unsaid') return { shape: found.shape, nth: 1, when: freeze === 'unheard' ? 'after' : 'before' };
  const deadlines = said.slice(0, at).filter(({ text }) => DEADLINE.test(text));
  const nth = deadlines.findLastIndex(({ by }) => by.threadId === found.by.threadId && by.server === found.by.server);
  return { shape: deadlines[nth]?.shape ?? '', nth: nth + 1, when: 'after' };
}

/** Of one plan as it was played undisturbed: the change in the middle of which its leader is to freeze. */
export interface Target {
  readonly kind: PlanKind;
  readonly change: RegExp;
  readonly said: readonly Said[];
}

const PLAYS_MAX = 5;

/**
 * Plays the plan with the leader frozen at the point, up to its right end. On a busy machine a change comes too late and is
 * said again, so that one plan has a statement more than the other; where the point is not met it is looked for anew in the
 * plan that has just been played.
 */
export async function playFrozen(stage: CrashStage, target: Target, freeze: Freeze): Promise<void> {
  let { said } = target;
  for (let plays = 0; plays < PLAYS_MAX; plays++) {
    const undisturbed = await play(stage, { ...target, said }, freeze);
    if (undisturbed === null) return;
    said = undisturbed;
  }
  throw new Error(`the plan came ${String(PLAYS_MAX)} times to its end without the point: ${shapesOf(said)}`);
}

/** Null: its leader froze, and all is well. Else what was said by a plan that came to its end, and not to the point. */
async function play(stage: CrashStage, target: Target, freeze: Freeze): Promise<readonly Said[] | null> {
  const { kind, change } = target;
  await kind.prepare?.(stage);
  const known = await stage.knownRecoveries();
  const caught = caughtAt(stage, pointFor(freeze, change, target.said), freeze === 'late');
  await kind.begin(stage);
  const ended = stage.closedSince(known, kind.kind);
  // Of no interest any more once the leader was caught.
  ended.catch(() => undefined);
  const first = await Promise.race([caught.then((said) => ({ said })), ended.then((own) => ({ own }))]).catch(
    (error: unknown) => {
      throw new Error(`not caught: ${shapesOf(stage.points.said)}`, { cause: error });
    },
  );
  if ('own' in first) {
    const said = [...stage.points.said];
    stage.points.start();
    await endsWell(stage, kind, theOne(first.own));
    return said;
  }
  const { said } = first;
  if (freeze === 'late') await arrivesLate(stage, said);
  const record = theOne(await stage.closedSince(known, kind.kind));
  if (freeze !== 'late') await wakesDeposed(stage, said);
  await endsWell(stage, kind, record);
  return null;
}

function shapesOf(said: readonly Said[]): string {
  return said.map(({ by, shape, answer }) => `${by.server} ${shape} (${String(answer)})`).join('; ');
}

async function caughtAt(stage: CrashStage, point: PlanPoint, everybody: boolean): Promise<Said> {
  return await new Promise((resolve, reject) => {
    stage.points.start(point, async (said) => {
      try {
        const leader = await stage.speaker(said);
        for (const node of everybody ? stage.cluster.running : [leader]) stage.freeze(node);
        resolve(said);
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
  });
}

async function arrivesLate(stage: CrashStage, said: Said): Promise<void> {
  const { servers } = stage.topology;
  const up = servers.filter(({ running }) => running);
  await stage.writer.rest();
  // Still for so long: a replica that is connecting tries once a second.
  const before = await stillStateOf(up, PAST_DEADLINE_MS);
  stage.points.letGo();
  await expect.poll(() => said.answer).toBe(REFUSED);
  expect(await stateOf(up)).toEqual(before);
  stage.thawAll();
}

async function wakesDeposed(stage: CrashStage, said: Said): Promise<void> {
  const { servers } = stage.topology;
  const server = stage.topology.server(said.by.server);
  const up = servers.filter(({ running }) => running);
  await stage.writer.rest();
  // The next leader had the lock, and for that the session of the frozen one had to go.
  await expect.poll(() => hasSession(server, said.by.threadId)).toBe(false);
  await noneConnects(up);
  const before = await stillStateOf(up);
  const spoken = stage.points.said.length;
  stage.points.letGo();
  await sleep(AFTERMATH_MS);
  expect(await stateOf(up)).toEqual(before);
  stage.thawAll();
  await sleep(AFTERMATH_MS);
  expect(stage.points.said.slice(spoken).filter(({ isChange }) => isChange)).toEqual([]);
  expect(await stateOf(up)).toEqual(before);
}

/**
 * Plays a plan upon the model of MySQL as leaders do who may die at any instant: before an intent is committed, after it,
 * after the step was taken and before its outcome was committed, or after that. The next leader has the record alone.
 */
import { advance } from '../../../src/core/recovery/advance.js';
import type { Closing } from '../../../src/core/recovery/playbooks/next.js';
import { withIntents, withOutcome, withPromotion } from '../../../src/core/recovery/record.js';
import type { Recovery } from '../../../src/core/recovery/recovery.js';
import type { Step, StepOutcome } from '../../../src/core/recovery/step.js';
import type { MysqlWorld } from './mysql-world.js';

/** Asked at each point at which a leader may die; true: it dies there. */
export type Fate = () => boolean;

export interface Played {
  readonly record: Recovery;
  readonly ending: Closing;
  readonly deaths: number;
}

export const immortal: Fate = () => false;

/** Dies at the point of this number, once. */
export function diesAt(point: number): Fate {
  let points = 0;
  return () => {
    points += 1;
    return points === point;
  };
}

export type Disturb = (step: Step, outcome: StepOutcome) => StepOutcome;

const ROUNDS_MAX = 500;

export function play(
  opening: Recovery,
  world: MysqlWorld,
  fate: Fate = immortal,
  disturb: Disturb = (_step, outcome) => outcome,
): Played {
  let record = opening;
  let deaths = 0;
  let term = 1;
  const dies = (): boolean => {
    if (!fate()) return false;
    deaths += 1;
    term += 1;
    return true;
  };
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const driving = { term, isTakenUp: deaths > 0, drivenMs: 0, wasSeen: false };
    const decision = advance(record, new Set(), new Set(), driving);
    if (decision.kind === 'close') return { record, ending: decision, deaths };
    if (decision.kind === 'wait') throw new Error('nothing is under way, so there is nothing to wait for');
    if (dies()) continue;
    if (decision.kind === 'promise') {
      record = withPromotion(withIntents(record, [decision.step], term, round), decision.server, decision.epoch);
      if (dies()) continue;
      record = withOutcome(record, decision.step.number, { ok: true, findings: {} }, round);
      continue;
    }
    record = withIntents(record, decision.steps, term, round);
    const stuck = new Set<string>();
    for (const { number, step } of decision.steps) {
      if (dies()) break;
      if (stuck.has(step.server)) continue;
      const outcome = disturb(step, world.take(step));
      if (dies()) break;
      if (!outcome.ok) stuck.add(step.server);
      record = withOutcome(record, number, outcome, round);
    }
  }
  throw new Error(`the plan did not end: ${JSON.stringify(record.steps.slice(-4))}`);
}

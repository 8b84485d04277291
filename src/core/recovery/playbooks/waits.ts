/**
 * Waits of many for one place. All that they lack there comes in one stream, so they wait beside each other: the least of it is
 * waited for, and whoever lacks more goes on from there. Where the least did not come in time the rest did not either: nobody
 * asks again, else each of a bulk would wait its whole time limit after the other below a place that lags.
 */
import { isNone, minus } from '../progress/gtids.js';
import { type Standing, standingOf, standingOfRecord } from '../patience.js';
import { recordOf } from '../record.js';
import type { Recovery } from '../recovery.js';
import type { Step } from '../step.js';
import type { ServerId } from '../../topology/server.js';

export type Wait = Extract<Step, { kind: 'await-applied' }>;

/** Given up as well where this plan has given up waiting for a part of it there. */
export function standingOfWait(recovery: Recovery, wait: Wait): Standing {
  const own = recordOf(recovery, wait);
  if (own !== undefined) return standingOfRecord(own);
  for (const record of recovery.steps) {
    const { step } = record;
    if (step.kind !== 'await-applied' || step.server !== wait.server || !includes(wait, step)) continue;
    const standing = standingOfRecord(record);
    if (standing.kind === 'given-up') return standing;
  }
  return standingOf(recovery, wait);
}

/** Of the waits for one place only that for the least; one that is under way stays the one. */
export function besideEachOther(recovery: Recovery, wanted: readonly Step[]): readonly Step[] {
  const chosen = new Map<ServerId, Wait>();
  for (const step of wanted) {
    if (!isShared(step)) continue;
    const known = chosen.get(step.server);
    if (known === undefined || isBefore(recovery, step, known)) chosen.set(step.server, step);
  }
  return wanted.filter((step) => !isShared(step) || chosen.get(step.server) === step);
}

/** On a hop by place servers wait for themselves. */
export function isShared(step: Step): step is Wait {
  return step.kind === 'await-applied' && step.hop === undefined;
}

function isBefore(recovery: Recovery, one: Wait, other: Wait): boolean {
  if (recordOf(recovery, other) !== undefined) return false;
  return recordOf(recovery, one) !== undefined || (includes(other, one) && !includes(one, other));
}

function includes(one: Wait, other: Wait): boolean {
  return isNone(minus(other.gtids, one.gtids));
}

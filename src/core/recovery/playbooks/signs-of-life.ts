/**
 * Is the primary that is to be replaced still dead? That was proven when the recovery was opened. Whoever takes it up from
 * another leader may come minutes later, when all nodes were down, say; and a long wait for an applier, or for a hook, leaves
 * a primary time to restart. One that is back takes writes and its clients are told so: were another promoted then, they
 * would be lost, and two servers would be open until it is fenced. So it is asked once more before the promotion, once by
 * each leader who cannot know, and not at all by one who found it dead a moment ago: clients wait for the promotion, and one
 * that is silent is asked for a whole second.
 *
 * One that came back closed, as its configuration may have it, takes no writes, and nobody would open it: the failover goes on.
 */
import { recordOf } from '../record.js';
import type { Recovery } from '../recovery.js';
import type { Step } from '../step.js';
import { isGone } from './fence-first.js';
import { nameOf } from './next.js';

/** Who drives a recovery, and what is known to it. */
export interface Driving {
  readonly term: number;
  /** Another began it, or this one did and had to stop meanwhile. */
  readonly isTakenUp: boolean;
  /** For how long this one has driven it by now. */
  readonly drivenMs: number;
  /** The failed server was read by somebody since. */
  readonly wasSeen: boolean;
}

/** No server is back sooner than that, and a failover without a wait is over. */
const SURE_MS = 1000;

/** The question that comes before the promotion; null when there is nothing to ask (any more). */
export function lookAtTheDead(recovery: Recovery, { term, isTakenUp, drivenMs, wasSeen }: Driving): Step | null {
  if (!isOfTheDead(recovery)) return null;
  const look = lookAtFailed(recovery);
  const record = recordOf(recovery, look);
  if (record?.term === term && record.outcome !== null) return null;
  return isTakenUp || wasSeen || drivenMs > SURE_MS ? look : null;
}

/** Why nobody is to be promoted; null when it was not asked, is gone or closed. An error, too, is the word of one that lives. */
export function whyAlive(recovery: Recovery): string | null {
  if (!isOfTheDead(recovery)) return null;
  const outcome = recordOf(recovery, lookAtFailed(recovery))?.outcome ?? null;
  if (outcome === null) return null;
  const name = nameOf(recovery, recovery.failed);
  if (outcome.ok && outcome.findings.readOnly === true) return null;
  if (outcome.ok) return `${name} is back and takes writes, so nobody is promoted`;
  return isGone(outcome.code) ? null : `${name} is back, so nobody is promoted: it says ${outcome.error}`;
}

/** What an operator forced is about a primary that may live, and begins with its fence. */
function isOfTheDead({ kind, inputs }: Recovery): boolean {
  return (kind === 'dead-primary' || kind === 'dead-co-primary') && !inputs.forced && inputs.fencesFirst !== true;
}

function lookAtFailed({ failed }: Recovery): Step {
  return { kind: 'look', server: failed };
}

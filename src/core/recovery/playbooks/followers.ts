/**
 * After a crash without GTID a replica is pointed at the new primary only when it has applied exactly what that one had.
 * What it has received is applied first; half a transaction at the end is nobody's. Who is level then begins where the new
 * primary's log stood; who is not is set apart, with both places named. With GTID all of them just follow.
 */
import { handoverOf } from '../handover.js';
import { isNone, minus } from '../gtids.js';
import { standingOf } from '../patience.js';
import type { LostServer, Participant, Recovery } from '../recovery.js';
import type { Beginning, Step } from '../step.js';

export interface Follower {
  readonly participant: Participant;
  /** Executed or received. */
  readonly has: string;
}

export interface Placed {
  /** To be taken before more can be said. */
  readonly pending: readonly Step[];
  readonly followers: readonly { readonly participant: Participant; readonly begin: Beginning | null }[];
  readonly lost: readonly LostServer[];
}

/** For what a replica had received when the primary died; nobody waits for it, but the cluster is not free meanwhile. */
const DRAIN_LIMIT_MS = 60_000;

export function placeFollowers(recovery: Recovery, followers: readonly Follower[], promoted: Participant): Placed {
  const handover = handoverOf(recovery, promoted.id);
  if (handover === null) {
    return { pending: [], followers: followers.map(({ participant }) => ({ participant, begin: null })), lost: [] };
  }
  const pending: Step[] = [];
  const placed: { participant: Participant; begin: Beginning }[] = [];
  const lost: LostServer[] = [];
  for (const { participant, has } of followers) {
    const { id: server } = participant;
    const drain: Step = { kind: 'await-applied', server, gtids: has, limitMs: DRAIN_LIMIT_MS };
    const standing = standingOf(recovery, drain);
    if (standing.kind === 'pending') pending.push(drain);
    else if (standing.kind === 'given-up') lost.push({ server, reason: standing.error, gtids: '' });
    else {
      const reason = whyNotLevel(standing.findings.executedGtids ?? '', handover);
      if (reason === null) placed.push({ participant, begin: handover });
      else lost.push({ server, reason, gtids: '' });
    }
  }
  return { pending, followers: placed, lost };
}

function whyNotLevel(executed: string, { after }: Beginning): string | null {
  if (isNone(minus(executed, after)) && isNone(minus(after, executed))) return null;
  return `it has applied up to ${executed} and the new primary up to ${after}: without GTID it is not known where it would begin`;
}

/**
 * After a crash without GTID a replica is pointed at the new primary only when it has applied exactly what that one had.
 * What it has received is applied first; half a transaction at the end is nobody's. Who is level then begins where the new
 * primary's log stood. Who is behind begins behind its own last transactions, where they are found in that log. Who is
 * beyond, or is not found, is set apart with both places named. With GTID all of them just follow.
 */
import { handoverOf } from '../progress/handover.js';
import { isNone, minus } from '../progress/gtids.js';
import type { ServerId } from '../../topology/server.js';
import type { BinlogPosition } from '../../topology/vitals.js';
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
export const DRAIN_LIMIT_MS = 60_000;

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
    const found = beginningFor(recovery, { server, has }, promoted.id, handover);
    if ('step' in found) pending.push(found.step);
    else if ('reason' in found) lost.push({ server, reason: found.reason, gtids: '' });
    else placed.push({ participant, begin: found.begin });
  }
  return { pending, followers: placed, lost };
}

/** A step that has to be taken before it is known, the beginning, or why there is none. */
export type Found = { readonly step: Step } | { readonly reason: string } | { readonly begin: Beginning };

export function beginningFor(
  recovery: Recovery,
  { server, has }: { readonly server: ServerId; readonly has: string },
  promoted: ServerId,
  handover: Beginning,
): Found {
  const drain: Step = { kind: 'await-applied', server, gtids: has, limitMs: DRAIN_LIMIT_MS };
  const drained = standingOf(recovery, drain);
  if (drained.kind === 'pending') return { step: drain };
  if (drained.kind === 'given-up') return { reason: drained.error };
  const executed = drained.findings.executedGtids ?? '';
  const isBehind = isNone(minus(executed, handover.after));
  if (isBehind && isNone(minus(handover.after, executed))) return { begin: handover };
  const apart = `it has applied up to ${executed} and the new primary up to ${handover.after}`;
  if (!isBehind) return { reason: apart };
  const search: Step = {
    kind: 'locate',
    server,
    source: promoted,
    until: handover.at,
    seen: { server: endSeen(recovery, server), source: endSeen(recovery, promoted) },
  };
  const searched = standingOf(recovery, search);
  if (searched.kind === 'pending') return { step: search };
  const { place = null } = searched.kind === 'done' ? searched.findings : {};
  if (place !== null) return { begin: { at: place, after: executed } };
  const why = searched.kind === 'given-up' ? `: ${searched.error}` : '';
  return { reason: `${apart}: without GTID it is not known where it would begin${why}` };
}

export function endSeen({ inputs }: Recovery, server: ServerId): BinlogPosition | null {
  return inputs.seenEnds?.find((seen) => seen.server === server)?.at ?? null;
}

/**
 * A source is gone that is no primary: its replicas are given another. No client writes through it, so nothing is promoted
 * and nobody has to be fenced.
 *
 * 1. IO threads of all its replicas stop, and the servers that they could follow are read, beside each other.
 * 2. Each goes to the best place it can have (places.ts), some after a short wait for what a place is about to apply. All
 *    beside each other, but those who follow one of their own after it has found its place.
 *    Who follows by place searches for where it would go on (orphans-by-place.ts).
 * 3. Who can go nowhere is pointed back at the lost source, as it was: should that return, replication goes on.
 */
import { assignPlaces, type Attempt, type Move, type Read } from '../choice/places.js';
import { placesIn, unionOf, withoutPlaces } from '../progress/gtids.js';
import { type Standing, standingOf } from '../patience.js';
import { hasHere } from '../progress/share.js';
import { stepKey } from '../record.js';
import type { LostServer, Participant, Recovery } from '../recovery.js';
import type { Step } from '../step.js';
import { named } from '../telling/naming.js';
import { hooksBefore } from './hooks.js';
import { wayByPlace } from './orphans-by-place.js';
import { AT_ONCE, closing, givenUpOf, nameOf, type Next, participantOf, pendingOf, replicasOf, steps } from './next.js';
import type { ServerId } from '../../topology/server.js';

export function orphans(recovery: Recovery): Next {
  const held = hooksBefore(recovery);
  if (held !== null) return held;
  const places = recovery.inputs.participants.filter(({ role }) => role === 'place');
  const first = [...replicasOf(recovery).map(stopOf), ...places.map(lookAt)];
  const unread = pendingOf(recovery, first);
  if (unread.length > 0) return steps(unread.slice(0, AT_ONCE));
  const uncounted = pendingOf(
    recovery,
    replicasOf(recovery).flatMap((one) => countingOf(recovery, one) ?? []),
  );
  if (uncounted.length > 0) return steps(uncounted.slice(0, AT_ONCE));
  const read = [
    ...replicasOf(recovery).flatMap((one) => readBy(recovery, one, stopOf(one))),
    ...places.flatMap((one) => readBy(recovery, one, lookAt(one))),
  ];
  const able = read.filter(({ participant }) => participant.role === 'place');
  const orphaned = read.filter(({ participant }) => participant.role === 'replica');
  const byPlace = orphaned.filter((one) => one.byPlace).map((one) => wayByPlace(recovery, one, able));
  const assigned = assignPlaces({
    orphans: orphaned.filter((one) => !one.byPlace).map((one) => grown(recovery, one, read)),
    places: able,
    awaited: (place, gtids) => attemptOf(recovery, awaitOf(recovery, place, gtids)),
    moved: (orphan, place) => attemptOf(recovery, moveTo(recovery, orphan, place)),
  });
  const moves = [...assigned, ...byPlace.filter((way) => 'kind' in way)];
  const searching = byPlace.flatMap((way) => ('step' in way ? [way.step] : []));
  const own = [...searching, ...moves.flatMap((move) => stepsOf(recovery, move))];
  const wanted = new Map(own.map((step) => [stepKey(step), step]));
  const pending = pendingOf(recovery, [...wanted.values()]);
  return pending.length > 0 ? steps(pending.slice(0, AT_ONCE)) : conclude(recovery, moves);
}

function stopOf({ id }: Participant): Step {
  return { kind: 'stop-io', server: id };
}

function lookAt({ id }: Participant): Step {
  return { kind: 'look', server: id };
}

function awaitOf(recovery: Recovery, server: ServerId, gtids: string): Step {
  return { kind: 'await-applied', server, gtids, limitMs: recovery.inputs.applyLimitMs };
}

function moveTo(recovery: Recovery, server: ServerId, source: ServerId): Extract<Step, { kind: 'repoint' }> {
  return { kind: 'repoint', server, source, start: participantOf(recovery, server).start };
}

function readBy(recovery: Recovery, participant: Participant, step: Step): readonly Read[] {
  const standing = standingOf(recovery, step);
  if (standing.kind !== 'done') return [];
  const { executedGtids = '', purgedGtids = '', applierError = null, ownEnd } = standing.findings;
  const read = hasHere(recovery, participant.id, standing.findings);
  const counted = countedBy(recovery, participant);
  const has = counted === null ? read : withoutPlaces(unionOf(read, counted));
  const byPlace = ownEnd !== undefined;
  return [{ participant, executed: executedGtids, has, mayHave: '', purged: purgedGtids, applierError, byPlace }];
}

/** MariaDB that follows by place tells what it has received by its place alone; what that is, is known when it is applied. */
function countingOf(recovery: Recovery, participant: Participant): Step | null {
  const stopped = standingOf(recovery, stopOf(participant));
  if (stopped.kind !== 'done' || stopped.findings.ownEnd !== undefined) return null;
  const received = placesIn(stopped.findings.receivedGtids ?? '');
  return received === '' ? null : awaitOf(recovery, participant.id, received);
}

/** Null where that is not asked, or it did not apply what it has: then it is somewhere that no other server knows. */
function countedBy(recovery: Recovery, participant: Participant): string | null {
  const counting = participant.role === 'replica' ? countingOf(recovery, participant) : null;
  const standing = counting === null ? null : standingOf(recovery, counting);
  return standing?.kind === 'done' ? (standing.findings.executedGtids ?? '') : null;
}

/** What it may have fetched from a source that it could not stay with. */
function grown(recovery: Recovery, orphan: Read, read: readonly Read[]): Read {
  const fetched = read.filter(({ participant }) => {
    const attempt = attemptOf(recovery, moveTo(recovery, orphan.participant.id, participant.id));
    return attempt !== 'open' && attempt !== 'done';
  });
  return { ...orphan, mayHave: unionOf(...fetched.map(({ has }) => has)) };
}

function attemptOf(recovery: Recovery, step: Step): Attempt {
  const standing: Standing = standingOf(recovery, step);
  if (standing.kind === 'given-up') return { error: standing.error };
  return standing.kind === 'done' ? 'done' : 'open';
}

function stepsOf(recovery: Recovery, move: Move): readonly Step[] {
  if (move.kind === 'nowhere') return [backOf(recovery, move.orphan)];
  const isPlaced = move.after === null || placeOf(recovery, move.after) !== null;
  if (!isPlaced || placeOf(recovery, move.orphan) === move.place) return [];
  if (move.waitFor !== '') return [awaitOf(recovery, move.place, move.waitFor)];
  return [moveTo(recovery, move.orphan, move.place)];
}

function backOf(recovery: Recovery, orphan: ServerId): Step {
  return { ...moveTo(recovery, orphan, recovery.failed), asItFollows: true };
}

/** Where it was moved to by now; null when nowhere. */
function placeOf(recovery: Recovery, orphan: ServerId): ServerId | null {
  for (const { step, outcome } of recovery.steps) {
    const moved = step.kind === 'repoint' && step.server === orphan && step.source !== recovery.failed;
    if (moved && outcome?.ok === true) return step.source;
  }
  return null;
}

function conclude(recovery: Recovery, moves: readonly Move[]): Next {
  const unread = replicasOf(recovery).flatMap((one): LostServer[] => {
    const standing = standingOf(recovery, stopOf(one));
    return standing.kind === 'given-up' ? [{ server: one.id, reason: standing.error, gtids: '' }] : [];
  });
  const stranded = moves.flatMap((move): LostServer[] =>
    move.kind === 'nowhere' ? [{ server: move.orphan, reason: move.reason, gtids: move.gtids }] : [],
  );
  const lost = [...unread, ...stranded];
  if (moves.length > stranded.length) return closing({ kind: 'succeeded' }, lost);
  const why = lost.map(({ server, reason }) => named(nameOf(recovery, server), reason)).join('; ');
  const reason = lost.length === 0 ? 'it has no replica' : `no replica could be given another source: ${why}`;
  const stuck = givenUpOf(
    recovery,
    stranded.map(({ server }) => backOf(recovery, server)),
  );
  if (stuck === null) return closing({ kind: 'undone', reason }, lost);
  const left = `${nameOf(recovery, stuck.step.server)} is left as it is: ${stuck.error}`;
  return closing({ kind: 'failed', reason: `${reason}; and ${left}` }, lost);
}

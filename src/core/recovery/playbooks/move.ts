/**
 * Replicas are given another source because somebody wants it so. Nothing is broken, so nothing is risked: all of them and
 * the places they go to are read before the first change, and who cannot go there is not touched.
 *
 * 1. Who moves is read first, then the places and the primary: what a replica has and neither of them has, nobody else
 *    will ever get, and such a replica is not moved (invariant 12).
 * 2. A place that is behind those who come applies what they have while they still replicate.
 * 3. Each in its turn: its IO thread stops, the place applies the last of it, it is pointed there, and it starts. The time
 *    without a source is that of this step alone.
 * 4. What fails puts its server back where it was. Of many, the others go on; but where one can neither be moved nor put back,
 *    whatever broke it (a password that is no longer valid, say) may break the next one, and nobody else begins.
 */
import { assertDefined } from '../../base/assert.js';
import { goesOnByItself } from '../ways-back/left-by-moves.js';
import type { Movement, MoveTerms } from '../requests/movement.js';
import { recordOf, stepKey } from '../record.js';
import type { LostServer, Recovery } from '../recovery.js';
import type { Step } from '../step.js';
import { named } from '../telling/naming.js';
import { moveCoPrimary } from './co-primary.js';
import { AT_ONCE, closing, nameOf, type Next, participantOf, pendingOf, steps } from './next.js';
import { failed, lookAt, objectionTo, type Progress, progressOf, putBack, stayed } from './one-move.js';
import { regroup } from './regroup.js';
import { type Journeys, journeys } from './journey.js';
import { swapPlaces } from './swap.js';
import { besideEachOther, isShared } from './waits.js';
import type { ServerId } from '../../topology/server.js';

export function move(recovery: Recovery): Next {
  const terms = recovery.inputs.movement;
  if (terms === undefined) return closing({ kind: 'undone', reason: 'its record does not say what is to be moved' });
  switch (terms.manner) {
    case 'co-primary':
      return moveCoPrimary(recovery, terms);
    case 'regroup':
      return regroup(recovery, terms);
    case 'resume':
      return alone(recovery, terms, 'start-replica');
    case 'detach':
      return alone(recovery, terms, 'sever');
    case 'reattach':
      return alone(recovery, terms, 'reattach');
    default:
      return moveAll(recovery, terms);
  }
}

function moveAll(recovery: Recovery, terms: MoveTerms): Next {
  const isPlaced = (one: Movement): boolean => one.byPlace === true;
  if (terms.manner === 'in-order' && terms.moves.some(isPlaced)) return swapPlaces(recovery, terms);
  const byGtid = terms.moves.filter((one) => !isPlaced(one));
  const unread = byGtid.length === 0 ? [] : unreadOf(recovery, byGtid);
  if (unread.length > 0) return steps(unread.slice(0, AT_ONCE));
  const { ways, stuck } =
    terms.manner === 'in-order'
      ? { ways: inOrder(recovery, terms.moves), stuck: [] }
      : onTheirOwn(recovery, terms, isPlaced);
  const mayBegin = recovery.cancelled === undefined && !ways.some((one) => isWarning(recovery, terms, one));
  const wanted = wantedOf(recovery, terms, ways, mayBegin);
  return wanted.length > 0 ? steps(wanted) : conclude(recovery, terms, ways, stuck);
}

/** It replicated, and does not any more. Whose server fell silent, or whose source was gone, says nothing about the others. */
function isWarning(recovery: Recovery, { moves }: Pick<MoveTerms, 'moves'>, one: Progress): boolean {
  if (one.kind !== 'failed' || one.isPutBack || goesOnByItself(recovery, one.lost.server)) return false;
  const source = moves.find(({ server }) => server === one.lost.server)?.from ?? null;
  return source === null || participantOf(recovery, source).role !== 'gone';
}

/** Those who go by place stop others on their way, and begin when everybody else has arrived. */
function onTheirOwn(recovery: Recovery, terms: MoveTerms, isPlaced: (one: Movement) => boolean): Journeys {
  const free = new Map(terms.moves.filter((one) => !isPlaced(one)).map((one) => [one, progressOf(recovery, one)]));
  const placed = terms.moves.filter(isPlaced);
  const isFree = [...free.values()].every(({ kind }) => kind !== 'steps');
  const { ways, stuck } = journeys(recovery, terms, placed, isFree);
  const all = terms.moves.map((one) => free.get(one) ?? assertDefined(ways[placed.indexOf(one)], 'each has its way'));
  return { ways: all, stuck };
}

/** Who moves first, and only then what they are compared with: else what was replicated meanwhile would look like extra. */
function unreadOf(recovery: Recovery, moves: readonly Movement[]): readonly Step[] {
  const moving = new Set(moves.map(({ server }) => server));
  const movers = pendingOf(recovery, [...moving].map(lookAt));
  if (movers.length > 0) return movers;
  const others = recovery.inputs.participants.filter(({ id, role }) => !moving.has(id) && role !== 'gone');
  return pendingOf(
    recovery,
    others.map(({ id }) => lookAt(id)),
  );
}

/**
 * Those who have begun go on; as many others begin as may be without their source beside them, but the first goes alone and the
 * next by twos and threes: what is wrong with the place is seen on one of them. Whoever still waits for the place replicates.
 */
function wantedOf(
  recovery: Recovery,
  { atOnce }: Pick<MoveTerms, 'atOnce'>,
  progress: readonly Progress[],
  mayBegin: boolean,
): readonly Step[] {
  const open = progress.filter((one) => one.kind === 'steps');
  const begun = open.filter((one) => one.begun);
  const others = mayBegin ? open.filter((one) => !one.begun) : [];
  const waits = (one: Progress): boolean => one.kind === 'steps' && one.steps.every(isShared);
  const ready = others.filter((one) => !waits(one));
  const slots = Math.min(atOnce, 1 + progress.length - open.length);
  const chosen = [...begun, ...ready.slice(0, Math.max(0, slots - begun.length)), ...others.filter(waits)];
  const wanted = new Map(chosen.flatMap((one) => one.steps).map((step) => [stepKey(step), step]));
  return besideEachOther(recovery, [...wanted.values()]);
}

/** The first that is not done decides: after it nobody begins, and if it fails those before it are put back, last first. */
function inOrder(recovery: Recovery, moves: readonly Movement[]): readonly Progress[] {
  const isUntouched = moves.every(({ server }) => recordOf(recovery, { kind: 'stop-io', server }) === undefined);
  for (const one of isUntouched ? moves : []) {
    const objection = objectionTo(recovery, one);
    if (objection !== null) return [failed(one.server, objection.reason, objection.gtids, true)];
  }
  const found: Progress[] = [];
  for (const one of moves) {
    const progress = progressOf(recovery, one);
    if (progress.kind === 'failed') return [...undoneOf(recovery, moves.slice(0, found.length), progress), progress];
    found.push(progress);
    if (progress.kind === 'steps') return found;
  }
  return found;
}

function undoneOf(recovery: Recovery, before: readonly Movement[], failed: Progress): readonly Progress[] {
  if (failed.kind !== 'failed') return [];
  for (const one of [...before].reverse()) {
    const back = putBack(recovery, one, `${nameOf(recovery, failed.lost.server)} could not be moved`, true);
    if (back.kind === 'steps') return [back];
  }
  return before.map((one) => putBack(recovery, one, 'the move after it failed', true));
}

interface Places {
  readonly moved: readonly ServerId[];
  readonly stayed: readonly LostServer[];
  /** Not known to replicate at all. */
  readonly stuck: readonly LostServer[];
}

/** `beside`: who was not to be moved and does not go on. */
function conclude(
  recovery: Recovery,
  terms: MoveTerms,
  progress: readonly Progress[],
  beside: readonly LostServer[] = [],
): Next {
  const { moved, stayed, stuck } = placesOf(recovery, terms, progress);
  if (stuck.length + beside.length > 0) return broken(recovery, terms, { moved, stayed, stuck: [...stuck, ...beside] });
  if (moved.length > 0 || terms.moves.length === 0) return closing({ kind: 'succeeded' }, stayed);
  return closing({ kind: 'undone', reason: reasonsOf(recovery, stayed) }, stayed);
}

/** Who was not begun with is named, as everybody who was not moved is. */
function placesOf(recovery: Recovery, { moves, refused, manner }: MoveTerms, progress: readonly Progress[]): Places {
  const failures = progress.flatMap((one) => (one.kind === 'failed' ? [one] : []));
  const stayed = [...refused, ...failures.filter(({ isPutBack }) => isPutBack).map(({ lost }) => lost)];
  const stuck = failures.filter(({ isPutBack }) => !isPutBack).map(({ lost }) => lost);
  const moved = moves.filter((_, at) => progress[at]?.kind === 'done').map(({ server }) => server);
  const settled = new Set<ServerId>([...moved, ...failures.map(({ lost }) => lost.server)]);
  const reason = whyNotBegun(recovery, manner, stuck);
  for (const { server } of moves) if (!settled.has(server)) stayed.push({ server, reason, gtids: '' });
  return { moved, stayed, stuck };
}

function whyNotBegun(recovery: Recovery, manner: MoveTerms['manner'], stuck: readonly LostServer[]): string {
  const { cancelled } = recovery;
  if (cancelled !== undefined) return `it was not begun with: ${cancelled.by} cancelled it`;
  if (manner === 'in-order') return 'what was to come before it failed';
  const names = stuck.map(({ server }) => nameOf(recovery, server)).join(', ');
  return `it was not begun with: ${names} could be neither moved nor put back`;
}

/** It is told of everybody where they are now, and what is left to do about those who do not replicate. */
function broken(recovery: Recovery, { manner }: MoveTerms, { moved, stayed, stuck }: Places): Next {
  const stopsThem = manner === 'each' || manner === 'in-order';
  const told = stuck.map((one) => (stopsThem ? { ...one, reason: `${one.reason}; ${nextFor(recovery, one)}` } : one));
  const texts = [reasonsOf(recovery, told)];
  if (moved.length > 0) texts.push(`moved: ${moved.map((server) => nameOf(recovery, server)).join(', ')}`);
  if (stayed.length > 0) texts.push(`where they were: ${reasonsOf(recovery, stayed)}`);
  return closing({ kind: 'failed', reason: texts.join('; ') }, [...told, ...stayed]);
}

function nextFor(recovery: Recovery, { server }: LostServer): string {
  if (goesOnByItself(recovery, server)) return 'it is started by itself when it answers again';
  return `mend that, then: orchestrator-client -c start-replica -i ${nameOf(recovery, server)}`;
}

function reasonsOf(recovery: Recovery, lost: readonly LostServer[]): string {
  return lost.map(({ server, reason }) => named(nameOf(recovery, server), reason)).join('; ');
}

/** One step on each server, which nobody else has to be asked about. */
function alone(recovery: Recovery, terms: MoveTerms, kind: 'start-replica' | 'sever' | 'reattach'): Next {
  const progress = terms.moves.map((one) => stayed(recovery, one, stepOn(recovery, kind, one.server)));
  const wanted = wantedOf(recovery, terms, progress, recovery.cancelled === undefined);
  return wanted.length > 0 ? steps(wanted) : conclude(recovery, terms, progress);
}

function stepOn(recovery: Recovery, kind: 'start-replica' | 'sever' | 'reattach', server: ServerId): Step {
  const { rests } = participantOf(recovery, server);
  return kind === 'start-replica' && rests !== undefined ? { kind, server, rests } : { kind, server };
}

/**
 * One hop of replicas that follow by place. Places in the logs of two servers can be compared only where one server stands in
 * both: what a replica has applied of its source's log, and where its own log stood then. So one server, the pivot, stands
 * still for a moment: the source that is left, on the way up; the server that is gone to, on the way to one that follows the
 * same source.
 *
 * 1. All are looked at, and wait for each other while they still replicate: who lags is found before anybody is stopped.
 * 2. The pivot stops fetching and applies all it has: its place, and the end of its own log, are committed.
 * 3. up: who follows it applies the last of it and is told the pivot's place. beside: who goes there passes the pivot's place,
 *    stops fetching and applies all it has; the pivot runs up to exactly there, and its own log says where that is.
 * 4. The pivot goes on. What fails leaves its server where it was, or puts it back at the very place that it left.
 *
 * No relay log is thrown away: everybody is pointed elsewhere with all applied (invariant 11).
 */
import { isNone, logOf, minus, onlyPlace, placesIn, unionOf } from '../progress/gtids.js';
import { logMarkText } from '../../topology/log-marks.js';
import type { ServerId } from '../../topology/server.js';
import type { BinlogPosition } from '../../topology/vitals.js';
import type { Leg } from '../requests/movement.js';
import { type Standing, standingOf } from '../patience.js';
import { recordOf } from '../record.js';
import type { Recovery } from '../recovery.js';
import type { Beginning, Hop, Step } from '../step.js';
import { nameOf } from './next.js';
import { standingOfWait, type Wait } from './waits.js';

/** stayed: where it was before the hop. stuck: it is not known to replicate at all. */
export type Landing =
  | { readonly kind: 'moved' }
  | { readonly kind: 'stayed'; readonly reason: string }
  | { readonly kind: 'stuck'; readonly reason: string };

export interface HopState {
  /** To be taken now; none: it is over. */
  readonly steps: readonly Step[];
  /** Somebody was stopped. */
  readonly begun: boolean;
  /** Of those for whom it is over; the pivot is named only if it is stuck. */
  readonly landings: ReadonlyMap<ServerId, Landing>;
}

interface Asked {
  readonly recovery: Recovery;
  readonly hop: Hop;
  readonly leg: Leg;
  readonly pivot: ServerId;
}

/** The way of one server: a step to be taken, or where it ended. */
type Way = { readonly step: Step } | Landing;

/** Where a server stands in the log of its source, and where its own log stands. */
interface Stand {
  readonly place: string;
  readonly at: BinlogPosition;
  readonly own: BinlogPosition;
}

export function hopOf(recovery: Recovery, hop: Hop, leg: Leg, movers: readonly ServerId[]): HopState {
  const asked: Asked = { recovery, hop, leg, pivot: leg.kind === 'up' ? leg.from : leg.to };
  const begun = recordOf(recovery, stopOf(asked, asked.pivot)) !== undefined;
  const unready = new Map(movers.map((mover) => [mover, readinessOf(asked, movers, mover)]));
  const steps = [...unready.values()].flatMap((one) => (one !== null && 'step' in one ? [one.step] : []));
  if (!begun && steps.length > 0) return { steps: unique(steps), begun, landings: new Map() };
  const landings = new Map<ServerId, Landing>();
  for (const [mover, one] of unready) if (one !== null && 'kind' in one) landings.set(mover, one);
  const able = movers.filter((mover) => !landings.has(mover));
  if (able.length === 0) return { steps: [], begun, landings };
  return concluded(asked, landings, travel(asked, able));
}

function travel(
  asked: Asked,
  able: readonly ServerId[],
): { readonly ways: Map<ServerId, Way>; readonly free: boolean } {
  const stand = standOf(asked, asked.pivot);
  if ('step' in stand) return { ways: new Map(able.map((mover) => [mover, { step: stand.step }])), free: false };
  if ('reason' in stand) {
    return { ways: new Map(able.map((mover) => [mover, { kind: 'stayed', reason: stand.reason }])), free: true };
  }
  if (asked.leg.kind === 'beside') return beside(asked, able, stand);
  const ways = new Map(able.map((mover): [ServerId, Way] => [mover, upward(asked, mover, stand)]));
  return { ways, free: [...ways.values()].every((way) => 'kind' in way) };
}

/** The pivot goes on as soon as nobody needs it to stand. */
function concluded(
  asked: Asked,
  before: ReadonlyMap<ServerId, Landing>,
  { ways, free }: ReturnType<typeof travel>,
): HopState {
  const steps = [...ways.values()].flatMap((way) => ('step' in way ? [way.step] : []));
  const landings = new Map(before);
  for (const [mover, way] of ways) if ('kind' in way) landings.set(mover, way);
  const release: Step = { kind: 'start-replica', server: asked.pivot, hop: asked.hop };
  const released = standingOf(asked.recovery, release);
  if (free && released.kind === 'pending') steps.push(release);
  if (released.kind === 'given-up') {
    landings.set(asked.pivot, { kind: 'stuck', reason: `it was not started again: ${released.error}` });
  }
  return { steps: unique(steps), begun: true, landings };
}

/** Null: it may go, and nobody was stopped for it yet. */
function readinessOf(asked: Asked, movers: readonly ServerId[], mover: ServerId): Way | null {
  const { recovery, pivot, leg } = asked;
  const looks = new Map([pivot, ...movers].map((server) => [server, standingOf(recovery, lookOf(asked, server))]));
  for (const [server, { kind }] of looks) if (kind === 'pending') return { step: lookOf(asked, server) };
  const [own, place] = [looks.get(mover), looks.get(pivot)];
  const objection = objectionBy(asked, own, mover) ?? objectionBy(asked, place, pivot);
  if (objection !== null) return { kind: 'stayed', reason: objection };
  const theirs = [...looks.values()].map(executedBy);
  const waits =
    leg.kind === 'up'
      ? [waitOf(asked, mover, ownMark(asked, place))]
      : [waitOf(asked, pivot, unionOf(...theirs)), waitOf(asked, mover, executedBy(place))];
  for (const wait of waits) {
    const standing = standingOfWait(recovery, wait);
    if (standing.kind === 'pending') return { step: wait };
    if (standing.kind === 'given-up') return { kind: 'stayed', reason: standing.error };
  }
  return null;
}

function objectionBy({ recovery }: Asked, look: Standing | undefined, server: ServerId): string | null {
  if (look?.kind === 'given-up') return look.error;
  if (look?.kind !== 'done') return null;
  const { applierError } = look.findings;
  if (applierError !== undefined) return `the applier of ${nameOf(recovery, server)} cannot go on: ${applierError}`;
  return executedBy(look) === '' ? `it is not known where ${nameOf(recovery, server)} stands` : null;
}

function executedBy(look: Standing | undefined): string {
  return look?.kind === 'done' ? placesIn(look.findings.executedGtids ?? '') : '';
}

/** The end of the pivot's own log, as those who follow it call it. */
function ownMark({ pivot }: Asked, look: Standing | undefined): string {
  const end = look?.kind === 'done' ? look.findings.ownEnd : undefined;
  return end === undefined ? '' : logMarkText(end, logOf(pivot));
}

/** It fetches no more, and all it has is applied. */
function standOf(asked: Asked, server: ServerId): Stand | { readonly step: Step } | { readonly reason: string } {
  const { recovery } = asked;
  const stop = stopOf(asked, server);
  const stopped = standingOf(recovery, stop);
  if (stopped.kind === 'pending') return { step: stop };
  if (stopped.kind === 'given-up') return { reason: stopped.error };
  const { executedGtids = '', receivedGtids = '' } = stopped.findings;
  const drain = waitOf(asked, server, unionOf(executedGtids, receivedGtids));
  const drained = standingOf(recovery, drain);
  if (drained.kind === 'pending') return { step: drain };
  if (drained.kind === 'given-up') return { reason: drained.error };
  const place = placesIn(drained.findings.executedGtids ?? '');
  const at = onlyPlace(place);
  const { ownEnd } = drained.findings;
  if (at === null) return { reason: `it is not known where ${nameOf(recovery, server)} stands` };
  // One that writes no log can be moved, and nobody can be moved by it.
  if (ownEnd === undefined && server === asked.pivot)
    return { reason: `${nameOf(recovery, server)} has no binary log` };
  return { place, at, own: ownEnd ?? at };
}

function upward(asked: Asked, mover: ServerId, pivot: Stand): Way {
  const { recovery } = asked;
  const after = logMarkText(pivot.own, logOf(asked.pivot));
  const wait = waitOf(asked, mover, after);
  const level = standingOf(recovery, wait);
  if (level.kind === 'pending') return { step: wait };
  if (level.kind === 'given-up') return { kind: 'stayed', reason: level.error };
  return pointed(asked, mover, { at: pivot.at, after }, { at: pivot.own, after: pivot.place });
}

/** It is told where to begin; where that fails it goes back, as it has applied nothing from there. */
function pointed({ recovery, leg }: Asked, mover: ServerId, begin: Beginning, back: Beginning): Way {
  const point: Step = { kind: 'repoint', server: mover, source: leg.to, start: true, begin };
  const standing = standingOf(recovery, point);
  if (standing.kind === 'pending') return { step: point };
  if (standing.kind === 'done') return { kind: 'moved' };
  return putBack(recovery, mover, standing.error, {
    kind: 'repoint',
    server: mover,
    source: leg.from,
    start: true,
    begin: back,
  });
}

function putBack(recovery: Recovery, mover: ServerId, why: string, step: Step): Way {
  const standing = standingOf(recovery, step);
  if (standing.kind === 'pending') return { step };
  if (standing.kind === 'done') return { kind: 'stayed', reason: why };
  return { kind: 'stuck', reason: `${why}; and ${nameOf(recovery, mover)} could not be put back: ${standing.error}` };
}

/** All stand first; then the pivot comes by each place in turn, in the order in which they lie in the log. */
function beside(asked: Asked, able: readonly ServerId[], pivot: Stand): ReturnType<typeof travel> {
  const ways = new Map<ServerId, Way>();
  const stands: { readonly mover: ServerId; readonly stand: Stand }[] = [];
  for (const mover of able) {
    const stand = standBehind(asked, mover, pivot);
    if ('place' in stand) stands.push({ mover, stand });
    else if ('step' in stand || 'kind' in stand) ways.set(mover, stand);
    else ways.set(mover, startedAgain(asked, mover, stand.reason));
  }
  if ([...ways.values()].some((way) => 'step' in way && way.step.kind !== 'start-replica'))
    return { ways, free: false };
  stands.sort(({ stand: one }, { stand: other }) => compare(one.place, other.place));
  let unpassed: { readonly reason: string } | null = null;
  for (const { mover, stand } of stands) {
    const own: ReturnType<typeof passing> = unpassed ?? passing(asked, pivot, stand);
    if ('step' in own) {
      ways.set(mover, own);
      return { ways, free: false };
    }
    if ('reason' in own) {
      // It did not get there, so it will not get beyond.
      unpassed = own;
      ways.set(mover, startedAgain(asked, mover, own.reason));
      continue;
    }
    const back = { at: stand.at, after: logMarkText(own, logOf(asked.pivot)) };
    ways.set(mover, pointed(asked, mover, { at: own, after: stand.place }, back));
  }
  return { ways, free: true };
}

/** Still connected it comes as far as the pivot, which cannot go back to one that stopped before it. */
function standBehind(asked: Asked, mover: ServerId, pivot: Stand): ReturnType<typeof standOf> | Landing {
  const wait = waitOf(asked, mover, pivot.place);
  const level = standingOf(asked.recovery, wait);
  if (level.kind === 'pending') return { step: wait };
  if (level.kind === 'given-up') return { kind: 'stayed', reason: level.error };
  return standOf(asked, mover);
}

function compare(one: string, other: string): number {
  if (!isNone(minus(one, other))) return 1;
  return isNone(minus(other, one)) ? 0 : -1;
}

/** Where the pivot's own log stands when it stands where the other does. */
function passing(
  { recovery, hop, pivot }: Asked,
  stands: Stand,
  { place }: Stand,
): BinlogPosition | { readonly step: Step } | { readonly reason: string } {
  if (place === stands.place) return stands.own;
  const run: Step = { kind: 'run-until', server: pivot, until: place, limitMs: recovery.inputs.applyLimitMs, hop };
  const standing = standingOf(recovery, run);
  if (standing.kind === 'pending') return { step: run };
  if (standing.kind === 'given-up') return { reason: standing.error };
  const { ownEnd } = standing.findings;
  return ownEnd ?? { reason: `${nameOf(recovery, pivot)} has no binary log` };
}

/** Its source was not changed. */
function startedAgain({ recovery, hop }: Asked, mover: ServerId, why: string): Way {
  return putBack(recovery, mover, why, { kind: 'start-replica', server: mover, hop });
}

function lookOf({ hop }: Asked, server: ServerId): Step {
  return { kind: 'look', server, hop };
}

function stopOf({ hop }: Asked, server: ServerId): Step {
  return { kind: 'stop-io', server, hop };
}

function waitOf({ recovery, hop }: Asked, server: ServerId, gtids: string): Wait {
  return { kind: 'await-applied', server, gtids, limitMs: recovery.inputs.applyLimitMs, hop };
}

/** Several wait for the same. */
function unique(steps: readonly Step[]): readonly Step[] {
  return [...new Map(steps.map((step) => [JSON.stringify(step), step])).values()];
}

/**
 * A replica that follows by place and lost its source, which is no primary. Nobody can be asked any more where the lost source's
 * own log stood. So it applies all it has, and the last transactions of its own log are searched in the logs of those it could
 * follow, in their order; where they are found once and only once, it goes on behind them (steps/locate.ts).
 */
import { placesIn } from '../progress/gtids.js';
import { standingOf } from '../patience.js';
import type { Move, Read } from '../choice/places.js';
import type { Recovery } from '../recovery.js';
import type { Step } from '../step.js';
import type { ServerId } from '../../topology/server.js';
import type { BinlogPosition } from '../../topology/vitals.js';
import { DRAIN_LIMIT_MS, endSeen } from './followers.js';
import { nameOf, participantOf } from './next.js';
import { lookAt } from './one-move.js';

/** The next step, or where it ended; nowhere with every reason. */
export function wayByPlace(recovery: Recovery, orphan: Read, places: readonly Read[]): { readonly step: Step } | Move {
  const { id } = orphan.participant;
  const drain: Step = { kind: 'await-applied', server: id, gtids: orphan.has, limitMs: DRAIN_LIMIT_MS };
  const drained = standingOf(recovery, drain);
  if (drained.kind === 'pending') return { step: drain };
  if (drained.kind === 'given-up') return nowhere(id, [drained.error]);
  const after = placesIn(drained.findings.executedGtids ?? '');
  const reasons: string[] = [];
  for (const { participant: place } of places) {
    const unfit = orphan.participant.cannotFollow.find(({ source }) => source === place.id);
    const found: Searched = unfit === undefined ? search(recovery, id, place.id) : { why: unfit.reason };
    if ('step' in found) return found;
    if ('why' in found) {
      reasons.push(found.why);
      continue;
    }
    const { start } = participantOf(recovery, id);
    const point: Step = { kind: 'repoint', server: id, source: place.id, start, begin: { at: found.at, after } };
    const pointed = standingOf(recovery, point);
    if (pointed.kind === 'pending') return { step: point };
    if (pointed.kind === 'done') return { kind: 'move', orphan: id, place: place.id, waitFor: '', after: null };
    reasons.push(pointed.error);
  }
  return nowhere(id, reasons);
}

type Searched = { readonly step: Step } | { readonly why: string } | { readonly at: BinlogPosition };

function search(recovery: Recovery, server: ServerId, source: ServerId): Searched {
  const look = standingOf(recovery, lookAt(source));
  const until = look.kind === 'done' ? look.findings.ownEnd : undefined;
  if (until === undefined) return { why: `${nameOf(recovery, source)} does not say where its log stands` };
  const seen = { server: endSeen(recovery, server), source: endSeen(recovery, source) };
  const step: Step = { kind: 'locate', server, source, until, seen };
  const searched = standingOf(recovery, step);
  if (searched.kind === 'pending') return { step };
  if (searched.kind === 'given-up') return { why: searched.error };
  const { place } = searched.findings;
  return place === undefined
    ? { why: `it is not known where it goes on at ${nameOf(recovery, source)}` }
    : { at: place };
}

function nowhere(orphan: ServerId, reasons: readonly string[]): Move {
  const why = reasons.length === 0 ? ['there is no other server that it could follow'] : [...new Set(reasons)];
  return { kind: 'nowhere', orphan, reason: `without GTID: ${why.join('; ')}`, gtids: '' };
}

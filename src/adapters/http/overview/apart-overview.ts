/** A server that is not part of its cluster's replication by our doing: why, and what it alone has. */
import { lostReplicasOf, type LostReplica } from '../../../core/recovery/ways-back/lost-replicas.js';
import type { ServerId } from '../../../core/topology/server.js';
import { stillAlone } from '../views/still-alone.js';
import type { Service } from '../../../runtime/ports/service.js';

export interface ApartOverview {
  /** away: it did not answer during a failover. apart: it was looked at and cannot follow. owed, fenced: a former primary. */
  readonly state: string;
  readonly reason: string;
  /** What it has and the primary lacks; '' when that is not why. */
  readonly gtids: string;
}

/** Null: nothing of the sort. */
export function apartOverview(id: ServerId, service: Service, nowMs: number): ApartOverview | null {
  const demotion = service.state.demotions.get(id);
  if (demotion !== undefined && demotion.state !== 'rejoined') {
    const { state, extraGtids } = demotion;
    return toldNow(id, { state, reason: reasonOf(state, extraGtids), gtids: extraGtids }, service);
  }
  const lost = lostIn(service, nowMs).get(id);
  return lost === undefined
    ? null
    : toldNow(id, { state: lost.state, reason: lost.reason, gtids: lost.gtids }, service);
}

const KNOWN_NOW = 'it was set apart for transactions that the primary lacked, and the primary has them all by now';

/** The record says what was so then; the primary may have come to know them since. */
function toldNow(id: ServerId, told: ApartOverview, service: Service): ApartOverview {
  if (told.gtids === '') return told;
  const gtids = stillAlone(id, told.gtids, service);
  return gtids === '' ? { ...told, reason: KNOWN_NOW, gtids } : { ...told, gtids };
}

function reasonOf(state: string, gtids: string): string {
  if (state === 'owed') return 'it was replaced and is not fenced yet';
  if (state === 'fenced') return 'it was replaced and is fenced';
  return gtids === ''
    ? 'it was replaced, and what it lacks is purged from the binary logs of the primary'
    : 'it was replaced, and has transactions that the primary lacks';
}

interface Kept {
  readonly index: number;
  readonly lost: ReadonlyMap<ServerId, LostReplica>;
}

/** Worked out once for each state: an overview asks for every server. */
const kept = new WeakMap<Service, Kept>();

function lostIn(service: Service, nowMs: number): ReadonlyMap<ServerId, LostReplica> {
  const { state } = service;
  const known = kept.get(service);
  if (known?.index === state.index) return known.lost;
  const lost = new Map(lostReplicasOf({ ...state, nowMs }).map((one) => [one.server, one]));
  kept.set(service, { index: state.index, lost });
  return lost;
}

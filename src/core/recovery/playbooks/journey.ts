/**
 * The way of replicas that follow by place to another source, hop by hop (hop.ts). Who fails on a later hop goes back by those
 * before it, so that in the end everybody is where they were to go or where they were. Those without their source beside each
 * other go in one group; the next group begins when all of the one before have arrived.
 */
import type { Leg, Movement, MoveTerms } from '../requests/movement.js';
import type { LostServer, Recovery } from '../recovery.js';
import type { ServerId } from '../../topology/server.js';
import { type HopState, hopOf, type Landing } from './hop.js';
import { nameOf } from './next.js';
import { failed, type Progress } from './one-move.js';

interface Group {
  readonly number: number;
  readonly movers: readonly ServerId[];
}

interface Travelled {
  readonly underWay: HopState | null;
  readonly ended: ReadonlyMap<ServerId, Landing>;
}

export interface Journeys {
  /** Of each of the moves, in their order. */
  readonly ways: readonly Progress[];
  /** Who stood still for the others and does not go on, whoever arrived. */
  readonly stuck: readonly LostServer[];
}

/** While those before are not over (`isFree`) nobody begins. */
export function journeys(
  recovery: Recovery,
  { legs = [], atOnce }: Pick<MoveTerms, 'legs' | 'atOnce'>,
  moves: readonly Movement[],
  isFree: boolean,
): Journeys {
  const ways: Progress[] = [];
  const stuck: LostServer[] = [];
  let waits = !isFree;
  const size = Math.max(1, atOnce);
  for (let at = 0; at < moves.length; at += size) {
    const movers = moves.slice(at, at + size).map(({ server }) => server);
    const travelled = waits ? WAITING : travel(recovery, legs, { number: at / size + 1, movers });
    waits ||= travelled.underWay !== null;
    for (const mover of movers) ways.push(progressOf(travelled, mover));
    for (const [server, one] of travelled.ended) {
      if (one.kind === 'stuck' && !movers.includes(server)) stuck.push({ server, reason: one.reason, gtids: '' });
    }
  }
  return { ways, stuck };
}

const WAITING: Travelled = { underWay: { steps: [], begun: false, landings: new Map() }, ended: new Map() };

function progressOf({ underWay, ended }: Travelled, mover: ServerId): Progress {
  if (underWay !== null) return { kind: 'steps', steps: underWay.steps, begun: underWay.begun };
  const landing = ended.get(mover) ?? { kind: 'moved' };
  return landing.kind === 'moved' ? { kind: 'done' } : failed(mover, landing.reason, '', landing.kind === 'stayed');
}

function travel(recovery: Recovery, legs: readonly Leg[], group: Group): Travelled {
  const ended = new Map<ServerId, Landing>();
  const returning: { readonly at: number; readonly mover: ServerId; readonly why: string }[] = [];
  let movers = group.movers;
  let begun = false;
  for (const [at, leg] of legs.entries()) {
    if (movers.length === 0) break;
    const state = hopOf(recovery, `${String(group.number)}.${String(at + 1)}`, leg, movers);
    if (state.steps.length > 0) return { underWay: { ...state, begun: begun || state.begun }, ended };
    begun = true;
    for (const [server, landing] of state.landings) {
      if (landing.kind === 'stayed' && at > 0) returning.push({ at, mover: server, why: landing.reason });
      else ended.set(server, landing);
    }
    movers = movers.filter((mover) => state.landings.get(mover)?.kind === 'moved');
  }
  return goBack(recovery, legs, group, returning, ended);
}

/** By the legs that they had travelled, the last first. */
function goBack(
  recovery: Recovery,
  legs: readonly Leg[],
  { number }: Group,
  returning: readonly { readonly at: number; readonly mover: ServerId; readonly why: string }[],
  ended: Map<ServerId, Landing>,
): Travelled {
  for (const { at, mover, why } of returning) {
    ended.set(mover, { kind: 'stayed', reason: why });
    for (const [leg, one] of [...legs.slice(0, at).entries()].reverse()) {
      const name = `${String(number)}.${String(at + 1)} back ${String(leg + 1)} ${mover}`;
      const state = hopOf(recovery, name, reversed(one), [mover]);
      if (state.steps.length > 0) return { underWay: { ...state, begun: true }, ended };
      const landing = state.landings.get(mover);
      for (const [server, one] of state.landings) if (server !== mover) ended.set(server, one);
      if (landing?.kind === 'moved') continue;
      const reason = landing === undefined ? '' : landing.reason;
      const text = `${why}; and it is left below ${nameOf(recovery, one.to)}: ${reason}`;
      ended.set(mover, { kind: 'stuck', reason: text });
      break;
    }
  }
  return { underWay: null, ended };
}

function reversed({ kind, from, to }: Leg): Leg {
  return { kind: kind === 'up' ? 'beside' : 'up', from: to, to: from };
}

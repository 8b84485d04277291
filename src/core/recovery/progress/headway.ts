/**
 * How far a plan that moves several servers has come: "7 of 19", for those who wait for it. It is counted in the plan's own
 * record, by the last step that led a server somewhere, so that it says what the playbook goes by and nothing beside it: one
 * that was put back has not arrived, whatever was tried.
 */
import type { ServerId } from '../../topology/server.js';
import { replicasOf } from '../playbooks/next.js';
import { leaderOf } from '../playbooks/regroup.js';
import type { Recovery } from '../recovery.js';
import type { Step } from '../step.js';

export interface Headway {
  readonly arrived: number;
  /** Those who could not be begun with are among them. */
  readonly of: number;
}

/** Null of a plan that is about no more than one server. */
export function headwayOf(recovery: Recovery): Headway | null {
  const terms = recovery.inputs.movement;
  if (terms === undefined) return null;
  const goals = goalsOf(recovery);
  const of = goals.length + terms.refused.length;
  return of < 2 ? null : { arrived: arrivedOf(recovery, goals).length, of };
}

/** Those of a plan of moves who are where they were to go, however it ended. */
export function arrivedIn(recovery: Recovery): readonly ServerId[] {
  return arrivedOf(recovery, goalsOf(recovery)).map(({ server }) => server);
}

function goalsOf(recovery: Recovery): readonly Goal[] {
  const terms = recovery.inputs.movement;
  if (terms?.manner === 'regroup') return regrouped(recovery);
  return terms?.moves ?? [];
}

function arrivedOf(recovery: Recovery, goals: readonly Goal[]): readonly Goal[] {
  const last = lastOf(recovery);
  return goals.filter(({ server, to }) => {
    const step = last.get(server);
    return step !== undefined && (step.kind !== 'repoint' || step.source === to);
  });
}

interface Goal {
  readonly server: ServerId;
  /** Null: nobody knows yet. */
  readonly to: ServerId | null;
}

/** Who leads the others is known when the first of them follows it; it goes nowhere itself. */
function regrouped(recovery: Recovery): readonly Goal[] {
  const leader = leaderOf(recovery);
  const others = replicasOf(recovery).filter(({ id }) => id !== leader);
  return others.slice(leader === null ? 1 : 0).map(({ id }) => ({ server: id, to: leader }));
}

const LEADING: ReadonlySet<Step['kind']> = new Set(['repoint', 'start-replica', 'sever', 'reattach']);

/** The last step of each server that said where it follows, or that it does. */
function lastOf({ steps }: Recovery): ReadonlyMap<ServerId, Step> {
  const last = new Map<ServerId, Step>();
  for (const { step, outcome } of steps) {
    if (outcome?.ok === true && LEADING.has(step.kind)) last.set(step.server, step);
  }
  return last;
}

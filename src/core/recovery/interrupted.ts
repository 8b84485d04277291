/**
 * Recoveries of lost sources that were broken off because the primary died: the IO threads that they had stopped stand
 * still, and by themselves those replicas would never be noticed again, because a stopped thread says nothing of its
 * source. So they are taken up anew when the cluster has its primary, by whoever leads then.
 */
import type { Belief } from './belief.js';
import { familyOf } from './kinds.js';
import type { Recovery } from './recovery.js';
import type { ServerId } from '../topology/server.js';

/** At most one of each source, the latest; only of clusters in which nothing is under way. */
export function interruptedRecoveries({ recoveries }: Pick<Belief, 'recoveries'>): readonly Recovery[] {
  const busy = new Set<string>();
  const latest = new Map<ServerId, Recovery>();
  for (const recovery of recoveries.values()) {
    if (recovery.closedAtMs === null) busy.add(recovery.clusterId);
    if (familyOf(recovery.kind) !== 'intermediate' && recovery.kind !== 'move') continue;
    const known = latest.get(recovery.failed);
    if (known === undefined || known.openedAtMs <= recovery.openedAtMs) latest.set(recovery.failed, recovery);
  }
  return [...latest.values()].filter(
    (recovery) => gaveWay(recovery) && stoppedBy(recovery).size > 0 && !busy.has(recovery.clusterId),
  );
}

export function gaveWay({ verdict }: Recovery): boolean {
  return verdict?.kind === 'undone' && verdict.gaveWayTo !== undefined;
}

/** Of those that a broken plan of moves had stopped: who was not pointed elsewhere since, by it or by what it gave way to. */
export function leftStopped({ recoveries }: Pick<Belief, 'recoveries'>, move: Recovery): ReadonlySet<ServerId> {
  const left = new Set(stoppedBy(move));
  const by = move.verdict?.kind === 'undone' ? move.verdict.gaveWayTo : undefined;
  const after = by === undefined ? undefined : recoveries.get(by);
  for (const { step, outcome } of [...move.steps, ...(after?.steps ?? [])]) {
    if (step.kind === 'repoint' && outcome?.ok === true) left.delete(step.server);
  }
  for (const { server } of after?.lost ?? []) left.delete(server);
  return left;
}

/** Servers whose IO threads it stopped, or may have stopped. */
export function stoppedBy({ steps }: Recovery): ReadonlySet<ServerId> {
  return new Set(steps.filter(({ step }) => step.kind === 'stop-io').map(({ step }) => step.server));
}

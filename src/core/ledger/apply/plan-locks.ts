/**
 * A plan that rearranges servers holds them in maintenance from its opening to its closing, in the same two entries: nobody
 * else begins one there meanwhile, and whoever looks sees why. One that somebody else holds is refused with the opening.
 */
import type { Recovery } from '../../recovery/recovery.js';
import { type Draft, type Fact, fact } from '../draft.js';
import { nameOf } from './names.js';

/** The lock goes with the plan. This is for the case that a plan stands open for ever. */
const LOCK_MS = 24 * 3600 * 1000;

/** Why the plan may not be opened; null when nobody else holds any of its servers. */
export function lockHeldByOther(draft: Draft, { inputs: { locks } }: Recovery): string | null {
  for (const server of locks?.servers ?? []) {
    const held = draft.maintenances.get(server);
    if (held === undefined) continue;
    return `${nameOf(draft, server)} is already in maintenance, by ${held.owner}: ${held.reason}`;
  }
  return null;
}

export function takeLocks(draft: Draft, { id, clusterId, inputs: { locks, requestedBy } }: Recovery): readonly Fact[] {
  return (locks?.servers ?? []).map((server) => {
    const reason = locks?.reason ?? '';
    draft.lastMaintenance += 1;
    draft.maintenances.set(server, {
      number: draft.lastMaintenance,
      server,
      owner: requestedBy,
      reason,
      beganAtMs: draft.nowMs,
      endsAtMs: draft.nowMs + LOCK_MS,
      recoveryId: id,
    });
    const text = `${nameOf(draft, server)} is in maintenance by ${requestedBy}: ${reason}`;
    return fact('maintenance-begun', text, server, clusterId);
  });
}

export function releaseLocks(draft: Draft, { id, clusterId, inputs: { locks } }: Recovery): readonly Fact[] {
  return (locks?.servers ?? []).flatMap((server) => {
    if (draft.maintenances.get(server)?.recoveryId !== id) return [];
    draft.maintenances.delete(server);
    return [fact('maintenance-ended', `${nameOf(draft, server)} is not in maintenance any more`, server, clusterId)];
  });
}

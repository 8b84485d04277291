/**
 * History that is older than an operator wants it (AuditPurgeDays): audit lines and recoveries that have ended. The last
 * audit line stays, because numbers go on from it; so does a recovery whose former primary still has to be fenced.
 */
import type { Draft } from '../draft.js';

export function applyHistoryPurged(draft: Draft, beforeMs: number): void {
  const lines = draft.audit;
  const kept = lines.findIndex(({ atMs }) => atMs >= beforeMs);
  lines.splice(0, kept < 0 ? Math.max(0, lines.length - 1) : kept);
  for (const [id, { closedAtMs, failed }] of draft.recoveries) {
    const isOwed = draft.demotions.get(failed)?.state === 'owed';
    if (closedAtMs !== null && closedAtMs < beforeMs && !isOwed) draft.recoveries.delete(id);
  }
}

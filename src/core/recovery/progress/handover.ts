/**
 * Where the others begin behind a new primary. With GTID they say themselves what they lack, and there is nothing to hand
 * over. Without, one place is known: where the new primary's own log stood when it had applied all it was to apply of the
 * old one's. It is read before the promotion and committed with it, because whatever is written afterwards lies beyond it,
 * and it is right for whoever has applied exactly as much, and for nobody else (SAFETY.md, "Without GTID").
 *
 * So a playbook stays free of flavours: it asks here, and pins a beginning to its steps where there is one.
 */
import type { ServerId } from '../../topology/server.js';
import type { Belief } from '../belief.js';
import type { Recovery, RecoveryInputs } from '../recovery.js';
import type { Beginning } from '../step.js';

/** Null where it follows by GTID, or has not applied all yet. */
export function handoverOf(recovery: Recovery, promoted: ServerId): Beginning | null {
  const waits = recovery.steps.filter(({ step }) => step.kind === 'await-applied' && step.server === promoted);
  for (const { outcome } of waits.reverse()) {
    if (outcome?.ok !== true) continue;
    const { executedGtids, ownEnd } = outcome.findings;
    return ownEnd === undefined || executedGtids === undefined ? null : { at: ownEnd, after: executedGtids };
  }
  return null;
}

/** What was handed over when `former` was replaced by the primary of today; null when another came in between. */
export function handoverBetween(
  { recoveries }: Pick<Belief, 'recoveries'>,
  former: ServerId,
  primary: ServerId,
): Beginning | null {
  const promotions = [...recoveries.values()].filter(
    ({ failed, promotion }) => failed === former && promotion !== null && promotion.server === primary,
  );
  const last = promotions.sort((one, other) => (one.promotion?.epoch ?? 0) - (other.promotion?.epoch ?? 0)).at(-1);
  return last === undefined ? null : handoverOf(last, primary);
}

/**
 * What this failover handed over to the primary of today, and where logs stood before it; nothing where another was
 * promoted, or all follow by GTID.
 */
export function handedOver(
  failover: Recovery | undefined,
  primary: ServerId,
): Pick<RecoveryInputs, 'handover' | 'seenEnds'> {
  if (failover?.promotion?.server !== primary) return {};
  const handover = handoverOf(failover, primary);
  if (handover === null) return {};
  const { seenEnds } = failover.inputs;
  return { handover, ...(seenEnds === undefined ? {} : { seenEnds }) };
}

/** For the spread into a step: steps of servers that follow by GTID have no such field at all. */
export function beginningAt(begin: Beginning | null): { readonly begin?: Beginning } {
  return begin === null ? {} : { begin };
}

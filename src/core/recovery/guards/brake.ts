/**
 * Many clusters whose primaries die within a minute have no broken primaries: a network, a name service or we ourselves are
 * broken, and each failover makes it worse. So automatic recovery stops itself then, until an operator has looked. What
 * counts is in the log, and so is the stop: a new leader does not begin to count anew.
 */
import type { Belief } from '../belief.js';
import { isFailover } from '../kinds.js';
import type { BrakeLimits } from '../policy.js';

/** Why the recovery of this cluster would be one too many; null when it would not. */
export function brakeReason(
  belief: Pick<Belief, 'recoveries' | 'nowMs' | 'brakeReleasedAtMs'>,
  { clusters, withinMs }: BrakeLimits,
  clusterId: string,
): string | null {
  if (clusters === 0) return null;
  const sinceMs = Math.max(belief.nowMs - withinMs, belief.brakeReleasedAtMs);
  const others = new Set<string>();
  for (const recovery of belief.recoveries.values()) {
    const isAutomatic = isFailover(recovery.kind) && !recovery.inputs.forced;
    if (isAutomatic && recovery.openedAtMs > sinceMs && recovery.clusterId !== clusterId)
      others.add(recovery.clusterId);
  }
  if (others.size < clusters) return null;
  return `${String(others.size)} clusters were recovered within ${String(withinMs / 1000)} s and this would be one more (RecoveryBrakeClusters, RecoveryBrakeSeconds)`;
}

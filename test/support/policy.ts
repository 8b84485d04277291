/** A policy that permits everything: every cluster is recovered, nothing is blocked. */
import { parseClusterFilter } from '../../src/core/recovery/guards/filters.js';
import type { RecoveryPolicy } from '../../src/core/recovery/policy.js';

export function filters(...texts: readonly string[]): RecoveryPolicy['primaryFilters'] {
  return texts.flatMap((text) => {
    const parsed = parseClusterFilter(text);
    return parsed.ok ? [parsed.value] : [];
  });
}

export function policyOf(changes: Partial<RecoveryPolicy> = {}): RecoveryPolicy {
  return {
    observesOnly: false,
    primaryFilters: filters('*'),
    intermediateFilters: filters('*'),
    blockMs: 0,
    applyLimitMs: 10_000,
    maintenanceLagSeconds: 20,
    replication: { lowerVersionAllowed: false, verifyFilters: false, maintenanceLagSeconds: 20 },
    preventCrossDataCenter: false,
    preventCrossRegion: false,
    neverPromote: [],
    ignoredHosts: [],
    promotionLagMs: 0,
    promotesAppliedOnly: false,
    detachesLost: false,
    leavesClosed: false,
    lostDowntimeMs: 0,
    durability: [],
    concurrentMax: 100,
    movesAtOnce: 5,
    bulkWaitMs: 10_000,
    superReadOnly: false,
    brake: { clusters: 0, withinMs: 60_000 },
    promotesOtherCoPrimary: true,
    semiSync: 'none',
    ...changes,
  };
}

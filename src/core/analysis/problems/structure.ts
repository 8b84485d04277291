/** Warnings about how a topology is built: nothing is wrong now, and a failover would meet trouble. */
import type { Evidence } from '../evidence.js';
import type { StructureRule } from '../rule.js';

export const STRUCTURE: readonly StructureRule[] = [
  {
    code: 'NoLoggingReplicasStructureWarning',
    matches: ({ isPrimary, replicas }) => isPrimary && replicas.known > 1 && replicas.logging === 0,
  },
  {
    // Without GTID a replica finds its place below another server only by more delicate means.
    code: 'NoFailoverSupportStructureWarning',
    matches: ({ isPrimary, replicas }) => isPrimary && replicas.known > 1 && replicas.autoPosition === 0,
  },
  {
    code: 'StatementAndMixedLoggingReplicasStructureWarning',
    matches: (evidence) => logsBoth(evidence, 'STATEMENT', 'MIXED'),
  },
  {
    code: 'StatementAndRowLoggingReplicasStructureWarning',
    matches: (evidence) => logsBoth(evidence, 'STATEMENT', 'ROW'),
  },
  {
    code: 'MixedAndRowLoggingReplicasStructureWarning',
    matches: (evidence) => logsBoth(evidence, 'MIXED', 'ROW'),
  },
  {
    code: 'MultipleMajorVersionsLoggingReplicasStructureWarning',
    matches: ({ isPrimary, replicas }) => isPrimary && replicas.loggingVersions.size > 1,
  },
  {
    code: 'DifferentGTIDModesStructureWarning',
    matches: ({ facts, replicas }) => [...replicas.gtidModes].some((mode) => mode !== facts.gtidMode),
  },
  {
    code: 'ErrantGTIDStructureWarning',
    matches: ({ replicas }) => replicas.errant.length > 0,
  },
  {
    code: 'NoWriteableMasterStructureWarning',
    matches: ({ isPrimary, facts }) => isPrimary && facts.readOnly,
  },
  {
    code: 'NotEnoughValidSemiSyncReplicasStructureWarning',
    matches: ({ isPrimary, facts, semiSyncClients }) =>
      isPrimary &&
      facts.semiSync.sourceEnabled &&
      !facts.semiSync.sourceActive &&
      facts.semiSync.waitCount > 0 &&
      semiSyncClients < facts.semiSync.waitCount,
  },
];

function logsBoth({ isPrimary, replicas }: Evidence, one: string, other: string): boolean {
  return isPrimary && replicas.loggingFormats.has(one) && replicas.loggingFormats.has(other);
}

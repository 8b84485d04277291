/** Warnings about how a topology is built: nothing is wrong now, and a failover would meet trouble. */
import type { Evidence } from '../evidence.js';
import type { StructureRule } from '../rule.js';

export const STRUCTURE: readonly StructureRule[] = [
  {
    code: 'NoLoggingReplicasStructureWarning',
    sentence: 'No replica writes what it applies into its binary log, so none can be promoted',
    severity: 'warning',
    matches: ({ isPrimary, replicas }) => isPrimary && replicas.known > 1 && replicas.logging === 0,
  },
  {
    code: 'NoFailoverSupportStructureWarning',
    sentence: 'Not all replicas use GTID, so a failover cannot place every one of them below a new primary',
    severity: 'warning',
    // Without GTID a replica finds its place below another server only by more delicate means.
    matches: ({ isPrimary, replicas }) => isPrimary && replicas.known > 1 && replicas.autoPosition < replicas.known,
  },
  {
    code: 'StatementAndMixedLoggingReplicasStructureWarning',
    sentence: 'The replicas write their binary logs in STATEMENT and MIXED format',
    severity: 'notice',
    matches: (evidence) => logsBoth(evidence, 'STATEMENT', 'MIXED'),
  },
  {
    code: 'StatementAndRowLoggingReplicasStructureWarning',
    sentence: 'The replicas write their binary logs in STATEMENT and ROW format',
    severity: 'notice',
    matches: (evidence) => logsBoth(evidence, 'STATEMENT', 'ROW'),
  },
  {
    code: 'MixedAndRowLoggingReplicasStructureWarning',
    sentence: 'The replicas write their binary logs in MIXED and ROW format',
    severity: 'notice',
    matches: (evidence) => logsBoth(evidence, 'MIXED', 'ROW'),
  },
  {
    code: 'MultipleMajorVersionsLoggingReplicasStructureWarning',
    sentence: 'The replicas are of several release series; an older one cannot follow a newer one',
    severity: 'notice',
    matches: ({ isPrimary, replicas }) => isPrimary && replicas.loggingVersions.size > 1,
  },
  {
    code: 'DifferentGTIDModesStructureWarning',
    sentence: 'The primary and its replicas have different gtid_mode',
    severity: 'notice',
    matches: ({ facts, replicas }) => [...replicas.gtidModes].some((mode) => mode !== facts.gtidMode),
  },
  {
    code: 'ErrantGTIDStructureWarning',
    sentence: 'A replica has transactions that its source lacks; they are lost or get in the way in a failover',
    severity: 'warning',
    matches: ({ replicas }) => replicas.errant.length > 0,
  },
  {
    code: 'NoWriteableMasterStructureWarning',
    sentence: 'The primary is read-only: nobody can write to this cluster',
    severity: 'warning',
    matches: ({ isPrimary, facts }) => isPrimary && facts.readOnly,
  },
  {
    code: 'NotEnoughValidSemiSyncReplicasStructureWarning',
    sentence: 'Fewer replicas acknowledge than semi-sync asks for, so it is off',
    severity: 'warning',
    matches: ({ isPrimary, facts, semiSyncClients }) =>
      isPrimary &&
      facts.semiSync.sourceEnabled &&
      !facts.semiSync.sourceActive &&
      facts.semiSync.waitCount > 0 &&
      semiSyncClients < facts.semiSync.waitCount,
  },
  {
    // Never closed by us: only the servers of a committed demotion are (SAFETY, "Fencing a former primary").
    code: 'WriteableReplicaStructureWarning',
    sentence:
      'A replica, or a server that was set apart, takes writes beside its source; what is written there alone gets in the way of a failover',
    severity: 'warning',
    matches: ({ replicas, openedApart }) => replicas.writable.length > 0 || openedApart.length > 0,
  },
];

function logsBoth({ isPrimary, replicas }: Evidence, one: string, other: string): boolean {
  return isPrimary && replicas.loggingFormats.has(one) && replicas.loggingFormats.has(other);
}

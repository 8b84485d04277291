/** What a warning about the structure of a topology means, for people; the incumbent has the codes alone. */
import type { StructureCode } from '../../../core/analysis/problem.js';

export const STRUCTURE_SENTENCES: Readonly<Record<StructureCode, string>> = {
  NoLoggingReplicasStructureWarning: 'No replica writes what it applies into its binary log, so none can be promoted',
  NoFailoverSupportStructureWarning:
    'The replicas do not use GTID, so a failover cannot place them below a new primary',
  DifferentGTIDModesStructureWarning: 'The primary and its replicas have different gtid_mode',
  ErrantGTIDStructureWarning:
    'A replica has transactions that its source lacks; they are lost or get in the way in a failover',
  NoWriteableMasterStructureWarning: 'The primary is read-only: nobody can write to this cluster',
  MultipleMajorVersionsLoggingReplicasStructureWarning:
    'The replicas are of several release series; an older one cannot follow a newer one',
  StatementAndMixedLoggingReplicasStructureWarning:
    'The replicas write their binary logs in STATEMENT and MIXED format',
  StatementAndRowLoggingReplicasStructureWarning: 'The replicas write their binary logs in STATEMENT and ROW format',
  MixedAndRowLoggingReplicasStructureWarning: 'The replicas write their binary logs in MIXED and ROW format',
  NotEnoughValidSemiSyncReplicasStructureWarning: 'Fewer replicas acknowledge than semi-sync asks for, so it is off',
};

import { describe, expect, it } from 'vitest';
import { structureWarnings } from '../../../src/core/analysis/diagnose.js';
import { type EvidenceChanges, evidenceOf } from '../../support/evidence.js';

function warnings(changes: EvidenceChanges): readonly string[] {
  return structureWarnings(evidenceOf(changes));
}

const BELOW: EvidenceChanges = { isPrimary: false };

describe('warnings about structure', () => {
  it('are none for a topology that is built well', () => {
    expect(warnings({})).toEqual([]);
    expect(warnings({ ...BELOW, facts: { readOnly: true } })).toEqual([]);
  });

  it.each<[string, EvidenceChanges, EvidenceChanges]>([
    ['NoLoggingReplicasStructureWarning', { replicas: { logging: 0 } }, { replicas: { known: 1, logging: 0 } }],
    ['NoFailoverSupportStructureWarning', { replicas: { autoPosition: 1 } }, { replicas: { autoPosition: 2 } }],
    [
      'StatementAndMixedLoggingReplicasStructureWarning',
      { replicas: { loggingFormats: new Set(['STATEMENT', 'MIXED']) } },
      { replicas: { loggingFormats: new Set(['STATEMENT']) } },
    ],
    [
      'StatementAndRowLoggingReplicasStructureWarning',
      { replicas: { loggingFormats: new Set(['STATEMENT', 'ROW']) } },
      { replicas: { loggingFormats: new Set(['ROW']) } },
    ],
    [
      'MixedAndRowLoggingReplicasStructureWarning',
      { replicas: { loggingFormats: new Set(['MIXED', 'ROW']) } },
      { replicas: { loggingFormats: new Set(['MIXED']) } },
    ],
    [
      'MultipleMajorVersionsLoggingReplicasStructureWarning',
      { replicas: { loggingVersions: new Set(['8.4', '9.7']) } },
      { replicas: { loggingVersions: new Set(['8.4']) } },
    ],
    [
      'DifferentGTIDModesStructureWarning',
      { replicas: { gtidModes: new Set(['ON', 'ON_PERMISSIVE']) } },
      { replicas: { gtidModes: new Set(['ON']) } },
    ],
    ['ErrantGTIDStructureWarning', { replicas: { errant: ['r1'] } }, { replicas: { errant: [] } }],
    ['WriteableReplicaStructureWarning', { replicas: { writable: ['r1'] } }, { replicas: { writable: [] } }],
    ['NoWriteableMasterStructureWarning', { facts: { readOnly: true } }, { facts: { readOnly: false } }],
    [
      'NotEnoughValidSemiSyncReplicasStructureWarning',
      { semiSync: { sourceEnabled: true, sourceActive: false, waitCount: 2 }, semiSyncClients: 1 },
      { semiSync: { sourceEnabled: true, sourceActive: false, waitCount: 2 }, semiSyncClients: 2 },
    ],
  ])('%s is told at its border and not beside it', (code, at, beside) => {
    expect(warnings(at)).toEqual([code]);
    expect(warnings(beside)).toEqual([]);
  });

  it('about the whole are told of the head of a cluster only, those about GTIDs of every source', () => {
    expect(warnings({ ...BELOW, replicas: { logging: 0, autoPosition: 0 } })).toEqual([]);
    expect(warnings({ ...BELOW, replicas: { errant: ['r'], gtidModes: new Set(['OFF']) } })).toEqual([
      'DifferentGTIDModesStructureWarning',
      'ErrantGTIDStructureWarning',
    ]);
  });
});

/**
 * Every problem at its borders: the least that is enough for its name, and beside it what is just too little or just too
 * much, with the name that holds there. A complete table: a code without borders does not compile.
 */
import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../../src/core/analysis/catalogue.js';
import { diagnose } from '../../../src/core/analysis/diagnose.js';
import type { AnalysisCode } from '../../../src/core/analysis/problem.js';
import { REMEDIES } from '../../../src/core/analysis/remedies.js';
import type { GroupMembership } from '../../../src/core/topology/server.js';
import { type EvidenceChanges, evidenceOf, judgementOf } from '../../support/evidence.js';

type Beside = readonly [AnalysisCode | null, EvidenceChanges];

interface Border {
  readonly enough: readonly EvidenceChanges[];
  readonly beside: readonly Beside[];
}

const MIDDLE: EvidenceChanges = { isPrimary: false, isFirstTier: true };
const PAIR: EvidenceChanges = { isPrimary: false, isCoPrimary: true };
const AWAY: EvidenceChanges = { reach: 'unreachable' };

function judged(verdict: Parameters<typeof judgementOf>[0], changes: EvidenceChanges = {}): EvidenceChanges {
  return { reach: 'unreachable', judgement: judgementOf(verdict), ...changes };
}

const waits = (semiSyncClients: number, waitCount: number, binlogStillMs: number | null): EvidenceChanges => ({
  semiSync: { sourceEnabled: true, sourceActive: true, waitCount },
  semiSyncClients,
  binlogStillMs,
});

const EXACT = { settings: { enforceExactSemiSyncReplicas: true } };
const REPAIRED = { facts: { readOnly: true }, settings: { recoverNonWriteablePrimary: true } };

const MEMBER: GroupMembership = {
  name: 'a-group',
  singlePrimary: true,
  state: 'ONLINE',
  role: 'PRIMARY',
  others: [],
  primary: null,
};
const IN_GROUP = { facts: { group: MEMBER } };

const LAG = { known: 3, lagging: 3, delayed: 2, replicating: 1 };

const PRIMARIES = {
  DeadMasterWithoutReplicas: {
    enough: [{ ...AWAY, replicas: { known: 0 } }],
    beside: [
      ['UnreachableMaster', { ...AWAY, replicas: { known: 1 } }],
      [null, { reach: 'unknown', replicas: { known: 0 } }],
    ],
  },
  DeadMaster: {
    enough: [judged('dead', { replicas: { known: 1 } }), judged('dead', { reach: 'unknown' })],
    beside: [
      ['UnreachableMaster', judged('unproven')],
      ['DeadIntermediateMaster', judged('dead', MIDDLE)],
    ],
  },
  DeadMasterAndReplicas: {
    enough: [judged('dead-and-replicas'), { ...AWAY, replicas: { valid: 0, dead: 2, replicating: 0 } }],
    beside: [
      ['UnreachableMaster', { ...AWAY, replicas: { valid: 0, dead: 1, replicating: 0 } }],
      [null, { reach: 'unknown', replicas: { valid: 0, dead: 2, replicating: 0 } }],
    ],
  },
  DeadMasterAndSomeReplicas: {
    enough: [judged('dead-and-some-replicas')],
    beside: [
      ['DeadMaster', judged('dead')],
      ['DeadMasterAndReplicas', judged('dead-and-replicas')],
    ],
  },
  UnreachableMasterWithLaggingReplicas: {
    enough: [judged('unproven', { replicas: LAG })],
    beside: [
      ['UnreachableMaster', judged('unproven', { replicas: { ...LAG, lagging: 2 } })],
      ['UnreachableMaster', judged('unproven', { replicas: { ...LAG, delayed: 3 } })],
      ['UnreachableMaster', judged('unproven', { replicas: { ...LAG, replicating: 0 } })],
      [null, { replicas: LAG }],
    ],
  },
  UnreachableMaster: {
    enough: [judged('unproven'), { reach: 'answering', replicas: { failingToConnect: 1, replicating: 1 } }],
    beside: [
      [null, { reach: 'answering', replicas: { failingToConnect: 0, replicating: 1 } }],
      [null, { reach: 'answering', replicas: { failingToConnect: 1, replicating: 0 } }],
      [null, judged('unproven', { judgement: judgementOf('unproven', { settled: false, nodes: 'divided' }) })],
    ],
  },
  LockedSemiSyncMaster: {
    enough: [waits(0, 1, 10_001), waits(1, 2, 10_001)],
    beside: [
      ['LockedSemiSyncMasterHypothesis', waits(0, 1, 10_000)],
      [null, waits(2, 2, 10_001)],
    ],
  },
  LockedSemiSyncMasterHypothesis: {
    enough: [waits(0, 1, 9999), waits(0, 1, 10_000), waits(0, 1, null)],
    beside: [
      ['LockedSemiSyncMaster', waits(0, 1, 10_001)],
      [null, waits(1, 1, 0)],
      [null, waits(0, 0, 0)],
    ],
  },
  MasterWithTooManySemiSyncReplicas: {
    enough: [{ ...waits(2, 1, 0), ...EXACT }],
    beside: [
      [null, { ...waits(1, 1, 0), ...EXACT }],
      ['LockedSemiSyncMasterHypothesis', { ...waits(0, 1, 0), ...EXACT }],
      [null, waits(2, 1, 0)],
    ],
  },
  NoWriteableMasterStructureWarning: {
    enough: [{ ...REPAIRED, replicas: { replicating: 1 } }],
    beside: [
      ['AllMasterReplicasNotReplicating', { ...REPAIRED, replicas: { replicating: 0 } }],
      [null, { ...REPAIRED, facts: { readOnly: false } }],
    ],
  },
  MasterSingleReplicaNotReplicating: {
    enough: [{ replicas: { known: 1, replicating: 0 } }],
    beside: [
      [null, { replicas: { known: 1, replicating: 1 } }],
      ['AllMasterReplicasNotReplicating', { replicas: { known: 2, replicating: 0 } }],
      [null, { replicas: { known: 1, valid: 0, replicating: 0 } }],
    ],
  },
  MasterSingleReplicaDead: {
    enough: [{ replicas: { known: 1, valid: 0, dead: 1, replicating: 0 } }],
    beside: [
      [null, { replicas: { known: 1, valid: 0, dead: 0, replicating: 0 } }],
      [null, { replicas: { known: 2, valid: 0, dead: 2, replicating: 0 } }],
    ],
  },
  AllMasterReplicasNotReplicating: {
    enough: [{ replicas: { known: 2, replicating: 0 } }],
    beside: [
      [null, { replicas: { known: 2, replicating: 1 } }],
      ['AllMasterReplicasNotReplicatingOrDead', { replicas: { known: 2, valid: 1, dead: 1, replicating: 0 } }],
    ],
  },
  AllMasterReplicasNotReplicatingOrDead: {
    enough: [
      { replicas: { known: 3, valid: 1, dead: 2, replicating: 0 } },
      { replicas: { known: 3, valid: 2, dead: 1, replicating: 0 } },
    ],
    beside: [
      ['AllMasterReplicasNotReplicating', { replicas: { known: 3, valid: 3, replicating: 0 } }],
      [null, { replicas: { known: 3, valid: 0, dead: 3, replicating: 0 } }],
      // One of them was not looked at.
      [null, { replicas: { known: 3, valid: 1, dead: 1, replicating: 0 } }],
    ],
  },
} satisfies Partial<Record<AnalysisCode, Border>>;

const PAIRS = {
  DeadCoMaster: {
    enough: [judged('dead', { ...PAIR, replicas: { known: 1 } })],
    beside: [['DeadMaster', judged('dead', { replicas: { known: 1 } })]],
  },
  DeadCoMasterAndSomeReplicas: {
    enough: [judged('dead-and-some-replicas', PAIR)],
    beside: [['DeadMasterAndSomeReplicas', judged('dead-and-some-replicas')]],
  },
  UnreachableCoMaster: {
    enough: [judged('unproven', { ...PAIR, replicas: { known: 2, valid: 1 } })],
    beside: [['UnreachableIntermediateMaster', judged('unproven', { ...PAIR, replicas: { known: 2, valid: 0 } })]],
  },
  AllCoMasterReplicasNotReplicating: {
    enough: [{ ...PAIR, replicas: { known: 1, replicating: 0 } }],
    beside: [
      [null, { ...PAIR, replicas: { known: 1, replicating: 1 } }],
      [null, { ...PAIR, reach: 'unknown', replicas: { known: 1, replicating: 0 } }],
    ],
  },
} satisfies Partial<Record<AnalysisCode, Border>>;

const FAILING = { known: 2, replicating: 0, failingToConnect: 2 };

const INTERMEDIATES = {
  DeadIntermediateMasterWithSingleReplicaFailingToConnect: {
    enough: [judged('dead', { ...MIDDLE, replicas: { known: 1 } })],
    beside: [['DeadIntermediateMaster', judged('dead', { ...MIDDLE, replicas: { known: 2 } })]],
  },
  DeadIntermediateMasterWithSingleReplica: {
    enough: [
      { ...MIDDLE, ...AWAY, judgement: judgementOf('unproven', { votes: ['stopped'] }), replicas: { known: 1 } },
    ],
    beside: [
      [
        'UnreachableIntermediateMaster',
        { ...MIDDLE, ...AWAY, judgement: judgementOf('unproven', { votes: ['unknown'] }), replicas: { known: 1 } },
      ],
      [
        'UnreachableIntermediateMaster',
        { ...MIDDLE, ...AWAY, judgement: judgementOf('unproven', { votes: ['stopped'] }), replicas: { known: 2 } },
      ],
    ],
  },
  DeadIntermediateMaster: {
    enough: [judged('dead', { ...MIDDLE, replicas: { known: 2 } })],
    beside: [
      ['UnreachableIntermediateMaster', judged('unproven', MIDDLE)],
      [null, { ...MIDDLE, ...AWAY, replicas: { known: 0 } }],
    ],
  },
  DeadIntermediateMasterAndSomeReplicas: {
    enough: [judged('dead-and-some-replicas', MIDDLE)],
    beside: [['DeadIntermediateMaster', judged('dead', MIDDLE)]],
  },
  DeadIntermediateMasterAndReplicas: {
    enough: [
      judged('dead-and-replicas', { ...MIDDLE, replicas: { known: 1 } }),
      { ...MIDDLE, ...AWAY, replicas: { known: 1, valid: 0, dead: 1, replicating: 0 } },
    ],
    beside: [
      [
        'UnreachableIntermediateMaster',
        { ...MIDDLE, ...AWAY, replicas: { known: 2, valid: 0, dead: 1, replicating: 0 } },
      ],
    ],
  },
  UnreachableIntermediateMasterWithLaggingReplicas: {
    enough: [judged('unproven', { ...MIDDLE, replicas: LAG })],
    beside: [
      ['UnreachableIntermediateMaster', judged('unproven', { ...MIDDLE, replicas: { ...LAG, lagging: 2 } })],
      ['UnreachableIntermediateMaster', judged('unproven', { ...MIDDLE, replicas: { ...LAG, delayed: 3 } })],
    ],
  },
  UnreachableIntermediateMaster: {
    enough: [judged('unproven', { ...MIDDLE, replicas: { known: 1 } })],
    beside: [
      [null, { ...MIDDLE, reach: 'answering' }],
      [null, judged('unproven', { ...MIDDLE, replicas: { known: 0 } })],
    ],
  },
  AllIntermediateMasterReplicasFailingToConnectOrDead: {
    enough: [
      { ...MIDDLE, replicas: FAILING },
      { ...MIDDLE, replicas: { known: 2, valid: 1, dead: 1, replicating: 0, failingToConnect: 1 } },
    ],
    beside: [
      ['AllIntermediateMasterReplicasNotReplicating', { ...MIDDLE, replicas: { ...FAILING, failingToConnect: 1 } }],
      [
        'AllIntermediateMasterReplicasNotReplicating',
        { ...MIDDLE, replicas: { known: 1, replicating: 0, failingToConnect: 1 } },
      ],
    ],
  },
  AllIntermediateMasterReplicasNotReplicating: {
    enough: [{ ...MIDDLE, replicas: { known: 2, valid: 1, dead: 1, replicating: 0 } }],
    beside: [
      [null, { ...MIDDLE, replicas: { known: 2, valid: 0, dead: 2, replicating: 0 } }],
      [null, { ...MIDDLE, replicas: { known: 2, replicating: 1 } }],
    ],
  },
} satisfies Partial<Record<AnalysisCode, Border>>;

const LEAF: EvidenceChanges = { isPrimary: false, isFailingToConnect: true, replicas: { known: 0 } };

const OTHERS = {
  BinlogServerFailingToConnectToMaster: {
    enough: [{ ...LEAF, isBinlogServer: true }],
    beside: [
      [null, { ...LEAF, isBinlogServer: true, isFailingToConnect: false }],
      [null, { ...LEAF, isBinlogServer: true, reach: 'unknown' }],
    ],
  },
  FirstTierReplicaFailingToConnectToMaster: {
    enough: [{ ...LEAF, isFirstTier: true }],
    beside: [
      [null, LEAF],
      [null, { ...LEAF, isFirstTier: true, isFailingToConnect: false }],
      ['BinlogServerFailingToConnectToMaster', { ...LEAF, isFirstTier: true, isBinlogServer: true }],
    ],
  },
  DeadReplicationGroupMemberWithReplicas: {
    enough: [judged('dead', IN_GROUP), { ...AWAY, ...IN_GROUP, replicas: { known: 1, replicating: 0 } }],
    beside: [
      [null, { ...AWAY, ...IN_GROUP, replicas: { known: 2, replicating: 1 } }],
      [null, { ...AWAY, ...IN_GROUP, replicas: { known: 0 } }],
      ['DeadMaster', judged('dead', { facts: { group: { ...MEMBER, state: 'OFFLINE' } } })],
    ],
  },
} satisfies Partial<Record<AnalysisCode, Border>>;

const BORDERS: Readonly<Record<AnalysisCode, Border>> = {
  ...(PRIMARIES as Pick<Record<AnalysisCode, Border>, keyof typeof PRIMARIES>),
  ...(PAIRS as Pick<Record<AnalysisCode, Border>, keyof typeof PAIRS>),
  ...(INTERMEDIATES as Pick<Record<AnalysisCode, Border>, keyof typeof INTERMEDIATES>),
  ...(OTHERS as Pick<Record<AnalysisCode, Border>, keyof typeof OTHERS>),
};

describe('the borders of', () => {
  it.each(Object.entries(BORDERS))('%s', (code, { enough, beside }) => {
    for (const changes of enough) expect(diagnose(evidenceOf(changes))?.code, JSON.stringify(changes)).toBe(code);
    for (const [other, changes] of beside) {
      expect(diagnose(evidenceOf(changes))?.code ?? null, JSON.stringify(changes)).toBe(other);
    }
  });
});

it('whatever is found says what a person can do about it', () => {
  for (const { code } of CATALOGUE) expect(REMEDIES[code]).toMatch(/^[a-z].{10,}/);
});

import { describe, expect, it } from 'vitest';
import { callsForRecovery } from '../../../src/core/analysis/problem.js';
import { CATALOGUE, STRUCTURE_CATALOGUE } from '../../../src/core/analysis/catalogue.js';
import { byGravity, diagnose, problemByCode } from '../../../src/core/analysis/diagnose.js';
import { type EvidenceChanges, evidenceOf, judgementOf } from '../../support/evidence.js';

function codeOf(changes: EvidenceChanges): string | null {
  return diagnose(evidenceOf(changes))?.code ?? null;
}

/** Cannot be reached, and the replicas as they are. */
const gone = (verdict: Parameters<typeof judgementOf>[0], changes: EvidenceChanges = {}): EvidenceChanges => ({
  reach: 'unreachable',
  judgement: judgementOf(verdict),
  ...changes,
});

const INTERMEDIATE: EvidenceChanges = { isPrimary: false, isFirstTier: true };
const CO_PRIMARY: EvidenceChanges = { isPrimary: false, isCoPrimary: true };

describe('the catalogue', () => {
  it('asks in the order of the incumbent', () => {
    expect([...new Set(CATALOGUE.map((rule) => rule.code))]).toEqual([
      'DeadMasterWithoutReplicas',
      'DeadMaster',
      'DeadMasterAndReplicas',
      'DeadMasterAndSomeReplicas',
      'UnreachableMasterWithLaggingReplicas',
      'UnreachableMaster',
      'LockedSemiSyncMaster',
      'LockedSemiSyncMasterHypothesis',
      'MasterWithTooManySemiSyncReplicas',
      'NoWriteableMasterStructureWarning',
      'MasterSingleReplicaNotReplicating',
      'MasterSingleReplicaDead',
      'AllMasterReplicasNotReplicating',
      'AllMasterReplicasNotReplicatingOrDead',
      'DeadCoMaster',
      'DeadCoMasterAndSomeReplicas',
      'UnreachableCoMaster',
      'AllCoMasterReplicasNotReplicating',
      'DeadIntermediateMasterWithSingleReplicaFailingToConnect',
      'DeadIntermediateMasterWithSingleReplica',
      'DeadIntermediateMaster',
      'DeadIntermediateMasterAndSomeReplicas',
      'DeadIntermediateMasterAndReplicas',
      'UnreachableIntermediateMasterWithLaggingReplicas',
      'UnreachableIntermediateMaster',
      'AllIntermediateMasterReplicasFailingToConnectOrDead',
      'AllIntermediateMasterReplicasNotReplicating',
      'BinlogServerFailingToConnectToMaster',
      'FirstTierReplicaFailingToConnectToMaster',
      'DeadReplicationGroupMemberWithReplicas',
    ]);
  });

  it('has each structure warning once', () => {
    const codes = STRUCTURE_CATALOGUE.map((rule) => rule.code);
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes).toHaveLength(11);
  });

  it('has one sentence for a code, wherever it stands, and one recovery where it has any', () => {
    for (const rule of CATALOGUE) {
      const same = CATALOGUE.filter((other) => other.code === rule.code);
      expect(new Set(same.map(({ sentence }) => sentence)).size).toBe(1);
      const recoveries = same.filter(callsForRecovery).map(({ reaction }) => reaction.replace('reopen', 'open'));
      expect(new Set(recoveries).size).toBeLessThan(2);
    }
  });

  it('acts upon the codes that the incumbent acts upon, and no others', () => {
    expect(
      Object.fromEntries(CATALOGUE.filter(callsForRecovery).map(({ code, reaction }) => [code, reaction])),
    ).toEqual({
      DeadMaster: 'recover-dead-primary',
      DeadMasterAndSomeReplicas: 'recover-dead-primary',
      DeadCoMaster: 'recover-dead-co-primary',
      DeadCoMasterAndSomeReplicas: 'recover-dead-co-primary',
      DeadIntermediateMasterWithSingleReplicaFailingToConnect: 'recover-dead-intermediate',
      DeadIntermediateMaster: 'recover-dead-intermediate',
      DeadIntermediateMasterAndSomeReplicas: 'recover-dead-intermediate',
      AllIntermediateMasterReplicasFailingToConnectOrDead: 'recover-dead-intermediate',
      DeadReplicationGroupMemberWithReplicas: 'recover-dead-group-member',
      LockedSemiSyncMaster: 'repair-semi-sync',
      MasterWithTooManySemiSyncReplicas: 'repair-semi-sync',
      NoWriteableMasterStructureWarning: 'open-primary',
    });
  });

  it('recovers from nothing but a proven death of a head of a cluster', () => {
    const acting = CATALOGUE.filter((rule) => rule.reaction === 'recover-dead-primary').map((rule) => rule.code);
    expect(acting).toEqual(['DeadMaster', 'DeadMasterAndSomeReplicas']);
    for (const verdict of ['unproven', 'dead-and-replicas', 'dead-without-replicas'] as const) {
      for (const replicas of [{ known: 0 }, { known: 1 }, { known: 3, valid: 0, dead: 3, replicating: 0 }]) {
        expect(diagnose(evidenceOf(gone(verdict, { replicas })))?.reaction).not.toBe('recover-dead-primary');
      }
    }
    // Without an inquiry there is no proof, whatever this node sees.
    const replicas = { known: 2, replicating: 0, failingToConnect: 2 };
    expect(diagnose(evidenceOf({ reach: 'unreachable', replicas }))?.reaction).toBe('examine');
  });

  it('finds nothing wrong with what is well', () => {
    expect(codeOf({})).toBeNull();
    expect(codeOf(INTERMEDIATE)).toBeNull();
    expect(codeOf(CO_PRIMARY)).toBeNull();
    expect(codeOf({ replicas: { known: 0 } })).toBeNull();
    expect(codeOf({ ...INTERMEDIATE, replicas: { known: 0 } })).toBeNull();
  });

  it('concludes nothing from what was not looked at', () => {
    for (const role of [{}, INTERMEDIATE, CO_PRIMARY]) {
      expect(codeOf({ ...role, reach: 'unknown', replicas: { valid: 0, replicating: 0 } })).toBeNull();
      expect(codeOf({ ...role, replicas: { valid: 0, replicating: 0 } })).toBeNull();
      expect(codeOf({ ...role, replicas: { valid: 1, replicating: 0 } })).toBeNull();
    }
  });
});

describe('a dead or unreachable primary', () => {
  it.each([
    ['dead', 'DeadMaster'],
    ['dead-and-some-replicas', 'DeadMasterAndSomeReplicas'],
    ['dead-and-replicas', 'DeadMasterAndReplicas'],
    ['unproven', 'UnreachableMaster'],
  ] as const)('judged %s is %s', (verdict, code) => {
    expect(codeOf(gone(verdict))).toBe(code);
  });

  it('without replicas has a name of its own, and nothing can be done', () => {
    expect(codeOf(gone('dead-without-replicas', { replicas: { known: 0 } }))).toBe('DeadMasterWithoutReplicas');
    expect(codeOf({ reach: 'unreachable', replicas: { known: 0 } })).toBe('DeadMasterWithoutReplicas');
  });

  it('is told by its own eyes where nobody collects votes', () => {
    expect(codeOf({ reach: 'unreachable' })).toBe('UnreachableMaster');
    expect(codeOf({ reach: 'unreachable', replicas: { valid: 0, dead: 2, replicating: 0 } })).toBe(
      'DeadMasterAndReplicas',
    );
    expect(codeOf({ reach: 'unreachable', replicas: { valid: 0, dead: 1, replicating: 0 } })).toBe('UnreachableMaster');
  });

  it('is not told while the suspicion is fresh and nothing is proven', () => {
    const fresh = (nodes: Parameters<typeof judgementOf>[1]): EvidenceChanges =>
      gone('unproven', { judgement: judgementOf('unproven', { settled: false, ...nodes }) });
    expect(codeOf(fresh({ nodes: 'divided' }))).toBeNull();
    expect(codeOf(fresh({ nodes: 'waiting' }))).toBeNull();
    expect(codeOf(fresh({ nodes: 'unreachable' }))).toBe('UnreachableMaster');
    expect(codeOf({ judgement: judgementOf('dead', { settled: false }) })).toBe('DeadMaster');
  });

  it('is not told when this node reaches it although others do not agree', () => {
    expect(codeOf({ reach: 'reachable', judgement: judgementOf('unproven', { nodes: 'alive' }) })).toBeNull();
    expect(codeOf({ reach: 'unreachable', judgement: judgementOf('unproven', { nodes: 'alive' }) })).toBe(
      'UnreachableMaster',
    );
  });

  it('has a name of its own when all replicas lag, unless all are delayed or none replicates', () => {
    const lagging = { known: 2, lagging: 2 };
    expect(codeOf(gone('unproven', { replicas: lagging }))).toBe('UnreachableMasterWithLaggingReplicas');
    expect(codeOf(gone('unproven', { replicas: { ...lagging, lagging: 1 } }))).toBe('UnreachableMaster');
    expect(codeOf(gone('unproven', { replicas: { ...lagging, delayed: 1 } }))).toBe(
      'UnreachableMasterWithLaggingReplicas',
    );
    expect(codeOf(gone('unproven', { replicas: { ...lagging, delayed: 2 } }))).toBe('UnreachableMaster');
    expect(codeOf(gone('unproven', { replicas: { ...lagging, replicating: 0 } }))).toBe('UnreachableMaster');
  });

  it('that answers and cannot be read is no problem before replicas fail to connect too', () => {
    expect(codeOf({ reach: 'answering' })).toBeNull();
    expect(codeOf({ reach: 'answering', replicas: { failingToConnect: 1, replicating: 1 } })).toBe('UnreachableMaster');
    expect(codeOf({ reach: 'answering', replicas: { failingToConnect: 2, replicating: 0 } })).toBeNull();
  });
});

describe('semi-synchronous replication', () => {
  const waiting: EvidenceChanges = {
    semiSync: { sourceEnabled: true, sourceActive: true, waitCount: 1 },
    semiSyncClients: 0,
  };

  it('is locked when the binary log stood still for longer than the limit, and suspected before', () => {
    expect(codeOf({ ...waiting, binlogStillMs: 10_001 })).toBe('LockedSemiSyncMaster');
    expect(codeOf({ ...waiting, binlogStillMs: 10_000 })).toBe('LockedSemiSyncMasterHypothesis');
    expect(codeOf({ ...waiting, binlogStillMs: null })).toBe('LockedSemiSyncMasterHypothesis');
  });

  it.each([
    ['has enough that acknowledge', { semiSyncClients: 1 }],
    ['is switched off', { semiSync: { sourceEnabled: false, sourceActive: true, waitCount: 1 } }],
    ['has fallen back to asynchronous', { semiSync: { sourceEnabled: true, sourceActive: false, waitCount: 1 } }],
    ['waits for nobody', { semiSync: { sourceEnabled: true, sourceActive: true, waitCount: 0 } }],
    ['is below a head of a cluster', INTERMEDIATE],
    [
      'was not read now',
      { reach: 'unreachable', judgement: judgementOf('unproven', { settled: false, nodes: 'alive' }) },
    ],
  ] as const)('is not locked when it %s', (_, changes) => {
    expect(codeOf({ ...waiting, binlogStillMs: 60_000, ...changes })).toBeNull();
  });

  it('has too many acknowledgers only where their number is enforced', () => {
    const settings = { enforceExactSemiSyncReplicas: true };
    expect(codeOf({ ...waiting, semiSyncClients: 2, settings })).toBe('MasterWithTooManySemiSyncReplicas');
    expect(codeOf({ ...waiting, semiSyncClients: 1, settings })).toBeNull();
    expect(codeOf({ ...waiting, semiSyncClients: 2 })).toBeNull();
  });
});

describe('a primary that is well, with replicas that are not', () => {
  it('with one replica tells whether it is dead or only stopped', () => {
    expect(codeOf({ replicas: { known: 1, replicating: 0 } })).toBe('MasterSingleReplicaNotReplicating');
    expect(codeOf({ replicas: { known: 1, valid: 0, dead: 1, replicating: 0 } })).toBe('MasterSingleReplicaDead');
    expect(codeOf({ replicas: { known: 1, valid: 0, unreadable: 1, replicating: 0 } })).toBeNull();
  });

  it('with several tells when none replicates', () => {
    expect(codeOf({ replicas: { replicating: 0 } })).toBe('AllMasterReplicasNotReplicating');
    expect(codeOf({ replicas: { valid: 1, dead: 1, replicating: 0 } })).toBe('AllMasterReplicasNotReplicatingOrDead');
    expect(codeOf({ replicas: { replicating: 1 } })).toBeNull();
    expect(codeOf({ replicas: { valid: 0, dead: 2, replicating: 0 } })).toBeNull();
  });

  it('that is read-only is a problem only where it may be repaired', () => {
    const settings = { recoverNonWriteablePrimary: true };
    expect(codeOf({ facts: { readOnly: true }, settings })).toBe('NoWriteableMasterStructureWarning');
    expect(codeOf({ facts: { readOnly: true }, settings, isCurrent: false })).toBeNull();
    expect(codeOf({ facts: { readOnly: true } })).toBeNull();
    expect(codeOf({ facts: { readOnly: true }, settings, replicas: { known: 0 } })).toBeNull();
    expect(codeOf({ settings })).toBeNull();
  });
});

describe('a co-primary', () => {
  it.each([
    ['dead', 'DeadCoMaster'],
    ['dead-and-some-replicas', 'DeadCoMasterAndSomeReplicas'],
    ['unproven', 'UnreachableCoMaster'],
    ['dead-and-replicas', 'UnreachableCoMaster'],
  ] as const)('judged %s is %s', (verdict, code) => {
    expect(codeOf(gone(verdict, CO_PRIMARY))).toBe(code);
  });

  it('falls to the rules of intermediates for what it has no name for', () => {
    expect(codeOf(gone('dead-and-replicas', { ...CO_PRIMARY, replicas: { valid: 0, dead: 2, replicating: 0 } }))).toBe(
      'DeadIntermediateMasterAndReplicas',
    );
  });

  it('that is well tells when none of its replicas replicates', () => {
    expect(codeOf({ ...CO_PRIMARY, replicas: { replicating: 0 } })).toBe('AllCoMasterReplicasNotReplicating');
    expect(codeOf({ ...CO_PRIMARY, replicas: { replicating: 1 } })).toBeNull();
  });
});

describe('an intermediate', () => {
  it.each([
    ['dead', 2, 'DeadIntermediateMaster'],
    ['dead', 1, 'DeadIntermediateMasterWithSingleReplicaFailingToConnect'],
    ['dead-and-some-replicas', 2, 'DeadIntermediateMasterAndSomeReplicas'],
    ['dead-and-replicas', 1, 'DeadIntermediateMasterAndReplicas'],
    ['dead-and-replicas', 2, 'DeadIntermediateMasterAndReplicas'],
    ['unproven', 2, 'UnreachableIntermediateMaster'],
  ] as const)('judged %s with %i replicas is %s', (verdict, known, code) => {
    expect(codeOf(gone(verdict, { ...INTERMEDIATE, replicas: { known } }))).toBe(code);
  });

  it('with a single replica that was stopped has a name of its own', () => {
    const judgement = judgementOf('unproven', { votes: ['stopped'] });
    const one = { known: 1 };
    expect(codeOf({ ...INTERMEDIATE, reach: 'unreachable', judgement, replicas: one })).toBe(
      'DeadIntermediateMasterWithSingleReplica',
    );
    const receiving = judgementOf('unproven', { votes: ['receiving'] });
    expect(codeOf({ ...INTERMEDIATE, reach: 'unreachable', judgement: receiving, replicas: one })).toBe(
      'UnreachableIntermediateMaster',
    );
  });

  it('has a name of its own when all replicas lag', () => {
    expect(codeOf(gone('unproven', { ...INTERMEDIATE, replicas: { known: 2, lagging: 2 } }))).toBe(
      'UnreachableIntermediateMasterWithLaggingReplicas',
    );
  });

  it('that is well tells of replicas that fail to connect, and of those that are stopped', () => {
    const counts = { known: 3, replicating: 0, failingToConnect: 3 };
    const failing = 'AllIntermediateMasterReplicasFailingToConnectOrDead';
    const stopped = 'AllIntermediateMasterReplicasNotReplicating';
    expect(codeOf({ ...INTERMEDIATE, replicas: counts })).toBe(failing);
    expect(codeOf({ ...INTERMEDIATE, replicas: { ...counts, valid: 2, dead: 1, failingToConnect: 2 } })).toBe(failing);
    expect(codeOf({ ...INTERMEDIATE, replicas: { ...counts, failingToConnect: 2 } })).toBe(stopped);
    expect(codeOf({ ...INTERMEDIATE, replicas: { known: 1, replicating: 0, failingToConnect: 1 } })).toBe(stopped);
    expect(codeOf({ ...INTERMEDIATE, replicas: { ...counts, valid: 0, dead: 3, failingToConnect: 0 } })).toBeNull();
  });

  it('that is a leaf and cannot be reached is no problem of the topology', () => {
    expect(codeOf({ ...INTERMEDIATE, reach: 'unreachable', replicas: { known: 0 } })).toBeNull();
  });
});

describe('a replica that cannot connect', () => {
  const failing: EvidenceChanges = { isPrimary: false, isFailingToConnect: true, replicas: { known: 0 } };

  it('is told when it hangs on the head of the cluster, or is a binlog server', () => {
    expect(codeOf({ ...failing, isFirstTier: true })).toBe('FirstTierReplicaFailingToConnectToMaster');
    expect(codeOf({ ...failing, isFirstTier: true, isBinlogServer: true })).toBe(
      'BinlogServerFailingToConnectToMaster',
    );
    expect(codeOf(failing)).toBeNull();
  });

  it('is told only by a report of now', () => {
    expect(codeOf({ ...failing, isFirstTier: true, reach: 'unreachable' })).toBeNull();
  });
});

describe('a problem', () => {
  it('carries the reasons of the judgement, or what this node counted', () => {
    expect(diagnose(evidenceOf(gone('dead')))?.because).toEqual(['as judged']);
    expect(diagnose(evidenceOf({ replicas: { valid: 1, dead: 1, replicating: 0 } }))?.because).toEqual([
      'this node reaches it',
      '2 replicas, 1 read, 0 replicating and 1 unreachable',
    ]);
    const full = {
      reach: 'answering',
      error: 'p:3306: error 1040',
      replicas: { failingToConnect: 1, replicating: 1 },
    } as const;
    expect(diagnose(evidenceOf(full))?.because[0]).toBe('it answers this node but cannot be read: p:3306: error 1040');
    expect(diagnose(evidenceOf({ reach: 'unreachable', replicas: { known: 0 } }))?.because).toEqual([
      'this node cannot reach it',
    ]);
  });

  it('that somebody else found has the same sentence here', () => {
    const evidence = evidenceOf();
    expect(problemByCode('DeadMaster', evidence, ['found by the leader'])).toMatchObject({
      code: 'DeadMaster',
      description: 'Master cannot be reached by orchestrator and none of its replicas is replicating',
      because: ['found by the leader'],
    });
    expect(problemByCode('NoSuchCode', evidence, [])).toBeNull();
  });

  it('is listed by gravity, then in the order of the catalogue', () => {
    const problems = [
      'AllMasterReplicasNotReplicating',
      'UnreachableMaster',
      'LockedSemiSyncMasterHypothesis',
      'DeadMaster',
    ]
      .map((code) => problemByCode(code, evidenceOf(), []))
      .filter((problem) => problem !== null);
    expect(problems.sort(byGravity).map((problem) => problem.code)).toEqual([
      'DeadMaster',
      'UnreachableMaster',
      'AllMasterReplicasNotReplicating',
      'LockedSemiSyncMasterHypothesis',
    ]);
  });
});

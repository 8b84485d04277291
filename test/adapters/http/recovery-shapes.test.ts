import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { timestamp } from '../../../src/adapters/http/legacy/values.js';
import type { Problem } from '../../../src/core/analysis/problem.js';
import type { RecoveryId } from '../../../src/core/recovery/recovery.js';
import { serverId } from '../../support/facts.js';
import { deadPrimary, recoveryFrom } from './failures.js';
import { FIRST, SECOND } from './fake-service.js';
import { type Fixture, openFixture } from './http-fixture.js';

let fixture: Fixture;

beforeEach(async () => {
  fixture = await openFixture();
});

afterEach(async () => {
  await fixture.close();
});

describe('a recovery', () => {
  const uid = '1700000000000:abcdef' as RecoveryId;

  beforeEach(() => {
    const { fed } = fixture.service;
    fed.feed({ kind: 'recovery-opened', recovery: recoveryFrom(fixture.service, uid) });
    fed.feed({
      kind: 'steps-intended',
      recoveryId: uid,
      term: 3,
      steps: [{ number: 1, attempt: 1, step: { kind: 'stop-io', server: serverId(FIRST) } }],
    });
    fed.feed({
      kind: 'step-finished',
      recoveryId: uid,
      number: 1,
      outcome: { ok: true, findings: { text: 'received all' } },
    });
  });

  it('shows while it is under way', async () => {
    expect((await fixture.get('/api/active-cluster-recovery/main:3306')).body).toMatchObject([
      {
        Id: 1_700_000_000_000,
        UID: uid,
        IsActive: true,
        IsSuccessful: false,
        SuccessorKey: { Hostname: '', Port: 0 },
        AllErrors: [''],
        RecoveryEndTimestamp: '',
        AnalysisEntry: { Analysis: 'DeadMaster', CountReplicas: 2, ClusterDetails: { ClusterName: 'main:3306' } },
      },
    ]);
  });

  it('counts the replicas of the failed server alone, whoever else takes part', async () => {
    const { fed } = fixture.service;
    fed.feed({ kind: 'recovery-closed', recoveryId: uid, verdict: { kind: 'succeeded' }, lost: [] });
    const base = recoveryFrom(fixture.service, '1800000000000:ef');
    const participants = base.inputs.participants.map((one) =>
      one.id === serverId(FIRST) ? { ...one, role: 'place' as const, promotable: false } : one,
    );
    const kind = 'dead-intermediate';
    fed.feed({ kind: 'recovery-opened', recovery: { ...base, kind, inputs: { ...base.inputs, participants } } });
    expect((await fixture.get('/api/audit-recovery/uid/1800000000000:ef')).body).toMatchObject([
      {
        Type: 'IntermediateMasterRecovery',
        RecoveryType: 'NotMasterRecovery',
        AnalysisEntry: { CountReplicas: 1, Replicas: [{ Hostname: 'read-replica-2', Port: 3306 }] },
      },
    ]);
  });

  it.each([
    ['dead-primary', 'MasterRecovery'],
    ['dead-co-primary', 'CoMasterRecovery'],
    ['dead-group-member', 'ReplicationGroupMemberRecovery'],
  ] as const)('of a %s is a %s to scripts', async (kind, type) => {
    const { fed } = fixture.service;
    fed.feed({ kind: 'recovery-closed', recoveryId: uid, verdict: { kind: 'succeeded' }, lost: [] });
    fed.feed({ kind: 'recovery-opened', recovery: { ...recoveryFrom(fixture.service, '1800000000000:ef'), kind } });
    expect((await fixture.get('/api/audit-recovery/uid/1800000000000:ef')).body).toMatchObject([{ Type: type }]);
  });

  it('tells its steps, what was meant before what came of it', async () => {
    const rows = (await fixture.get(`/api/audit-recovery-steps/${uid}`)).body as { Id: number; Message: string }[];
    expect(rows.map(({ Message }) => Message)).toEqual([
      'n1 will handle DeadMaster on main:3306: dead-primary recovery: Master cannot be reached by orchestrator and none of its replicas is replicating',
      'candidates, best first among equally advanced ones: read-replica-1:3306, read-replica-2:3306',
      'will stop the IO thread of read-replica-1:3306 and read what it has received',
      'stop the IO thread of read-replica-1:3306 and read what it has received: done, 1000 ms: received all',
    ]);
    expect(rows.map(({ Id }) => Id)).toEqual([1, 2, 3, 4]);
  });

  it('keeps its successor, its lost servers and its errors when it is over', async () => {
    const { fed } = fixture.service;
    fed.feed({ kind: 'promoting', recoveryId: uid, server: serverId(FIRST), epoch: 1 });
    fed.feed({
      kind: 'recovery-closed',
      recoveryId: uid,
      verdict: { kind: 'succeeded' },
      lost: [{ server: serverId(SECOND), reason: 'did not answer', gtids: '' }],
    });
    const expected = [
      {
        IsActive: true,
        IsSuccessful: true,
        SuccessorKey: { Hostname: 'read-replica-1', Port: 3306 },
        LostReplicas: [{ Hostname: 'read-replica-2', Port: 3306 }],
        AllErrors: ['did not answer'],
        Acknowledged: false,
      },
    ];
    expect((await fixture.get(`/api/audit-recovery/uid/${uid}`)).body).toMatchObject(expected);
    expect((await fixture.get('/api/audit-recovery/id/1700000000000')).body).toMatchObject(expected);
    expect((await fixture.get('/api/audit-recovery/cluster/read-replica-1:3306')).body).toMatchObject(expected);
    expect((await fixture.get('/api/recently-active-cluster-recovery/main:3306')).body).toMatchObject(expected);
    const byServer = '/api/recently-active-instance-recovery/read-replica-1/3306';
    expect((await fixture.get(byServer)).body).toMatchObject(expected);
    expect((await fixture.get('/api/active-cluster-recovery/main:3306')).body).toEqual([]);
  });

  it('is one of the detections too', async () => {
    expect((await fixture.get('/api/audit-failure-detection')).body).toMatchObject([
      { SuccessorKey: null, AllErrors: null, RelatedRecoveryId: 1_700_000_000_000 },
    ]);
  });

  it('is left out of the lists when it is the return of a former primary, and found by its UID', async () => {
    const { fed } = fixture.service;
    fed.feed({ kind: 'recovery-closed', recoveryId: uid, verdict: { kind: 'succeeded' }, lost: [] });
    fed.feed({
      kind: 'recovery-opened',
      recovery: { ...recoveryFrom(fixture.service, '1800000000000:cd'), kind: 'former-primary', code: 'FormerPrimary' },
    });
    expect((await fixture.get('/api/audit-recovery')).body).toMatchObject([{ UID: uid }]);
    expect((await fixture.get('/api/audit-recovery/uid/1800000000000:cd')).body).toHaveLength(1);
  });

  it('names the command of an operator that asked for it', async () => {
    const { fed } = fixture.service;
    fed.feed({ kind: 'recovery-closed', recoveryId: uid, verdict: { kind: 'succeeded' }, lost: [] });
    const hints: unknown[] = [];
    for (const [at, command] of (['force-master-takeover', 'recover'] as const).entries()) {
      const id = `180000000000${String(at)}:cd`;
      const recovery = recoveryFrom(fixture.service, id);
      fed.feed({ kind: 'recovery-opened', recovery: { ...recovery, inputs: { ...recovery.inputs, command } } });
      fed.feed({ kind: 'recovery-closed', recoveryId: recovery.id, verdict: { kind: 'succeeded' }, lost: [] });
      const [told] = (await fixture.get(`/api/audit-recovery/uid/${id}`)).body as Record<string, object>[];
      hints.push(told?.['AnalysisEntry']);
    }
    expect(hints).toMatchObject([{ CommandHint: 'force-master-takeover' }, { CommandHint: '' }]);
  });

  it('comes in pages, and without those that were acknowledged when asked so', async () => {
    expect((await fixture.get('/api/audit-recovery/1')).body).toEqual([]);
    expect((await fixture.get('/api/audit-recovery/x')).status).toBe(500);
    expect((await fixture.get('/api/audit-recovery?unacknowledged=true')).body).toHaveLength(1);
    fixture.service.fed.feed({ kind: 'recovery-acknowledged', recoveryId: uid, by: 'ann', comment: 'seen' });
    expect((await fixture.get('/api/audit-recovery?unacknowledged=true')).body).toEqual([]);
    expect((await fixture.get('/api/audit-recovery')).body).toMatchObject([
      { Acknowledged: true, AcknowledgedBy: 'ann', AcknowledgedComment: 'seen' },
    ]);
  });

  it('is active while it holds back the next one', async () => {
    const { fed } = fixture.service;
    const isActive = async (): Promise<unknown> => {
      const [row] = (await fixture.get(`/api/audit-recovery/uid/${uid}`)).body as readonly Record<string, unknown>[];
      return row?.['IsActive'];
    };
    fed.feed({ kind: 'promoting', recoveryId: uid, server: serverId(FIRST), epoch: 1 });
    fed.feed({ kind: 'recovery-closed', recoveryId: uid, verdict: { kind: 'succeeded' }, lost: [] });
    expect(await isActive()).toBe(true);
    fixture.service.settings = { ...fixture.service.settings, recoveryBlockMs: 0 };
    expect(await isActive()).toBe(false);
    fixture.service.settings = { ...fixture.service.settings, recoveryBlockMs: 3_600_000 };
    fed.feed({ kind: 'recovery-acknowledged', recoveryId: uid, by: 'ann', comment: 'seen' });
    expect(await isActive()).toBe(false);
  });

  describe('that succeeded by itself, while another one is called for', () => {
    const list = (): ReturnType<Fixture['get']> => fixture.get('/api/blocked-recoveries');

    beforeEach(() => {
      const { fed } = fixture.service;
      fed.feed({ kind: 'promoting', recoveryId: uid, server: serverId(FIRST), epoch: 1 });
      fed.feed({ kind: 'recovery-closed', recoveryId: uid, verdict: { kind: 'succeeded' }, lost: [] });
      fixture.service.problems = [deadPrimary(fixture.service)];
    });

    it('blocks it until it is acknowledged, and says until when and because of what', async () => {
      const { recoveries } = fixture.service.state;
      const untilMs = (recoveries.get(uid)?.openedAtMs ?? 0) + fixture.service.settings.recoveryBlockMs;
      const expected = [
        {
          FailedInstanceKey: { Hostname: 'main', Port: 3306 },
          Analysis: 'DeadMaster',
          BlockingRecoveryId: 1_700_000_000_000,
          BlockingRecoveryUID: uid,
          BlockingFailedInstanceKey: { Hostname: 'main', Port: 3306 },
          BlockedUntilTimestamp: timestamp(untilMs),
        },
      ];
      expect((await list()).body).toMatchObject(expected);
      const [{ ClusterName = '' } = {}] = (await list()).body as { ClusterName?: string }[];
      expect((await fixture.get(`/api/blocked-recoveries/cluster/${ClusterName}`)).body).toMatchObject(expected);
      fixture.service.fed.feed({ kind: 'recovery-acknowledged', recoveryId: uid, by: 'ann', comment: 'seen' });
      expect((await list()).body).toEqual([]);
    });

    it('blocks nothing when its time is over, nor what nothing would be done about', async () => {
      fixture.service.settings = { ...fixture.service.settings, recoveryBlockMs: 1 };
      fixture.clock.advance(60_000);
      expect((await list()).body).toEqual([]);
      fixture.service.settings = { ...fixture.service.settings, recoveryBlockMs: 3_600_000 };
      fixture.service.problems = [{ ...deadPrimary(fixture.service), code: 'UnreachableMaster', reaction: 'examine' }];
      expect((await list()).body).toEqual([]);
    });

    it('is told by followers as well, who know of the failure from the log', async () => {
      const told: Problem = { ...deadPrimary(fixture.service), reaction: 'none' };
      fixture.service.problems = [told];
      expect((await list()).body).toEqual([]);
      const { server, clusterId, code } = told;
      const incident = { id: 'i', server, clusterId, openedAtMs: 0, code, canary: null };
      fixture.service.fed.feed({ kind: 'incident-opened', incident });
      expect((await list()).body).toHaveLength(1);
    });
  });

  it('that came to nothing blocks nothing, acknowledged or not', async () => {
    const verdict = { kind: 'failed', reason: 'no candidate' } as const;
    fixture.service.fed.feed({ kind: 'recovery-closed', recoveryId: uid, verdict, lost: [] });
    fixture.service.problems = [deadPrimary(fixture.service)];
    expect((await fixture.get('/api/blocked-recoveries')).body).toEqual([]);
  });
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { legacyJson, quotedAscii } from '../../../src/adapters/http/legacy/json.js';
import { timestamp } from '../../../src/adapters/http/legacy/values.js';
import type { Problem } from '../../../src/core/analysis/problem.js';
import type { RecoveryId } from '../../../src/core/recovery/recovery.js';
import { channelTo, serverId } from '../../support/facts.js';
import { recoveryOf } from '../../support/ledger.js';
import { FIRST, type Fixture, MAIN, openFixture, replicaVitals, SECOND, seen } from './fake-service.js';
import { fieldsOf } from '../../support/incumbent/shapes.js';

let fixture: Fixture;

beforeEach(async () => {
  fixture = await openFixture();
});

afterEach(async () => {
  await fixture.close();
});

async function object(url: string): Promise<Record<string, unknown>> {
  return (await fixture.get(url)).body as Record<string, unknown>;
}

async function details(url: string): Promise<Record<string, unknown>[]> {
  return (await object(url))['Details'] as Record<string, unknown>[];
}

function deadPrimary(): Problem {
  return {
    server: serverId(MAIN),
    clusterId: fixture.service.clusterId(),
    code: 'DeadMaster',
    description: 'Master cannot be reached by orchestrator and none of its replicas is replicating',
    severity: 'critical',
    reaction: 'recover-dead-primary',
    because: ['n1 and n2 were refused'],
  };
}

describe('an Instance', () => {
  it('has every field of the incumbent in its order', async () => {
    expect(Object.keys(await object('/api/instance/main/3306'))).toEqual(fieldsOf('Instance'));
  });

  it('is, for a primary and for a replica, what the golden answers say', async () => {
    const text = async (url: string): Promise<string> => `${JSON.stringify(await object(url), null, 2)}\n`;
    await expect(await text('/api/instance/main/3306')).toMatchFileSnapshot('golden/instance-primary.json');
    await expect(await text('/api/instance/read-replica-1/3306')).toMatchFileSnapshot('golden/instance-replica.json');
  });

  it('tells the states of threads apart by number, and calls connecting not running', async () => {
    const channel = channelTo('main', {
      ioThread: 'connecting',
      ioError: { number: 2003, text: 'no "link" to ünit\n' },
    });
    fixture.service.fed.feed({
      kind: 'topology-observed',
      servers: [seen(FIRST, 'read-replica-1', null, { channels: [channel] })],
    });
    expect(await object('/api/instance/read-replica-1/3306')).toMatchObject({
      ReplicationIOThreadState: 2,
      ReplicationIOThreadRuning: false,
      Slave_IO_Running: false,
      ReplicationSQLThreadState: 1,
      LastIOError: '"no \\"link\\" to \\u00fcnit\\n"',
      LastSQLError: '',
      Problems: ['not_replicating'],
    });
    expect(await object('/api/instance/main/3306')).toMatchObject({ ReplicationIOThreadState: -1 });
  });

  it('counts lag from the delay that is meant', async () => {
    const channel = channelTo('main', { delaySeconds: 3600 });
    fixture.service.fed.feed({
      kind: 'topology-observed',
      servers: [seen(FIRST, 'read-replica-1', null, { channels: [channel] })],
    });
    fixture.service.see('read-replica-1', replicaVitals({ lagSeconds: 3605 }));
    fixture.service.emit({ kind: 'sighting' });
    expect(await object('/api/instance/read-replica-1/3306')).toMatchObject({ SQLDelay: 3600, Problems: [] });
    fixture.service.see('read-replica-1', replicaVitals({ lagSeconds: 3700 }));
    expect(await object('/api/instance/read-replica-1/3306')).toMatchObject({ Problems: ['replication_lag'] });
  });

  it('names transactions that only it has', async () => {
    fixture.service.see('read-replica-1', replicaVitals({ executedGtids: `${MAIN}:1-12,${FIRST}:1-2` }));
    expect(await object('/api/instance/read-replica-1/3306')).toMatchObject({
      GtidErrant: `${FIRST}:1-2`,
      Problems: ['errant_gtid'],
    });
  });

  it('that this node has not seen has no freshness to show', async () => {
    fixture.service.sightings.clear();
    expect(await object('/api/instance/main/3306')).toMatchObject({
      IsLastCheckValid: false,
      LastSeenTimestamp: '',
      SecondsSinceLastSeen: { Int64: 0, Valid: false },
      Uptime: 0,
      Problems: ['last_check_invalid'],
    });
  });

  it('that cannot be read for want of a right keeps its facts and names the right', async () => {
    const mend = "GRANT REPLICA MONITOR ON *.* TO 'orchestrator'@'%'";
    fixture.service.see('main', null, { valid: false, lastError: 'denied', lacking: mend });
    expect(await object('/api/instance/main/3306')).toMatchObject({
      IsLastCheckValid: false,
      Problems: ['last_check_invalid', `missing_right: ${mend}`],
    });
  });

  it('in downtime says whose, why, until when and for how long already, in nanoseconds', async () => {
    const { fed, nowMs } = fixture.service;
    const downtime = { owner: 'ann', reason: 'disk', beganAtMs: nowMs - 60_000, endsAtMs: nowMs + 600_000 };
    fed.feed({ kind: 'downtime-begun', downtime: { server: serverId(MAIN), ...downtime } });
    expect(await object('/api/instance/main/3306')).toMatchObject({
      IsDowntimed: true,
      DowntimeOwner: 'ann',
      DowntimeReason: 'disk',
      DowntimeEndTimestamp: '1970-01-01 00:26:42',
      ElapsedDowntime: 60_000_000_000,
    });
    fixture.clock.advance(601_000);
    expect(await object('/api/instance/main/3306')).toMatchObject({ IsDowntimed: false, DowntimeOwner: '' });
  });
});

describe('other objects', () => {
  it('have every field of the incumbent in its order', async () => {
    expect(Object.keys(await object('/api/cluster-info/main:3306'))).toEqual(fieldsOf('ClusterInfo'));
    const health = (await object('/api/health'))['Details'] as Record<string, unknown>;
    expect(Object.keys(health)).toEqual([...fieldsOf('HealthStatus'), 'RecoveriesEnabled', 'Brake']);
    fixture.service.problems = [deadPrimary()];
    fixture.service.emit({ kind: 'analysis' });
    const [analysis] = await details('/api/replication-analysis');
    expect(Object.keys(analysis ?? {})).toEqual(fieldsOf('ReplicationAnalysis'));
    fixture.service.fed.feed({ kind: 'recovery-opened', recovery: open('1000:ab') });
    const [recovery] = (await fixture.get('/api/audit-recovery')).body as Record<string, unknown>[];
    expect(Object.keys(recovery ?? {})).toEqual(fieldsOf('TopologyRecovery'));
    expect(Object.keys(recovery?.['AnalysisEntry'] ?? {})).toEqual(fieldsOf('ReplicationAnalysis'));
  });

  it('escape what could harm a page', () => {
    expect(legacyJson({ a: '<b>&\u2028' })).toBe('{"a":"\\u003cb\\u003e\\u0026\\u2028"}');
    expect(quotedAscii('a\\b"\u{1f600}\u0001')).toBe('"a\\\\b\\"\\U0001f600\\x01"');
  });
});

describe('an analysis', () => {
  beforeEach(() => {
    fixture.service.see('main', null, { valid: false });
    const channel = channelTo('main', {
      ioThread: 'connecting',
      ioError: { number: 2003, text: "Error connecting to source 'repl@main:3306'" },
    });
    fixture.service.fed.feed({
      kind: 'topology-observed',
      servers: [seen(FIRST, 'read-replica-1', null, { channels: [channel] })],
    });
    fixture.service.problems = [deadPrimary()];
    fixture.service.structure.set(serverId(MAIN), ['NoLoggingReplicasStructureWarning']);
    fixture.service.structure.set(serverId(SECOND), ['ErrantGTIDStructureWarning']);
    fixture.service.emit({ kind: 'analysis' });
  });

  it('counts the replicas as this node sees them', async () => {
    const [analysis] = await details('/api/replication-analysis');
    expect(analysis).toMatchObject({
      AnalyzedInstanceKey: { Hostname: 'main', Port: 3306 },
      Analysis: 'DeadMaster',
      IsMaster: true,
      LastCheckValid: false,
      CountReplicas: 2,
      CountValidReplicas: 2,
      CountValidReplicatingReplicas: 1,
      CountReplicasFailingToConnectToMaster: 1,
      OracleGTIDImmediateTopology: true,
      StructureAnalysis: ['NoLoggingReplicasStructureWarning'],
      ClusterDetails: { ClusterName: 'main:3306', ClusterDomain: 'main:3306', CountInstances: 0 },
    });
  });

  it('of a server with no more than a warning is NoProblem', async () => {
    const all = await details('/api/replication-analysis/main:3306');
    expect(all.map((entry) => entry['Analysis'])).toEqual(['DeadMaster', 'NoProblem']);
    const own = await details('/api/replication-analysis/instance/read-replica-2/3306');
    expect(own.map((entry) => entry['StructureAnalysis'])).toEqual([['ErrantGTIDStructureWarning']]);
  });
});

function open(id: string) {
  const participants = [
    { id: serverId(MAIN), host: 'main', port: 3306, role: 'primary' as const },
    { id: serverId(FIRST), host: 'read-replica-1', port: 3306, role: 'replica' as const },
    { id: serverId(SECOND), host: 'read-replica-2', port: 3306, role: 'replica' as const },
  ].map((participant) => ({
    ...participant,
    promotable: true,
    reason: '',
    preference: 0,
    tier: 0,
    servesOthers: true,
    start: true,
    cannotFollow: [],
  }));
  const base = recoveryOf(id, fixture.service.clusterId(), MAIN);
  return { ...base, inputs: { ...base.inputs, participants } };
}

describe('a recovery', () => {
  const uid = '1700000000000:abcdef' as RecoveryId;

  beforeEach(() => {
    const { fed } = fixture.service;
    fed.feed({ kind: 'recovery-opened', recovery: open(uid) });
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
    const base = open('1800000000000:ef');
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
    fed.feed({ kind: 'recovery-opened', recovery: { ...open('1800000000000:ef'), kind } });
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
      recovery: { ...open('1800000000000:cd'), kind: 'former-primary', code: 'FormerPrimary' },
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
      const recovery = open(id);
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
      fixture.service.problems = [deadPrimary()];
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
      fixture.service.problems = [{ ...deadPrimary(), code: 'UnreachableMaster', reaction: 'examine' }];
      expect((await list()).body).toEqual([]);
    });

    it('is told by followers as well, who know of the failure from the log', async () => {
      const told: Problem = { ...deadPrimary(), reaction: 'none' };
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
    fixture.service.problems = [deadPrimary()];
    expect((await fixture.get('/api/blocked-recoveries')).body).toEqual([]);
  });
});

describe('the audit', () => {
  it('lists what happened, newest first', async () => {
    fixture.service.fed.feed({ kind: 'recoveries-switched', enabled: false, by: 'ann' });
    const rows = (await fixture.get('/api/audit')).body as Record<string, unknown>[];
    expect(rows[0]).toMatchObject({
      AuditType: 'recoveries-switched',
      AuditInstanceKey: { Hostname: '', Port: 0 },
      Message: 'ann disabled recoveries everywhere',
    });
    const ofServer = (await fixture.get('/api/audit/instance/main/3306')).body as { AuditInstanceKey: unknown }[];
    expect(ofServer.length).toBeGreaterThan(0);
    expect(ofServer.every((row) => JSON.stringify(row.AuditInstanceKey) === '{"Hostname":"main","Port":3306}')).toBe(
      true,
    );
    expect((await fixture.get('/api/audit/7')).body).toEqual([]);
  });
});

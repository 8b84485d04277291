import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { legacyJson, quotedAscii } from '../../../src/adapters/http/legacy/json.js';
import { channelTo, serverId } from '../../support/facts.js';
import { deadPrimary, recoveryFrom } from './failures.js';
import { FIRST, MAIN, replicaVitals, SECOND, seen } from './fake-service.js';
import { type Fixture, openFixture } from './http-fixture.js';
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
    fixture.service.problems = [deadPrimary(fixture.service)];
    fixture.service.emit({ kind: 'analysis' });
    const [analysis] = await details('/api/replication-analysis');
    expect(Object.keys(analysis ?? {})).toEqual(fieldsOf('ReplicationAnalysis'));
    fixture.service.fed.feed({ kind: 'recovery-opened', recovery: recoveryFrom(fixture.service, '1000:ab') });
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
    fixture.service.problems = [deadPrimary(fixture.service)];
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

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RecoveryId } from '../../../src/core/recovery/recovery.js';
import { clusterByHint } from '../../../src/core/topology/cluster-hint.js';
import type { Server } from '../../../src/core/topology/server.js';
import { serverId } from '../../support/facts.js';
import { recoveryOf } from '../../support/ledger.js';
import { FIRST, MAIN, SECOND, seen } from './fake-service.js';
import { type Fixture, openFixture } from './http-fixture.js';

let fixture: Fixture;
let cluster: string;

beforeEach(async () => {
  fixture = await openFixture();
  cluster = fixture.service.clusterId();
});

afterEach(async () => {
  await fixture.close();
});

function takeoverThat(verdict: 'succeeded' | 'undone') {
  const base = recoveryOf('1700000000000:aa', fixture.service.clusterId(), MAIN, { kind: 'graceful-takeover' });
  fixture.service.recovery =
    verdict === 'succeeded'
      ? { ...base, successor: serverId(FIRST), closedAtMs: 1, verdict: { kind: 'succeeded' } }
      : { ...base, closedAtMs: 1, verdict: { kind: 'undone', reason: 'read-replica-1:3306 lags' } };
}

describe('discovery', () => {
  it('answers with the server as it was found', async () => {
    const { body } = await fixture.get('/api/discover/main/3306');
    expect(body).toMatchObject({
      Code: 'OK',
      Message: 'Instance discovered: main:3306',
      Details: { Key: { Hostname: 'main', Port: 3306 }, ServerUUID: MAIN },
    });
    expect(fixture.service.calls).toEqual(['discover main:3306 by n1.example']);
  });

  it('never guesses a host', async () => {
    await fixture.get('/api/discover/mai/3306');
    await fixture.get('/api/forget/mai/3306');
    expect(fixture.service.calls).toEqual(['discover mai:3306 by n1.example', 'forget mai:3306 by n1.example']);
  });

  it('that failed says why, and its code in a header', async () => {
    fixture.service.refusal = { code: 'PROBE_FAILED', message: 'main:3306 refused the connection' };
    expect(await fixture.get('/api/discover/main/3306')).toMatchObject({
      status: 500,
      body: { Code: 'ERROR', Message: 'main:3306 refused the connection', Details: null },
      headers: { 'x-orchestrator-refusal': 'PROBE_FAILED' },
    });
  });

  it('in the background answers before it is done', async () => {
    const { body } = await fixture.get('/api/async-discover/new/3307');
    expect(body).toEqual({
      Code: 'OK',
      Message: 'Asynchronous discovery initiated for Instance: new:3307',
      Details: null,
    });
    expect(fixture.service.calls).toEqual(['discover new:3307 by n1.example']);
  });

  it('refreshes and forgets by key', async () => {
    expect((await fixture.get('/api/refresh/main/3306')).body).toMatchObject({
      Details: { Hostname: 'main', Port: 3306 },
    });
    expect((await fixture.get('/api/forget/gone/3306')).body).toEqual({
      Code: 'OK',
      Message: 'Instance forgotten: gone:3306',
      Details: { Hostname: 'gone', Port: 3306 },
    });
  });
});

describe('a takeover', () => {
  it.each([
    ['/api/graceful-master-takeover/main:3306', ' to anybody'],
    ['/api/graceful-master-takeover/read-replica-1/3306', ` with ${FIRST} to anybody`],
    ['/api/graceful-master-takeover/main:3306/read-replica-1/3306', ` to ${FIRST}`],
    ['/api/graceful-master-takeover/main/3306/read-replica-1/3306', ` with ${MAIN} to ${FIRST}`],
    ['/api/graceful-master-takeover-auto/main:3306', ' to anybody'],
    ['/api/graceful-master-takeover-auto/main/3306', ` with ${MAIN} to anybody`],
    ['/api/graceful-master-takeover-auto/main:3306/read-replica-1/3306', ` to ${FIRST}`],
    ['/api/graceful-master-takeover-auto/main/3306/read-replica-1/3306', ` with ${MAIN} to ${FIRST}`],
    ['/api/force-master-failover/main:3306', ' to anybody'],
    ['/api/force-master-failover/main/3306', ` with ${MAIN} to anybody`],
    ['/api/force-master-takeover/main:3306/read-replica-1/3306', ` to ${FIRST}`],
    ['/api/force-master-takeover/main/3306/read-replica-1/3306', ` with ${MAIN} to ${FIRST}`],
  ])('by %s goes%s', async (url, to) => {
    takeoverThat('succeeded');
    const { status, body } = await fixture.get(url);
    expect(fixture.service.calls).toEqual([`${url.split('/')[2] ?? ''} ${cluster}${to} by n1.example`]);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      Code: 'OK',
      Message: expect.stringContaining('successor is read-replica-1:3306') as unknown,
      Details: { SuccessorKey: { Hostname: 'read-replica-1', Port: 3306 }, IsSuccessful: true },
    });
  });

  it('answers with the analysis of the server as it was before', async () => {
    takeoverThat('succeeded');
    const { body } = await fixture.get('/api/graceful-master-takeover-auto/main:3306');
    expect(body).toMatchObject({
      Details: {
        AnalysisEntry: {
          AnalyzedInstanceKey: { Hostname: 'main', Port: 3306 },
          IsMaster: true,
          LastCheckValid: true,
          CountReplicas: 2,
          CountValidReplicas: 2,
          CountValidReplicatingReplicas: 2,
          Replicas: [{ Hostname: 'read-replica-1' }, { Hostname: 'read-replica-2' }],
        },
      },
    });
  });

  it('that was undone is an error that keeps the record', async () => {
    takeoverThat('undone');
    expect(await fixture.get('/api/graceful-master-takeover/main:3306')).toMatchObject({
      status: 500,
      body: {
        Code: 'ERROR',
        Message: 'GracefulMasterTakeover: read-replica-1:3306 lags',
        Details: { SuccessorKey: null, IsSuccessful: false },
      },
    });
  });

  it('that is refused passes the sentence on', async () => {
    takeoverThat('succeeded');
    const message = 'GracefulMasterTakeover: target instance not indicated';
    fixture.service.refusal = { code: 'CANDIDATE_REQUIRED', message };
    expect(await fixture.get('/api/graceful-master-takeover/main:3306')).toMatchObject({
      status: 500,
      body: { Code: 'ERROR', Message: message, Details: null },
    });
  });

  it.each([
    ['a part of a host as hint', '/api/graceful-master-takeover/mai:3306'],
    ['a part of a host as member', '/api/graceful-master-takeover/mai/3306'],
    ['a part of a host as candidate', '/api/graceful-master-takeover/main:3306/replica-1/3306'],
    ['a candidate nobody knows', '/api/graceful-master-takeover/main:3306/other/3306'],
  ])('is never done by %s', async (_what, url) => {
    takeoverThat('succeeded');
    expect((await fixture.get(url)).status).toBe(500);
    expect(fixture.service.calls).toEqual([]);
  });

  it('is not done for a name that means two clusters', async () => {
    takeoverThat('succeeded');
    const { fed } = fixture.service;
    fed.feed({
      kind: 'topology-observed',
      servers: [
        seen(FIRST, 'read-replica-1', null),
        seen(SECOND, 'read-replica-2', { id: FIRST, host: 'read-replica-1' }),
        seen(MAIN, 'main', { id: FIRST, host: 'read-replica-1' }),
      ],
    });
    fed.feed({ kind: 'topology-observed', servers: [seen(MAIN, 'main', null)] });
    expect((await fixture.get('/api/clusters')).body).toEqual(['main:3306', 'read-replica-1:3306']);
    const { body } = await fixture.get('/api/graceful-master-takeover/main:3306');
    expect(body).toMatchObject({
      Code: 'ERROR',
      Message: expect.stringContaining('could mean main:3306 and read-replica-1:3306') as unknown,
    });
    expect(fixture.service.calls).toEqual([]);
  });

  it('does not take a candidate from another cluster', async () => {
    takeoverThat('succeeded');
    fixture.service.fed.feed({ kind: 'topology-observed', servers: [seen('44444444-4444', 'elsewhere', null)] });
    const { body } = await fixture.get('/api/graceful-master-takeover/main:3306/elsewhere/3306');
    expect(body).toMatchObject({ Code: 'ERROR', Message: expect.stringContaining('no member of cluster') as unknown });
    expect(fixture.service.calls).toEqual([]);
  });
});

describe('downtime', () => {
  it.each([
    ['', 600_000],
    ['/30m', 1_800_000],
    ['/59s', 59_000],
    ['/4h', 14_400_000],
    ['/2d', 172_800_000],
    ['/1w', 604_800_000],
  ])('with duration "%s" lasts %d ms', async (duration, ms) => {
    const { body } = await fixture.get(`/api/begin-downtime/read-replica-1/3306/ann/disk%20swap${duration}`);
    expect(fixture.service.calls).toEqual([`downtime ${FIRST} by ann because disk swap for ${String(ms)}`]);
    expect(body).toMatchObject({ Code: 'OK', Details: { Hostname: 'read-replica-1', Port: 3306 } });
  });

  it('with any other duration is refused with an example', async () => {
    const { status, body } = await fixture.get('/api/begin-downtime/read-replica-1/3306/ann/disk/soon');
    expect(status).toBe(500);
    expect(body).toMatchObject({ Message: expect.stringContaining('30m') as unknown });
    expect(fixture.service.calls).toEqual([]);
  });

  it('without an owner or a reason is refused, and so is maintenance', async () => {
    for (const path of ['begin-downtime', 'begin-maintenance']) {
      for (const words of ['ann/%20', '%20/disk']) {
        const { status, body } = await fixture.get(`/api/${path}/read-replica-1/3306/${words}`);
        expect(status).toBe(500);
        expect(body).toMatchObject({ Message: expect.stringContaining('is empty') as unknown });
      }
    }
    expect(fixture.service.calls).toEqual([]);
  });

  it('ends', async () => {
    const { body } = await fixture.get('/api/end-downtime/read-replica-1/3306');
    expect(fixture.service.calls).toEqual([`end downtime ${FIRST} by n1.example`]);
    expect(body).toMatchObject({ Details: { Hostname: 'read-replica-1', Port: 3306 } });
  });
});

describe('acknowledging', () => {
  const uid = '1700000000000:ab' as RecoveryId;

  beforeEach(() => {
    fixture.service.fed.feed({
      kind: 'recovery-opened',
      recovery: recoveryOf(uid, fixture.service.clusterId(), MAIN),
    });
  });

  it.each([
    ['cluster/main:3306', (id: string) => ({ clusterId: id }), 'main:3306'],
    ['cluster/alias/main:3306', (id: string) => ({ clusterId: id }), 'main:3306'],
    [uid, () => ({ uid }), uid],
    [`uid/${uid}`, () => ({ uid }), uid],
    ['1700000000000', () => ({ uid }), '1700000000000'],
    ['instance/main/3306', () => ({ uid }), { Hostname: 'main', Port: 3306 }],
  ])('%s reaches the right ones', async (path, selector, details) => {
    const { body } = await fixture.get(`/api/ack-recovery/${path}?comment=seen%20it`);
    expect(fixture.service.calls).toEqual([`acknowledge ${JSON.stringify(selector(cluster))} by n1.example: seen it`]);
    expect(body).toMatchObject({ Code: 'OK', Details: details });
  });

  it('all of them gives the comment back', async () => {
    const { body } = await fixture.get('/api/ack-all-recoveries?comment=seen%0A');
    expect(fixture.service.calls).toEqual(['acknowledge "all" by n1.example: seen']);
    expect(body).toMatchObject({ Details: 'seen' });
  });

  it.each(['cluster/main:3306', uid, 'instance/main/3306'])('%s needs a comment', async (path) => {
    expect(await fixture.get(`/api/ack-recovery/${path}`)).toMatchObject({
      status: 500,
      body: { Message: expect.stringContaining('comment') as unknown },
    });
    expect(fixture.service.calls).toEqual([]);
  });

  it('one that does not exist is an error', async () => {
    expect((await fixture.get('/api/ack-recovery/17?comment=x')).status).toBe(500);
    expect(fixture.service.calls).toEqual([]);
  });
});

describe('switches and names', () => {
  it('turn all recoveries off and on, and tell', async () => {
    expect((await fixture.get('/api/check-global-recoveries')).body).toMatchObject({ Details: 'enabled' });
    expect((await fixture.get('/api/disable-global-recoveries')).body).toMatchObject({ Details: 'disabled' });
    expect((await fixture.get('/api/enable-global-recoveries')).body).toMatchObject({ Details: 'enabled' });
    expect(fixture.service.calls).toEqual(['switch false by n1.example', 'switch true by n1.example']);
    fixture.service.fed.feed({ kind: 'recoveries-switched', enabled: false, by: 'ann' });
    expect((await fixture.get('/api/check-global-recoveries')).body).toMatchObject({ Details: 'disabled' });
  });

  it('set an alias', async () => {
    expect((await fixture.get('/api/set-cluster-alias/main:3306?alias=shop')).body).toMatchObject({ Code: 'OK' });
    expect(fixture.service.calls).toEqual([`alias ${cluster} shop by n1.example`]);
    expect((await fixture.get('/api/set-cluster-alias/main:3306')).status).toBe(500);
  });

  it('write primaries to the key-value stores', async () => {
    const expected = {
      Code: 'OK',
      Message: 'Submitted 2 masters',
      Details: [
        { Key: 'mysql/master/shop', Value: 'db1:3306' },
        { Key: 'mysql/master/shop/port', Value: '3306' },
      ],
    };
    expect((await fixture.get('/api/submit-masters-to-kv-stores/main:3306')).body).toEqual(expected);
    expect((await fixture.get('/api/submit-masters-to-kv-stores')).body).toEqual(expected);
    // The shell client ends its path with a slash when it was given no alias.
    expect((await fixture.get('/api/submit-masters-to-kv-stores/')).body).toEqual(expected);
    expect(fixture.service.calls).toEqual([`submit ${cluster}`, 'submit all', 'submit all']);
    expect((await fixture.get('/api/submit-masters-to-kv-stores/nobody')).body).toMatchObject({ Code: 'ERROR' });
  });

  it('take an alias away', async () => {
    expect((await fixture.get('/api/set-cluster-alias/main:3306?alias=')).body).toMatchObject({
      Code: 'OK',
      Message: 'Cluster main:3306 no longer has an alias of its own',
    });
    expect(fixture.service.calls).toEqual([`alias ${cluster}  by n1.example`]);
  });

  it('call a cluster by its name, though another has that for an alias', async () => {
    const { fed } = fixture.service;
    const other = '44444444-4444-4444-4444-444444444444';
    fed.feed({ kind: 'topology-observed', servers: [seen(other, 'other', null)] });
    const clusterId = fed.state.servers.get(other as Server['id'])?.clusterId;
    if (clusterId === undefined) throw new Error('other is in a cluster');
    fed.feed({ kind: 'alias-set', clusterId, alias: 'main:3306' });
    expect((await fixture.get('/api/set-cluster-alias/main:3306?alias=shop')).body).toMatchObject({ Code: 'OK' });
    expect(fixture.service.calls).toEqual([`alias ${cluster} shop by n1.example`]);
    expect(clusterByHint(fed.state, 'main:3306', 3306)).toBe(cluster);
  });
});

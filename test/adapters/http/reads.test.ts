import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serverId } from '../../support/facts.js';
import { FIRST, MAIN, replicaVitals, SECOND, seen, vitalsOf } from './fake-service.js';
import { type Fixture, openFixture } from './http-fixture.js';

let fixture: Fixture;

beforeEach(async () => {
  fixture = await openFixture();
});

afterEach(async () => {
  await fixture.close();
});

async function body(url: string): Promise<unknown> {
  return (await fixture.get(url)).body;
}

async function keys(url: string): Promise<string[]> {
  const list = (await body(url)) as { Key: { Hostname: string; Port: number } }[];
  return list.map(({ Key }) => `${Key.Hostname}:${String(Key.Port)}`);
}

const ALL = ['main:3306', 'read-replica-1:3306', 'read-replica-2:3306'];

describe('clusters', () => {
  it('are named by the address of their primary', async () => {
    expect(await body('/api/clusters')).toEqual(['main:3306']);
  });

  it('are null when there are none, as the incumbent gives it', async () => {
    fixture.service.fed.feed({ kind: 'server-forgotten', address: { host: 'main', port: 3306 } });
    fixture.service.fed.feed({ kind: 'server-forgotten', address: { host: 'read-replica-1', port: 3306 } });
    fixture.service.fed.feed({ kind: 'server-forgotten', address: { host: 'read-replica-2', port: 3306 } });
    expect(await body('/api/clusters')).toBeNull();
    expect(await body('/api/clusters-info')).toEqual([]);
    expect(await body('/api/masters')).toBeNull();
  });

  it('have a summary with their alias, or their name for want of one', async () => {
    const info = {
      ClusterName: 'main:3306',
      ClusterAlias: 'main:3306',
      ClusterDomain: '',
      CountInstances: 3,
      HeuristicLag: 0,
      HasAutomatedMasterRecovery: true,
      HasAutomatedIntermediateMasterRecovery: false,
    };
    expect(await body('/api/clusters-info')).toEqual([info]);
    expect(await body('/api/cluster-info/main:3306')).toEqual(info);
    fixture.service.fed.feed({ kind: 'alias-set', clusterId: fixture.service.clusterId(), alias: 'shop' });
    expect(await body('/api/clusters-info')).toEqual([{ ...info, ClusterAlias: 'shop' }]);
    expect(await body('/api/cluster-info/alias/shop')).toEqual({ ...info, ClusterAlias: 'shop' });
  });

  it('give their members in order of host and port', async () => {
    expect(await keys('/api/cluster/main:3306')).toEqual(ALL);
    expect(await keys('/api/cluster/instance/read-replica-2/3306')).toEqual(ALL);
    expect(await keys('/api/all-instances')).toEqual(ALL);
  });

  it('give their primary', async () => {
    expect(await keys('/api/masters')).toEqual(['main:3306']);
    expect(await body('/api/master/read-replica-1:3306')).toMatchObject({ Key: { Hostname: 'main', Port: 3306 } });
  });
});

describe('a hint', () => {
  it.each([
    ['the name', 'main:3306'],
    ['the name of a member', 'read-replica-1:3306'],
    ['a member without the port', 'read-replica-1'],
    ['a part of the host of one member', 'plica-2:3306'],
  ])('can be %s', async (_what, hint) => {
    expect(await keys(`/api/cluster/${hint}`)).toEqual(ALL);
  });

  it('can be a name that the cluster had under its former primary', async () => {
    const { fed } = fixture.service;
    fed.feed({
      kind: 'topology-observed',
      servers: [
        seen(FIRST, 'read-replica-1', null),
        seen(MAIN, 'main', { id: FIRST, host: 'read-replica-1' }),
        seen(SECOND, 'read-replica-2', { id: FIRST, host: 'read-replica-1' }),
      ],
    });
    expect(await body('/api/clusters')).toEqual(['read-replica-1:3306']);
    expect(await keys('/api/cluster/main:3306')).toEqual(ALL);
  });

  it('that fits two hosts in part is not guessed at', async () => {
    expect(await fixture.get('/api/cluster/replica:3306')).toMatchObject({
      status: 500,
      body: { Code: 'ERROR', Message: 'Unable to determine cluster name. clusterHint=replica:3306', Details: null },
    });
  });
});

describe('instances', () => {
  it('are found by address, by a part of the host, and else are an error', async () => {
    expect(await body('/api/instance/main/3306')).toMatchObject({ ServerUUID: MAIN });
    expect(await body('/api/instance/MAIN/3306')).toMatchObject({ ServerUUID: MAIN });
    expect(await body('/api/instance/mai/3306')).toMatchObject({ ServerUUID: MAIN });
    expect(await fixture.get('/api/instance/other/3306')).toMatchObject({ status: 500, body: { Code: 'ERROR' } });
    expect(await fixture.get('/api/instance/main/port')).toMatchObject({ status: 500, body: { Code: 'ERROR' } });
  });

  it('give their replicas', async () => {
    expect(await keys('/api/instance-replicas/main/3306')).toEqual(ALL.slice(1));
    expect(await body('/api/instance-replicas/read-replica-1/3306')).toEqual([]);
  });

  it('are searched by parts of what is known of them, nearest to the top first', async () => {
    expect(await keys('/api/search?s=REPLICA-1')).toEqual(['read-replica-1:3306']);
    expect(await keys('/api/search/9.7')).toEqual(ALL);
    expect(await keys('/api/search')).toEqual(ALL);
    expect(await keys('/api/search?s=nowhere')).toEqual([]);
  });

  it('with a problem are listed unless they are in downtime', async () => {
    expect(await body('/api/problems')).toBeNull();
    fixture.service.see('read-replica-1', replicaVitals({ lagSeconds: 100 }));
    fixture.service.see('read-replica-2', null, { valid: false });
    fixture.service.emit({ kind: 'sighting' });
    expect(await keys('/api/problems')).toEqual(['read-replica-1:3306', 'read-replica-2:3306']);
    fixture.service.fed.feed({
      kind: 'downtime-begun',
      downtime: {
        server: serverId(SECOND),
        owner: 'me',
        reason: 'known',
        beganAtMs: 0,
        endsAtMs: fixture.service.nowMs + 60_000,
      },
    });
    expect(await keys('/api/problems/main:3306')).toEqual(['read-replica-1:3306']);
    expect(await keys('/api/downtimed')).toEqual(['read-replica-2:3306']);
    expect(await keys('/api/downtimed/main:3306')).toEqual(['read-replica-2:3306']);
  });
});

describe('the topology as text', () => {
  it('is drawn below its primary', async () => {
    const lines = [
      'main:3306             [0s,ok,9.7.0,rw,ROW,>>,GTID]',
      '+ read-replica-1:3306 [0s,ok,9.7.0,ro,ROW,>>,GTID]',
      '+ read-replica-2:3306 [0s,ok,9.7.0,ro,ROW,>>,GTID]',
    ].join('\n');
    const expected = { Code: 'OK', Message: 'Topology for cluster main:3306', Details: lines };
    expect(await body('/api/topology/main:3306')).toEqual(expected);
    expect(await body('/api/topology/read-replica-1/3306')).toEqual(expected);
  });

  it('has a form for tables and one with tags', async () => {
    expect(await body('/api/topology-tabulated/main:3306')).toMatchObject({
      Details: expect.stringMatching(/^main:3306 {12}\|0s\|ok\|9\.7\.0\|rw\|ROW\|>>,GTID\n/) as unknown,
    });
    expect(await body('/api/topology-tags/main:3306')).toMatchObject({
      Details: expect.stringMatching(/^main:3306 .*\] \[\]\n/) as unknown,
    });
  });

  it('keeps the living tree first when a former primary stands apart', async () => {
    fixture.service.fed.feed({
      kind: 'topology-observed',
      servers: [seen(SECOND, 'zz-last', null)],
    });
    fixture.service.see('zz-last', vitalsOf());
    const { Details } = (await body('/api/topology/main:3306')) as { Details: string };
    expect(Details.split('\n')[0]).toMatch(/^main:3306/);
  });
});

describe('views', () => {
  it('follow the ledger at once, event or none', async () => {
    expect(await body('/api/instance/main/3306')).toMatchObject({ ReadOnly: false });
    fixture.service.fed.feed({ kind: 'topology-observed', servers: [seen(MAIN, 'main', null, { readOnly: true })] });
    expect(await body('/api/instance/main/3306')).toMatchObject({ ReadOnly: true });
    expect(await body('/api/cluster/main:3306')).toMatchObject([{ ReadOnly: true }, {}, {}]);
  });

  it('follow what this node sees when it says so', async () => {
    expect(await body('/api/cluster/main:3306')).toMatchObject([{ IsLastCheckValid: true }, {}, {}]);
    fixture.service.see('main', null, { valid: false });
    fixture.service.emit({ kind: 'sighting' });
    expect(await body('/api/cluster/main:3306')).toMatchObject([{ IsLastCheckValid: false }, {}, {}]);
  });

  it('age with the clock', async () => {
    expect(await body('/api/instance/main/3306')).toMatchObject({ SecondsSinceLastSeen: { Int64: 1, Valid: true } });
    fixture.clock.advance(7000);
    expect(await body('/api/instance/main/3306')).toMatchObject({
      SecondsSinceLastSeen: { Int64: 8, Valid: true },
      IsUpToDate: false,
      IsRecentlyChecked: true,
    });
  });
});

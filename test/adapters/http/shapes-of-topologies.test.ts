// Topologies that are no tree: every server is shown, once, and what is odd about it is said.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Overview } from '../../../src/adapters/http/overview/overview.js';
import type { ServerFacts } from '../../../src/core/topology/server.js';
import { FIRST, MAIN, SECOND, seen } from './fake-service.js';
import { type Fixture, openFixture } from './http-fixture.js';

let fixture: Fixture;

beforeEach(async () => {
  fixture = await openFixture();
});

afterEach(async () => {
  await fixture.close();
});

const HOSTS: Readonly<Record<string, string>> = {
  [MAIN]: 'main',
  [FIRST]: 'read-replica-1',
  [SECOND]: 'read-replica-2',
};

/** Who follows whom now; null: nobody. */
function shape(sources: Readonly<Record<string, string | null>>, changes: Partial<ServerFacts> = {}): void {
  const servers = Object.entries(sources).map(([id, source]) =>
    seen(id, HOSTS[id] ?? '', source === null ? null : { id: source, host: HOSTS[source] ?? source }, changes),
  );
  fixture.service.fed.feed({ kind: 'topology-observed', servers });
}

async function overview(): Promise<Overview> {
  return (await fixture.get('/api/v1/overview')).body as Overview;
}

async function warnings(): Promise<readonly (readonly [string, string])[]> {
  const { clusters } = await overview();
  return clusters.flatMap(({ problems }) => problems.map(({ code, description }) => [code, description] as const));
}

async function tree(hint: string): Promise<readonly string[]> {
  const { Details } = (await fixture.get(`/api/topology/${hint}`)).body as { Details: string };
  return Details.split('\n').map((line) => line.slice(0, line.indexOf('[')).trimEnd());
}

async function depths(hint: string): Promise<Readonly<Record<string, readonly [number, boolean, string]>>> {
  const members = (await fixture.get(`/api/cluster/${hint}`)).body as {
    Key: { Hostname: string };
    MasterKey: { Hostname: string };
    ReplicationDepth: number;
    IsCoMaster: boolean;
  }[];
  return Object.fromEntries(
    members.map(({ Key, ReplicationDepth, IsCoMaster, MasterKey }) => [
      Key.Hostname,
      [ReplicationDepth, IsCoMaster, MasterKey.Hostname],
    ]),
  );
}

describe('a chain', () => {
  it('is drawn level by level', async () => {
    shape({ [SECOND]: FIRST });
    expect(await tree('main:3306')).toEqual(['main:3306', '+ read-replica-1:3306', '  + read-replica-2:3306']);
    expect(await depths('main:3306')).toEqual({
      main: [0, false, ''],
      'read-replica-1': [1, false, 'main'],
      'read-replica-2': [2, false, 'read-replica-1'],
    });
    const last = (await fixture.get('/api/instance/read-replica-2/3306')).body;
    expect(last).toMatchObject({ AncestryUUID: `${MAIN},${FIRST},${SECOND}` });
    expect(await warnings()).toEqual([]);
  });
});

describe('co-primaries', () => {
  it('stand side by side, each with what follows it; one that takes writes names the cluster', async () => {
    shape({ [MAIN]: FIRST }, { readOnly: false, superReadOnly: false });
    expect(await tree('main:3306')).toEqual(['+ main:3306', '  + read-replica-2:3306', '+ read-replica-1:3306']);
    expect(await depths('main:3306')).toEqual({
      main: [0, true, 'read-replica-1'],
      'read-replica-1': [1, true, 'main'],
      'read-replica-2': [1, false, 'main'],
    });
    const [cluster] = (await overview()).clusters;
    expect(cluster?.shape).toEqual({ coPrimaries: [[MAIN, FIRST]], loops: [], orphans: [] });
    expect(await warnings()).toEqual([]);
  });

  it('are warned about when both take writes', async () => {
    shape({ [MAIN]: FIRST, [FIRST]: MAIN }, { readOnly: false, superReadOnly: false });
    expect(await warnings()).toEqual([
      ['WriteableCoMasters', 'main:3306 and read-replica-1:3306 replicate from each other, and both take writes'],
    ]);
  });
});

describe('a loop', () => {
  it('of three loses nobody, and is called one', async () => {
    shape({ [MAIN]: SECOND, [FIRST]: MAIN, [SECOND]: FIRST });
    expect([...(await tree('main:3306'))].map((line) => line.trim().slice(2)).sort()).toEqual([
      'main:3306',
      'read-replica-1:3306',
      'read-replica-2:3306',
    ]);
    expect(await warnings()).toEqual([
      [
        'ReplicationLoop',
        'A loop of replication: main:3306 from read-replica-2:3306 from read-replica-1:3306 from main:3306',
      ],
    ]);
  });

  it('of one server with itself too', async () => {
    shape({ [MAIN]: MAIN });
    expect(await warnings()).toEqual([['SelfReplication', 'main:3306 replicates from itself']]);
    expect(await tree('main:3306')).toHaveLength(3);
  });
});

describe('a replica of nobody known', () => {
  it('heads a cluster of its own, a level below the top, and says whom it follows', async () => {
    shape({ [SECOND]: 'stranger' });
    expect(await depths('read-replica-2:3306')).toMatchObject({
      'read-replica-2': [expect.any(Number), false, 'stranger'],
    });
    expect(await warnings()).toEqual([
      ['UnknownSource', 'read-replica-2:3306 replicates from stranger:3306, which is not known here'],
    ]);
    const orphan = (await overview()).clusters.find(({ shape: { orphans } }) => orphans.length > 0);
    expect(orphan?.shape.orphans).toEqual([SECOND]);
  });
});

it('a replica that was detached is shown as that, and not as one of an unknown source', async () => {
  shape({ [SECOND]: '//main' });
  const [cluster] = (await overview()).clusters.filter(({ problems }) => problems.length > 0);
  expect(cluster?.problems).toMatchObject([
    {
      code: 'DetachedReplica',
      severity: 'notice',
      description:
        'read-replica-2:3306 is detached from main:3306 and fetches nothing until it is reattached or taken back',
    },
  ]);
});

describe('what operators said of servers and clusters', () => {
  it('stands in the tree with tags', async () => {
    const { fed } = fixture.service;
    const server = fixture.service.server(MAIN).id;
    fed.feed({ kind: 'tag-put', server, tag: { name: 'backup', value: '' }, by: 'ann' });
    fed.feed({ kind: 'tag-put', server, tag: { name: 'role', value: 'oltp' }, by: 'ann' });
    const { Details } = (await fixture.get('/api/topology-tags/main:3306')).body as { Details: string };
    expect(Details.split('\n')[0]).toMatch(/\] \[backup,role=oltp\]$/);
    expect(Details.split('\n')[1]).toMatch(/\] \[\]$/);
  });

  it('stands in the instance under the name that replicas are told', async () => {
    fixture.service.fed.feed({
      kind: 'unresolve-registered',
      host: 'main',
      name: 'main-vip',
      by: 'ann',
      lifetimeMs: 60_000,
    });
    expect((await fixture.get('/api/instance/main/3306')).body).toMatchObject({ UnresolvedHostname: 'main-vip' });
  });

  it('stands in the summary of a cluster: the domain that its primary suggests', async () => {
    fixture.service.fed.feed({
      kind: 'topology-observed',
      servers: [seen(MAIN, 'main', null, { suggestedClusterDomain: 'shop.db.example' })],
    });
    expect((await fixture.get('/api/cluster-info/main:3306')).body).toMatchObject({
      ClusterDomain: 'shop.db.example',
      HeuristicLag: 0,
    });
  });
});

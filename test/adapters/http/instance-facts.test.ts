// What a probe brings home of a server stands in the incumbent's Instance under its names.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ServerFacts } from '../../../src/core/topology/server.js';
import { PLAIN_TRANSPORT } from '../../../src/core/topology/server.js';
import { flavorOf, parseVersion } from '../../../src/core/topology/version.js';
import { addressOf, channelTo, serverId } from '../../support/facts.js';
import { FIRST, MAIN, SECOND, seen } from './fake-service.js';
import { type Fixture, openFixture } from './http-fixture.js';

const GROUP = 'aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa';

let fixture: Fixture;

beforeEach(async () => {
  fixture = await openFixture();
});

afterEach(async () => {
  await fixture.close();
});

function learn(id: string, host: string, facts: Partial<ServerFacts>): void {
  fixture.service.fed.feed({ kind: 'topology-observed', servers: [seen(id, host, null, facts)] });
}

async function instance(host: string): Promise<unknown> {
  return (await fixture.get(`/api/instance/${host}/3306`)).body;
}

describe('an instance shows', () => {
  it('semi-sync on both sides, with its priority and the kind of its plugins', async () => {
    const { semiSync } = fixture.service.server(MAIN).facts;
    learn(MAIN, 'main', {
      semiSyncPriority: 2,
      semiSync: {
        ...semiSync,
        sourceAvailable: true,
        replicaAvailable: true,
        sourceEnabled: true,
        sourceActive: true,
        timeoutMs: 10_000,
        waitCount: 1,
        sourcePluginIsNew: true,
      },
    });
    expect(await instance('main')).toMatchObject({
      SemiSyncAvailable: true,
      SemiSyncPriority: 2,
      SemiSyncMasterPluginNewVersion: true,
      SemiSyncReplicaPluginNewVersion: false,
      SemiSyncMasterEnabled: true,
      SemiSyncMasterStatus: true,
      SemiSyncMasterTimeout: 10_000,
      SemiSyncMasterWaitForReplicaCount: 1,
      SemiSyncReplicaEnabled: false,
    });
  });

  it('how a replica reaches its source', async () => {
    const transport = { ...PLAIN_TRANSPORT, caFile: '/tls/ca.pem', verifiesServer: true, getsPublicKey: false };
    learn(FIRST, 'read-replica-1', { channels: [channelTo('main', { tls: true, transport })] });
    expect(await instance('read-replica-1')).toMatchObject({
      AllowTLS: true,
      ReplicationSSLCAFile: '/tls/ca.pem',
      ReplicationSSLVerifyServerCert: { Bool: true, Valid: true },
      ReplicationGetSourcePublicKey: { Bool: false, Valid: true },
    });
    expect(await instance('main')).toMatchObject({
      AllowTLS: false,
      ReplicationSSLVerifyServerCert: { Bool: false, Valid: false },
    });
  });

  it('the uuid of its source, which servers without one spell "No"', async () => {
    const flavor = (text: string) => ({ version: parseVersion(text), flavor: flavorOf(text, '') });
    const channels = [channelTo('main', { sourceId: null })];
    for (const [version, told] of [
      ['9.7.0', ''],
      ['5.6.51-log', ''],
      ['5.5.62', 'No'],
      ['11.8.3-MariaDB-log', 'No'],
    ] as const) {
      learn(FIRST, 'read-replica-1', { channels, ...flavor(version) });
      expect(await instance('read-replica-1')).toMatchObject({ MasterUUID: told });
    }
    learn(FIRST, 'read-replica-1', { channels: [], ...flavor('11.8.3-MariaDB-log') });
    expect(await instance('read-replica-1')).toMatchObject({ MasterUUID: '' });
  });

  it('where it stands and what it suggests', async () => {
    learn(MAIN, 'main', {
      dataCenter: 'dc1',
      region: 'north',
      environment: 'prod',
      alias: 'm',
      suggestedClusterAlias: 'shop',
      givesReplicationAccount: true,
    });
    expect(await instance('main')).toMatchObject({
      InstanceAlias: 'm',
      DataCenter: 'dc1',
      Region: 'north',
      PhysicalEnvironment: 'prod',
      SuggestedClusterAlias: 'shop',
      ReplicationCredentialsAvailable: true,
      HasReplicationCredentials: false,
    });
  });

  it('that another server has its identity, as do the analysis and the overview', async () => {
    const shared = { server: serverId(FIRST), address: addressOf('clone'), detail: 'hostname clone' };
    fixture.service.fed.feed({ kind: 'identities-shared', shared: [shared], settled: [] });
    expect(await instance('read-replica-1')).toMatchObject({ Problems: ['shared_server_uuid: clone:3306'] });
    expect(await instance('read-replica-2')).toMatchObject({ Problems: [] });
    expect((await fixture.get('/api/problems')).body).toMatchObject([{ Key: { Hostname: 'read-replica-1' } }]);
    expect((await fixture.get('/api/replication-analysis')).body).toMatchObject({
      Details: [
        {
          AnalyzedInstanceKey: { Hostname: 'read-replica-1' },
          StructureAnalysis: ['SharedServerUuidStructureWarning'],
        },
      ],
    });
    const overview = JSON.stringify((await fixture.get('/api/v1/overview')).body);
    expect(overview).toContain('clone:3306 answers with the server_uuid of read-replica-1:3306 (hostname clone)');
    fixture.service.fed.feed({ kind: 'identities-shared', shared: [], settled: [addressOf('clone')] });
    expect(await instance('read-replica-1')).toMatchObject({ Problems: [] });
  });

  it('a detached replica by the name that it cannot reach', async () => {
    const channel = channelTo('main', {
      source: { host: '//main', port: 3306 },
      sourceId: null,
      ioThread: 'stopped',
      sqlThread: 'stopped',
    });
    learn(FIRST, 'read-replica-1', { channels: [channel] });
    expect(await instance('read-replica-1')).toMatchObject({
      MasterKey: { Hostname: '//main', Port: 3306 },
      IsDetachedMaster: true,
      Problems: ['not_replicating'],
    });
    const drawn = (await fixture.get('/api/topology/read-replica-1/3306')).body;
    expect(JSON.stringify(drawn)).toMatch(/read-replica-1:3306 +\[detached,nonreplicating,/);
  });
});

describe('a replication group', () => {
  const member = (
    role: 'PRIMARY' | 'SECONDARY',
    others: readonly string[],
    state = 'ONLINE',
  ): Partial<ServerFacts> => ({
    channels: [],
    readOnly: role === 'SECONDARY',
    superReadOnly: role === 'SECONDARY',
    group: {
      name: GROUP,
      singlePrimary: true,
      state: state as 'ONLINE',
      role,
      others: others.map(addressOf),
      primary: addressOf('main'),
    },
  });

  beforeEach(() => {
    learn(MAIN, 'main', member('PRIMARY', ['read-replica-1', 'read-replica-2']));
    learn(FIRST, 'read-replica-1', member('SECONDARY', ['main', 'read-replica-2']));
    learn(SECOND, 'read-replica-2', member('SECONDARY', ['main', 'read-replica-1'], 'RECOVERING'));
  });

  it('is one cluster; its secondaries have no source, a depth, and the name of the group in their ancestry', async () => {
    expect((await fixture.get('/api/clusters')).body).toEqual(['main:3306']);
    expect(await instance('read-replica-2')).toMatchObject({
      MasterKey: { Hostname: '', Port: 0 },
      AncestryUUID: `${MAIN},${GROUP},${SECOND}`,
      ReplicationDepth: 1,
      ReplicationGroupName: GROUP,
      ReplicationGroupIsSinglePrimary: true,
      ReplicationGroupMemberState: 'RECOVERING',
      ReplicationGroupMemberRole: 'SECONDARY',
      ReplicationGroupMembers: [
        { Hostname: 'main', Port: 3306 },
        { Hostname: 'read-replica-1', Port: 3306 },
      ],
      ReplicationGroupPrimaryInstanceKey: { Hostname: 'main', Port: 3306 },
      Problems: ['group_replication_member_not_online'],
    });
    expect(await instance('main')).toMatchObject({ Replicas: [], ReplicationDepth: 0, Problems: [] });
  });

  it('is drawn with its own mark', async () => {
    const { Details } = (await fixture.get('/api/topology/main:3306')).body as { Details: string };
    expect(Details.split('\n').map((line) => line.slice(0, line.indexOf(' [')))).toEqual([
      'main:3306              ',
      '‡ read-replica-1:3306',
      '‡ read-replica-2:3306',
    ]);
  });
});

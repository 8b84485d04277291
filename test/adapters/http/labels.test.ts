import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FIRST, MAIN, replicaVitals, SECOND } from './fake-service.js';
import { type Fixture, openFixture } from './http-fixture.js';

let fixture: Fixture;

beforeEach(async () => {
  fixture = await openFixture();
});

afterEach(async () => {
  await fixture.close();
});

const MAIN_KEY = { Hostname: 'main', Port: 3306 };
const FIRST_KEY = { Hostname: 'read-replica-1', Port: 3306 };
const SECOND_KEY = { Hostname: 'read-replica-2', Port: 3306 };

async function body(url: string): Promise<unknown> {
  return (await fixture.get(url)).body;
}

describe('promotion rules', () => {
  it('are registered, and listed with their end', async () => {
    expect(await body('/api/bulk-promotion-rules')).toBeNull();
    expect(await body('/api/register-candidate/read-replica-1/3306/must_not')).toEqual({
      Code: 'OK',
      Message: 'Registered candidate',
      Details: FIRST_KEY,
    });
    expect(await body('/api/bulk-promotion-rules')).toEqual([
      {
        Hostname: 'read-replica-1',
        Port: 3306,
        PromotionRule: 'must_not',
        LastSuggestedString: '1970-01-01 00:16:42',
        PromotionRuleExpiry: '1970-01-01 01:16:42',
      },
    ]);
    expect(await body('/api/instance/read-replica-1/3306')).toMatchObject({ PromotionRule: 'must_not' });
  });

  it('are none but the five, and never those of a server that was guessed', async () => {
    expect(await body('/api/register-candidate/read-replica-1/3306/gladly')).toMatchObject({
      Code: 'ERROR',
      Message: expect.stringContaining('Invalid CandidatePromotionRule: gladly') as unknown,
    });
    expect(await body('/api/register-candidate/replica-1/3306/must')).toMatchObject({ Code: 'ERROR' });
    expect(fixture.service.state.candidates.size).toBe(0);
  });
});

describe('tags', () => {
  it('are put by query or path, listed, read and looked for', async () => {
    expect(await body('/api/tag/main/3306?tag=role%3Dbackup%0A')).toEqual({
      Code: 'OK',
      Message: 'main:3306 tagged with role=backup',
      Details: MAIN_KEY,
    });
    await body('/api/tag/main/3306?tag=old');
    await body('/api/tag/read-replica-1/3306/role/backup');
    expect(await body('/api/tags/main/3306')).toEqual(['old=', 'role=backup']);
    expect(await body('/api/tag-value/main/3306?tag=role')).toBe('backup');
    expect(await body('/api/tag-value/main/3306/old')).toBe('');
    expect(await body('/api/tag-value/main/3306?tag=none')).toMatchObject({
      Code: 'ERROR',
      Message: 'tag none not found for main:3306',
    });
    expect(await body('/api/tagged/?tag=role')).toEqual([MAIN_KEY, FIRST_KEY]);
    expect(await body('/api/tagged?tag=role%3Dbackup,old')).toEqual([MAIN_KEY]);
    expect(await body('/api/tagged?tag=role,~old')).toEqual([FIRST_KEY]);
    expect(await body('/api/tagged?tag=!role')).toEqual([SECOND_KEY]);
    expect(await body('/api/tagged?tag=role%3Dother')).toEqual([]);
  });

  it('have one value for each name', async () => {
    await body('/api/tag/main/3306?tag=role%3Dbackup');
    await body('/api/tag/main/3306?tag=role%3Dlive');
    expect(await body('/api/tags/main/3306')).toEqual(['role=live']);
  });

  it('are taken off one server whatever their value, or only with it', async () => {
    await body('/api/tag/main/3306?tag=role%3Dbackup');
    expect(await body('/api/untag/main/3306?tag=role%3Dlive')).toMatchObject({ Details: [] });
    expect(await body('/api/untag/main/3306?tag=role')).toEqual({
      Code: 'OK',
      Message: 'role removed from 1 instances',
      Details: [MAIN_KEY],
    });
    expect(await body('/api/tags/main/3306')).toEqual([]);
  });

  it('are taken off everybody only with their value', async () => {
    await body('/api/tag/main/3306?tag=role%3Da');
    await body('/api/tag/read-replica-1/3306?tag=role%3Da');
    await body('/api/tag/read-replica-2/3306?tag=role%3Db');
    expect(await body('/api/untag-all?tag=role')).toMatchObject({ Code: 'ERROR' });
    expect(await body('/api/untag-all?tag=role%3Da')).toMatchObject({ Details: [MAIN_KEY, FIRST_KEY] });
    expect(await body('/api/tagged?tag=role')).toEqual([SECOND_KEY]);
  });

  it.each(['~role', '!role', '', '=x', 'a,b'])('are not put by "%s"', async (text) => {
    expect(await body(`/api/tag/main/3306?tag=${encodeURIComponent(text)}`)).toMatchObject({ Code: 'ERROR' });
    expect(fixture.service.state.tags.size).toBe(0);
  });
});

describe('maintenance', () => {
  it('begins, is listed, is asked for and ends by server', async () => {
    expect(await body('/api/begin-maintenance/main/3306/ann/new%20disk')).toEqual({
      Code: 'OK',
      Message: 'Maintenance begun: main:3306',
      Details: MAIN_KEY,
    });
    expect(await body('/api/in-maintenance/main/3306')).toEqual({
      Code: 'OK',
      Message: 'true',
      Details: 'main:3306',
    });
    fixture.clock.wall += 4000;
    expect(await body('/api/maintenance')).toEqual([
      {
        MaintenanceId: 1,
        Key: MAIN_KEY,
        BeginTimestamp: '1970-01-01 00:16:42',
        SecondsElapsed: 4,
        IsActive: true,
        Owner: 'ann',
        Reason: 'new disk',
      },
    ]);
    expect(await body('/api/end-maintenance/main/3306')).toMatchObject({
      Message: 'Maintenance ended: main:3306',
      Details: MAIN_KEY,
    });
    expect(await body('/api/in-maintenance/main/3306')).toMatchObject({ Message: 'false', Details: '' });
    expect(await body('/api/maintenance')).toEqual([]);
  });

  it('ends by its number', async () => {
    await body('/api/begin-maintenance/read-replica-1/3306/ann/disk');
    expect(await body('/api/end-maintenance/7')).toMatchObject({ Code: 'ERROR' });
    expect(await body('/api/end-maintenance/1')).toMatchObject({ Message: 'Maintenance ended: 1', Details: 1 });
    expect(fixture.service.state.maintenances.size).toBe(0);
  });

  it('is over when its time is, although no entry has said so', async () => {
    await body('/api/begin-maintenance/main/3306/ann/disk');
    fixture.clock.wall += 2 * 3_600_000;
    expect(await body('/api/maintenance')).toEqual([]);
  });
});

describe('pools', () => {
  it('hold what was submitted, with parts of names that fit one server', async () => {
    const members = encodeURIComponent('replica-1,read-replica-2:3306 10.1.1.1:3306\n');
    expect(await body(`/api/submit-pool-instances/web?instances=${members}`)).toEqual({
      Code: 'OK',
      Message: 'Submitted web pool',
      Details: 'web',
    });
    expect(await body('/api/cluster-pool-instances/main:3306')).toEqual({
      Code: 'OK',
      Message: 'Read pool instances for cluster main:3306',
      Details: { web: [FIRST_KEY, SECOND_KEY] },
    });
    expect(await body('/api/cluster-pool-instances/main:3306/other')).toMatchObject({ Details: {} });
    expect(await body('/api/heuristic-cluster-pool-instances/main:3306/')).toMatchObject({
      Details: [{ Key: FIRST_KEY }, { Key: SECOND_KEY }],
    });
  });

  it('lag as the slowest of those does that tell it, and say who does not', async () => {
    await body('/api/submit-pool-instances/web?instances=read-replica-1,read-replica-2');
    const lag = async (): Promise<unknown> => await body('/api/heuristic-cluster-pool-lag/main:3306/web');
    const told = (Details: number, more = ''): object => ({
      ...{ Code: 'OK', Message: `Heuristic pool lag for cluster main:3306${more}`, Details },
    });
    expect(await lag()).toEqual(told(0));
    fixture.service.see('read-replica-1', { ...replicaVitals(), lagSeconds: 7 });
    expect(await lag()).toEqual(told(7));
    fixture.service.see('read-replica-2', { ...replicaVitals(), lagSeconds: null });
    expect(await lag()).toEqual(told(7, '; not told by read-replica-2:3306'));
    fixture.service.see('read-replica-1', { ...replicaVitals(), lagSeconds: null });
    expect(await lag()).toMatchObject({
      Code: 'ERROR',
      Message: expect.stringMatching(/ read-replica-1:3306, read-replica-2:3306$/) as unknown,
    });
    expect(await body('/api/heuristic-cluster-pool-lag/main:3306/other')).toMatchObject({ Code: 'ERROR' });
  });

  it('count only members that were read at their last look', async () => {
    await body('/api/submit-pool-instances/web?instances=read-replica-1,read-replica-2');
    fixture.service.see('read-replica-2', null, { valid: false });
    expect(await body('/api/heuristic-cluster-pool-instances/main:3306')).toMatchObject({
      Details: [{ Key: FIRST_KEY }],
    });
  });
});

describe('names', () => {
  it('for replicas are registered and removed', async () => {
    expect(await body('/api/register-hostname-unresolve/main/3306/vip.example')).toMatchObject({
      Code: 'OK',
      Details: MAIN_KEY,
    });
    expect(fixture.service.state.unresolves.get('main')).toMatchObject({ name: 'vip.example' });
    expect(await body('/api/register-hostname-unresolve/main/3306/a%20b')).toMatchObject({ Code: 'ERROR' });
    await body('/api/deregister-hostname-unresolve/main/3306');
    expect(fixture.service.state.unresolves.size).toBe(0);
  });

  it('that were resolved are shown and given up', async () => {
    fixture.service.names = [{ host: 'db', resolved: '10.0.0.1', expiresAtMs: 2 }];
    expect(await body('/api/hostname-resolve-cache')).toEqual({
      Code: 'OK',
      Message: 'Cache retrieved',
      Details: { db: { Object: '10.0.0.1', Expiration: 2_000_000 } },
    });
    expect(await body('/api/reset-hostname-resolve-cache')).toEqual({
      Code: 'OK',
      Message: 'Hostname cache cleared',
      Details: null,
    });
    expect(await body('/api/hostname-resolve-cache')).toMatchObject({ Details: {} });
  });
});

describe('forgetting', () => {
  it('a cluster names it, and a hint that is only a part of it forgets nothing', async () => {
    const cluster = fixture.service.clusterId();
    expect(await body('/api/forget-cluster/main:3306')).toEqual({
      Code: 'OK',
      Message: 'Cluster forgotten: main:3306',
      Details: null,
    });
    expect(fixture.service.calls).toEqual([`forget cluster ${cluster} by n1.example`]);
    expect(await body('/api/forget-cluster/mai:3306')).toMatchObject({ Code: 'ERROR' });
  });

  it('is listed until it is lifted', async () => {
    fixture.service.fed.feed({ kind: 'servers-forgotten', servers: [MAIN as never], addresses: [], by: 'ann' });
    expect(await body('/api/v1/forgotten')).toEqual([
      { Addresses: [MAIN_KEY], ServerUUID: MAIN, By: 'ann', At: '1970-01-01 00:16:42' },
    ]);
  });
});

describe('two servers with one identity', () => {
  it('are listed with what tells them apart', async () => {
    const shared = [{ server: FIRST as never, address: { host: 'copy', port: 3306 }, detail: 'server_id 1 and 2' }];
    fixture.service.fed.feed({ kind: 'identities-shared', shared, settled: [] });
    expect(await body('/api/v1/shared-identities')).toEqual([
      {
        Key: FIRST_KEY,
        Copy: { Hostname: 'copy', Port: 3306 },
        ServerUUID: FIRST,
        Detail: 'server_id 1 and 2',
        Since: '1970-01-01 00:16:42',
      },
    ]);
  });
});

describe('pictures of the past', () => {
  it('are taken, listed, and drawn as who was below whom', async () => {
    expect(await body('/api/snapshot-topologies')).toEqual({
      Code: 'OK',
      Message: 'Topology Snapshot completed',
      Details: 'Took 2.500ms',
    });
    expect(await body('/api/v1/past-topologies')).toEqual([
      { at: '1970-01-01 00:16:42', atSeconds: 1002, servers: 3, clusters: ['main:3306'] },
    ]);
    // What happens afterwards does not change them.
    fixture.service.fed.feed({ kind: 'servers-forgotten', servers: [SECOND as never], addresses: [], by: 'ann' });
    const drawn = 'main:3306\n- read-replica-1:3306\n- read-replica-2:3306';
    expect(await body('/api/v1/past-topology/main:3306/1002')).toMatchObject({ Code: 'OK', Details: drawn });
    expect(await body('/api/v1/past-topology/read-replica-1:3306/1970-01-02%2000:00:00')).toMatchObject({
      Details: drawn,
    });
    expect(await body('/api/v1/past-instances/1002')).toMatchObject([
      { Key: MAIN_KEY, ClusterName: 'main:3306' },
      { Key: FIRST_KEY, MasterKey: MAIN_KEY },
      { Key: SECOND_KEY, MasterKey: MAIN_KEY },
    ]);
  });

  it('say when there is none of that time or cluster', async () => {
    expect(await body('/api/v1/past-topology/main:3306/5')).toMatchObject({
      Message: expect.stringContaining('No picture of the topologies was kept') as unknown,
    });
    await body('/api/snapshot-topologies');
    expect(await body('/api/v1/past-topology/main:3306/5')).toMatchObject({
      Message: expect.stringContaining('the first is of 1970-01-01 00:16:42') as unknown,
    });
    expect(await body('/api/v1/past-topology/other/1002')).toMatchObject({ Code: 'ERROR' });
    expect(await body('/api/v1/past-topology/main:3306/yesterday')).toMatchObject({ Code: 'ERROR' });
  });
});

describe('what operators say', () => {
  it('is not said through a node that is read-only', async () => {
    await fixture.close();
    fixture = await openFixture({ readOnly: true });
    for (const url of [
      '/api/tag/main/3306?tag=a',
      '/api/register-candidate/main/3306/must',
      '/api/begin-maintenance/main/3306/ann/disk',
      '/api/submit-pool-instances/web?instances=main',
      '/api/snapshot-topologies',
      '/api/reset-hostname-resolve-cache',
    ]) {
      expect(await body(url)).toMatchObject({ Code: 'ERROR', Message: 'Unauthorized' });
    }
    expect(fixture.service.state.tags.get(FIRST as never)).toBeUndefined();
  });
});

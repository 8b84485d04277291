/**
 * The recoveries beside that of a dead primary, each from what happens to real servers to how they stand afterwards: a
 * source in the middle of the tree, one of two co-primaries, a primary that takes no writes, a primary that waits for
 * acknowledgements in vain.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import { MySqlLab } from '../../../tools/lab/mysql-lab.js';
import type { OrchestratorCluster } from '../../../tools/lab/orchestrator-cluster.js';
import { replicate } from '../../../tools/lab/topology.js';
import { objectionsTo } from '../../support/lab/objections.js';

const PATIENCE = { timeout: 60_000, interval: 50 };

const CONFIG = {
  RecoverIntermediateMasterClusterFilters: ['*'],
  RecoveryPeriodBlockSeconds: 0,
};

interface RecoveryRow {
  readonly AnalysisEntry: { readonly Analysis: string };
  readonly IsSuccessful: boolean;
  readonly SuccessorKey: { readonly Port: number } | null;
  readonly AllErrors: readonly string[];
}

describe('a recovery of its own', () => {
  let lab: MySqlLab;
  let cluster: OrchestratorCluster | null = null;
  let servers: readonly LabServer[] = [];

  // Each its own: a node remembers in its data directory what it has seen.
  beforeEach(async () => {
    lab = await MySqlLab.open();
  });
  afterEach(async () => {
    await cluster?.stop();
    cluster = null;
    await lab.close();
  });

  async function watch(config: Readonly<Record<string, unknown>>): Promise<void> {
    const seeds = servers.map(({ address }) => address);
    cluster = await lab.cluster({ nodes: 1, seeds, config: { ...CONFIG, ...config } });
    const known = async (): Promise<number> => (await get<readonly unknown[]>('/api/all-instances')).length;
    await expect.poll(known, PATIENCE).toBe(servers.length);
  }

  function clusterOf(): OrchestratorCluster {
    if (cluster === null) throw new Error('no node runs');
    return cluster;
  }

  async function get<T>(path: string): Promise<T> {
    return await (await clusterOf().leader()).get<T>(path);
  }

  const recoveries = async (): Promise<readonly RecoveryRow[]> => await get('/api/audit-recovery');
  const sourcePort = async (server: LabServer): Promise<unknown> => (await server.replicaStatus())?.sourcePort;
  const isClosed = async (server: LabServer): Promise<unknown> =>
    (await server.query<{ closed: number }>('SELECT @@read_only AS closed'))[0]?.closed;

  it('gives the replicas of a dead intermediate source the server beside it, with all that they had missed', async () => {
    const [primary, beside, lost, one, two] = await five();
    await watch({});
    await lost.kill();
    await primary.execute('INSERT INTO shop.orders VALUES (1)');
    for (const orphan of [one, two]) {
      await expect.poll(() => sourcePort(orphan), PATIENCE).toBe(beside.port);
      await orphan.catchUp(primary);
      await orphan.waitForReplication();
    }
    await expect.poll(recoveries, PATIENCE).toMatchObject([
      {
        AnalysisEntry: { Analysis: 'DeadIntermediateMaster' },
        IsSuccessful: true,
        SuccessorKey: { Port: beside.port },
      },
    ]);
    expect(await isClosed(primary)).toBe(0);
    // It returns as what it was, a replica of the primary, with none of its own.
    await lost.start();
    await lost.catchUp(primary);
  });

  it('opens a primary that somebody closed, where operators want that', async () => {
    servers = await lab.servers(2);
    const { primary } = await replicate(servers, { shape: 'star', semiSync: false });
    await watch({ RecoverNonWriteableMaster: true });
    await primary.execute('SET GLOBAL super_read_only = 1');
    await expect.poll(() => isClosed(primary), PATIENCE).toBe(0);
    await expect
      .poll(recoveries, PATIENCE)
      .toMatchObject([{ IsSuccessful: true, SuccessorKey: { Port: primary.port } }]);
  });

  it('opens a primary of our own making that comes back closed in the time that a restart has', async () => {
    servers = await lab.servers(3, { readOnlyAtStart: true });
    const { primary, replicas } = await replicate(servers, { shape: 'star', semiSync: false });
    const [next] = replicas;
    if (next === undefined) throw new Error('there are two replicas');
    await watch({ PrimaryRestartGraceSeconds: { '*': 50 } });
    const path = `${primary.address.replace(':', '/')}/${next.address.replace(':', '/')}`;
    await expect.poll(async () => await objectionsTo(clusterOf(), primary, next), PATIENCE).toEqual([]);
    expect(await get(`/api/graceful-master-takeover-auto/${path}`)).toMatchObject({ Code: 'OK' });
    await next.kill();
    await next.start();
    await expect.poll(() => isClosed(next), PATIENCE).toBe(0);
    expect(await isClosed(primary)).toBe(1);
    expect((await recoveries()).map(({ AnalysisEntry }) => AnalysisEntry.Analysis)).not.toContain('NoProblem');
  });

  it('makes more replicas acknowledge when the primary waits for them in vain, and its clients go on', async () => {
    servers = await lab.servers(3, { semiSync: true, extra: ['rpl_semi_sync_source_timeout=86400000'] });
    const { primary, replicas } = await replicate(servers, { shape: 'star', semiSync: true });
    await primary.execute('CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY)');
    for (const replica of replicas) await replica.catchUp(primary);
    await watch({
      RecoverLockedSemiSyncMaster: true,
      ReasonableLockedSemiSyncMasterSeconds: 1,
      DetectSemiSyncEnforcedQuery: `SELECT IF(@@port = ${String(replicas[1]?.port)}, 1, 0)`,
    });
    for (const replica of replicas) {
      await replica.execute(
        'SET GLOBAL rpl_semi_sync_replica_enabled = 0; STOP REPLICA IO_THREAD; START REPLICA IO_THREAD',
      );
    }
    // It hangs until somebody acknowledges.
    await primary.execute('INSERT INTO shop.orders VALUES (1)', PATIENCE.timeout);
    const acknowledges = await Promise.all(
      replicas.map((replica) => replica.query('SELECT @@rpl_semi_sync_replica_enabled AS on_')),
    );
    expect(acknowledges).toEqual([[{ on_: 0 }], [{ on_: 1 }]]);
    const [row] = await primary.query('SELECT @@rpl_semi_sync_source_enabled AS asks');
    expect(row).toEqual({ asks: 1 });
    await expect
      .poll(recoveries, PATIENCE)
      .toMatchObject([{ AnalysisEntry: { Analysis: 'LockedSemiSyncMaster' }, IsSuccessful: true }]);
  });

  it('lets the other of two co-primaries take over, and fences the dead one when it returns', async () => {
    servers = await lab.servers(3);
    const { primary, replicas } = await replicate(servers, { shape: 'star', semiSync: false });
    const [other, third] = replicas;
    if (other === undefined || third === undefined) throw new Error('there are two replicas');
    await primary.replicateFrom(other);
    await primary.waitForReplication();
    await primary.execute('CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY)');
    for (const replica of replicas) await replica.catchUp(primary);
    await watch({});
    await primary.kill();
    await expect.poll(() => isClosed(other), PATIENCE).toBe(0);
    await expect.poll(() => sourcePort(third), PATIENCE).toBe(other.port);
    expect(await other.replicaStatus()).toBeUndefined();
    const dead = async (): Promise<readonly string[]> =>
      (await get<{ Details: readonly { Analysis: string }[] }>('/api/replication-analysis')).Details.map(
        ({ Analysis }) => Analysis,
      );
    await expect.poll(dead, PATIENCE).toContain('DeadCoMaster');
    await other.execute('INSERT INTO shop.orders VALUES (1)');
    primary.configure(['read_only=OFF']);
    await primary.start();
    await expect.poll(() => isClosed(primary), PATIENCE).toBe(1);
    await expect.poll(() => sourcePort(primary), PATIENCE).toBe(other.port);
    await primary.catchUp(other);
    await expect.poll(dead, PATIENCE).not.toContain('DeadCoMaster');
  });

  it('leaves the new primary for others to open, where operators want that, and no repair is quicker than they', async () => {
    servers = await lab.servers(3);
    const { primary, replicas } = await replicate(servers, { shape: 'star', semiSync: false });
    await primary.execute('CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY)');
    for (const replica of replicas) await replica.catchUp(primary);
    await watch({ ApplyMySQLPromotionAfterMasterFailover: false, RecoverNonWriteableMaster: true });
    await primary.kill();
    await expect.poll(recoveries, PATIENCE).toMatchObject([{ IsSuccessful: true }]);
    const [row] = await recoveries();
    const next = replicas.find(({ port }) => port === row?.SuccessorKey?.Port);
    const other = replicas.find((replica) => replica !== next);
    if (next === undefined || other === undefined) throw new Error('one of the two was promoted');
    await expect.poll(() => sourcePort(other), PATIENCE).toBe(next.port);
    expect(await sourcePort(next)).toBe(primary.port);
    primary.configure(['read_only=OFF']);
    await primary.start();
    // It rejoins below one that still names it: nobody takes the one for the other.
    await expect.poll(() => sourcePort(primary), PATIENCE).toBe(next.port);
    await expect.poll(() => isClosed(primary), PATIENCE).toBe(1);
    expect(await isClosed(next)).toBe(1);
    const name = async (): Promise<string> => await get(`/api/master/${other.address}`).then(keyOf);
    expect(await name()).toBe(next.address);
    await next.execute('STOP REPLICA; RESET REPLICA ALL; SET GLOBAL super_read_only = 0; SET GLOBAL read_only = 0');
    await next.execute('INSERT INTO shop.orders VALUES (1)');
    for (const replica of [other, primary]) await replica.catchUp(next);
    await expect.poll(name, PATIENCE).toBe(next.address);
    expect(await isClosed(primary)).toBe(1);
  });

  const keyOf = (instance: unknown): string => {
    const { Key } = instance as { readonly Key: { readonly Hostname: string; readonly Port: number } };
    return `${Key.Hostname}:${String(Key.Port)}`;
  };

  /** A primary, two servers below it, and two below the second of those. */
  async function five(): Promise<readonly [LabServer, LabServer, LabServer, LabServer, LabServer]> {
    servers = await lab.servers(5);
    const [primary, beside, lost, one, two] = servers;
    if (primary === undefined || beside === undefined || lost === undefined || one === undefined || two === undefined) {
      throw new Error('five servers were asked for');
    }
    await replicate([primary, beside, lost], { shape: 'star', semiSync: false });
    for (const replica of [one, two]) {
      await replica.replicateFrom(lost);
      await replica.waitForReplication();
    }
    await primary.execute('CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY)');
    // The one beside, too: whoever has less than the orphans gets none of them.
    for (const replica of [beside, lost, one, two]) await replica.catchUp(primary);
    return [primary, beside, lost, one, two];
  }
});

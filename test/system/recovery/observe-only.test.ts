// Beside a system that acts, upon real servers: everything fails in turn, nothing is touched, and the log, the audit and the
// API say what would have been done. What the other system keeps in the same folder stays as it is.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import { MySqlLab } from '../../../tools/lab/mysql-lab.js';
import type { OrchestratorNode } from '../../../tools/lab/orchestrator-node.js';
import { replicate } from '../../../tools/lab/topology.js';

const PATIENCE = { timeout: 60_000, interval: 50 };
const CHANGES = ['change_repl_source', 'replica_start', 'replica_stop', 'reset', 'kill', 'flush', 'set_password'];

let lab: MySqlLab;
let node: OrchestratorNode;
let tree: readonly LabServer[];
let ring: readonly LabServer[];
let theirs: string;
let kept: string;

/** Whatever a system could change about a server, and how often anybody told it to. */
async function stateOf(server: LabServer): Promise<unknown> {
  const commands = CHANGES.map((name) => `'Com_${name}'`).join();
  return [
    await server.query('SELECT @@read_only, @@super_read_only, @@offline_mode, @@gtid_executed, @@gtid_purged'),
    await server.query("SHOW GLOBAL VARIABLES LIKE 'rpl_semi_sync%'"),
    await server.query(
      `SELECT VARIABLE_NAME, VARIABLE_VALUE FROM performance_schema.global_status WHERE VARIABLE_NAME IN (${commands})`,
    ),
    (await server.replicaStatus())?.sourcePort,
  ];
}

async function states(servers: readonly LabServer[]): Promise<readonly unknown[]> {
  return await Promise.all(servers.filter(({ running }) => running).map(stateOf));
}

function digests(folder: string): readonly unknown[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('orchestrator-log'))
    .filter(({ name }) => /sqlite|raft|meta|state|\.db/.test(name))
    .map(({ parentPath, name }) => {
      const file = join(parentPath, name);
      return [file, createHash('sha256').update(readFileSync(file)).digest('hex'), statSync(file).mtimeMs];
    });
}

beforeAll(async () => {
  lab = await MySqlLab.open();
  theirs = join(lab.directory, 'node-1', 'data');
  mkdirSync(join(theirs, 'snapshots', '3-17-1695'), { recursive: true });
  for (const file of [
    'raft.db',
    'raft_store.db',
    'orchestrator.sqlite3',
    'snapshots/3-17-1695/state.bin',
    'snapshots/3-17-1695/meta.json',
  ]) {
    writeFileSync(join(theirs, file), `what the other one keeps in ${file}`);
  }
  kept = JSON.stringify(digests(theirs));
  const semiSync = { semiSync: true, extra: ['rpl_semi_sync_source_timeout=86400000'] };
  [tree, ring] = await Promise.all([lab.servers(4), lab.servers(3, semiSync)]);
  const [primary, beside, middle, leaf] = tree;
  const [one, other, third] = ring;
  if (primary === undefined || beside === undefined || middle === undefined || leaf === undefined)
    throw new Error('four');
  if (one === undefined || other === undefined || third === undefined) throw new Error('three');
  await replicate([primary, beside, middle], { shape: 'star', semiSync: false });
  await leaf.replicateFrom(middle);
  await leaf.waitForReplication();
  await replicate([one, other, third], { shape: 'star', semiSync: true });
  await one.execute('CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY)');
  const cluster = await lab.cluster({
    nodes: 1,
    seeds: [primary.address, one.address],
    config: {
      ObserveOnly: true,
      RecoverIntermediateMasterClusterFilters: ['*'],
      RecoverNonWriteableMaster: true,
      RecoverLockedSemiSyncMaster: true,
      ReasonableLockedSemiSyncMasterSeconds: 1,
      DetectSemiSyncEnforcedQuery: 'SELECT 1',
      RecoveryPeriodBlockSeconds: 0,
      OnFailureDetectionProcesses: [`touch ${join(lab.directory, 'hook-was-run')}`],
    },
  });
  node = await cluster.leader();
  await vi.waitFor(async () => {
    expect(await node.get<readonly unknown[]>('/api/all-instances')).toHaveLength(7);
  }, PATIENCE);
});

afterAll(async () => {
  await lab.close();
});

/** One line each, newest first. */
async function told(): Promise<readonly string[]> {
  const rows = await node.get<readonly { AuditType: string; Message: string }[]>('/api/audit');
  return rows.filter(({ AuditType }) => AuditType === 'observe-only').map(({ Message }) => Message);
}

async function foreseen(code: string, server: LabServer): Promise<string> {
  const pattern = new RegExp(`${code} of ${server.address} would be recovered now: .*The plan: 1\\. `);
  await expect.poll(told, PATIENCE).toContainEqual(expect.stringMatching(pattern));
  await expect.poll(() => node.log(), PATIENCE).toMatch(new RegExp(`observe only: ${pattern.source}`));
  const analyses = async (): Promise<readonly string[]> =>
    (await node.get<{ Details: readonly { Analysis: string }[] }>('/api/replication-analysis')).Details.map(
      ({ Analysis }) => Analysis,
    );
  await expect.poll(analyses, PATIENCE).toContainEqual(expect.stringMatching(new RegExp(`^${code}$`)));
  return (await told()).find((line) => pattern.test(line)) ?? '';
}

function servers(): readonly [LabServer, LabServer, LabServer, LabServer] {
  const [primary, beside, middle, leaf] = tree;
  if (primary === undefined || beside === undefined || middle === undefined || leaf === undefined)
    throw new Error('four');
  return [primary, beside, middle, leaf];
}

describe('a node that only observes tells what it would do, and does nothing, when', () => {
  let before: readonly unknown[] = [];

  async function untouched(all: readonly LabServer[]): Promise<void> {
    expect(await states(all)).toEqual(before);
    expect(await node.get('/api/audit-recovery')).toEqual([]);
    expect(readdirSync(lab.directory)).not.toContain('hook-was-run');
  }

  beforeEach(() => {
    before = [];
  });

  it('a primary takes no writes', async () => {
    const [primary] = servers();
    await primary.execute('SET GLOBAL super_read_only = 1');
    before = await states(tree);
    const text = await foreseen('NoWriteableMasterStructureWarning', primary);
    expect(text).toContain(`open ${primary.address}`);
    expect(text).not.toContain('come to nothing');
    await untouched(tree);
    await primary.execute('SET GLOBAL super_read_only = 0; SET GLOBAL read_only = 0');
  });

  it('a source in the middle of the tree dies', async () => {
    const [, beside, middle, leaf] = servers();
    await middle.kill();
    before = await states(tree);
    const text = await foreseen('DeadIntermediateMaster\\w*', middle);
    expect(text).toContain(leaf.address);
    expect(text).toContain(beside.address);
    await untouched(tree);
    await middle.start();
    await leaf.waitForReplication();
    await middle.waitForReplication();
    await expect.poll(async () => await node.get('/api/problems'), PATIENCE).toBeNull();
  });

  it('a primary dies, and it goes on from what the other system made of it', async () => {
    const [primary, beside] = servers();
    await primary.kill();
    before = await states(tree);
    expect(await foreseen('DeadMaster', primary)).toMatch(/: 127\.0\.0\.1:\d+ would be promoted\./);
    const explained = await node.request(`/api/v1/plan/automatic/${primary.address}`);
    expect(JSON.stringify(explained.body)).toContain('observe-only');
    const asked = await node.request(`/api/graceful-master-takeover-auto/${primary.address}`);
    expect(JSON.stringify(asked)).toContain('take ObserveOnly out of the configuration');
    await untouched(tree);
    await beside.execute('STOP REPLICA; RESET REPLICA ALL; SET GLOBAL super_read_only = 0; SET GLOBAL read_only = 0');
    const masters = async (): Promise<readonly number[]> =>
      (await node.get<readonly { Key: { Port: number } }[]>('/api/masters')).map(({ Key }) => Key.Port);
    await expect.poll(masters, PATIENCE).toContain(beside.port);
  });

  it('a primary waits for acknowledgements that nobody gives', async () => {
    const [one, ...others] = ring;
    if (one === undefined) throw new Error('three');
    for (const replica of others) {
      await replica.execute(
        'SET GLOBAL rpl_semi_sync_replica_enabled = 0; STOP REPLICA IO_THREAD; START REPLICA IO_THREAD',
      );
    }
    const hanging = one.execute('INSERT INTO shop.orders VALUES (1)', PATIENCE.timeout).catch(() => undefined);
    const arrived = async (): Promise<readonly string[]> =>
      await Promise.all(others.map(async (replica) => await replica.gtidExecuted()));
    await expect.poll(arrived, PATIENCE).toEqual(others.map(() => expect.stringContaining(':1-3') as unknown));
    before = await states(others);
    expect(await foreseen('LockedSemiSyncMaster', one)).toMatch(
      /would be promoted\. The plan: 1\. make \S+ acknowledge/,
    );
    expect(await states(others)).toEqual(before);
    await one.execute('SET GLOBAL rpl_semi_sync_source_enabled = 0');
    await hanging;
    await others[1]?.catchUp(one);
  });

  it('one of two co-primaries dies', async () => {
    const [one, other] = ring;
    if (one === undefined || other === undefined) throw new Error('three');
    await one.replicateFrom(other);
    await one.waitForReplication();
    const isSeen = async (): Promise<unknown> =>
      (await node.get<{ IsCoMaster: boolean }>(`/api/instance/${one.address.replace(':', '/')}`)).IsCoMaster;
    await expect.poll(isSeen, PATIENCE).toBe(true);
    await one.kill();
    before = await states(ring);
    expect(await foreseen('DeadCoMaster', one)).toContain(`${other.address} would be promoted`);
    await untouched(ring);
  });

  it('another system keeps its state in the same folder', async () => {
    await node.stop();
    expect(JSON.stringify(digests(theirs))).toBe(kept);
    expect(readdirSync(theirs)).toContain('orchestrator-log');
  });
});

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { claimDirectory } from '../../src/adapters/level/identity-file.js';
import { faultsOf, load, notes, warnings } from './config-files.js';

const three = {
  RaftEnabled: true,
  RaftDataDir: '/data',
  RaftNodes: ['node1', 'Node2.:10009', 'node3'],
  RaftBind: 'node1',
};
const warned = async (content: object): Promise<string> => warnings(await load(content)).join('\n');

describe('the nodes of a cluster', () => {
  test('an id is the entry of RaftNodes, written one way', async () => {
    const { raft, http, grpc } = (await load(three)).config;
    expect(raft.id).toBe('node1:10008');
    expect(raft.members.map(({ id }) => id)).toEqual(['node1:10008', 'node2:10009', 'node3:10008']);
    expect(raft.bind).toEqual({ host: 'node1', port: 10_008 });
    expect(raft.dataDir).toBe('/data/orchestrator-log');
    expect(http.advertiseUrl).toBe('http://node1:3000');
    expect(grpc.advertise).toBe('node1:3001');
  });

  test('every node comes to the same cluster id, and another list to another one', async () => {
    const one = (await load(three)).config.raft;
    const other = (await load({ ...three, RaftBind: 'node3', RaftNodes: ['node3:10008', 'node2:10009', 'NODE1'] }))
      .config.raft;
    const more = (await load({ ...three, RaftNodes: [...three.RaftNodes, 'node4'] })).config.raft;
    expect(other.id).toBe('node3:10008');
    expect(other.clusterId).toBe(one.clusterId);
    expect(one.clusterId).toMatch(/^[0-9a-f]{32}$/);
    expect(more.clusterId).not.toBe(one.clusterId);
  });

  test('a node that is not in the list cannot start, and is told its name and the list', async () => {
    const faults = await faultsOf({ ...three, RaftBind: '10.0.0.1' });
    expect(faults).toEqual([
      expect.stringMatching(
        /^RaftBind: this node calls itself 10\.0\.0\.1:10008, which is not one of RaftNodes \(node1:10008, .*RaftAdvertise/,
      ),
    ]);
  });

  test('an IP stands for the entry whose name leads to it; two such entries are no answer', async () => {
    const resolve = (host: string): Promise<string[]> =>
      Promise.resolve({ '10.0.0.3': ['10.0.0.3'], node3: ['10.0.0.3'] }[host] ?? ['10.0.0.9']);
    const byIp = { ...three, RaftBind: '10.0.0.3' };
    expect((await load(byIp, { resolve })).config.raft.id).toBe('node3:10008');
    const same = (): Promise<string[]> => Promise.resolve(['10.0.0.3']);
    expect(await faultsOf(byIp, { resolve: same })).toHaveLength(1);
  });

  test('a node that binds every interface has to say its name', async () => {
    expect((await faultsOf({ ...three, RaftBind: '0.0.0.0' })).join()).toMatch(/^RaftAdvertise: nothing was given/);
    const named = await load({ ...three, RaftBind: ':10008', RaftAdvertise: 'node2:10009' });
    expect(named.config.raft.id).toBe('node2:10009');
    expect(named.config.raft.bind).toEqual({ host: null, port: 10_008 });
  });

  test('IPv6 is kept in brackets', async () => {
    const content = { ...three, RaftBind: '[fd00::1]', RaftNodes: ['[FD00::1]', '[fd00::2]', '[fd00::3]:1'] };
    const { raft, http } = (await load(content)).config;
    expect(raft.id).toBe('[fd00::1]:10008');
    expect(http.advertiseUrl).toBe('http://[fd00::1]:3000');
  });

  test('two nodes: both are needed, and that is said', async () => {
    expect(await warned({ ...three, RaftNodes: ['node1', 'node2'] })).toContain('BOTH are needed');
    expect(await warned(three)).not.toContain('BOTH');
  });

  test('an entry given twice counts once', async () => {
    const loaded = await load({ ...three, RaftNodes: ['node1', 'NODE1:10008', 'node2', 'node3'] });
    expect(loaded.config.raft.members).toHaveLength(3);
    expect(warnings(loaded).join()).toContain('RaftNodes names node1:10008 twice');
  });

  test('every wrong entry is reported', async () => {
    expect(await faultsOf({ ...three, RaftNodes: ['node1', 'a b', 'node2:0'] })).toHaveLength(2);
  });

  test('with RaftEnabled the folder is required', async () => {
    expect((await faultsOf({ ...three, RaftDataDir: '' })).join()).toMatch(/^RaftDataDir: nothing was given/);
  });

  test('the ports of one node must differ', async () => {
    expect((await faultsOf({ ...three, ListenAddress: ':10008' })).join()).toMatch(
      /^ListenAddress: port 10008 is RaftBind/,
    );
    expect(await faultsOf({ ...three, ListenAddress: 'other:10008' })).toEqual([]);
  });
});

describe('a cluster of one', () => {
  test('needs no Raft keys; the folder it chose is said', async () => {
    const loaded = await load({});
    const { raft } = loaded.config;
    expect(raft).toMatchObject({ enabled: false, id: '127.0.0.1:10008', clusterId: null });
    expect(raft.members).toEqual([{ id: raft.id, address: raft.id }]);
    expect(raft.dataDir).toMatch(/^(\/var\/lib|\/nowhere)\/orchestrator\/orchestrator-log$/);
    expect(notes(loaded).join()).toContain(raft.dataDir);
  });

  test.each([[[]], [['node1']]])('with RaftNodes %j', async (RaftNodes) => {
    const { raft } = (await load({ ...three, RaftNodes })).config;
    expect(raft).toMatchObject({ enabled: true, id: 'node1:10008', clusterId: null });
    expect(raft.members).toHaveLength(1);
  });

  test('by mistake: RaftNodes without RaftEnabled', async () => {
    expect(await warned({ ...three, RaftEnabled: false })).toContain('CLUSTER OF ONE');
  });
});

describe('a node that is not at its first address, or is new', () => {
  const folders: string[] = [];

  afterEach(async () => {
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
  });

  async function bornAs(id: string): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'orchestrator-born-'));
    folders.push(folder);
    await claimDirectory(join(folder, 'orchestrator-log'), { clusterId: 'c', nodeId: id });
    return folder;
  }

  test('keeps the id of its data directory, and is reached where RaftAdvertise says', async () => {
    const RaftDataDir = await bornAs('node1:10008');
    const moved = await load({ ...three, RaftDataDir, RaftBind: '0.0.0.0', RaftAdvertise: 'elsewhere' });
    const { raft, http } = moved.config;
    expect([raft.id, raft.advertise]).toEqual(['node1:10008', 'elsewhere:10008']);
    expect(http.advertiseUrl).toBe('http://elsewhere:3000');
    expect(raft.places).toEqual(['node1:10008', 'node2:10009', 'node3:10008']);
  });

  test('does not start on the directory of another node of the list', async () => {
    const RaftDataDir = await bornAs('node3:10008');
    expect((await faultsOf({ ...three, RaftDataDir })).join()).toMatch(/^RaftDataDir: it belongs to node node3:10008/);
  });

  test('that joins founds nothing, and need not stand in the list', async () => {
    const { raft } = (await load({ ...three, RaftBind: 'node4', RaftJoin: true })).config;
    expect(raft).toMatchObject({ id: 'node4:10008', joins: true, members: [], clusterId: null });
    expect(raft.places).toEqual(['node1:10008', 'node2:10009', 'node3:10008']);
  });

  test('that joins needs somebody to ask', async () => {
    const alone = { ...three, RaftNodes: ['node1'], RaftJoin: true };
    expect((await faultsOf(alone)).join()).toMatch(/^RaftNodes: nobody else is in it/);
  });

  test.each([
    ['joins', { RaftBind: 'node4', RaftJoin: true, RaftNodes: ['node1'] }],
    ['is of the founders', {}],
  ])('that %s and listens at a socket alone has to say where the others find it', async (_what, changes) => {
    const behind = { ...three, ...changes, ListenSocket: '/run/orchestrator.sock' };
    expect((await faultsOf(behind)).join()).toMatch(/^HTTPAdvertise: nothing was given, and with ListenSocket/);
    const { http } = (await load({ ...behind, HTTPAdvertise: 'http://proxy:80' })).config;
    expect(http.advertiseUrl).toBe('http://proxy:80');
  });
});

// Two of three founders lose their disks while the third is down: with the list of founders the same, they are a cluster of
// the same id with another history. The third must not be drawn into it, nor they into its own.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { KeyValueClient } from '../../../tools/bench/raft/key-value-client.js';
import type { OrchestratorNode } from '../../../tools/lab/orchestrator-node.js';
import { GrowingCluster, PATIENCE } from '../../support/cluster/growing-cluster.js';

let cluster: GrowingCluster;

beforeEach(async () => {
  cluster = await GrowingCluster.open();
});

afterEach(async () => {
  await cluster.close();
});

async function put({ grpcAddress }: OrchestratorNode, key: string, value: string): Promise<void> {
  const client = new KeyValueClient(grpcAddress, 30_000);
  await client.put(key, value);
  client.close();
}

async function statusAt({ url }: OrchestratorNode): Promise<string> {
  return (await cluster.run('raft', 'status', '--api', url)).out;
}

it('keeps a cluster that was founded anew on empty disks apart from what is left of the old one', async () => {
  const nodes = await cluster.found('a', 'b', 'c');
  const [a, b, c] = nodes;
  if (a === undefined || b === undefined || c === undefined) throw new Error('no founders');
  const third = new KeyValueClient(c.grpcAddress, 30_000);
  for (let count = 0; count < 20; count += 1) {
    await put(c, 'old', String(count));
    // It knows of this one that it is committed when it writes the next.
    await expect.poll(async () => (await third.get('old', 'STALE')).value).toBe(String(count));
  }
  third.close();
  await Promise.all(nodes.map((node) => node.kill()));
  for (const name of ['a', 'b']) await cluster.wipe(name);
  await Promise.all([a.start(), b.start()]);
  const leader = await cluster.leader();
  // A higher term and a longer log: everything by which Raft itself would take the newcomers' side.
  for (let count = 0; count < 4; count += 1) await cluster.done('transfer');
  for (let count = 0; count < 60; count += 1) await put(leader, 'new', String(count));

  await c.start();
  await vi.waitFor(async () => {
    expect(await statusAt(c)).toMatch(/founded anew on empty disks.*empty their RaftDataDir/);
    expect(await statusAt(a)).toMatch(/founded anew on empty disks.*empty their RaftDataDir/);
    expect(await statusAt(a)).toContain('NONE may be lost');
    expect(await statusAt(c)).toContain('NO LEADER IS KNOWN');
  }, PATIENCE);
  // What the third had is still there, and nothing else. That the last write was committed nobody is left to tell it.
  const client = new KeyValueClient(c.grpcAddress, 30_000);
  expect((await client.get('old', 'STALE')).value).toMatch(/^1\d$/);
  expect(await client.get('new', 'STALE')).toMatchObject({ found: false });
  client.close();

  // As the reason says: its disk emptied, it takes part.
  await c.kill();
  await cluster.wipe('c');
  await c.start();
  await vi.waitFor(async () => {
    expect(await statusAt(c)).toContain('1 may be lost');
  }, PATIENCE);
  await put(c, 'new', 'together');
});

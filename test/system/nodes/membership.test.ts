// The members of a running cluster, changed as operators change them: real processes, and the command line.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GrowingCluster, PATIENCE } from '../../support/cluster/growing-cluster.js';
import { SteadyWriter } from '../../support/cluster/steady-writer.js';
import { KeyValueClient } from '../../../tools/bench/raft/key-value-client.js';

let cluster: GrowingCluster;

beforeEach(async () => {
  cluster = await GrowingCluster.open();
});

afterEach(async () => {
  await cluster.close();
});

async function put(address: string, key: string): Promise<void> {
  const client = new KeyValueClient(address, 30_000);
  await client.put(key, 'v');
  client.close();
}

async function has(address: string, key: string): Promise<boolean> {
  const client = new KeyValueClient(address, 30_000);
  const { found } = await client.get(key);
  client.close();
  return found;
}

describe('a cluster under writes', () => {
  it('grows from one node to three and five and shrinks to one, and loses nothing', async () => {
    const [first] = await cluster.found('a');
    if (first === undefined) throw new Error('no founder');
    let open = [first];
    const writer = new SteadyWriter(() => open.map(({ grpcAddress }) => grpcAddress));
    writer.start(4);
    for (const name of ['b', 'c', 'd', 'e']) {
      const node = await cluster.join(name, first);
      expect(await cluster.done('add', node.raftAddress)).toContain(`${node.raftAddress} is a voter`);
      open = [...open, node];
    }
    expect(await cluster.voters()).toHaveLength(5);
    // The leader among them: whoever it is then. Clients go elsewhere before a node goes.
    const last = open.at(-1);
    if (last === undefined) throw new Error('no node');
    for (const node of open.slice(0, -1)) {
      open = open.filter((other) => other !== node);
      await cluster.done('remove', node.raftAddress);
      await node.stop();
    }
    await vi.waitFor(() => {
      expect(writer.acknowledged.length).toBeGreaterThan(100);
    }, PATIENCE);
    await writer.stop();
    expect(await cluster.voters()).toEqual([last.raftAddress]);
    expect(writer.complaints).toEqual([]);
    expect(await writer.missing(last.grpcAddress)).toEqual([]);
  });
});

describe('a node', () => {
  it('is found at a new address by nodes that were not restarted, and the log learns it', async () => {
    const nodes = await cluster.found('a', 'b', 'c');
    const addresses = nodes.map(({ raftAddress }) => raftAddress);
    await nodes[2]?.kill();
    // Without the third the moved one makes the majority: nothing can be committed before it is found.
    await nodes[1]?.kill();
    const moved = await cluster.move('b', addresses);
    await vi.waitFor(async () => {
      const { members } = await cluster.status();
      expect(members.find(({ id }) => id === addresses[1])).toMatchObject({
        raftAddress: moved.raftAddress,
        trouble: null,
      });
    }, PATIENCE);
    await put(moved.grpcAddress, 'after the move');
    expect(await has(nodes[0]?.grpcAddress ?? '', 'after the move')).toBe(true);
  });

  it('that lost its disk has no vote until the leader has brought it up to date', async () => {
    const nodes = await cluster.found('a', 'b', 'c');
    await put(nodes[0]?.grpcAddress ?? '', 'before');
    await cluster.done('transfer', nodes[0]?.raftAddress ?? '');
    await nodes[2]?.kill();
    await cluster.wipe('c');
    await nodes[0]?.kill();
    await nodes[1]?.kill();
    // Alone it founds nothing, whoever it asks: the others were there before, and are silent.
    await nodes[2]?.start();
    await nodes[1]?.start();
    await new Promise((resolve) => setTimeout(resolve, 4000));
    expect(await Promise.all([nodes[1], nodes[2]].map(async (node) => await node?.isLeader()))).toEqual([false, false]);
    await nodes[0]?.start();
    await cluster.leader();
    await vi.waitFor(async () => {
      expect(await has(nodes[2]?.grpcAddress ?? '', 'before')).toBe(true);
    }, PATIENCE);
  });

  it('that is dead is replaced by a new one, and the leader itself is removed', async () => {
    const nodes = await cluster.found('a', 'b', 'c');
    const leader = await cluster.leader();
    const dead = nodes.find((node) => node !== leader);
    if (dead === undefined) throw new Error('no follower');
    await put(leader.grpcAddress, 'kept');
    await dead.kill();
    const fresh = await cluster.join('d', leader);
    await cluster.done('replace', dead.raftAddress, fresh.raftAddress);
    expect(await cluster.voters()).not.toContain(dead.raftAddress);
    await cluster.done('remove', leader.raftAddress);
    const voters = await cluster.voters();
    expect(voters).toHaveLength(2);
    expect(voters).not.toContain(leader.raftAddress);
    expect(await has(fresh.grpcAddress, 'kept')).toBe(true);
    await vi.waitFor(async () => {
      const { body } = await leader.request('/api/health');
      expect(JSON.stringify(body)).toContain('it was removed from its cluster');
    }, PATIENCE);
    await vi.waitFor(() => {
      expect(leader.log()).toContain('REMOVED from its cluster');
    }, PATIENCE);
    // The dead one comes back, was never told, and hears of it.
    await dead.start();
    await vi.waitFor(() => {
      expect(dead.log()).toContain('REMOVED from its cluster');
    }, PATIENCE);
    expect(await cluster.voters()).toEqual(voters);
  });

  it('is not removed where the rest would be no majority, unless one insists; and a stranger is not added', async () => {
    const nodes = await cluster.found('a', 'b', 'c');
    const leader = await cluster.leader();
    const [one, two] = nodes.filter((node) => node !== leader);
    await one?.kill();
    // Asked before that is known, it would be done.
    await vi.waitFor(async () => {
      const { members } = await cluster.status();
      expect(members.find(({ id }) => id === one?.raftAddress)?.trouble).toBeTruthy();
    }, PATIENCE);
    await vi.waitFor(async () => {
      const refused = await cluster.raft('remove', two?.raftAddress ?? '');
      expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('--despite-dead-voters')]);
    }, PATIENCE);
    // On a busy machine there may be nobody who leads at that moment.
    await vi.waitFor(async () => {
      const nobody = await cluster.raft('add', '127.0.0.1:9');
      expect([nobody.code, nobody.err]).toEqual([1, expect.stringContaining('RaftJoin')]);
    }, PATIENCE);
    await vi.waitFor(async () => {
      const typo = await cluster.raft('remove', 'node-nobody-knows');
      expect([typo.code, typo.err]).toEqual([1, expect.stringContaining('its members are')]);
    }, PATIENCE);
  });
});

describe('a leader', () => {
  it('is itself replaced, and what was written is kept', async () => {
    await cluster.found('a', 'b', 'c');
    const leader = await cluster.leader();
    const fresh = await cluster.join('d', leader);
    await put(leader.grpcAddress, 'kept');
    expect(await cluster.done('replace', leader.raftAddress, fresh.raftAddress)).toContain('has taken the place of');
    const voters = await cluster.voters();
    expect([voters.length, voters.includes(leader.raftAddress), voters.includes(fresh.raftAddress)]).toEqual([
      3,
      false,
      true,
    ]);
    expect(await has(fresh.grpcAddress, 'kept')).toBe(true);
  });

  it('is killed again and again in the middle of changes, which come to their end and lose nothing', async () => {
    const founders = await cluster.found('a', 'b', 'c');
    const fresh = await cluster.join('d', await cluster.leader());
    const writer = new SteadyWriter(() => founders.map(({ grpcAddress }) => grpcAddress));
    writer.start(4);
    for (const [round, pauseMs] of [100, 300, 500, 700].entries()) {
      const change = cluster.done(round % 2 === 0 ? 'add' : 'remove', fresh.raftAddress);
      const ended = change.then(
        () => null,
        (error: unknown) => error,
      );
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      const leader = await cluster.leader();
      await leader.kill();
      await leader.start();
      expect(await ended).toBeNull();
    }
    await writer.stop();
    expect(await cluster.voters()).toHaveLength(3);
    expect((await cluster.status()).joint).toBe(false);
    expect(writer.complaints).toEqual([]);
    expect(await writer.missing((await cluster.leader()).grpcAddress)).toEqual([]);
  });
});

describe('a leader that is stopped', () => {
  it('names its successor first', async () => {
    await cluster.found('a', 'b', 'c');
    // It leads before it has heard all the others, and who has said nothing yet is no successor.
    await vi.waitFor(async () => {
      const { members } = await cluster.status();
      expect(members.map(({ trouble, behind }) => [trouble, behind])).toEqual(members.map(() => [null, 0]));
    }, PATIENCE);
    const leader = await cluster.leader();
    await leader.stop();
    expect(leader.log()).toMatch(/leadership is handed over to 127\.0\.0\.1/);
    await cluster.leader();
    await put(cluster.running[0]?.grpcAddress ?? '', 'after');
  });
});

describe('a cluster that lost its majority for good', () => {
  it('goes on with one survivor as its only voter, and turns away those that come back', async () => {
    const nodes = await cluster.found('a', 'b', 'c');
    await put(nodes[0]?.grpcAddress ?? '', 'kept');
    await vi.waitFor(async () => {
      expect((await cluster.status()).members.every(({ behind }) => behind === 0)).toBe(true);
    }, PATIENCE);
    for (const node of nodes) await node.kill();
    const looked = await cluster.run('--config', cluster.configOf('a'), 'raft', 'recover');
    expect([looked.code, looked.err]).toEqual([0, expect.stringContaining('NOTHING WAS CHANGED')]);
    // No entry names the founders; the configuration does.
    for (const other of nodes.slice(1)) expect(looked.out).toContain(other.raftAddress);
    const half = await cluster.run('--config', cluster.configOf('a'), 'raft', 'recover', '--as-only-voter');
    expect(half.code).toBe(2);
    const words = ['--config', cluster.configOf('a'), 'raft', 'recover', '--as-only-voter', '--accept-data-loss'];
    const done = await cluster.run(...words);
    expect([done.code, done.out]).toEqual([0, expect.stringContaining('is the only voter now')]);
    await nodes[0]?.start();
    await cluster.leader();
    expect(await cluster.voters()).toEqual([nodes[0]?.raftAddress]);
    expect(await has(nodes[0]?.grpcAddress ?? '', 'kept')).toBe(true);
    expect((await cluster.run(...words)).code).toBe(1);
    await nodes[1]?.start();
    await vi.waitFor(() => {
      expect(nodes[1]?.log()).toContain('was given up when node');
    }, PATIENCE);
    // The operator at the survivor sees who runs on.
    await vi.waitFor(async () => {
      expect((await cluster.run('raft', 'status', '--api', nodes[0]?.url ?? '')).out).toMatch(
        new RegExp(`${nodes[1]?.raftAddress ?? ''} calls from .* and is REFUSED`),
      );
    }, PATIENCE);
    expect(await cluster.voters()).toEqual([nodes[0]?.raftAddress]);
  });
});

import { afterEach, describe, expect, it, vi } from 'vitest';
import type { NodeId } from '../../../src/core/raft/message.js';
import { monotonicNowMs } from '../../../src/runtime/ports/clock.js';
import { MemoryCluster, type MemoryNode, MemoryDisk } from '../../support/raft/raft-memory-cluster.js';
import { hard, run } from '../../contracts/log-store.js';

const PATIENCE = { timeout: 60_000, interval: 5 };

describe('whole nodes in memory', () => {
  let cluster: MemoryCluster;

  afterEach(async () => {
    await cluster.end();
  });

  async function leader(): Promise<MemoryNode> {
    return vi.waitFor(() => {
      const [one] = cluster.leaders;
      expect(cluster.leaders).toHaveLength(1);
      expect([...cluster.nodes.values()].every((node) => node.consensus.leadership().leader === one?.id)).toBe(true);
      return one as MemoryNode;
    }, PATIENCE);
  }

  async function startThree(options = {}): Promise<MemoryNode> {
    cluster = new MemoryCluster(['a', 'b', 'c'], options);
    await cluster.startAll();
    return leader();
  }

  async function allHave(expected: readonly string[]): Promise<void> {
    await vi.waitFor(() => {
      for (const node of cluster.nodes.values()) expect(node.applied).toEqual(expected);
    }, PATIENCE);
  }

  it('apply an entry before its proposal resolves', async () => {
    const node = await startThree();
    await node.propose('one');
    expect(node.applied).toEqual(['one']);
    const many = Array.from({ length: 500 }, (_, position) => `many ${position}`);
    await Promise.all(many.map((text) => node.propose(text)));
    expect(node.applied).toEqual(['one', ...many]);
    await allHave(['one', ...many]);
  });

  it('hold a lease only while they lead and are answered', async () => {
    const node = await startThree();
    await vi.waitFor(() => {
      expect(node.consensus.lease().until).toBeGreaterThan(monotonicNowMs());
    }, PATIENCE);
    for (const other of cluster.nodes.values()) {
      if (other !== node) expect(other.consensus.lease().until).toBe(0);
    }
    cluster.cut.add(node.id);
    await vi.waitFor(() => {
      expect(node.consensus.leadership().role).not.toBe('leader');
    }, PATIENCE);
    expect(node.consensus.lease().until).toBeLessThanOrEqual(monotonicNowMs());
  });

  it('drop a proposal that another leader replaced, and say that it was not done', async () => {
    const old = await startThree();
    cluster.cut.add(old.id);
    const lost = old.propose('lost').catch((error: unknown) => error);
    const next = await vi.waitFor(() => {
      const found = cluster.leaders.find((node) => node !== old);
      expect(found).toBeDefined();
      return found as MemoryNode;
    }, PATIENCE);
    await next.propose('kept');
    cluster.cut.clear();
    expect(await lost).toMatchObject({ code: 'PROPOSAL_DROPPED', done: 'no' });
    await allHave(['kept']);
  });

  it('step down when their disk fails, still read, and come back by themselves', async () => {
    const node = await startThree();
    await node.propose('before');
    node.disk.log.trouble = 'no space left on device';
    const unlucky = await node.propose('unlucky', 1500).catch((error: unknown) => error);
    await vi.waitFor(() => {
      expect(cluster.leaders.filter((other) => other !== node)).toHaveLength(1);
    }, PATIENCE);
    const [next] = cluster.leaders;
    await next?.propose('meanwhile');
    expect((await node.consensus.status()).storageTrouble).toContain('no space left on device');
    const index = await node.consensus.readIndex(monotonicNowMs() + 20_000);
    expect(index).toBeGreaterThan(0);
    node.disk.log.trouble = null;
    await vi.waitFor(async () => {
      expect((await node.consensus.status()).storageTrouble).toBeNull();
    }, PATIENCE);
    await vi.waitFor(() => {
      expect(node.applied).toContain('meanwhile');
    }, PATIENCE);
    expect(node.events.filter(({ kind }) => kind === 'storage').map(({ level }) => level)).toContain('error');
    // The others had it or had it not; if it was said to be undone, it is.
    if ((unlucky as { done?: string }).done === 'no') expect(node.applied).not.toContain('unlucky');
    expect(node.deaths).toEqual([]);
  });

  it('cut their logs by snapshots, and send one to a node that was away too long', async () => {
    const node = await startThree({ snapshotEveryBytes: 5000 });
    const away = [...cluster.nodes.keys()].find((name) => name !== node.id) ?? '';
    const disk = await cluster.stop(away);
    const texts = Array.from({ length: 300 }, (_, position) => `entry ${position} ${'x'.repeat(50)}`);
    for (let from = 0; from < texts.length; from += 10) {
      await Promise.all(texts.slice(from, from + 10).map((text) => node.propose(text)));
    }
    expect((await node.consensus.status()).firstIndex).toBeGreaterThan(10);
    const back = await cluster.start(away, disk);
    await vi.waitFor(() => {
      expect(back.applied).toEqual(texts);
    }, PATIENCE);
    expect(back.restoredAt).toHaveLength(1);
    await node.propose('after');
    await allHave([...texts, 'after']);
  });

  it('start again from snapshot and log', async () => {
    const node = await startThree();
    await node.propose('one');
    const at = await node.consensus.takeSnapshot(monotonicNowMs() + 20_000);
    expect(at).toBe(node.appliedIndex);
    await node.propose('two');
    const disk = await cluster.stop(node.id);
    const again = await cluster.start(node.id, disk);
    await vi.waitFor(() => {
      expect(again.applied).toEqual(['one', 'two']);
    }, PATIENCE);
    expect(again.restoredAt).toEqual([at]);
  });

  it('answer a wish for a snapshot that cannot be written', async () => {
    const node = await startThree();
    await node.propose('one');
    node.disk.snapshots.trouble = 'no space left on device';
    await expect(node.consensus.takeSnapshot(monotonicNowMs() + 20_000)).rejects.toMatchObject({
      code: 'STORAGE',
      message: 'no space left on device',
    });
    await node.propose('two');
  });

  it('reject what is asked after their end', async () => {
    const node = await startThree();
    await cluster.stop(node.id);
    await expect(node.propose('late')).rejects.toMatchObject({ code: 'PROPOSAL_DROPPED' });
    await expect(node.consensus.readIndex(monotonicNowMs() + 100)).rejects.toMatchObject({ code: 'NO_QUORUM' });
    await expect(node.consensus.status()).rejects.toMatchObject({ code: 'NO_QUORUM' });
  });

  it('refuse a proposal whose deadline has passed, before it is made', async () => {
    const node = await startThree();
    const result = node.consensus.propose(new Uint8Array(1), monotonicNowMs() - 1);
    await expect(result).rejects.toMatchObject({
      code: expect.stringMatching('PROPOSAL_DROPPED|FATE_UNKNOWN') as string,
    });
    await node.propose('next');
    expect(node.applied).toEqual(['next']);
  });

  it('wait for the others before the first one of a cluster takes part', async () => {
    cluster = new MemoryCluster(['a', 'b', 'c']);
    const first = await cluster.start('a');
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(first.leaderships).toEqual([]);
    expect(await first.consensus.status()).toMatchObject({ role: 'learner', term: 0 });
    await expect(first.propose('too early')).rejects.toMatchObject({ code: 'NOT_LEADER', leader: null });
    await cluster.start('b');
    await leader();
  });

  it('with an empty disk in an old cluster have no vote, over a restart too, until they were brought up to date', async () => {
    const node = await startThree();
    await node.propose('one');
    const emptied = [...cluster.nodes.keys()].find((name) => name !== node.id) ?? '';
    await cluster.stop(emptied);
    // It meets the others, and hears nothing from the leader.
    cluster.cut.add(emptied as NodeId);
    const disk = new MemoryDisk();
    const again = await cluster.start(emptied, disk);
    await vi.waitFor(() => {
      expect(again.events.map(({ kind }) => kind)).toContain('empty-disk');
    }, PATIENCE);
    await cluster.stop(emptied);
    expect((await disk.log.open()).forgot).not.toBeNull();
    await disk.log.close();
    cluster.cut.clear();
    const third = await cluster.start(emptied, disk);
    await vi.waitFor(() => {
      expect(third.events.map(({ kind }) => kind)).toContain('recovered');
      expect(third.consensus.leadership()).toMatchObject({ role: 'follower', leader: node.id });
    }, PATIENCE);
    await cluster.stop(emptied);
    expect((await disk.log.open()).forgot).toBeNull();
  });

  it('refuse to start alone on damaged data, and say what to do', async () => {
    cluster = new MemoryCluster(['a']);
    const disk = new MemoryDisk();
    await disk.log.open();
    await disk.log.append({ hardState: hard(1, 'a'), restart: null, entries: run(1, 3, 1) });
    await disk.log.close();
    disk.log.forget('records 2 to 3 are missing');
    await expect(cluster.start('a', disk)).rejects.toMatchObject({
      code: 'STORAGE',
      message: expect.stringMatching(/records 2 to 3 are missing.*restore RaftDataDir from a backup/) as string,
    });
  });
});

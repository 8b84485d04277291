// Three Raft nodes as processes on loopback: leaders that are killed, paused and come back. Built by scripts/test.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { monotonicNowMs } from '../../../src/runtime/ports/clock.js';
import { inOneReign } from '../../support/raft/one-reign.js';
import { type RaftProcess, RaftProcesses, WishFailed } from '../../support/raft/raft-process.js';

const PATIENCE = { timeout: 60_000, interval: 20 };

describe('three nodes', () => {
  let cluster: RaftProcesses;

  afterEach(async () => {
    await cluster.end();
  });

  async function startThree(): Promise<RaftProcess> {
    cluster = await RaftProcesses.create(['a', 'b', 'c']);
    cluster.start('a', 'b', 'c');
    return cluster.leader();
  }

  const three = { begin: startThree, end: () => cluster.end() };

  function others(node: RaftProcess): RaftProcess[] {
    return cluster.running.filter((other) => other !== node);
  }

  async function allHave(expected: readonly string[]): Promise<void> {
    await vi.waitFor(async () => {
      for (const node of cluster.running) expect(await node.applied()).toEqual(expected);
    }, PATIENCE);
  }

  it('elect a leader, commit on all, and know each other', async () => {
    await inOneReign(three, async (leader) => {
      const first = await leader.propose('one');
      const second = await leader.propose('two');
      expect(second.index).toBe(first.index + 1);
      await allHave(['one', 'two']);
      const status = await leader.status();
      expect(status).toMatchObject({ role: 'leader', leader: leader.id, storageTrouble: null });
      await vi.waitFor(async () => {
        const { peers } = await leader.status();
        expect(peers.map(({ connected, matchIndex }) => [connected, matchIndex])).toEqual([
          [true, second.index],
          [true, second.index],
        ]);
        const known = leader.news.filter(({ event }) => event === 'peers').at(-1)?.['peers'] as { id: string }[];
        expect(known.map(({ id }) => id).sort()).toEqual(['a', 'b', 'c']);
      }, PATIENCE);
    });
  });

  it('say at a follower that another leads, and read there what was committed', async () => {
    await inOneReign(three, async (leader) => {
      const [follower] = others(leader);
      await leader.propose('one');
      await expect(follower?.propose('two')).rejects.toMatchObject({ code: 'NOT_LEADER', done: 'no' });
      expect(await follower?.read(60_000)).toEqual(['one']);
    });
  });

  it('take the lead from a node whose main thread hangs, which follows when it runs again', async () => {
    await startThree();
    const expected: string[] = [];
    const commit = async (text: string): Promise<void> => {
      await cluster.commit(text);
      expected.push(text);
    };
    const deadline = Date.now() + PATIENCE.timeout;
    for (let round = 1; ; round += 1) {
      await commit(`before ${String(round)}`);
      const hung = await cluster.leader();
      const untilThereIs = join(hung.settings.dataDirectory, '..', `enough ${String(round)}`);
      const over = hung.ask('hang', { untilThereIs });
      await vi.waitFor(async () => {
        const views = await Promise.all(others(hung).map((node) => node.leadership()));
        for (const { leader } of views) expect(others(hung).map(({ id }) => id)).toContain(leader);
      }, PATIENCE);
      await writeFile(untilThereIs, '');
      await over;
      await commit(`after ${String(round)}`);
      await allHave(expected);
      // On a busy machine it may have lost the lead by standing still, before its thread noticed anything.
      if (hung.news.some(({ kind }) => kind === 'main-thread')) return;
      expect(Date.now(), JSON.stringify(hung.news)).toBeLessThan(deadline);
    }
  });

  it('go on when their leader is killed, and take it back when it returns', async () => {
    await startThree();
    await cluster.commit('before');
    const [leader, term] = await vi.waitFor(async () => {
      const now = await cluster.leader();
      const view = await now.leadership();
      expect(view.role).toBe('leader');
      return [now, view.term] as const;
    }, PATIENCE);
    await leader.kill();
    const next = await cluster.leader();
    expect((await next.leadership()).term).toBeGreaterThan(term);
    await cluster.commit('after');
    expect(await vi.waitFor(() => next.read(), PATIENCE)).toEqual(['before', 'after']);
    cluster.start(leader.id);
    await allHave(['before', 'after']);
  });

  it('notice a killed leader by its broken streams, before silence could tell, and its return deposes nobody', async () => {
    const electionTimeoutMs = 5000;
    cluster = await RaftProcesses.create(['a', 'b', 'c'], { raft: { electionTimeoutMs } });
    cluster.start('a', 'b', 'c');
    const leader = await cluster.leader();
    const survivors = others(leader);
    const killedAtMs = monotonicNowMs();
    await leader.kill();
    const next = await cluster.leader();
    const stood = survivors
      .flatMap((node) => node.news)
      .filter((line) => line['role'] === 'pre-candidate' && Number(line['atMs']) > killedAtMs);
    expect(Math.min(...stood.map((line) => Number(line['atMs'])))).toBeLessThan(killedAtMs + electionTimeoutMs);
    await next.propose('after');
    const { term } = await next.leadership();
    cluster.start(leader.id);
    await allHave(['after']);
    expect(await next.leadership()).toMatchObject({ role: 'leader', term });
  });

  it('lose nothing that was acknowledged when all are killed at once', async () => {
    const texts = Array.from({ length: 50 }, (_, position) => `entry ${position}`);
    const leader = await inOneReign(three, async (reigning) => {
      await Promise.all(texts.map((text) => reigning.propose(text, 60_000)));
    });
    const { term } = await leader.leadership();
    await Promise.all(cluster.running.map((node) => node.kill()));
    cluster.start('a', 'b', 'c');
    const next = await cluster.leader();
    expect((await next.leadership()).term).toBeGreaterThan(term);
    expect([...(await next.read(60_000))].sort()).toEqual([...texts].sort());
    for (const node of cluster.running) expect(node.news.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('do not let a paused leader believe in its old lease, nor answer from the past', async () => {
    const leader = await inOneReign(three, async (reigning) => {
      await reigning.propose('before');
      const { term } = await reigning.leadership();
      await vi.waitFor(async () => {
        const { term: leased, until, nowMs } = await reigning.lease();
        expect(leased).toBe(term);
        expect(until).toBeGreaterThan(nowMs);
      }, PATIENCE);
    });
    leader.pause();
    await cluster.commit('meanwhile');
    // Asked before it runs again, so that these are the first things it looks at.
    const lease = leader.lease();
    const read = leader.read(60_000);
    leader.resume();
    const { until, nowMs } = await lease;
    expect(until).toBeLessThan(nowMs);
    expect(await read).toEqual(['before', 'meanwhile']);
    await vi.waitFor(async () => {
      expect(leader.news.some((line) => line['kind'] === 'clock')).toBe(true);
      const { role, leader: followed } = await leader.leadership();
      expect([role, followed]).toEqual(['follower', (await cluster.leader()).id]);
    }, PATIENCE);
  });

  /** All of it in one turn, before the leader can notice that it is alone; where it noticed all the same, it led no more. */
  async function proposedAlone(): Promise<readonly [RaftProcess, unknown]> {
    for (;;) {
      const leader = await startThree();
      for (const follower of others(leader)) follower.pause();
      const failure = await leader.propose('alone', 700).catch((error: unknown) => error);
      if (!(failure instanceof WishFailed && failure.code === 'NOT_LEADER')) return [leader, failure];
      await cluster.end();
    }
  }

  it('tell a proposal that nobody can commit from one that was not done', async () => {
    const [leader, failure] = await proposedAlone();
    expect(failure).toMatchObject({ code: 'FATE_UNKNOWN', done: 'unknown' });
    await vi.waitFor(async () => {
      expect((await leader.leadership()).role).not.toBe('leader');
    }, PATIENCE);
    await expect(leader.propose('later')).rejects.toMatchObject({ code: 'NOT_LEADER', done: 'no' });
    await expect(leader.read(300)).rejects.toMatchObject({ code: 'NO_QUORUM' });
    expect(await leader.applied()).toEqual([]);
  });
});

describe('one node', () => {
  it('leads itself, and has everything back after a kill', async () => {
    const cluster = await RaftProcesses.create(['only']);
    cluster.start('only');
    const node = await cluster.leader();
    await node.propose('one');
    await node.kill();
    cluster.start('only');
    const again = await cluster.leader();
    await again.propose('two');
    expect(await again.read()).toEqual(['one', 'two']);
    await vi.waitFor(async () => {
      await again.read();
      const { until, nowMs } = await again.lease();
      expect(until).toBeGreaterThan(nowMs);
    }, PATIENCE);
    await cluster.end();
  });
});

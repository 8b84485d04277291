// What becomes of a Raft node whose disk lost something, is full of old entries, or belongs to someone else.
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { RaftThreadSettings } from '../../../src/runtime/raft-worker/thread-settings.js';
import { inOneReign } from '../../support/raft/one-reign.js';
import { type RaftProcess, RaftProcesses } from '../../support/raft/raft-process.js';

const PATIENCE = { timeout: 60_000, interval: 20 };

describe('the disk of a node', () => {
  let cluster: RaftProcesses;

  afterEach(async () => {
    await cluster.end();
  });

  async function startThree(overrides: Partial<RaftThreadSettings> = {}): Promise<RaftProcess> {
    cluster = await RaftProcesses.create(['a', 'b', 'c'], overrides);
    cluster.start('a', 'b', 'c');
    return cluster.leader();
  }

  async function killFollowerOf(leader: RaftProcess): Promise<string> {
    const follower = cluster.running.find((node) => node !== leader);
    if (follower === undefined) throw new Error('there is no follower');
    await follower.kill();
    return follower.id;
  }

  async function applies(name: string, expected: readonly string[]): Promise<void> {
    await vi.waitFor(async () => {
      expect(await cluster.node(name).applied()).toEqual(expected);
    }, PATIENCE);
  }

  function said(name: string, kind: string): string[] {
    const lines = cluster.node(name).news.filter((line) => line['kind'] === kind);
    return lines.map((line) => String(line['text']));
  }

  it('when it is empty in a cluster that has a log, gives no vote before it is filled', async () => {
    const leader = await startThree();
    await cluster.commit('one');
    const lost = await killFollowerOf(leader);
    await rm(cluster.directoryOf(lost), { recursive: true });
    cluster.start(lost);
    await applies(lost, ['one']);
    expect(said(lost, 'empty-disk')).toHaveLength(1);
    await vi.waitFor(async () => {
      const { role, leader: known } = await cluster.node(lost).leadership();
      expect(['follower', 'leader']).toContain(role);
      expect(known).toBe((await cluster.leader()).id);
    }, PATIENCE);
    // And from then on it is a voter like any other.
    await cluster.node(lost).kill();
    cluster.start(lost);
    await applies(lost, ['one']);
    expect(said(lost, 'empty-disk')).toEqual([]);
  });

  it('when it lost its log, is owned up to, filled again and forgotten about', async () => {
    const leader = await startThree();
    // More than the mark file holds, or nothing is lost.
    const texts = ['one', 'two', 'three', 'four', 'five'];
    for (const text of texts) await cluster.commit(text);
    const damaged = cluster.running.find((node) => node !== leader)?.id ?? '';
    await applies(damaged, texts);
    await cluster.node(damaged).kill();
    await rm(join(cluster.directoryOf(damaged), 'log'), { recursive: true });
    await cluster.commit('six');
    cluster.start(damaged);
    await applies(damaged, [...texts, 'six']);
    expect(said(damaged, 'damaged-log').join()).toContain('takes part without a vote');
    await vi.waitFor(() => {
      expect(said(damaged, 'recovered')).toHaveLength(1);
    }, PATIENCE);
    await vi.waitFor(async () => {
      expect(['follower', 'leader']).toContain((await cluster.node(damaged).leadership()).role);
    }, PATIENCE);
    await cluster.commit('seven');
    await applies(damaged, [...texts, 'six', 'seven']);
    await cluster.node(damaged).kill();
    cluster.start(damaged);
    await applies(damaged, [...texts, 'six', 'seven']);
    expect(said(damaged, 'damaged-log')).toEqual([]);
  });

  it('when nobody else could make its loss good, keeps the node from starting', async () => {
    cluster = await RaftProcesses.create(['only']);
    cluster.start('only');
    await (await cluster.leader()).propose('one');
    await cluster.node('only').kill();
    await rm(join(cluster.directoryOf('only'), 'log'), { recursive: true });
    cluster.start('only');
    expect(await cluster.node('only').exited).toBe(71);
    expect(cluster.node('only').complaints).toMatch(/^STORAGE: the Raft data of this node is damaged .*only voter/);
  });

  it('is cut when it has grown, and one that was away too long is sent a snapshot', async () => {
    const leader = await startThree({ snapshotEveryBytes: 20_000 });
    await cluster.commit('first');
    const away = await killFollowerOf(leader);
    await vi.waitFor(async () => {
      await (await cluster.leader()).ask('load', { total: 100, inFlight: 4, bytes: 1000 });
      expect((await leader.status()).firstIndex).toBeGreaterThan(100);
    }, PATIENCE);
    const expected = await vi.waitFor(() => leader.read(), PATIENCE);
    cluster.start(away);
    await applies(away, expected);
    expect(cluster.node(away).news.filter(({ event }) => event === 'restored')).toHaveLength(1);
    // What it was sent is on its own disk.
    await cluster.node(away).kill();
    cluster.start(away);
    await applies(away, expected);
    expect((await leader.status()).logBytes).toBeLessThan(100_000);
    // A third stands beside them while one is written.
    await vi.waitFor(async () => {
      expect(await readdir(join(cluster.directoryOf(leader.id), 'snapshots'))).toHaveLength(2);
    }, PATIENCE);
  });

  it('takes a snapshot when it is asked to', async () => {
    const leader = await inOneReign({ begin: startThree, end: () => cluster.end() }, async (reigning) => {
      const { index } = await reigning.propose('one');
      expect(await reigning.ask('snapshot', { timeoutMs: 60_000 })).toBe(index);
      expect((await reigning.status()).snapshotIndex).toBe(index);
    });
    await leader.kill();
    cluster.start(leader.id);
    await applies(leader.id, ['one']);
    expect(cluster.node(leader.id).news.filter(({ event }) => event === 'restored')).toHaveLength(1);
  });

  it('serves one process at a time', async () => {
    const leader = await startThree();
    const { dataDirectory } = leader.settings;
    const second = await RaftProcesses.create([leader.id], { dataDirectory });
    second.start(leader.id);
    expect(await second.node(leader.id).exited).toBe(71);
    expect(second.node(leader.id).complaints).toContain(`STORAGE: another process uses RaftDataDir ${dataDirectory}`);
    await second.end();
  });

  it('serves one node and one cluster', async () => {
    const leader = await startThree();
    const { dataDirectory } = leader.settings;
    await leader.kill();
    const second = await RaftProcesses.create(['x'], { dataDirectory });
    second.start('x');
    expect(await second.node('x').exited).toBe(71);
    expect(second.node('x').complaints).toContain(`CONFIGURATION: RaftDataDir ${dataDirectory} belongs to node`);
    await second.end();
  });

  it('and thread take the process with them when they break', async () => {
    cluster = await RaftProcesses.create(['a'], { raft: { electionTimeoutMs: 1 } });
    cluster.start('a');
    expect(await cluster.node('a').exited).toBe(70);
    expect(cluster.node('a').complaints).toContain('fatal: electionTimeoutMs must hold at least two heartbeats');
  });
});

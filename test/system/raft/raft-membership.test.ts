// Leadership handed over, nodes added and removed, while the cluster runs.
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Membership, NodeId } from '../../../src/core/raft/message.js';
import { inOneReign } from '../../support/raft/one-reign.js';
import { type RaftProcess, RaftProcesses } from '../../support/raft/raft-process.js';

const PATIENCE = { timeout: 60_000, interval: 20 };

describe('a running cluster', () => {
  let cluster: RaftProcesses;

  afterEach(async () => {
    await cluster.end();
  });

  async function start(...names: string[]): Promise<RaftProcess> {
    cluster = await RaftProcesses.create(['a', 'b', 'c', 'd'], {});
    // Founded by those that start; d has an address and comes later.
    const voters = names as NodeId[];
    cluster.found({ ...cluster.membership, voters });
    cluster.start(...names);
    return cluster.leader();
  }

  /** As learners first: a voter that is empty would be none. */
  async function enlarge(current: string[], newcomers: string[], voters: string[]): Promise<void> {
    const learning = { ...cluster.membership, voters: current as NodeId[], learners: newcomers as NodeId[] };
    await change(learning);
    const next = { ...cluster.membership, voters: voters as NodeId[] };
    await change(next);
  }

  async function change(next: Membership): Promise<void> {
    await vi.waitFor(async () => (await cluster.leader()).ask('change', { next, timeoutMs: 20_000 }), PATIENCE);
  }

  it('hands leadership over when it is asked to', async () => {
    const leader = await start('a', 'b', 'c');
    await cluster.commit('before');
    const [other] = cluster.running.filter((node) => node !== leader);
    await vi.waitFor(async () => {
      const now = await cluster.leader();
      if (now !== other) await now.ask('transfer', { to: other?.id, timeoutMs: 20_000 });
      expect((await cluster.leader()).id).toBe(other?.id);
    }, PATIENCE);
    await cluster.commit('after');
    expect(await vi.waitFor(() => leader.read(), PATIENCE)).toEqual(['before', 'after']);
  });

  it('does not hand leadership to a node that cannot have it', async () => {
    await inOneReign({ begin: () => start('a', 'b', 'c'), end: () => cluster.end() }, async (leader) => {
      const asked = leader.ask('transfer', { to: 'd', timeoutMs: 60_000 });
      await expect(asked).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    });
  });

  it('replaces one of its nodes by another', async () => {
    const leader = await start('a', 'b', 'c');
    await cluster.commit('before');
    const gone = cluster.running.find((node) => node !== leader);
    const voters = ['a', 'b', 'c', 'd'].filter((id) => id !== gone?.id) as NodeId[];
    cluster.start('d');
    await enlarge(['a', 'b', 'c'], ['d'], voters);
    expect((await (await cluster.leader()).status()).membership).toMatchObject({ voters, outgoing: [] });
    await gone?.kill();
    await cluster.commit('after');
    await vi.waitFor(async () => {
      expect(await cluster.node('d').applied()).toEqual(['before', 'after']);
    }, PATIENCE);
    // The newcomer's vote counts: with it, and without the leader, there is a majority.
    await leader.kill();
    await cluster.commit('and on');
    expect(await vi.waitFor(() => cluster.node('d').read(), PATIENCE)).toEqual(['before', 'after', 'and on']);
  });

  it('does not make a voter of a node that is not up to date', async () => {
    const leader = await start('a');
    await leader.propose('alone');
    const next = { ...cluster.membership, voters: ['a', 'b'] as NodeId[] };
    const asked = leader.ask('change', { next, timeoutMs: 60_000 });
    await expect(asked).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await leader.propose('still alone');
  });

  it('grows from one node to three', async () => {
    const leader = await start('a');
    await leader.propose('alone');
    cluster.start('b', 'c');
    await enlarge(['a'], ['b', 'c'], ['a', 'b', 'c']);
    await cluster.commit('together');
    for (const name of ['b', 'c']) {
      await vi.waitFor(async () => {
        expect(await cluster.node(name).applied()).toEqual(['alone', 'together']);
      }, PATIENCE);
    }
    await leader.kill();
    const successor = await cluster.leader();
    expect(await vi.waitFor(() => successor.read(), PATIENCE)).toEqual(['alone', 'together']);
  });
});

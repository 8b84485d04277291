/** Linearizable reads: shared rounds at the leader, shared messages from a follower, and never an answer to an old question. */
import { describe, expect, test } from 'vitest';
import { createRng } from '../../../src/core/base/rng.js';
import { ForwardedReads } from '../../../src/core/raft/forwarded-reads.js';
import { LeaderReads } from '../../../src/core/raft/leader-reads.js';
import { Cluster, id, membership } from './cluster.js';

function started(): Cluster {
  const cluster = new Cluster(membership('a b c'), 'a b c');
  cluster.elect('a');
  cluster.sent = [];
  return cluster;
}

describe('reads at the leader', () => {
  test('that come while a round is out share the next one', () => {
    const cluster = started();
    cluster.node('a').readIndex(0, cluster.now);
    cluster.work('a');
    for (let context = 1; context < 100; context += 1) {
      cluster.node('a').readIndex(context, cluster.now);
      cluster.work('a');
    }
    cluster.settle();
    expect(cluster.seat('a').reads).toHaveLength(100);
    expect(cluster.sent.filter(({ type }) => type === 'heartbeat-request')).toHaveLength(4);
  });

  test('ride on appends when there are any', () => {
    const cluster = started();
    cluster.node('a').propose(new Uint8Array(1), cluster.now);
    cluster.node('a').readIndex(1, cluster.now);
    cluster.work('a');
    expect(cluster.sent.map(({ type }) => type)).toEqual(['append-request', 'append-request']);
    cluster.settle();
    expect(cluster.seat('a').reads).toHaveLength(1);
  });

  test('whose round was lost ride on the next heartbeat', () => {
    const cluster = started();
    cluster.isolate('a');
    cluster.node('a').readIndex(1, cluster.now);
    cluster.settle();
    cluster.heal();
    cluster.pass(200);
    expect(cluster.seat('a').reads).toMatchObject([{ context: 1 }]);
    expect(cluster.seat('a').reads[0]?.index).not.toBeNull();
  });

  test('are answered from the lease while it lasts, if that is allowed', () => {
    const cluster = new Cluster(membership('a b c'), 'a b c', { leaseReads: true });
    cluster.elect('a');
    cluster.pass(119);
    const isHeld = cluster.node('a').lease().until > cluster.now;
    cluster.node('a').propose(new Uint8Array(1), cluster.now);
    cluster.settle();
    cluster.sent = [];
    cluster.node('a').readIndex(1, cluster.now);
    cluster.work('a');
    expect([isHeld, cluster.sent.length, cluster.seat('a').reads.length]).toEqual([isHeld, 0, 1]);
    cluster.pass(115);
    cluster.isolate('a');
    cluster.pass(95);
    cluster.node('a').readIndex(2, cluster.now);
    cluster.work('a');
    expect(cluster.seat('a').reads).toHaveLength(1);
  });

  test('too many are told to ask again', () => {
    const reads = new LeaderReads();
    let taken = 0;
    while (reads.add({ from: null, context: taken })) taken += 1;
    expect(taken).toBe(20_000);
    reads.ride(1, 5, 0);
    expect(reads.add({ from: null, context: 0 })).toBe(true);
    expect(reads.confirm(1)).toHaveLength(20_000);
  });
});

describe('reads at a follower', () => {
  test('of one moment go to the leader in one message', () => {
    const cluster = started();
    for (let context = 0; context < 50; context += 1) cluster.node('b').readIndex(context, cluster.now);
    cluster.settle();
    expect(cluster.sent.filter(({ type }) => type === 'read-index-request')).toHaveLength(1);
    expect(cluster.seat('b').reads.filter(({ index }) => index !== null)).toHaveLength(50);
  });

  test('are to be asked again when there is no leader, when it goes away, and when it does not answer', () => {
    const cluster = started();
    cluster.isolate('b');
    cluster.node('b').readIndex(1, cluster.now);
    cluster.settle();
    expect(cluster.seat('b').reads).toEqual([]);
    cluster.node('b').peerDisconnected(id('a'), cluster.now);
    cluster.settle();
    expect(cluster.seat('b').reads).toEqual([{ context: 1, index: null }]);
    cluster.node('b').readIndex(2, cluster.now);
    cluster.settle();
    expect(cluster.seat('b').reads.at(-1)).toEqual({ context: 2, index: null });
    cluster.heal();
    cluster.pass(300);
    cluster.cut.add('a>b');
    cluster.node('b').readIndex(3, cluster.now);
    cluster.pass(900);
    expect(cluster.seat('b').reads.at(-1)).toEqual({ context: 3, index: null });
  });

  test('have numbers that no other start of the node ever used', () => {
    const numbers = new Set<number>();
    for (let seed = 0; seed < 500; seed += 1) {
      const reads = new ForwardedReads(createRng(seed));
      for (let count = 0; count < 20; count += 1) numbers.add(reads.send(0));
    }
    expect(numbers.size).toBe(500 * 20);
    expect([...numbers].every(Number.isSafeInteger)).toBe(true);
  });

  test('are answered once, and an unknown answer is ignored', () => {
    const reads = new ForwardedReads(createRng(1));
    reads.add(7);
    const number = reads.send(100);
    expect(reads.answered(number + 1)).toBeUndefined();
    expect(reads.answered(number)).toEqual([7]);
    expect(reads.answered(number)).toBeUndefined();
    expect(reads.nextDeadlineMs()).toBe(Number.POSITIVE_INFINITY);
  });
});

/** The lease and the promises it rests on: at most one node may act, whatever clocks, cables and processes do. */
import { describe, expect, test } from 'vitest';
import type { Message } from '../../../src/core/raft/message.js';
import { VoterPromise } from '../../../src/core/raft/promise.js';
import { Rounds } from '../../../src/core/raft/rounds.js';
import { Cluster, id, membership } from './cluster.js';
import { entriesOf, Lone } from './lone.js';

const append = { type: 'append-request', entries: [], commit: 0, round: 1 } as const;
const ask = { type: 'vote-request', lastIndex: 9, lastTerm: 9 } as const;

const votes = (said: readonly Message[]): boolean[] =>
  said.flatMap((message) => (message.type === 'vote-response' ? [message.granted] : []));

/** A leader whose first entry is committed, at rest. */
function leading(): Lone {
  const lone = new Lone([1]);
  lone.lead();
  lone.says();
  lone.accept('b', 2, 1);
  lone.says();
  return lone;
}

function answerRound(lone: Lone, from: string, round: number): void {
  lone.receive(from, { type: 'heartbeat-response', term: lone.status.term, round });
}

/** Sends a round and tells its number. */
function sendRound(lone: Lone): number {
  lone.now = Math.max(lone.now, lone.node.nextDeadline());
  lone.node.tick(lone.now);
  const [beat] = lone.says().filter((message) => message.type === 'heartbeat-request');
  return beat?.round ?? 0;
}

describe('the lease', () => {
  test('runs from when the round was sent, not from when the answer came, less the drift allowance', () => {
    const lone = leading();
    const round = sendRound(lone);
    const sentMs = lone.now;
    lone.now += 60;
    answerRound(lone, 'b', round);
    expect(lone.node.lease()).toEqual({ term: 2, until: sentMs + 100 - 10 });
  });

  test('needs a quorum: of five, one answer is not enough', () => {
    const start = { snapshot: { index: 0, term: 0, membership: membership('a b c d e') } };
    const lone = new Lone([1], start);
    lone.timeout();
    for (const peer of ['b', 'c']) lone.receive(peer, { type: 'vote-response', term: 2, preVote: true, granted: true });
    lone.says();
    for (const peer of ['b', 'c'])
      lone.receive(peer, { type: 'vote-response', term: 2, preVote: false, granted: true });
    lone.says();
    answerRound(lone, 'b', 1);
    expect(lone.node.lease().until).toBe(0);
    answerRound(lone, 'c', 1);
    expect(lone.node.lease().until).toBeGreaterThan(lone.now);
  });

  test('in a joint membership needs both quorums', () => {
    const lone = leading();
    lone.node.proposeMembership(membership('a d e'), lone.now);
    const said = lone.says();
    const round = said.find((message) => message.type === 'append-request')?.round ?? 0;
    for (const peer of ['b', 'c']) answerRound(lone, peer, round);
    expect(lone.node.lease().until).toBe(0);
    answerRound(lone, 'd', round);
    expect(lone.node.lease().until).toBeGreaterThan(lone.now);
  });

  test('is given up by a membership change, and rounds from before it do not bring it back', () => {
    const lone = leading();
    const round = sendRound(lone);
    lone.node.proposeMembership(membership('a b c', 'd'), lone.now);
    answerRound(lone, 'b', round);
    expect(lone.node.lease().until).toBe(0);
  });

  test('is given up by a transfer, before the order to take over can be sent', () => {
    const lone = leading();
    answerRound(lone, 'b', sendRound(lone));
    expect(lone.node.lease().until).toBeGreaterThan(lone.now);
    lone.node.transferLeadership(id('b'), lone.now);
    expect(lone.node.lease().until).toBe(0);
    expect(lone.says().map(({ type }) => type)).toContain('timeout-now');
  });

  test('is gone with leadership, with the disk, and after a pause', () => {
    for (const end of [
      (lone: Lone) => lone.receive('c', { ...append, term: 9, previousIndex: 0, previousTerm: 0 }),
      (lone: Lone) => lone.node.storageFailed(lone.now),
      (lone: Lone) => lone.node.clockJumped(lone.now),
    ]) {
      const lone = leading();
      answerRound(lone, 'b', sendRound(lone));
      expect(lone.node.lease().until).toBeGreaterThan(lone.now);
      end(lone);
      expect(lone.node.lease().until).toBe(0);
    }
  });

  test('is not extended by an answer to a round of an older term', () => {
    // c, whose term ran ahead, answers what a sent in term 1; by then a leads the very term that c names.
    const lone = new Lone([1]);
    lone.receive('b', { ...append, term: 7, previousIndex: 1, previousTerm: 1, round: 33 });
    lone.says();
    lone.receive('c', { ...append, term: 5, previousIndex: 1, previousTerm: 1, round: 33 });
    const [stale] = lone.says().filter((message) => message.type === 'append-response');
    expect(stale).toMatchObject({ term: 7, accepted: false, round: 0 });
    const leader = leading();
    leader.node.readIndex(1, leader.now);
    leader.says();
    const refusal = {
      type: 'append-response',
      accepted: false,
      index: 0,
      hintIndex: 0,
      hintTerm: 0,
      round: 0,
    } as const;
    leader.receive('b', { ...refusal, term: leader.status.term });
    leader.says();
    expect(leader.readies.flatMap(({ reads }) => reads)).toEqual([]);
  });
});

describe('a promise', () => {
  test('forbids votes and pre-votes for others until it is over, even when the leader’s stream breaks', () => {
    const lone = new Lone([1]);
    lone.receive('b', { ...append, term: 1, previousIndex: 1, previousTerm: 1 });
    lone.says();
    lone.node.peerDisconnected(id('b'), lone.now);
    lone.now += 99;
    lone.receive('c', { ...ask, term: 2, preVote: true, transfer: false });
    expect(votes(lone.says())).toEqual([false]);
    lone.receive('c', { ...ask, term: 2, preVote: false, transfer: false });
    expect(votes(lone.says())).toEqual([]);
    lone.now += 1;
    lone.receive('c', { ...ask, term: 2, preVote: true, transfer: false });
    lone.receive('c', { ...ask, term: 2, preVote: false, transfer: false });
    expect(votes(lone.says())).toEqual([true, true]);
  });

  test('holds back the voter’s own campaign too', () => {
    const lone = new Lone([1]);
    lone.receive('b', { ...append, term: 1, previousIndex: 1, previousTerm: 1 });
    const promisedMs = lone.now;
    lone.node.peerDisconnected(id('b'), lone.now);
    expect(lone.node.nextDeadline()).toBeGreaterThanOrEqual(promisedMs + 100);
    expect(lone.node.nextDeadline()).toBeLessThan(promisedMs + 150);
  });

  test('of a broken stream to a node that does not lead, nothing follows', () => {
    const lone = new Lone([1]);
    lone.receive('b', { ...append, term: 1, previousIndex: 1, previousTerm: 1 });
    const before = lone.node.nextDeadline();
    lone.node.peerDisconnected(id('c'), lone.now);
    expect([lone.node.nextDeadline(), lone.status.leader]).toEqual([before, 'b']);
  });

  test('does not stand in the way of its own leader', () => {
    const promise = new VoterPromise(id('b'), 1, 100);
    expect(promise.forbids(id('b'), { term: 2, transfer: false }, 50)).toBe(false);
    expect(promise.forbids(id('c'), { term: 2, transfer: false }, 50)).toBe(true);
    expect(promise.forbids(id('c'), { term: 2, transfer: false }, 100)).toBe(false);
  });

  test('is lifted by a transfer only if it was given in an earlier term', () => {
    const promise = new VoterPromise(id('b'), 3, 100);
    expect(promise.forbids(id('c'), { term: 4, transfer: true }, 50)).toBe(false);
    expect(promise.forbids(id('c'), { term: 3, transfer: true }, 50)).toBe(true);
  });

  test('nobody knows of is kept after a restart', () => {
    const cluster = new Cluster(membership('a b c'), 'a b c');
    cluster.elect('a');
    cluster.restart('b');
    cluster
      .node('b')
      .step({ ...ask, term: 9, preVote: true, transfer: false, from: id('c'), to: id('b') }, cluster.now);
    cluster.work('b');
    expect(votes(cluster.sent).at(-1)).toBe(false);
  });

  test('a node that never spoke has promised nothing', () => {
    const lone = new Lone();
    lone.now -= 101;
    lone.receive('c', { ...ask, term: 1, preVote: true, transfer: false });
    expect(votes(lone.says())).toEqual([true]);
  });

  test('is kept in full once more after a pause', () => {
    const lone = new Lone([1]);
    lone.receive('b', { ...append, term: 1, previousIndex: 1, previousTerm: 1, entries: entriesOf([1], 2) });
    lone.says();
    lone.now += 5000;
    lone.node.clockJumped(lone.now);
    lone.node.peerDisconnected(id('b'), lone.now);
    lone.now += 99;
    lone.receive('c', { ...ask, term: 2, preVote: true, transfer: false });
    expect(votes(lone.says())).toEqual([false]);
  });
});

describe('rounds', () => {
  test('remember when they were sent, for as long as that can matter', () => {
    const rounds = new Rounds(100);
    for (let now = 0; now <= 1000; now += 10) rounds.open(now);
    expect(rounds.sentMs(rounds.last)).toBe(1000);
    expect(rounds.sentMs(rounds.last - 9)).toBe(910);
    expect(rounds.sentMs(1)).toBe(Number.NEGATIVE_INFINITY);
    expect(rounds.sentMs(rounds.last + 1)).toBe(Number.NEGATIVE_INFINITY);
  });

  test('that come faster than they age are forgotten all the same', () => {
    const rounds = new Rounds(100);
    for (let count = 0; count < 10_000; count += 1) rounds.open(5);
    expect(rounds.sentMs(rounds.last)).toBe(5);
    expect(rounds.sentMs(1)).toBe(Number.NEGATIVE_INFINITY);
  });
});

/** Limits: what is on its way to a peer, what waits for the disks, what waits for an answer. */
import { describe, expect, test } from 'vitest';
import type { AppendRequest, Message } from '../../../src/core/raft/message.js';
import { Cluster, membership } from './cluster.js';
import { Lone } from './lone.js';

const appendsTo = (peer: string, said: readonly Message[]): AppendRequest[] =>
  said.filter((message): message is AppendRequest => message.type === 'append-request' && message.to === peer);

function leading(options: ConstructorParameters<typeof Lone>[2] = {}): Lone {
  const lone = new Lone([1], {}, options);
  lone.lead();
  lone.says();
  lone.accept('b', 2, 1);
  lone.accept('c', 2, 1);
  lone.says();
  return lone;
}

function proposeEach(lone: Lone, count: number, bytes = 1): Message[] {
  return Array.from({ length: count }).flatMap(() => {
    lone.node.propose(new Uint8Array(bytes), lone.now);
    return lone.says();
  });
}

describe('appends to a peer', () => {
  test('are pipelined, and stop when too many are under way', () => {
    const lone = leading({ maxInflightMessages: 3 });
    expect(appendsTo('b', proposeEach(lone, 10)).map(({ previousIndex }) => previousIndex)).toEqual([2, 3, 4]);
  });

  test('stop when too many bytes are under way', () => {
    const lone = leading({ maxInflightBytes: 3000, maxMessageBytes: 2000 });
    expect(appendsTo('b', proposeEach(lone, 10, 1000))).toHaveLength(3);
  });

  test('go on when one is acknowledged, with all that came meanwhile in one', () => {
    const lone = leading({ maxInflightMessages: 1 });
    proposeEach(lone, 5);
    lone.accept('b', 3, 2);
    expect(appendsTo('b', lone.says()).map(({ entries }) => entries.length)).toEqual([4]);
  });

  test('of one moment are one message, up to its limit', () => {
    const lone = leading({ maxMessageBytes: 500 });
    for (let count = 0; count < 10; count += 1) lone.node.propose(new Uint8Array(100), lone.now);
    expect(appendsTo('b', lone.says()).map(({ entries }) => entries.length)).toEqual([4, 4, 2]);
  });

  test('to a peer that refused go one at a time until it agrees', () => {
    const lone = leading();
    const { term } = lone.status;
    const refusal = { type: 'append-response', term, accepted: false, round: 2 } as const;
    proposeEach(lone, 2);
    lone.receive('b', { ...refusal, index: 3, hintIndex: 2, hintTerm: term });
    expect(appendsTo('b', proposeEach(lone, 5))).toHaveLength(1);
    lone.accept('b', 5, 3);
    expect(appendsTo('b', proposeEach(lone, 3))).toHaveLength(3);
  });

  test('that were lost are found out by the next heartbeat’s answer', () => {
    const cluster = new Cluster(membership('a b c'), 'a b c');
    cluster.elect('a');
    cluster.cutBoth('a', 'b');
    cluster.node('a').propose(new Uint8Array(1), cluster.now);
    cluster.settle();
    cluster.heal();
    cluster.pass(500);
    const { lastIndex } = cluster.node('a').status(cluster.now);
    expect(cluster.node('b').status(cluster.now)).toMatchObject({ lastIndex, commit: lastIndex });
  });

  test('that were lost and then compacted are made good by a snapshot', () => {
    const cluster = new Cluster(membership('a b c'), 'a b c', { maxInflightMessages: 1 });
    cluster.elect('a');
    cluster.cutBoth('a', 'b');
    for (let count = 0; count < 5; count += 1) {
      cluster.node('a').propose(new Uint8Array(1), cluster.now);
      cluster.settle();
    }
    const { commit, term } = cluster.node('a').status(cluster.now);
    const mark = { index: commit, term, membership: cluster.node('a').membershipAt(commit) };
    cluster.node('a').snapshotTaken(mark, commit + 1);
    cluster.heal();
    cluster.pass(500);
    expect(cluster.seat('b').fetching).toEqual(mark);
  });
});

describe('a peer that lost part of its disk', () => {
  test('is believed only when it was asked after it had acknowledged, and is then sent everything again', () => {
    const lone = leading();
    proposeEach(lone, 3);
    lone.accept('b', 5, 2);
    lone.says();
    const { term } = lone.status;
    const refusal = { type: 'append-response', term, accepted: false, index: 4, hintIndex: 1, hintTerm: 1 } as const;
    // An old refusal that was overtaken.
    lone.receive('b', { ...refusal, round: 2 });
    expect(appendsTo('b', lone.says())).toEqual([]);
    proposeEach(lone, 1);
    lone.receive('b', { ...refusal, index: 5, round: 9 });
    expect(appendsTo('b', lone.says())).toMatchObject([{ previousIndex: 1 }]);
    expect(lone.status.peers['b']).toMatchObject({ state: 'probe', matchIndex: 0 });
  });
});

describe('proposals', () => {
  test('are refused when too much waits for a quorum, and taken again when it is committed', () => {
    const lone = leading({ maxUncommittedBytes: 1000 });
    const propose = (): string => {
      const answer = lone.node.propose(new Uint8Array(400), lone.now);
      return answer.ok ? 'taken' : answer.refusal;
    };
    expect([propose(), propose(), propose()]).toEqual(['taken', 'taken', 'overloaded']);
    lone.says();
    lone.accept('b', 4, 2);
    expect(propose()).toBe('taken');
  });

  test('are refused when the leader’s own disk does not follow, though others’ do', () => {
    const cluster = new Cluster(membership('a b c'), 'a b c', { maxUncommittedBytes: 1000 });
    cluster.elect('a');
    cluster.seat('a').autoSync = false;
    const propose = (): boolean => cluster.node('a').propose(new Uint8Array(400), cluster.now).ok;
    expect([propose(), propose()]).toEqual([true, true]);
    cluster.settle();
    expect(cluster.node('a').status(cluster.now).commit).toBe(cluster.node('a').status(cluster.now).lastIndex);
    expect(propose()).toBe(false);
    cluster.sync('a');
    expect(propose()).toBe(true);
  });

  test('one that is larger than the limit is taken when nothing else waits', () => {
    const lone = leading({ maxUncommittedBytes: 10 });
    expect(lone.node.propose(new Uint8Array(5000), lone.now).ok).toBe(true);
  });
});

describe('committed entries', () => {
  test('of a long log are handed over in pieces, each once', () => {
    const lone = new Lone([1]);
    const entries = Array.from({ length: 40 }, (_, at) => {
      return { index: at + 2, term: 1, kind: 'command', payload: new Uint8Array(100_000) } as const;
    });
    const request = {
      type: 'append-request',
      term: 1,
      previousIndex: 1,
      previousTerm: 1,
      commit: 41,
      round: 1,
    } as const;
    lone.receive('b', { ...request, entries });
    lone.says();
    const pieces = lone.readies.map(({ committed }) => committed.length).filter((length) => length > 0);
    expect(pieces.length).toBeGreaterThan(3);
    const indexes = lone.readies.flatMap(({ committed }) => committed.map(({ index }) => index));
    expect(indexes).toEqual(Array.from({ length: 41 }, (_, at) => at + 1));
  });
});

/**
 * One test for each sentence of the Raft paper (Ongaro and Ousterhout, extended version) that safety or progress rests on:
 * chapter 5, the algorithm itself. The chapters after it are in paper-beyond.test.ts.
 */
import { describe, expect, test } from 'vitest';
import { Cluster, id, membership } from './cluster.js';
import { append, ask, entriesOf, Lone, ofType } from './lone.js';

describe('5.1 terms', () => {
  test('if one server’s current term is smaller than the other’s, then it updates to the larger value', () => {
    const lone = new Lone([1]);
    lone.receive('b', { ...append, term: 7, previousIndex: 1, previousTerm: 1 });
    expect(lone.status.term).toBe(7);
  });

  for (const role of ['candidate', 'leader'] as const) {
    test(`if a ${role} discovers that its term is out of date, it immediately reverts to follower state`, () => {
      const lone = new Lone([1]);
      if (role === 'leader') lone.lead();
      else lone.timeout();
      lone.receive('c', { ...append, term: 9, previousIndex: 0, previousTerm: 0 });
      expect(lone.status).toMatchObject({ role: 'follower', term: 9, leader: 'c' });
    });
  }

  test('if a server receives a request with a stale term number, it rejects the request', () => {
    const lone = new Lone([3]);
    lone.receive('b', { ...append, term: 2, previousIndex: 0, previousTerm: 0, entries: entriesOf([2]) });
    lone.receive('b', { ...ask, term: 2, lastIndex: 9, lastTerm: 2 });
    const said = lone.says();
    expect(ofType(said, 'append-response')).toMatchObject([{ accepted: false, term: 3 }]);
    expect(ofType(said, 'vote-response')).toMatchObject([{ granted: false, term: 3 }]);
    expect(lone.status.lastIndex).toBe(1);
  });
});

describe('5.2 leader election', () => {
  test('when servers start up, they begin as followers', () => {
    expect(new Lone().status.role).toBe('follower');
  });

  test('a server remains in follower state as long as it receives valid messages from a leader', () => {
    const cluster = new Cluster(membership('a b c'), 'a b c');
    cluster.elect('a');
    const { term } = cluster.node('a').status(cluster.now);
    cluster.pass(20_000);
    expect(cluster.node('b').status(cluster.now)).toMatchObject({ role: 'follower', term, leader: 'a' });
  });

  test('if a follower receives no communication over the election timeout, it begins an election', () => {
    const lone = new Lone([1]);
    lone.timeout();
    expect(ofType(lone.says(), 'vote-request').map(({ to, preVote }) => [to, preVote])).toEqual([
      ['b', true],
      ['c', true],
    ]);
  });

  test('to begin an election, a follower increments its term, votes for itself and asks each of the other servers', () => {
    const lone = new Lone([1, 1]);
    lone.timeout();
    lone.receive('b', { type: 'vote-response', term: 2, preVote: true, granted: true });
    const requests = ofType(lone.says(), 'vote-request').filter(({ preVote }) => !preVote);
    expect(requests).toMatchObject([
      { to: 'b', term: 2, lastIndex: 2, lastTerm: 1 },
      { to: 'c', term: 2, lastIndex: 2, lastTerm: 1 },
    ]);
    expect(lone.readies.map(({ hardState }) => hardState).filter((state) => state !== null)).toMatchObject([
      { term: 2, vote: 'a' },
    ]);
  });

  test('a candidate wins an election if it receives votes from a majority of the servers', () => {
    const names = 'a b c d e';
    const start = { snapshot: { index: 0, term: 0, membership: membership(names) } };
    const lone = new Lone([], start);
    lone.timeout();
    for (const peer of ['b', 'c']) lone.receive(peer, { type: 'vote-response', term: 1, preVote: true, granted: true });
    lone.says();
    lone.receive('b', { type: 'vote-response', term: 1, preVote: false, granted: true });
    lone.receive('b', { type: 'vote-response', term: 1, preVote: false, granted: true });
    lone.receive('d', { type: 'vote-response', term: 1, preVote: false, granted: false });
    expect(lone.status.role).toBe('candidate');
    lone.receive('e', { type: 'vote-response', term: 1, preVote: false, granted: true });
    expect(lone.status.role).toBe('leader');
  });

  test('each server votes for at most one candidate in a given term, first come first served', () => {
    const lone = new Lone([1]);
    lone.receive('b', { ...ask, term: 2, lastIndex: 1, lastTerm: 1 });
    lone.receive('c', { ...ask, term: 2, lastIndex: 1, lastTerm: 1 });
    lone.receive('b', { ...ask, term: 2, lastIndex: 1, lastTerm: 1 });
    expect(ofType(lone.says(), 'vote-response').map(({ to, granted }) => [to, granted])).toEqual([
      ['b', true],
      ['c', false],
      ['b', true],
    ]);
  });

  test('it votes once even if it restarts in between', () => {
    const lone = new Lone([1]);
    lone.receive('b', { ...ask, term: 2, lastIndex: 1, lastTerm: 1 });
    lone.says();
    const hardState = lone.readies.at(-1)?.hardState ?? { term: 0, vote: null, commit: 0 };
    const restarted = new Lone([1], { hardState });
    restarted.receive('c', { ...ask, term: 2, lastIndex: 1, lastTerm: 1 });
    expect(ofType(restarted.says(), 'vote-response')).toMatchObject([{ granted: false }]);
  });

  test('once a candidate wins an election, it sends messages to all to establish its authority', () => {
    const lone = new Lone([1]);
    lone.lead();
    expect(ofType(lone.says(), 'append-request').map(({ to }) => to)).toEqual(['b', 'c']);
  });

  test('a candidate that hears a leader of at least its own term recognizes it and returns to follower state', () => {
    const lone = new Lone([1]);
    lone.timeout();
    lone.receive('b', { type: 'vote-response', term: 2, preVote: true, granted: true });
    lone.says();
    lone.receive('c', { ...append, term: 2, previousIndex: 1, previousTerm: 1 });
    expect(lone.status).toMatchObject({ role: 'follower', term: 2, leader: 'c' });
  });

  test('if the message is of a smaller term, the candidate rejects it and continues', () => {
    const lone = new Lone([1]);
    lone.timeout();
    lone.receive('b', { type: 'vote-response', term: 2, preVote: true, granted: true });
    lone.says();
    lone.receive('c', { ...append, term: 1, previousIndex: 1, previousTerm: 1 });
    expect(lone.status).toMatchObject({ role: 'candidate', term: 2 });
  });

  test('a candidate that neither wins nor loses times out and starts a new election', () => {
    const lone = new Lone([1]);
    lone.timeout();
    lone.receive('b', { type: 'vote-response', term: 2, preVote: true, granted: true });
    lone.says();
    lone.timeout();
    expect(ofType(lone.says(), 'vote-request')).toMatchObject([
      { preVote: true, term: 3 },
      { preVote: true, term: 3 },
    ]);
  });

  test('election timeouts are chosen randomly from a fixed interval', () => {
    const lone = new Lone([1]);
    const waits = new Set<number>();
    for (let turn = 0; turn < 50; turn += 1) {
      lone.now += 1;
      lone.receive('b', { ...append, term: 1, previousIndex: 1, previousTerm: 1 });
      const wait = lone.node.nextDeadline() - lone.now;
      expect(wait).toBeGreaterThanOrEqual(400);
      expect(wait).toBeLessThan(800);
      waits.add(Math.round(wait));
    }
    expect(waits.size).toBeGreaterThan(20);
  });
});

describe('5.3 log replication', () => {
  test('the leader appends the command as a new entry, then sends it in parallel to the other servers', () => {
    const lone = new Lone([1]);
    const term = lone.lead();
    lone.says();
    for (const peer of ['b', 'c']) lone.accept(peer, 2);
    lone.says();
    lone.node.propose(new Uint8Array([7]), lone.now);
    const ready = lone.node.ready();
    const entry = { index: 3, term, kind: 'command', payload: new Uint8Array([7]) };
    expect(ready.entries).toEqual([entry]);
    expect(ofType(ready.messages, 'append-request')).toMatchObject([
      { to: 'b', previousIndex: 2, entries: [entry] },
      { to: 'c', previousIndex: 2, entries: [entry] },
    ]);
  });

  test('an entry is committed once it is on a majority, and so are all entries before it', () => {
    const lone = new Lone([1, 1]);
    lone.lead();
    lone.says();
    expect(lone.status.commit).toBe(0);
    lone.accept('b', 3);
    expect(lone.status.commit).toBe(3);
  });

  test('the leader tells followers the commit index, and they apply the entries in log order', () => {
    const cluster = new Cluster(membership('a b c'), 'a b c');
    cluster.elect('a');
    for (let value = 0; value < 20; value += 1) cluster.node('a').propose(new Uint8Array([value]), cluster.now);
    cluster.settle();
    for (const name of 'abc') {
      const commands = cluster.seat(name).applied.filter(({ kind }) => kind === 'command');
      expect(commands.map(({ payload }) => payload[0])).toEqual(Array.from({ length: 20 }, (_, value) => value));
    }
  });

  test('if the follower does not find an entry with the same index and term before the new ones, it refuses them', () => {
    for (const [previousIndex, previousTerm] of [
      [3, 1],
      [2, 2],
    ] as const) {
      const lone = new Lone([1, 1]);
      const request = { ...append, term: 3, previousIndex, previousTerm, entries: entriesOf([3], previousIndex + 1) };
      lone.receive('b', request);
      expect(ofType(lone.says(), 'append-response')).toMatchObject([{ accepted: false, index: previousIndex }]);
      expect(lone.status.lastIndex).toBe(2);
    }
  });

  test('conflicting entries in follower logs are overwritten with entries from the leader’s log', () => {
    const lone = new Lone([1, 2, 2, 2]);
    lone.receive('b', { ...append, term: 3, previousIndex: 1, previousTerm: 1, entries: entriesOf([3, 3], 2) });
    expect(ofType(lone.says(), 'append-response')).toMatchObject([{ accepted: true, index: 3 }]);
    expect(lone.readies.flatMap(({ entries }) => entries)).toEqual(entriesOf([3, 3], 2));
    expect(lone.status.lastIndex).toBe(3);
  });

  test('entries that are there already are neither cut nor written again (5.5: messages are idempotent)', () => {
    const lone = new Lone([1, 1, 1]);
    const request = { ...append, term: 1, previousIndex: 0, previousTerm: 0, entries: entriesOf([1, 1]) };
    lone.receive('b', request);
    lone.receive('b', request);
    expect(ofType(lone.says(), 'append-response')).toMatchObject([
      { accepted: true, index: 2 },
      { accepted: true, index: 2 },
    ]);
    expect(lone.readies.flatMap(({ entries }) => entries)).toEqual([]);
    expect(lone.status.lastIndex).toBe(3);
  });

  test('after a refusal, the leader goes back until it finds where the logs agree', () => {
    const lone = new Lone([1, 1, 2, 2]);
    lone.lead();
    lone.says();
    const { term } = lone.status;
    const refusal = { type: 'append-response', term, accepted: false, round: 1 } as const;
    lone.receive('b', { ...refusal, index: 4, hintIndex: 2, hintTerm: 1 });
    expect(ofType(lone.says(), 'append-request').at(-1)).toMatchObject({ to: 'b', previousIndex: 2, previousTerm: 1 });
  });

  test('a leader never overwrites or deletes entries in its own log', () => {
    const lone = new Lone([1, 1]);
    const term = lone.lead();
    lone.says();
    expect(() => {
      lone.receive('b', { ...append, term, previousIndex: 1, previousTerm: 1, entries: entriesOf([term], 2) });
    }).toThrow(/two leaders/);
  });
});

describe('5.4 safety', () => {
  test.each([
    { own: [1, 1], lastIndex: 1, lastTerm: 1, granted: false },
    { own: [1, 1], lastIndex: 2, lastTerm: 1, granted: true },
    { own: [1, 1], lastIndex: 3, lastTerm: 1, granted: true },
    { own: [1, 1], lastIndex: 1, lastTerm: 2, granted: true },
    { own: [1, 2], lastIndex: 9, lastTerm: 1, granted: false },
  ])('the voter with log $own votes for one that ends at $lastIndex/t$lastTerm: $granted', (example) => {
    const { own, lastIndex, lastTerm, granted } = example;
    const lone = new Lone(own);
    lone.receive('b', { ...ask, term: 5, lastIndex, lastTerm });
    expect(ofType(lone.says(), 'vote-response')).toMatchObject([{ granted }]);
  });

  test('a longer log of an older term is less up to date than a shorter one of a newer term', () => {
    const lone = new Lone([1, 3]);
    lone.receive('b', { ...ask, term: 5, lastIndex: 50, lastTerm: 2 });
    expect(ofType(lone.says(), 'vote-response')).toMatchObject([{ granted: false }]);
  });

  test('only entries of the leader’s current term are committed by counting replicas (figure 8)', () => {
    const lone = new Lone([1, 2]);
    lone.lead();
    lone.says();
    lone.accept('b', 2);
    lone.accept('c', 2);
    expect(lone.status.commit).toBe(0);
    lone.accept('b', 3);
    expect(lone.status.commit).toBe(3);
  });
});

describe('5.5 crashes', () => {
  test('if a follower crashes, the leader goes on asking, and the follower gets everything when it is back', () => {
    const cluster = new Cluster(membership('a b c'), 'a b c');
    cluster.elect('a');
    cluster.crash('c');
    for (let value = 0; value < 5; value += 1) cluster.node('a').propose(new Uint8Array([value]), cluster.now);
    cluster.pass(2000);
    cluster.revive('c');
    cluster.pass(500);
    expect(cluster.seat('c').applied.filter(({ kind }) => kind === 'command')).toHaveLength(5);
  });

  test('what was not synced is lost in a crash, and nothing that rested on it was said', () => {
    const cluster = new Cluster(membership('a b c'), 'a b c');
    cluster.elect('a');
    const { lastIndex } = cluster.node('b').status(cluster.now);
    cluster.seat('b').autoSync = false;
    cluster.sent = [];
    cluster.node('a').propose(new Uint8Array(1), cluster.now);
    cluster.settle();
    expect(cluster.sent.filter(({ from, type }) => from === id('b') && type === 'append-response')).toEqual([]);
    cluster.restart('b');
    expect(cluster.node('b').status(cluster.now).lastIndex).toBe(lastIndex);
  });
});

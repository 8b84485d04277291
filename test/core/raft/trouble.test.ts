/** Disks that fail or forget, processes that pause, nodes that were left out. */
import { describe, expect, test } from 'vitest';
import type { Message } from '../../../src/core/raft/message.js';
import { assertRaftOptions, DEFAULT_RAFT_OPTIONS } from '../../../src/core/raft/options.js';
import { encodeMembership } from '../../../src/core/raft/membership-codec.js';
import { Cluster, type Disk, id, membership } from './cluster.js';
import { entriesOf, Lone } from './lone.js';

const append = { type: 'append-request', entries: [], commit: 0, round: 1 } as const;

const typesOf = (said: readonly Message[]): string[] => said.map(({ type }) => type);

describe('a disk that fails', () => {
  test('silences all that rests on it: no votes, no acknowledgements, no proposals', () => {
    const lone = new Lone([1]);
    lone.node.storageFailed(lone.now);
    lone.receive('b', { type: 'vote-request', term: 2, preVote: false, transfer: false, lastIndex: 1, lastTerm: 1 });
    lone.receive('b', { ...append, term: 1, previousIndex: 1, previousTerm: 1, entries: entriesOf([1], 2) });
    expect(lone.says()).toEqual([]);
    expect(lone.node.propose(new Uint8Array(1), lone.now)).toEqual({ ok: false, refusal: 'stopped' });
    expect(lone.readies.every(({ entries, hardState }) => entries.length === 0 && hardState === null)).toBe(true);
  });

  test('does not silence a heartbeat’s answer, which rests on nothing new', () => {
    const lone = new Lone([1]);
    lone.node.storageFailed(lone.now);
    lone.receive('b', { type: 'heartbeat-request', term: 1, commit: 1, round: 5 });
    expect(typesOf(lone.says())).toEqual(['heartbeat-response']);
    lone.receive('b', { type: 'heartbeat-request', term: 2, commit: 1, round: 5 });
    expect(lone.says()).toEqual([]);
  });

  test('gets everything since its last sync again when it is back', () => {
    const lone = new Lone([1]);
    lone.receive('b', { ...append, term: 2, previousIndex: 1, previousTerm: 1, entries: entriesOf([2, 2], 2) });
    const lost = lone.node.ready();
    expect(lost.entries).toHaveLength(2);
    lone.node.storageFailed(lone.now);
    expect(lone.says()).toEqual([]);
    lone.node.storageRecovered(lone.now);
    const again = lone.node.ready();
    expect([again.entries, again.hardState]).toEqual([lost.entries, lost.hardState]);
    expect(again.messagesAfterSync).toEqual([]);
  });

  test('that failed on a log reset is told of it again', () => {
    const lone = new Lone([1]);
    const mark = { index: 5, term: 2, membership: membership('a b c') };
    lone.receive('b', { type: 'snapshot-request', term: 2, snapshot: mark, round: 1 });
    lone.says();
    lone.node.snapshotInstalled(mark, lone.now);
    expect(lone.node.ready().logReset).toEqual(mark);
    lone.node.storageFailed(lone.now);
    lone.says();
    lone.node.storageRecovered(lone.now);
    const again = lone.node.ready();
    expect(again.logReset).toEqual(mark);
    lone.node.advance(again.number, lone.now);
    lone.node.storageFailed(lone.now);
    lone.node.storageRecovered(lone.now);
    lone.says();
    expect(lone.readies.every(({ logReset }) => logReset === null)).toBe(true);
  });

  test('that failed on the log reset of a start is told of it again: seed 5218984 of the simulation', () => {
    const mark = { index: 5, term: 2, membership: membership('a b c') };
    const lone = new Lone([], { snapshot: mark, entries: entriesOf([1, 1]) });
    expect(lone.node.ready().logReset).toEqual(mark);
    lone.node.storageFailed(lone.now);
    lone.node.storageRecovered(lone.now);
    expect(lone.node.ready().logReset).toEqual(mark);
  });

  test('makes a leader hand over', () => {
    const cluster = new Cluster(membership('a b c'), 'a b c');
    cluster.elect('a');
    const before = cluster.now;
    cluster.node('a').storageFailed(cluster.now);
    cluster.settle();
    expect(cluster.leader()).not.toBe('a');
    expect(cluster.leader()).not.toBeNull();
    expect(cluster.now).toBe(before);
  });
});

describe('a disk that lost entries', () => {
  const forgetful = { learnerOnly: true, hardState: { term: 1, vote: null, commit: 3 } } as const;

  test('keeps its node from voting and from standing', () => {
    const lone = new Lone([1], forgetful);
    lone.receive('b', { type: 'vote-request', term: 2, preVote: false, transfer: true, lastIndex: 9, lastTerm: 9 });
    expect(lone.says()).toEqual([]);
    expect(lone.node.nextDeadline()).toBe(Number.POSITIVE_INFINITY);
    expect(lone.status).toMatchObject({ role: 'learner', recovering: true, commit: 1 });
  });

  test('is made good once its log holds all that the leader’s held after the loss', () => {
    const lone = new Lone([1], forgetful);
    const entries = entriesOf([1, 1], 2);
    lone.receive('b', { ...append, term: 1, previousIndex: 1, previousTerm: 1, entries, commit: 3 });
    const [question] = lone.says().filter((message) => message.type === 'read-index-request');
    const answer = { type: 'read-index-response', term: 1, index: 3, lastIndex: 4, confirmed: true } as const;
    // Somebody else's answer, or one from before the restart.
    lone.receive('b', { ...answer, context: (question?.context ?? 0) - 1, lastIndex: 2 });
    expect(lone.status.recovering).toBe(true);
    lone.receive('b', { ...answer, context: question?.context ?? 0 });
    expect(lone.status.recovering).toBe(true);
    lone.receive('b', { ...append, term: 1, previousIndex: 3, previousTerm: 1, entries: entriesOf([1], 4), commit: 4 });
    lone.says();
    expect(lone.status.recovering).toBe(false);
    // The vote of this term may have been cast before the loss: it counts as the leader's.
    lone.node.peerDisconnected(id('b'), lone.now);
    lone.now += 1000;
    lone.receive('c', { type: 'vote-request', term: 1, preVote: false, transfer: false, lastIndex: 9, lastTerm: 9 });
    expect(lone.says()).toMatchObject([{ type: 'vote-response', granted: false }]);
  });

  test('comes back by itself in a cluster', () => {
    const cluster = new Cluster(membership('a b c'), 'a b c');
    cluster.elect('a');
    for (let value = 0; value < 5; value += 1) cluster.node('a').propose(new Uint8Array([value]), cluster.now);
    cluster.settle();
    cluster.crash('b');
    cluster.seat('b').disk.entries.splice(-3);
    cluster.revive('b', true);
    cluster.pass(2000);
    expect(cluster.node('b').status(cluster.now)).toMatchObject({ recovering: false, role: 'follower' });
    expect(cluster.seat('b').applied.filter(({ kind }) => kind === 'command')).toHaveLength(5);
  });
});

describe('a start', () => {
  test('with a snapshot that is ahead of the hard state is of the snapshot’s term, in which nobody was voted for', () => {
    const snapshot = { index: 9, term: 4, membership: membership('a b c') };
    const lone = new Lone([], { snapshot, hardState: { term: 3, vote: id('b'), commit: 2 } });
    expect(lone.status).toMatchObject({ term: 4, commit: 9, lastIndex: 9 });
    lone.says();
    expect(lone.readies[0]?.hardState).toMatchObject({ term: 4, vote: null });
  });

  test('with entries of another history than the snapshot’s has the disk forget them', () => {
    const snapshot = { index: 4, term: 4, membership: membership('a b c') };
    for (const entries of [entriesOf([1, 1]), entriesOf([1, 1, 1, 1]), entriesOf([1, 1, 1, 1, 5])]) {
      const lone = new Lone([], { snapshot, entries, hardState: { term: 5, vote: null, commit: 4 } });
      lone.says();
      expect(lone.readies[0]?.logReset).toEqual(snapshot);
    }
  });

  test('with a commit beyond the log is refused', () => {
    expect(() => new Lone([1], { hardState: { term: 1, vote: null, commit: 2 } })).toThrow(/beyond the log/);
  });
});

describe('a node that hears of its removal after it was away', () => {
  test('stands for election no more, and says that it is no member', () => {
    const lone = new Lone([1]);
    lone.node.leftOut(9, lone.now);
    lone.timeout();
    expect(lone.says()).toEqual([]);
    expect(lone.status).toMatchObject({ role: 'learner', member: false });
  });

  test('ends a campaign that was under way', () => {
    const lone = new Lone([1]);
    lone.timeout();
    lone.says();
    expect(lone.status.role).toBe('pre-candidate');
    lone.node.leftOut(9, lone.now);
    expect(lone.status.role).toBe('learner');
  });

  test('is a voter again when the log of a leader says so, at a later entry', () => {
    const lone = new Lone([1]);
    lone.node.leftOut(2, lone.now);
    const payload = encodeMembership(membership('a b c'));
    const entries = [...entriesOf([2], 2), { index: 3, term: 2, kind: 'membership' as const, payload }];
    lone.receive('b', { ...append, term: 2, previousIndex: 1, previousTerm: 1, entries, commit: 3 });
    lone.says();
    expect(lone.status).toMatchObject({ role: 'follower', member: true });
    lone.timeout();
    expect(typesOf(lone.says())).toEqual(['vote-request', 'vote-request']);
  });
});

describe('a node that was left out', () => {
  test('hears of it, and asks nobody for anything any more', () => {
    const cluster = new Cluster(membership('a b c'), 'a b c');
    cluster.elect('a');
    cluster.node('a').proposeMembership(membership('a b'), cluster.now);
    cluster.settle();
    expect(cluster.node('c').status(cluster.now)).toMatchObject({ member: false, role: 'learner' });
    cluster.pass(3000);
    cluster.sent = [];
    cluster.pass(5000);
    expect(cluster.sent.filter(({ from, to }) => from === id('c') || to === id('c'))).toEqual([]);
  });

  test('and never heard of it cannot disturb the others', () => {
    const cluster = new Cluster(membership('a b c'), 'a b c');
    cluster.elect('a');
    const { term } = cluster.node('a').status(cluster.now);
    cluster.isolate('c');
    cluster.node('a').proposeMembership(membership('a b'), cluster.now);
    cluster.pass(3000);
    cluster.heal();
    cluster.pass(10_000);
    expect(cluster.node('a').status(cluster.now)).toMatchObject({ role: 'leader', term });
  });

  test('may still lead if only those who leave hold the entry that says so', () => {
    const cluster = new Cluster(membership('a b c', 'd'), 'a b c d');
    cluster.elect('a');
    cluster.node('a').proposeMembership(membership('d'), cluster.now);
    // d holds the joint membership and not yet the last word; then the leader dies.
    for (let turn = 0; turn < 200; turn += 1) {
      for (const name of 'abcd') cluster.work(name);
      const at = cluster.wire.findIndex(
        ({ to, type }) =>
          !(
            to === id('d') &&
            type === 'append-request' &&
            cluster.node('b').status(cluster.now).membership.outgoing.length === 0
          ),
      );
      const [message] = at < 0 ? [] : cluster.wire.splice(at, 1);
      if (message === undefined) break;
      cluster.node(message.to).step(message, cluster.now);
      if (cluster.node('b').status(cluster.now).membership.outgoing.length === 0) break;
    }
    expect(cluster.node('b').status(cluster.now).membership).toMatchObject({ voters: ['d'], outgoing: [] });
    expect(cluster.node('d').status(cluster.now).membership.outgoing).not.toEqual([]);
    cluster.wire = [];
    cluster.crash('a');
    cluster.pass(5000);
    expect(cluster.leader()).toBe('d');
    expect(cluster.node('d').status(cluster.now).membership).toMatchObject({ voters: ['d'], outgoing: [] });
  });
});

describe('a cluster of one', () => {
  test('elects itself at once, also after a restart, and wakes for nothing', () => {
    const cluster = new Cluster(membership('a'), 'a');
    cluster.pass(0);
    expect(cluster.leader()).toBe('a');
    expect(cluster.node('a').nextDeadline()).toBe(Number.POSITIVE_INFINITY);
    cluster.node('a').propose(new Uint8Array(1), cluster.now);
    cluster.restart('a');
    cluster.pass(0);
    expect(cluster.leader()).toBe('a');
  });

  test('grows to three and shrinks again', () => {
    const cluster = new Cluster(membership('a'), 'a');
    cluster.boot('b', {
      ...cluster.seat('a').disk,
      snapshot: { index: 0, term: 0, membership: membership('') },
      entries: [],
    });
    cluster.boot('c', { ...cluster.seat('b').disk });
    cluster.pass(0);
    expect(cluster.node('a').proposeMembership(membership('a b c'), cluster.now).ok).toBe(true);
    cluster.pass(1000);
    expect(cluster.node('c').status(cluster.now)).toMatchObject({ role: 'follower', member: true });
    cluster.node('a').proposeMembership(membership('a'), cluster.now);
    cluster.pass(1000);
    expect(cluster.node('a').status(cluster.now)).toMatchObject({ role: 'leader', membership: { voters: ['a'] } });
  });
});

describe('options', () => {
  test.each([
    { id: id('') },
    { electionTimeoutMs: 100 },
    { promiseMs: 500 },
    { promiseMs: 0 },
    { driftAllowanceMs: 100 },
    { maxInflightMessages: 0 },
    { maxInflightBytes: 1 },
    { maxUncommittedBytes: 0 },
  ])('that would break safety or progress are refused: %j', (wrong) => {
    const right = { ...DEFAULT_RAFT_OPTIONS, id: id('a') };
    expect(() => assertRaftOptions(right)).not.toThrow();
    expect(() => assertRaftOptions({ ...right, ...wrong })).toThrow();
  });
});

describe('a peer with another history below its commit index', () => {
  const disk = (terms: readonly number[], commit: number): Disk => ({
    hardState: { term: terms.at(-1) ?? 0, vote: null, commit },
    snapshot: { index: 0, term: 0, membership: membership('a b c') },
    entries: entriesOf(terms),
  });

  test('is asked seldom, told of once, and shown', () => {
    const cluster = new Cluster(membership('a b c'), 'a b c');
    cluster.isolate('c');
    cluster.boot('a', disk([2, 2, 2, 2], 4));
    cluster.boot('b', disk([2, 2, 2, 2], 4));
    cluster.boot('c', disk([1, 1, 1], 3));
    cluster.elect('a');
    cluster.heal();
    cluster.sent = [];
    cluster.pass(4000);
    const asked = cluster.sent.filter(({ type, to }) => type === 'append-request' && to === 'c');
    expect(asked.length).toBeLessThan(10);
    expect(cluster.seat('a').events.filter((text) => text.includes('no longer holds entry'))).toHaveLength(1);
    expect(cluster.node('a').status(cluster.now).peers['c']).toMatchObject({ contradictory: true });
    expect(cluster.node('a').status(cluster.now).peers['b']).toMatchObject({ contradictory: false });
  });
});

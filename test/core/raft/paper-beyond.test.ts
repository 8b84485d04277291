/** The Raft paper's chapters 6 to 8, a test for each sentence, as in paper.test.ts: membership, snapshots, clients. */
import { describe, expect, test } from 'vitest';
import type { AppendRequest } from '../../../src/core/raft/message.js';
import { Cluster, membership } from './cluster.js';
import { append, ask, entriesOf, Lone, ofType } from './lone.js';

describe('6 membership', () => {
  test('while old and new membership are joint, agreement needs majorities of both', () => {
    const cluster = new Cluster(membership('a b c'), 'a b c');
    cluster.elect('a');
    cluster.isolate('d');
    for (const stranger of ['d', 'e']) cluster.cutBoth('a', stranger).cutBoth('b', stranger).cutBoth('c', stranger);
    const { commit } = cluster.node('a').status(cluster.now);
    cluster.node('a').proposeMembership(membership('a d e'), cluster.now);
    cluster.pass(300);
    // b and c hold the entry: a majority of the old, and of all five, but only a of the new.
    expect(cluster.node('a').status(cluster.now)).toMatchObject({ commit, membership: { outgoing: ['a', 'b', 'c'] } });
  });

  test('each server uses the latest membership in its log, committed or not', () => {
    const lone = new Lone([1]);
    lone.lead();
    lone.says();
    lone.accept('b', 2);
    lone.node.proposeMembership(membership('a b c d e'), lone.now);
    expect(lone.status.membership).toMatchObject({ voters: ['a', 'b', 'c', 'd', 'e'], outgoing: ['a', 'b', 'c'] });
    expect(lone.status.commit).toBe(2);
  });

  test('new servers join as learners first, without a say', () => {
    const cluster = new Cluster(membership('a', 'b'), 'a b');
    cluster.elect('a');
    cluster.isolate('b');
    cluster.node('a').propose(new Uint8Array(1), cluster.now);
    cluster.settle();
    expect(cluster.node('a').status(cluster.now).commit).toBe(2);
    cluster.pass(5000);
    expect(cluster.node('b').status(cluster.now)).toMatchObject({ role: 'learner', term: 1 });
  });

  test('a leader that is not part of the new membership steps down once it is committed', () => {
    const cluster = new Cluster(membership('a b c'), 'a b c');
    cluster.elect('a');
    cluster.node('a').proposeMembership(membership('b c'), cluster.now);
    cluster.settle();
    expect(cluster.node('a').status(cluster.now)).toMatchObject({ role: 'learner', member: false });
    expect(['b', 'c']).toContain(cluster.leader());
  });

  test('removed servers cannot disrupt: votes are refused while a current leader is known to exist', () => {
    const lone = new Lone([1]);
    lone.receive('b', { ...append, term: 1, previousIndex: 1, previousTerm: 1 });
    lone.says();
    lone.now += 390;
    lone.receive('z', { ...ask, term: 9, lastIndex: 99, lastTerm: 9 });
    expect(ofType(lone.says(), 'vote-response')).toEqual([]);
    expect(lone.status).toMatchObject({ term: 1, leader: 'b' });
  });
});

describe('7 snapshots', () => {
  const mark = { index: 3, term: 2, membership: membership('a b c') };
  const offer = { type: 'snapshot-request', term: 2, snapshot: mark, round: 1 } as const;

  test('a follower whose log conflicts with the snapshot discards its whole log', () => {
    const lone = new Lone([1, 1, 1, 1]);
    lone.receive('b', offer);
    lone.says();
    expect(lone.readies.map(({ fetchSnapshot }) => fetchSnapshot?.snapshot.index).filter(Boolean)).toEqual([3]);
    lone.node.snapshotInstalled(mark, lone.now);
    expect(ofType(lone.says(), 'snapshot-response')).toMatchObject([{ installed: true, index: 3 }]);
    expect(lone.readies.some(({ logReset }) => logReset?.index === 3)).toBe(true);
    expect(lone.status).toMatchObject({ lastIndex: 3, commit: 3 });
  });

  test('if the snapshot describes a prefix of its log, the entries following it are retained', () => {
    const lone = new Lone([1, 2, 2, 2]);
    lone.receive('b', offer);
    lone.says();
    expect(lone.readies.every(({ fetchSnapshot, logReset }) => fetchSnapshot === null && logReset === null)).toBe(true);
    expect(lone.status).toMatchObject({ lastIndex: 4, commit: 3 });
  });

  test('a snapshot that arrives after the log has overtaken it throws nothing away', () => {
    const lone = new Lone([1]);
    lone.receive('b', offer);
    lone.says();
    const entries = entriesOf([1, 2, 2], 2);
    lone.receive('c', { ...append, term: 3, previousIndex: 1, previousTerm: 1, entries, commit: 4 });
    lone.says();
    lone.node.snapshotInstalled(mark, lone.now);
    lone.says();
    expect(lone.readies.every(({ logReset }) => logReset === null)).toBe(true);
    expect(lone.status).toMatchObject({ lastIndex: 4, commit: 4 });
  });
});

describe('8 clients', () => {
  test('each leader commits a blank entry at the start of its term', () => {
    const lone = new Lone([1]);
    lone.lead();
    expect(ofType(lone.says(), 'append-request').map((request: AppendRequest) => request.entries)).toMatchObject([
      [{ index: 2, kind: 'empty' }],
      [{ index: 2, kind: 'empty' }],
    ]);
  });

  test('a leader answers no read before an entry of its term is committed', () => {
    const lone = new Lone([1]);
    lone.lead();
    lone.node.readIndex(1, lone.now);
    lone.says();
    expect(lone.readies.flatMap(({ reads }) => reads)).toEqual([]);
    lone.accept('b', 2, 1);
    const [round = 0] = ofType(lone.says(), 'heartbeat-request').map((request) => request.round);
    lone.receive('b', { type: 'heartbeat-response', term: lone.status.term, round });
    lone.says();
    expect(lone.readies.flatMap(({ reads }) => reads)).toEqual([{ context: 1, index: 2 }]);
  });

  test('a leader checks whether it has been deposed before answering a read', () => {
    const lone = new Lone([1]);
    lone.lead();
    lone.says();
    lone.accept('b', 2, 1);
    lone.says();
    lone.node.readIndex(1, lone.now);
    lone.says();
    // An old answer, to a round from before the read, proves nothing.
    lone.receive('b', { type: 'heartbeat-response', term: lone.status.term, round: 1 });
    lone.says();
    expect(lone.readies.flatMap(({ reads }) => reads)).toEqual([]);
  });
});

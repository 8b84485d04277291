import { describe, expect, it } from 'vitest';
import { encodeMembership } from '../../../src/core/raft/membership-codec.js';
import type { Entry, Membership, NodeId } from '../../../src/core/raft/message.js';
import type { Proposal } from '../../../src/core/raft/propose.js';
import { Calls } from '../../../src/runtime/raft-worker/calls.js';
import type { CallResult } from '../../../src/runtime/raft-worker/protocol.js';

const A = 'a' as NodeId;
const B = 'b' as NodeId;
const next: Membership = { voters: [A, B], outgoing: [], learners: [], addresses: { a: 'a', b: 'b' } };

class Bench {
  proposal: Proposal = { ok: true, index: 5, term: 2 };
  readonly results: [number, CallResult][] = [];
  unprepared: NodeId[] = [];
  wanted = 0;
  readonly calls = new Calls(
    {
      leader: () => B,
      transferLeadership: () => this.proposal,
      proposeMembership: () => this.proposal,
      unprepared: () => this.unprepared,
      wantSnapshot: () => {
        this.wanted += 1;
      },
    },
    (id, result) => this.results.push([id, result]),
  );
}

function membershipEntry(index: number, term: number, outgoing: readonly NodeId[]): Entry {
  return { index, term, kind: 'membership', payload: encodeMembership({ ...next, outgoing }) };
}

describe('the rare wishes', () => {
  it('a transfer has come true when the other leads', () => {
    const bench = new Bench();
    bench.calls.transfer(1, B);
    bench.calls.onLeadership({ role: 'follower', term: 3, leader: null });
    expect(bench.results).toEqual([]);
    bench.calls.onLeadership({ role: 'follower', term: 3, leader: B });
    expect(bench.results).toEqual([[1, { ok: true, value: null }]]);
  });

  it('a change of membership has come true when the joint one was left', () => {
    const bench = new Bench();
    bench.calls.change(1, next);
    bench.calls.onCommitted([membershipEntry(4, 2, [])]);
    bench.calls.onCommitted([membershipEntry(5, 2, [A])]);
    expect(bench.results).toEqual([]);
    bench.calls.onCommitted([membershipEntry(6, 2, [])]);
    expect(bench.results).toEqual([[1, { ok: true, value: null }]]);
  });

  it('a change of membership that another leader replaced was not done', () => {
    const bench = new Bench();
    bench.calls.change(1, next);
    bench.calls.onCommitted([{ index: 5, term: 3, kind: 'empty', payload: new Uint8Array() }]);
    expect(bench.results).toMatchObject([[1, { ok: false, error: { code: 'PROPOSAL_DROPPED' } }]]);
  });

  it('a voter that is not up to date is not made one', () => {
    const bench = new Bench();
    bench.unprepared = [B];
    bench.calls.change(1, next);
    bench.calls.onCommitted([membershipEntry(6, 2, [])]);
    expect(bench.results).toMatchObject([[1, { ok: false, error: { code: 'BAD_REQUEST' } }]]);
    expect(JSON.stringify(bench.results)).toContain('not yet up to date: b; make it a learner first');
  });

  it('a refusal is answered at once, with its reason', () => {
    const bench = new Bench();
    bench.proposal = { ok: false, refusal: 'not-leader' };
    bench.calls.transfer(1, B);
    bench.proposal = { ok: false, refusal: 'invalid-membership' };
    bench.calls.change(2, next);
    expect(bench.results).toMatchObject([
      [1, { ok: false, error: { code: 'NOT_LEADER', leader: B } }],
      [2, { ok: false, error: { code: 'BAD_REQUEST' } }],
    ]);
  });

  it('a snapshot answers all who wanted one', () => {
    const bench = new Bench();
    bench.calls.snapshot(1);
    bench.calls.snapshot(2);
    bench.calls.onSnapshot({ index: 40 });
    bench.calls.onSnapshot({ index: 41 });
    bench.calls.snapshot(3);
    bench.calls.onSnapshot({ trouble: 'no space left' });
    expect(bench.results).toMatchObject([
      [1, { ok: true, value: 40 }],
      [2, { ok: true, value: 40 }],
      [3, { ok: false, error: { code: 'STORAGE', message: 'no space left' } }],
    ]);
    expect(bench.wanted).toBe(3);
  });
});

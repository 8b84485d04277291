import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Membership, NodeId } from '../../../src/core/raft/message.js';
import { majorityOf, quorumValue, voteOutcome } from '../../../src/core/raft/quorum.js';
import { id } from './cluster.js';

const anyVoters = fc.uniqueArray(fc.constantFrom(...'abcdefg'.split('').map(id)), { minLength: 1 });
const anyMembership = fc
  .record({ voters: anyVoters, outgoing: fc.option(anyVoters, { nil: [] }) })
  .map(({ voters, outgoing }): Membership => ({ voters, outgoing, learners: [], addresses: {} }));
const anyValues = fc.array(fc.nat(9), { minLength: 7, maxLength: 7 });

/** Is `agreeing` a quorum? The definition, counted on fingers. */
function isQuorum({ voters, outgoing }: Membership, agreeing: (id: NodeId) => boolean): boolean {
  return [voters, outgoing].every((set) => set.length === 0 || 2 * set.filter(agreeing).length > set.length);
}

describe('quorum', () => {
  test.each([
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 3],
    [5, 3],
    [7, 4],
  ])('a majority of %i is %i', (count, majority) => {
    expect(majorityOf(count)).toBe(majority);
  });

  test('the value is the greatest that a quorum has reached', () => {
    fc.assert(
      fc.property(anyMembership, anyValues, (membership, values) => {
        const valueOf = (name: NodeId): number => values['abcdefg'.indexOf(name)] ?? 0;
        const value = quorumValue(membership, valueOf);
        expect(isQuorum(membership, (name) => valueOf(name) >= value)).toBe(true);
        expect(isQuorum(membership, (name) => valueOf(name) > value)).toBe(false);
      }),
    );
  });

  test('a vote is won when a quorum says yes, lost when no quorum can any more', () => {
    fc.assert(
      fc.property(
        anyMembership,
        fc.array(fc.option(fc.boolean()), { minLength: 7, maxLength: 7 }),
        (membership, said) => {
          const votes = new Map<NodeId, boolean>();
          for (const [at, vote] of said.entries()) if (vote !== null) votes.set(id('abcdefg'.charAt(at)), vote);
          const won = isQuorum(membership, (name) => votes.get(name) === true);
          const possible = isQuorum(membership, (name) => votes.get(name) !== false);
          expect(voteOutcome(membership, votes)).toBe(won ? 'won' : possible ? 'pending' : 'lost');
        },
      ),
    );
  });

  test('two quorums of one membership always share a node', () => {
    fc.assert(
      fc.property(anyMembership, fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }), (membership, sides) => {
        const left = (name: NodeId): boolean => sides['abcdefg'.indexOf(name)] ?? false;
        expect(isQuorum(membership, left) && isQuorum(membership, (name) => !left(name))).toBe(false);
      }),
    );
  });
});

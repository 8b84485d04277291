import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeMembership, encodeMembership } from '../../../src/core/raft/membership-codec.js';
import { MembershipHistory } from '../../../src/core/raft/membership-history.js';
import { firstStep, isSoleVoter, leaveJoint, membershipFault, membersOf } from '../../../src/core/raft/membership.js';
import type { Entry, Membership } from '../../../src/core/raft/message.js';
import { id, membership } from './cluster.js';

const entry = (index: number, next: Membership): Entry => ({
  ...{ index, term: 1, kind: 'membership' },
  payload: encodeMembership(next),
});

describe('a change of membership', () => {
  test('goes through a joint one when voters change, and keeps the addresses of those who leave until they have left', () => {
    const joint = firstStep(membership('a b c'), membership('c d', 'a'));
    expect(joint).toMatchObject({ voters: ['c', 'd'], outgoing: ['a', 'b', 'c'], learners: ['a'] });
    expect(Object.keys(joint.addresses).sort()).toEqual(['a', 'b', 'c', 'd']);
    const final = leaveJoint(joint);
    expect(final).toMatchObject({ voters: ['c', 'd'], outgoing: [], learners: ['a'] });
    expect(Object.keys(final.addresses).sort()).toEqual(['a', 'c', 'd']);
  });

  test('is one step when only learners or addresses change', () => {
    expect(firstStep(membership('a b'), membership('b a', 'c')).outgoing).toEqual([]);
  });

  test.each([
    ['no voters', membership('', 'a')],
    ['a voter that is a learner', membership('a b', 'b')],
    ['a voter twice', membership('a a')],
    ['outgoing voters', { ...membership('a'), outgoing: [id('b')] }],
  ])('with %s is refused', (_, next) => {
    expect(membershipFault(next)).not.toBeNull();
  });

  test('names each member once', () => {
    expect(membersOf({ ...membership('a b', 'c'), outgoing: [id('b'), id('c')] })).toEqual(['a', 'b', 'c']);
  });

  test('a sole voter is sole in both halves', () => {
    expect(isSoleVoter(membership('a', 'b'), id('a'))).toBe(true);
    expect(isSoleVoter({ ...membership('a'), outgoing: [id('b')] }, id('a'))).toBe(false);
  });
});

describe('the bytes of a membership', () => {
  test('come back as they went', () => {
    const anyIds = fc.uniqueArray(fc.string({ minLength: 1 }).map(id));
    const any = fc.record({
      ...{ voters: anyIds, outgoing: anyIds, learners: anyIds },
      addresses: fc.dictionary(
        fc.string().filter((key) => key !== '__proto__'),
        fc.string(),
        { noNullPrototype: true },
      ),
    });
    fc.assert(
      fc.property(any, (value) => {
        expect(decodeMembership(encodeMembership(value))).toEqual(value);
      }),
    );
  });

  test('are the same for the same membership, in whatever order its addresses were set', () => {
    const one = { ...membership('a b'), addresses: { a: '1', b: '2' } };
    const other = { ...membership('a b'), addresses: { b: '2', a: '1' } };
    expect(encodeMembership(one)).toEqual(encodeMembership(other));
  });

  test.each(['{}', '{"version":2,"voters":[],"outgoing":[],"learners":[],"addresses":{}}', '[]', '{"version":1}'])(
    'are refused when they are something else: %s',
    (text) => {
      expect(() => decodeMembership(new TextEncoder().encode(text))).toThrow(/membership entry/);
    },
  );
});

describe('the history of memberships', () => {
  test('the newest in the log is in force, and the one before it again when it is cut off', () => {
    const history = new MembershipHistory(0, membership('a'));
    history.append([entry(3, membership('a b')), entry(7, membership('a b c'))]);
    expect([history.currentIndex, history.current.voters.length]).toEqual([7, 3]);
    history.truncateFrom(7);
    expect([history.currentIndex, history.current.voters.length]).toEqual([3, 2]);
    history.truncateFrom(2);
    expect([history.currentIndex, history.current.voters.length]).toEqual([0, 1]);
  });

  test('tells the one at an index, until that is compacted', () => {
    const history = new MembershipHistory(0, membership('a'));
    history.append([entry(3, membership('a b')), entry(7, membership('a b c'))]);
    expect([0, 2, 3, 6, 7, 99].map((index) => history.at(index).voters.length)).toEqual([1, 1, 2, 2, 3, 3]);
    history.compactTo(5);
    expect([5, 6, 7].map((index) => history.at(index).voters.length)).toEqual([2, 2, 3]);
    expect(() => history.at(4)).toThrow(/compacted/);
  });
});

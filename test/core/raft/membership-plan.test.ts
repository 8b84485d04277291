import { describe, expect, test } from 'vitest';
import {
  moved,
  promoted,
  replaced,
  votersMissing,
  without,
  withLearner,
} from '../../../src/core/raft/membership-plan.js';
import { id, membership } from './cluster.js';

describe('a membership to be', () => {
  test('a newcomer is a learner, and then a voter', () => {
    const learning = withLearner(membership('a b'), id('c'), 'c:1');
    expect(learning).toMatchObject({ voters: ['a', 'b'], learners: ['c'], addresses: { c: 'c:1' } });
    expect(promoted(learning, id('c'))).toMatchObject({ voters: ['a', 'b', 'c'], learners: [] });
  });

  test('who leaves takes the address along, whatever it was', () => {
    const left = without(membership('a b', 'c'), id('c'));
    expect([left.learners, Object.keys(left.addresses).sort()]).toEqual([[], ['a', 'b']]);
    expect(without(membership('a b'), id('b')).voters).toEqual(['a']);
  });

  test('one takes the place of another in one step', () => {
    expect(replaced(membership('a b c', 'd'), id('c'), id('d'))).toMatchObject({
      voters: ['a', 'b', 'd'],
      learners: [],
    });
  });

  test('a moved node keeps its id', () => {
    expect(moved(membership('a b'), { b: 'elsewhere:1' }).addresses).toMatchObject({ b: 'elsewhere:1' });
  });

  test.each([
    ['a b c', 'a b', 0],
    ['a b c', 'a', 1],
    ['a b', 'a', 1],
    ['a b c d', 'a b', 1],
    ['a', '', 1],
  ])('of %s, when %s answer, %i are missing for a majority', (voters, live, missing) => {
    expect(votersMissing(membership(voters), (voter) => live.split(' ').includes(voter))).toBe(missing);
  });
});

import { describe, expect, it } from 'vitest';
import { JUDGEMENT_LIMITS } from '../../../src/core/analysis/limits.js';
import type { NodeVote } from '../../../src/core/analysis/vote.js';
import { majorityOf, tallyNodes, votersWarning } from '../../../src/core/analysis/votes.js';

const THREE = ['n1', 'n2', 'n3'];

function tally(voters: readonly string[], votes: Readonly<Record<string, NodeVote>>, elapsedMs = 0, ageMs = 0) {
  const nowMs = 10_000;
  const opinions = Object.entries(votes).map(([node, vote]) => ({ node, vote, atMs: nowMs - ageMs, detail: '' }));
  return tallyNodes(voters, opinions, { sinceMs: nowMs - elapsedMs, nowMs }, JUDGEMENT_LIMITS);
}

describe('the votes of the nodes', () => {
  it.each([
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 3],
    [5, 3],
    [7, 4],
  ])('of %i voters %i are a majority', (voters, majority) => {
    expect(majorityOf(voters)).toBe(majority);
  });

  it('decides at once when a majority was refused', () => {
    expect(tally(THREE, { n1: 'refused', n2: 'refused' }).verdict).toBe('unreachable');
    expect(tally(['n1'], { n1: 'refused' }).verdict).toBe('unreachable');
  });

  it('waits for the limit when the majority includes silence, to the millisecond', () => {
    const votes = { n1: 'refused', n2: 'silent' } as const;
    expect(tally(THREE, votes, 999).verdict).toBe('waiting');
    expect(tally(THREE, votes, 1000).verdict).toBe('unreachable');
    expect(tally(THREE, votes, 400).words).toContain('silent for 0.4 s, the limit is 1.0 s');
  });

  it('waits for the grace that a cluster gives to a restart', () => {
    const opinions = ['n1', 'n2'].map((node) => ({ node, vote: 'refused' as const, atMs: 1000, detail: '' }));
    const limits = { ...JUDGEMENT_LIMITS, refusalMs: 5000 };
    expect(tallyNodes(THREE, opinions, { sinceMs: 1000, nowMs: 5999 }, limits).verdict).toBe('waiting');
    expect(tallyNodes(THREE, opinions, { sinceMs: 1000, nowMs: 6000 }, limits).verdict).toBe('unreachable');
  });

  it('counts all configured voters: whoever is not heard takes the majority away', () => {
    const one = tally(THREE, { n1: 'refused' }, 60_000);
    expect(one.verdict).toBe('divided');
    expect(one.words).toBe('1 of 3 nodes cannot reach it (n1 refused; n2 and n3 no opinion); 2 must agree');
    expect(tally(['n1', 'n2', 'n3', 'n4'], { n1: 'refused', n2: 'refused' }, 60_000).verdict).toBe('divided');
  });

  it('takes "no opinion" for exactly that', () => {
    expect(tally(THREE, { n1: 'refused', n2: 'none', n3: 'none' }, 60_000).verdict).toBe('divided');
  });

  it('lets two nodes decide only together', () => {
    expect(tally(['n1', 'n2'], { n1: 'refused' }, 60_000).verdict).toBe('divided');
    expect(tally(['n1', 'n2'], { n1: 'refused', n2: 'refused' }).verdict).toBe('unreachable');
  });

  it('is stopped by one fresh answer, whatever the others say', () => {
    const answered = tally(THREE, { n1: 'refused', n2: 'refused', n3: 'alive' }, 60_000);
    expect(answered.verdict).toBe('alive');
    expect(answered.words).toContain('n3 answered');
  });

  it('believes the eyes of a node that has no vote, and does not count them', () => {
    expect(tally(THREE, { n1: 'refused', n2: 'refused', learner: 'alive' }).verdict).toBe('alive');
    expect(tally(THREE, { n1: 'refused', learner: 'refused', other: 'refused' }).verdict).toBe('divided');
  });

  it('has no use for vain looks that began before the last sign of life', () => {
    expect(tally(THREE, { n1: 'refused', n2: 'refused' }, 0, 0).verdict).toBe('unreachable');
    expect(tally(THREE, { n1: 'refused', n2: 'refused' }, 0, 1).verdict).toBe('divided');
    expect(tally(THREE, { n1: 'refused', n2: 'refused', n3: 'alive' }, 10, 11).verdict).toBe('alive');
  });

  it('forgets looks that are too old, also good ones', () => {
    const life = JUDGEMENT_LIMITS.opinionLifeMs;
    expect(tally(THREE, { n1: 'refused', n2: 'refused' }, 60_000, life).verdict).toBe('unreachable');
    expect(tally(THREE, { n1: 'refused', n2: 'refused' }, 60_000, life + 1).verdict).toBe('divided');
    expect(tally(THREE, { n1: 'alive' }, 60_000, life + 1).alive).toEqual([]);
  });

  it('decides nothing without voters', () => {
    expect(tally([], {}, 60_000).verdict).toBe('divided');
  });

  it('warns of numbers of nodes that decide otherwise than one would think', () => {
    expect(votersWarning(1)).toContain('one node');
    expect(votersWarning(2)).toContain('both agree');
    expect(votersWarning(3)).toBeNull();
    expect(votersWarning(4)).toContain('3 nodes would bear as many losses');
    expect(votersWarning(5)).toBeNull();
  });
});

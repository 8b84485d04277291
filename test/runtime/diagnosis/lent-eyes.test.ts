import { describe, expect, it } from 'vitest';
import type { NodeVote } from '../../../src/core/analysis/vote.js';
import type { Address } from '../../../src/core/topology/address.js';
import { LentEyes } from '../../../src/runtime/diagnosis/lent-eyes.js';
import { addressOf } from '../../support/facts.js';
import { FakeClock } from '../../support/raft/fake-consensus.js';

function eyes({ ran = true, knows = true } = {}) {
  const clock = new FakeClock();
  const knocks: { readonly address: Address; readonly timeoutMs: number; answer(vote: NodeVote): void }[] = [];
  const lost: string[] = [];
  const lent = new LentEyes({
    clock,
    knockMs: 500,
    prober: {
      knock: (address, timeoutMs) =>
        new Promise((resolve) => {
          knocks.push({ address, timeoutMs, answer: (vote) => resolve({ vote, detail: `said ${vote}` }) });
        }),
    },
    loop: {
      knows: () => knows,
      ranSince: () => ran,
      noticeLostBy: (node, address, reason) => lost.push(`${node} ${address.host} ${reason}`),
    },
  });
  return { clock, knocks, lent, lost };
}

describe('what a node does for its peers', () => {
  it('is to knock when asked, and to say how long ago the look began', async () => {
    const { clock, knocks, lent } = eyes();
    const answer = lent.examine(addressOf('p'), 300);
    clock.now += 40;
    knocks[0]?.answer('refused');
    expect(await answer).toEqual({ vote: 'refused', detail: 'said refused', ageMs: 40 });
    expect(knocks[0]).toMatchObject({ address: addressOf('p'), timeoutMs: 300 });
  });

  it('is to knock no longer than it would itself', () => {
    const { knocks, lent } = eyes();
    void lent.examine(addressOf('p'), 60_000);
    expect(knocks[0]?.timeoutMs).toBe(500);
  });

  it('is one knock for all who ask at the same time, with its true age', async () => {
    const { clock, knocks, lent } = eyes();
    const first = lent.examine(addressOf('p'), 300);
    clock.now += 100;
    const second = lent.examine(addressOf('p'), 300);
    void lent.examine(addressOf('q'), 300);
    expect(knocks.map((knock) => knock.address.host)).toEqual(['p', 'q']);
    knocks[0]?.answer('silent');
    expect([await first, await second].map((answer) => answer.ageMs)).toEqual([100, 100]);
    void lent.examine(addressOf('p'), 300);
    expect(knocks).toHaveLength(3);
  });

  it('is nothing for an address that is not a server of ours', async () => {
    const { knocks, lent } = eyes({ knows: false });
    expect(await lent.examine({ host: 'metadata.internal', port: 80 }, 300)).toMatchObject({ vote: 'none' });
    expect(knocks).toEqual([]);
  });

  it('is no vote when it was paused meanwhile', async () => {
    const { knocks, lent } = eyes({ ran: false });
    const answer = lent.examine(addressOf('p'), 300);
    knocks[0]?.answer('silent');
    expect(await answer).toMatchObject({ vote: 'none', detail: 'this node was paused meanwhile' });
  });

  it('is bounded: who asks for too many servers at a time gets no opinion for the rest', async () => {
    const { knocks, lent } = eyes();
    for (let number = 0; number < 128; number++) void lent.examine(addressOf(`p${String(number)}`), 300);
    expect(await lent.examine(addressOf('one-more'), 300)).toMatchObject({ vote: 'none' });
    expect(knocks).toHaveLength(128);
  });

  it('is to take in, as leader, what followers lost', () => {
    const { lent, lost } = eyes();
    lent.lost('n2', addressOf('p'), 'lost its connection');
    expect(lost).toEqual(['n2 p lost its connection']);
  });
});

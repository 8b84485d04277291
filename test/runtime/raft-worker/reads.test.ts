import { describe, expect, it } from 'vitest';
import { Reads } from '../../../src/runtime/raft-worker/reads.js';
import { FakeClock } from '../../support/raft/fake-consensus.js';

function make(): { clock: FakeClock; reads: Reads; asked: number[]; answers: [number, number | null][] } {
  const clock = new FakeClock();
  const asked: number[] = [];
  const answers: [number, number | null][] = [];
  const reads = new Reads(
    clock,
    (context) => asked.push(context),
    (id, index) => answers.push([id, index]),
  );
  return { clock, reads, asked, answers };
}

describe('linearizable reads', () => {
  it('are asked and answered under names of their own', () => {
    const { reads, asked, answers, clock } = make();
    reads.begin(70, clock.now + 100);
    reads.begin(71, clock.now + 100);
    reads.answered([
      { context: asked[1] ?? 0, index: 5 },
      { context: asked[0] ?? 0, index: 4 },
    ]);
    expect(answers).toEqual([
      [71, 5],
      [70, 4],
    ]);
  });

  it('are asked again while nobody can vouch for them', async () => {
    const { reads, asked, answers, clock } = make();
    reads.begin(70, clock.now + 1000);
    for (let attempt = 0; attempt < 3; attempt += 1) {
      reads.answered([{ context: asked[attempt] ?? 0, index: null }]);
      await clock.advance(15);
    }
    expect(asked).toHaveLength(4);
    expect(new Set(asked).size).toBe(4);
    reads.answered([{ context: asked[3] ?? 0, index: 9 }]);
    expect(answers).toEqual([[70, 9]]);
  });

  it('are given up when the deadline leaves no time for another try', async () => {
    const { reads, asked, answers, clock } = make();
    reads.begin(70, clock.now + 20);
    reads.answered([{ context: asked[0] ?? 0, index: null }]);
    await clock.advance(15);
    reads.answered([{ context: asked[1] ?? 0, index: null }]);
    expect(answers).toEqual([[70, null]]);
  });
});

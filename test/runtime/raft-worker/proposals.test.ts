import { describe, expect, it } from 'vitest';
import type { Entry } from '../../../src/core/raft/message.js';
import { Proposals } from '../../../src/runtime/raft-worker/proposals.js';

function entry(index: number, term: number): Entry {
  return { index, term, kind: 'command', payload: new Uint8Array() };
}

describe('proposals and the entries they became', () => {
  it('are done when their entry is committed in their term', () => {
    const proposals = new Proposals();
    proposals.add(7, 10, 2, 1000, 0);
    expect(proposals.settle([entry(9, 2)])).toEqual({ settled: [], dropped: [] });
    expect(proposals.settle([entry(10, 2), entry(11, 2)])).toEqual({
      settled: [{ id: 7, index: 10, term: 2 }],
      dropped: [],
    });
    expect(proposals.settle([entry(10, 2)])).toEqual({ settled: [], dropped: [] });
  });

  it("are dropped when another term's entry is committed in their place", () => {
    const proposals = new Proposals();
    proposals.add(7, 10, 2, 1000, 0);
    expect(proposals.settle([entry(10, 3)])).toEqual({ settled: [], dropped: [7] });
  });

  it('of two terms at one index: the one whose term it is', () => {
    const proposals = new Proposals();
    proposals.add(7, 10, 2, 1000, 0);
    proposals.add(8, 10, 4, 1000, 0);
    expect(proposals.settle([entry(10, 2)])).toEqual({ settled: [{ id: 7, index: 10, term: 2 }], dropped: [8] });
  });

  it('are of unknown fate when a snapshot covers them', () => {
    const proposals = new Proposals();
    for (const index of [10, 11, 12]) proposals.add(index, index, 2, 1000, 0);
    expect(proposals.forgetUpTo(11)).toEqual([10, 11]);
    expect(proposals.settle([entry(12, 2)]).settled).toHaveLength(1);
  });

  it('do not pile up when nothing is committed and nobody waits', () => {
    const proposals = new Proposals();
    for (let index = 1; index <= 50_000; index += 1) proposals.add(index, index, 1, 10, 0);
    proposals.add(50_001, 50_001, 1, 2000, 1000);
    expect(proposals.forgetUpTo(50_000)).toEqual([]);
    expect(proposals.forgetUpTo(50_001)).toEqual([50_001]);
  });
});

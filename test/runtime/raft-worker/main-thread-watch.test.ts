import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { NodeId } from '../../../src/core/raft/message.js';
import { systemClock } from '../../../src/runtime/ports/clock.js';
import type { ConsensusStatus } from '../../../src/runtime/ports/consensus.js';
import { ALIVE_EVERY_MS, MainThreadWatch } from '../../../src/runtime/raft-worker/main-thread-watch.js';

const [A, B, C] = ['a', 'b', 'c'] as [NodeId, NodeId, NodeId];
const BEYOND_ALL_LOOKS_MS = 20 * ALIVE_EVERY_MS;

function statusOf(role: ConsensusStatus['role'], matches: Readonly<Record<string, number>>): ConsensusStatus {
  const peers = Object.entries(matches).map(([id, matchIndex]) => ({
    ...{ id: id as NodeId, address: '', foundAt: '', connected: true, trouble: null },
    ...{ matchIndex, lastHeardMs: 10, sending: 'replicate' as const, votes: true },
  }));
  const membership = { voters: [A, B, C], outgoing: [], learners: [], addresses: {} };
  return {
    ...{ id: A, role, term: 2, leader: A, commit: 9, firstIndex: 1, lastIndex: 9, membership, membershipIndex: 1 },
    ...{ member: true, votes: true, transferringTo: null, snapshotIndex: 0, logBytes: 0, storageTrouble: null },
    ...{ peers, turnedAway: [] },
  };
}

describe('a watch over the main thread', () => {
  let status = statusOf('leader', { b: 7, c: 9 });
  const given: NodeId[] = [];
  const told: string[] = [];
  let watch: MainThreadWatch;

  beforeEach(() => {
    vi.useFakeTimers();
    status = statusOf('leader', { b: 7, c: 9 });
    given.length = 0;
    told.length = 0;
    watch = new MainThreadWatch(systemClock, {
      status: () => status,
      transferLeadership: (to) => given.push(to),
      tell: ({ text }) => told.push(text),
    });
  });
  afterEach(() => {
    watch.close();
    vi.useRealTimers();
  });

  it('does nothing before it was heard for the first time, nor while it is heard', () => {
    vi.advanceTimersByTime(BEYOND_ALL_LOOKS_MS);
    for (let at = 0; at < 20; at += 1) {
      watch.heard();
      vi.advanceTimersByTime(2 * ALIVE_EVERY_MS);
    }
    expect(given).toEqual([]);
  });

  it('gives the lead of one that is silent to the node that has most, until another leads', () => {
    watch.heard();
    vi.advanceTimersByTime(4 * ALIVE_EVERY_MS);
    expect(given).toEqual([]);
    vi.advanceTimersByTime(2 * ALIVE_EVERY_MS);
    expect(given).toEqual([C, C]);
    expect(told[0]).toBe('the main thread of this node has been silent for 5 s: the lead goes to c');
    status = statusOf('follower', {});
    vi.advanceTimersByTime(BEYOND_ALL_LOOKS_MS);
    expect(given).toEqual([C, C]);
  });

  it('keeps the lead where nobody could take it, and ends with its node', () => {
    status = statusOf('leader', {});
    watch.heard();
    vi.advanceTimersByTime(BEYOND_ALL_LOOKS_MS);
    expect([given, told]).toEqual([[], []]);
    watch.close();
    status = statusOf('leader', { b: 9 });
    vi.advanceTimersByTime(BEYOND_ALL_LOOKS_MS);
    watch.heard();
    expect(given).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

import { describe, expect, it } from 'vitest';
import type { NodeId } from '../../../src/core/raft/message.js';
import { Birth, type Birthright } from '../../../src/runtime/raft-worker/birth.js';
import type { Introduction } from '../../../src/runtime/ports/peer-transport.js';
import { FakeClock } from '../../support/raft/fake-consensus.js';

function make(voters: string[], self = 'a'): { clock: FakeClock; birth: Birth; decided: Birthright[] } {
  const clock = new FakeClock();
  const decided: Birthright[] = [];
  const membership = { voters: voters as NodeId[], outgoing: [], learners: [], addresses: {} };
  const birth = new Birth(self as NodeId, membership, clock, (right) => decided.push(right));
  return { clock, birth, decided };
}

function met(name: string, hasLog: boolean): Introduction {
  const info = { id: name as NodeId, raftAddress: '', httpAddress: '', grpcAddress: '', version: '', schema: 1 };
  return { info, hasLog, instance: name, votes: hasLog, cluster: { index: 0, addresses: {} } };
}

describe('a node with an empty disk', () => {
  it('alone in its cluster is born at once', () => {
    const { birth, decided } = make(['a']);
    birth.begin();
    expect(decided).toEqual(['voter']);
  });

  it('waits for the others, and is born when all are as empty as it is', async () => {
    const { birth, decided, clock } = make(['a', 'b', 'c']);
    birth.begin();
    await clock.advance(60_000);
    expect(decided).toEqual([]);
    birth.met(met('b', false));
    birth.met(met('b', false));
    birth.met(met('x', false));
    expect(decided).toEqual([]);
    birth.met(met('c', false));
    expect(decided).toEqual(['voter']);
  });

  it('gives those that a majority does without a moment, and then is born', async () => {
    const { birth, decided, clock } = make(['a', 'b', 'c']);
    birth.begin();
    birth.met(met('b', false));
    await clock.advance(999);
    expect(decided).toEqual([]);
    await clock.advance(1);
    expect(decided).toEqual(['voter']);
  });

  it('has no vote when one of the others has a log, even if a majority has none', async () => {
    const { birth, decided, clock } = make(['a', 'b', 'c']);
    birth.begin();
    birth.met(met('b', false));
    await clock.advance(500);
    birth.met(met('c', true));
    await clock.advance(5000);
    expect(decided).toEqual(['forgetful']);
  });

  it('that is no founder may have joined before and have lost its disk: it takes part at once, without a vote', () => {
    const { birth, decided } = make(['a', 'b', 'c'], 'd');
    birth.begin();
    expect(decided).toEqual(['forgetful']);
  });

  it('that is shut down meanwhile is not born any more', async () => {
    const { birth, decided, clock } = make(['a', 'b', 'c']);
    birth.begin();
    birth.met(met('b', false));
    birth.close();
    await clock.advance(5000);
    expect(decided).toEqual([]);
  });
});

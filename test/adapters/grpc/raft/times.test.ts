import { describe, expect, it } from 'vitest';
import { admitTimes, describeTimes, type PeerTimes } from '../../../../src/adapters/grpc/raft/times.js';
import { DEFAULT_RAFT_OPTIONS } from '../../../../src/core/raft/options.js';

const own: PeerTimes = DEFAULT_RAFT_OPTIONS;
const judge = (its: Partial<PeerTimes>): string | null => admitTimes('a', own, 'b', describeTimes({ ...own, ...its }));

describe('the times of two nodes', () => {
  it('go together when they are the same', () => {
    expect(judge({})).toBeNull();
  });

  it('may differ in how patient a follower is', () => {
    expect(judge({ electionTimeoutMs: 1000 })).toBeNull();
  });

  it.each([50, 150])('must not differ in what is promised: %d ms', (promiseMs) => {
    expect(judge({ promiseMs })).toBe(
      `node b promises its leader ${promiseMs} ms and node a 100 ms: two leaders could act at once`,
    );
  });

  it('must let a leader speak twice before a follower loses patience, whichever of them leads', () => {
    expect(judge({ heartbeatIntervalMs: 250 })).toContain('node b speaks every 250 ms when it leads, and node a waits');
    expect(judge({ electionTimeoutMs: 200 })).toContain('node a speaks every 120 ms when it leads, and node b waits');
  });

  it.each(['', 'promise=x', 'promise=0 election=400 heartbeat=120', 'a', 'promise=100 election=400'])(
    'must be told: %j',
    (text) => {
      expect(admitTimes('a', own, 'b', text)).toBe('node b does not say how long its promises hold');
    },
  );

  it('may come with more, from a later version', () => {
    expect(admitTimes('a', own, 'b', `${describeTimes(own)} patience=7`)).toBeNull();
  });
});

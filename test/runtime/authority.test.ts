import { describe, expect, it } from 'vitest';
import { LeaderAuthority } from '../../src/runtime/authority.js';
import { FakeClock, FakeConsensus } from '../support/raft/fake-consensus.js';

function authority(term = 1) {
  const consensus = new FakeConsensus();
  const clock = new FakeClock();
  consensus.leaseNow = { term, until: clock.now + 100 };
  return { consensus, clock, right: new LeaderAuthority(term, consensus, clock) };
}

describe('the right to change servers', () => {
  it('stands while the lease stands, without asking anybody', async () => {
    const { consensus, right } = authority();
    consensus.confirmRead = () => Promise.reject(new Error('nobody is to be asked'));
    await right.confirm();
    right.assertLease();
  });

  it('renews a lapsed lease by one confirmed round', async () => {
    const { consensus, clock, right } = authority();
    clock.now += 200;
    expect(() => {
      right.assertLease();
    }).toThrow(/lapsed/);
    consensus.confirmRead = () => {
      consensus.leaseNow = { term: 1, until: clock.now + 100 };
      return Promise.resolve(1);
    };
    await right.confirm();
    right.assertLease();
  });

  it('is not given by a confirmation whose lease ended before it came back', async () => {
    const { consensus, clock, right } = authority();
    clock.now += 200;
    consensus.confirmRead = () => Promise.resolve(1);
    await expect(right.confirm()).rejects.toMatchObject({ code: 'LEASE_LAPSED' });
  });

  it('ends for good with the term, even when this node leads again', async () => {
    const { consensus, right } = authority();
    consensus.lead(3);
    await expect(right.confirm()).rejects.toMatchObject({ code: 'NOT_LEADER' });
    expect(() => {
      right.assertLease();
    }).toThrow(/no longer leads/);
  });

  it('is not borrowed from the lease of another term', () => {
    const { consensus, clock, right } = authority();
    consensus.leaseNow = { term: 2, until: clock.now + 1000 };
    expect(() => {
      right.assertLease();
    }).toThrow(/lapsed/);
  });
});

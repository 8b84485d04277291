import { describe, expect, it } from 'vitest';
import { type LedgerListeners, ReplicatedLedger } from '../../src/runtime/replicated-ledger.js';
import { observed, serverId } from '../support/facts.js';
import { FakeClock, FakeConsensus } from '../support/raft/fake-consensus.js';

const nothing = (): void => undefined;
const quiet: LedgerListeners = {
  onApplied: nothing,
  onRestored: nothing,
  onLeadershipChange: nothing,
  onTermReady: nothing,
  onPeersChange: nothing,
  onEvent: nothing,
  onFatal: nothing,
};

async function started(changes: Partial<LedgerListeners> = {}) {
  const consensus = new FakeConsensus();
  const ledger = new ReplicatedLedger(consensus, new FakeClock());
  await ledger.start({ ...quiet, ...changes });
  return { consensus, ledger };
}

describe('the ledger behind the log', () => {
  it('tells a proposer what its command changed, once it is applied here', async () => {
    const { ledger } = await started();
    const applied = await ledger.propose({ kind: 'topology-observed', servers: [observed('p')] });
    expect(applied.facts.map((fact) => fact.kind)).toContain('server-found');
    expect(ledger.state.servers.has(serverId('p'))).toBe(true);
    expect(ledger.state.nowMs).toBe(1_700_000_000_000);
  });

  it('refuses to propose on a follower and names the leader', async () => {
    const { consensus, ledger } = await started();
    consensus.follow(2, 'n2');
    await expect(ledger.propose({ kind: 'recoveries-switched', enabled: false, by: 'ann' })).rejects.toMatchObject({
      code: 'NOT_LEADER',
      leader: 'n2',
    });
  });

  it('is ready to act only when the entry that began its term is applied', async () => {
    const terms: number[] = [];
    const { consensus, ledger } = await started({ onTermReady: (term) => terms.push(term) });
    consensus.lead(4);
    expect(ledger.readyTerm).toBeNull();
    consensus.beginTerm(4);
    expect(ledger.readyTerm).toBe(4);
    consensus.follow(5, 'n2');
    expect(ledger.readyTerm).toBeNull();
    expect(terms).toEqual([4]);
  });

  it('lets a linearizable read wait until this node has applied what the quorum confirmed', async () => {
    const { consensus, ledger } = await started();
    consensus.autoCommit = false;
    consensus.confirmRead = () => Promise.resolve(1);
    const proposal = ledger.propose({ kind: 'recoveries-switched', enabled: false, by: 'ann' });
    let caughtUp = false;
    const read = ledger.catchUp().then(() => {
      caughtUp = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(caughtUp).toBe(false);
    consensus.commit();
    await Promise.all([proposal, read]);
    expect(ledger.state.recoveriesEnabled).toBe(false);
  });
});

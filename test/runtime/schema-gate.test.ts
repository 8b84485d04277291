/** Which commands a leader may propose while the members of its cluster run programs of different ages. */
import { describe, expect, it } from 'vitest';
import { SCHEMA_VERSION } from '../../src/core/ledger/codec.js';
import type { NodeId } from '../../src/core/raft/message.js';
import type { NodeInfo } from '../../src/runtime/ports/peer-transport.js';
import { ReplicatedLedger } from '../../src/runtime/replicated-ledger.js';
import { FakeClock, FakeConsensus } from '../support/raft/fake-consensus.js';

const nothing = (): void => undefined;
const OLD_COMMAND = { kind: 'recoveries-switched', enabled: false, by: 'ann' } as const;
const NEW_COMMAND = { kind: 'time-passed' } as const;

async function leading(voters: string, learners = '') {
  const clock = new FakeClock();
  const consensus = new FakeConsensus();
  const list = (text: string): NodeId[] => text.split(' ').filter((name) => name !== '') as NodeId[];
  consensus.membershipNow = { voters: list(voters), outgoing: [], learners: list(learners), addresses: {} };
  const ledger = new ReplicatedLedger(consensus, clock);
  await ledger.start({
    onApplied: nothing,
    onRestored: nothing,
    onLeadershipChange: nothing,
    onTermReady: nothing,
    onPeersChange: nothing,
    onEvent: nothing,
    onFatal: nothing,
  });
  consensus.beginTerm(1);
  return { clock, consensus, ledger };
}

function info(name: string, schema: number): NodeInfo {
  return { id: name as NodeId, raftAddress: '', httpAddress: '', grpcAddress: '', version: '1.0', schema };
}

/** As a program of before the rule announced itself. */
function record(name: string) {
  return { id: name, raftAddress: '', httpAddress: '', grpcAddress: '', version: '0.9' };
}

describe('a new command', () => {
  it('is proposed by a leader that is alone', async () => {
    const { ledger } = await leading('n1');
    await expect(ledger.propose(NEW_COMMAND)).resolves.toMatchObject({ index: 2 });
  });

  it('is proposed as soon as all others have said that they read it, learners too', async () => {
    const { consensus, ledger } = await leading('n1 n2', 'n3');
    consensus.meetPeer(info('n2', SCHEMA_VERSION));
    await expect(ledger.propose(NEW_COMMAND)).rejects.toMatchObject({ code: 'MEMBER_TOO_OLD', members: ['n3'] });
    consensus.meetPeer(info('n3', SCHEMA_VERSION));
    await expect(ledger.propose(NEW_COMMAND)).resolves.toBeDefined();
  });

  it('waits for a member that runs an older program, however long, and names it; old commands do not', async () => {
    const { clock, consensus, ledger } = await leading('n1 n2 n3');
    consensus.meetPeer(info('n2', SCHEMA_VERSION));
    await ledger.propose({ kind: 'node-announced', node: record('n3') });
    await clock.advance(3_600_000);
    await expect(ledger.propose(NEW_COMMAND)).rejects.toThrow(
      /n3 \(version 0\.9\) cannot read it; upgrade the program/,
    );
    await expect(ledger.propose(OLD_COMMAND)).resolves.toBeDefined();
    await ledger.propose({ kind: 'node-announced', node: { ...record('n3'), version: '1.0', schema: SCHEMA_VERSION } });
    await expect(ledger.propose(NEW_COMMAND)).resolves.toBeDefined();
  });

  it('is refused again when a member comes back with an older program', async () => {
    const { consensus, ledger } = await leading('n1 n2');
    consensus.meetPeer(info('n2', SCHEMA_VERSION));
    await ledger.propose(NEW_COMMAND);
    consensus.meetPeer(info('n2', 1));
    await expect(ledger.propose(NEW_COMMAND)).rejects.toMatchObject({ members: ['n2'], done: 'no' });
  });

  it('waits only for a while for a member that never said a word', async () => {
    const { clock, ledger } = await leading('n1 n2');
    await expect(ledger.propose(NEW_COMMAND)).rejects.toThrow(/n2 has not said yet/);
    await clock.advance(5000);
    await expect(ledger.propose(NEW_COMMAND)).resolves.toBeDefined();
  });

  it('is judged by a leader that has just been elected only when it has applied what the members said', async () => {
    const { consensus, ledger } = await leading('n1 n2');
    consensus.lead(2);
    consensus.confirmRead = async () => {
      await ledger.propose({ kind: 'node-announced', node: { ...record('n2'), schema: SCHEMA_VERSION } });
      return consensus.index;
    };
    await expect(ledger.propose(NEW_COMMAND)).resolves.toBeDefined();
  });

  it('does not wait for a node that was removed', async () => {
    const { consensus, ledger } = await leading('n1 n2');
    consensus.meetPeer(info('n2', 1));
    await expect(ledger.propose(NEW_COMMAND)).rejects.toMatchObject({ members: ['n2'] });
    consensus.membershipNow = { ...consensus.membershipNow, voters: ['n1' as NodeId] };
    await expect(ledger.propose(NEW_COMMAND)).resolves.toBeDefined();
  });
});

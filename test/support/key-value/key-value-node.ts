/** A key-value service over a consensus of one that the test holds by the hand, and the wiring that a node gives it. */
import type { NodeId } from '../../../src/core/raft/message.js';
import type { KeyValueOutcome } from '../../../src/core/ledger/key-value/write.js';
import { NodeKeyValue } from '../../../src/runtime/key-value/key-value.js';
import { type Clock, systemClock } from '../../../src/runtime/ports/clock.js';
import type { LogPosition } from '../../../src/runtime/ports/consensus.js';
import type { Leader, LeaderCalls } from '../../../src/runtime/ports/key-value.js';
import type { NodeInfo } from '../../../src/runtime/ports/peer-transport.js';
import { ReplicatedLedger } from '../../../src/runtime/replicated-ledger.js';
import { FakeConsensus } from '../raft/fake-consensus.js';

export class PeeredConsensus extends FakeConsensus {
  /** gRPC addresses by node. */
  readonly addresses = new Map<string, string>();
  /** What `propose` rejects with; null: it works. */
  refuseWith: Error | null = null;
  proposed = 0;

  override propose(payload: Uint8Array): Promise<LogPosition> {
    this.proposed += 1;
    return this.refuseWith === null ? super.propose(payload) : Promise.reject(this.refuseWith);
  }

  override peers(): ReadonlyMap<NodeId, NodeInfo> {
    return new Map(
      [...this.addresses].map(([name, grpcAddress]) => {
        const id = name as NodeId;
        return [id, { id, raftAddress: '', httpAddress: '', grpcAddress, version: '1', schema: 1 }];
      }),
    );
  }
}

/** Where a test expects nobody to be called. */
export const noLeaderCalls: LeaderCalls = {
  write: (leader: Leader): Promise<KeyValueOutcome> => Promise.reject(new Error(`called ${leader.id}`)),
  leaderChanged: () => undefined,
};

export interface TestKeyValue {
  readonly consensus: PeeredConsensus;
  readonly ledger: ReplicatedLedger;
  readonly keyValue: NodeKeyValue;
}

export async function startKeyValue(
  leaderCalls: LeaderCalls = noLeaderCalls,
  clock: Clock = systemClock,
): Promise<TestKeyValue> {
  const consensus = new PeeredConsensus();
  const ledger = new ReplicatedLedger(consensus, clock);
  const keyValue = new NodeKeyValue({ ledger, consensus, clock, leaderCalls });
  const nothing = (): void => undefined;
  await ledger.start({
    onApplied: (applied) => {
      keyValue.onApplied(applied);
    },
    onRestored: () => {
      keyValue.onRestored();
    },
    onLeadershipChange: () => {
      keyValue.onLeadershipChange();
    },
    onTermReady: nothing,
    onPeersChange: nothing,
    onEvent: nothing,
    onFatal: nothing,
  });
  return { consensus, ledger, keyValue };
}

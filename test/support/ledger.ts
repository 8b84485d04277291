/** A ledger that is fed commands as a leader would propose them, for tests. */
import { encodeCommand } from '../../src/core/ledger/codec.js';
import type { Command } from '../../src/core/ledger/command.js';
import type { Fact } from '../../src/core/ledger/draft.js';
import { Ledger } from '../../src/core/ledger/ledger.js';
import type { Recovery, RecoveryId } from '../../src/core/recovery/recovery.js';
import type { ClusterId } from '../../src/core/topology/server.js';
import { serverId } from './facts.js';

type Unstamped<T> = T extends unknown ? Omit<T, 'atMs'> : never;

export class FedLedger {
  readonly ledger = new Ledger();
  #index = 0;
  #nowMs = 1_000_000;

  /** Applies the command, one second after the last if nothing else is said, and returns what it changed. */
  feed(command: Unstamped<Command>, atMs = this.#nowMs + 1000): readonly Fact[] {
    this.#index += 1;
    this.#nowMs = atMs;
    return this.ledger.apply(this.#index, encodeCommand({ atMs, ...command })).facts;
  }

  get state() {
    return this.ledger.state;
  }

  clusterOf(name: string): ClusterId | undefined {
    return this.state.servers.get(serverId(name))?.clusterId;
  }
}

export function recoveryOf(
  id: string,
  clusterId: ClusterId,
  failed: string,
  changes: Partial<Recovery> = {},
): Recovery {
  return {
    id: id as RecoveryId,
    kind: 'dead-primary',
    clusterId,
    code: 'DeadMaster',
    description: 'Master cannot be reached by orchestrator and none of its replicas is replicating',
    failed: serverId(failed),
    inputs: {
      participants: [],
      epoch: 1,
      requestedCandidate: null,
      startFormerPrimary: false,
      applyLimitMs: 10_000,
      semiSync: null,
      forced: false,
      requestedBy: 'test',
    },
    openedAtMs: 0,
    openedBy: 'n1',
    steps: [],
    promotion: null,
    successor: null,
    lost: [],
    closedAtMs: null,
    verdict: null,
    acknowledged: null,
    ...changes,
  };
}

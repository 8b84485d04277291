/**
 * The ledger behind the log: proposes commands, applies what is committed, and tells the loops what changed. It is the
 * only place where entries become state, so that "has this node applied it?" has one answer.
 */
import { assertDefined } from '../core/base/assert.js';
import { encodeCommand, type Unstamped } from '../core/ledger/codec.js';
import type { Command } from '../core/ledger/command.js';
import type { KeyValueContent } from '../core/ledger/key-value/store.js';
import type { KeyValueOutcome, KeyValueWrite } from '../core/ledger/key-value/write.js';
import { encodeWrites } from '../core/ledger/key-value/write-codec.js';
import { type Applied, Ledger } from '../core/ledger/ledger.js';
import type { LedgerState } from '../core/ledger/state.js';
import type { NodeId } from '../core/raft/message.js';
import type { Clock } from './ports/clock.js';
import type { CommittedEntry, Consensus, ConsensusListeners, Leadership } from './ports/consensus.js';
import { NotLeader } from './ports/consensus-errors.js';
import type { NodeInfo } from './ports/peer-transport.js';
import { SchemaGate } from './schema-gate.js';

/** A command without its stamp; the leader's clock is put on it here and nowhere else. */
export type Proposal = Unstamped;

/** Longer than an election, so that a proposal outlives the change of a leader that still got it through. */
const PROPOSE_TIMEOUT_MS = 5000;

/**
 * Results kept for the proposers that are about to ask for them, and given up by those whose deadline came first. The entry
 * is applied just before its proposer resumes; where nobody proposes nothing is kept.
 */
const RESULTS_KEPT = 4096;

export interface LedgerListeners {
  onApplied(applied: readonly Applied[]): void;
  onRestored(): void;
  onLeadershipChange(leadership: Leadership): void;
  /** This node leads `term` and has applied the entry with which the term began: what it decides rests on all that was committed. */
  onTermReady(term: number): void;
  onPeersChange(peers: ReadonlyMap<NodeId, NodeInfo>): void;
  onEvent: ConsensusListeners['onEvent'];
  onFatal: ConsensusListeners['onFatal'];
}

export class ReplicatedLedger {
  readonly #consensus: Consensus;
  readonly #clock: Clock;
  readonly #ledger = new Ledger();
  readonly #gate: SchemaGate;
  readonly #results = new Map<number, Applied>();
  readonly #waiters: { index: number; wake: () => void }[] = [];
  #proposers = 0;
  #readyTerm = 0;
  #listeners: LedgerListeners | null = null;

  constructor(consensus: Consensus, clock: Clock) {
    this.#consensus = consensus;
    this.#clock = clock;
    this.#gate = new SchemaGate(consensus, clock);
  }

  get state(): LedgerState {
    return this.#ledger.state;
  }

  get keyValue(): KeyValueContent {
    return this.#ledger.keyValue;
  }

  /** The term that this node leads and is ready to act in; null on a follower, and on a leader that has not caught up. */
  get readyTerm(): number | null {
    const { role, term } = this.#consensus.leadership();
    return role === 'leader' && this.#readyTerm === term ? term : null;
  }

  async start(listeners: LedgerListeners): Promise<void> {
    this.#listeners = listeners;
    await this.#consensus.start({
      onCommitted: (entries) => {
        this.#apply(entries);
      },
      onSnapshotRestore: (bytes, index) => {
        this.#restore(bytes, index);
      },
      provideSnapshot: () => ({ bytes: this.#ledger.snapshot(), index: this.state.index }),
      onLeadershipChange: (leadership) => {
        listeners.onLeadershipChange(leadership);
        this.#announceTerm();
      },
      onPeersChange: (peers) => {
        this.#gate.lookAgain();
        listeners.onPeersChange(peers);
      },
      onEvent: (event) => {
        listeners.onEvent(event);
      },
      onFatal: (error) => {
        listeners.onFatal(error);
      },
    });
  }

  /**
   * Resolves when committed and applied here, with what it changed. Rejects as `Consensus.propose` does, and with
   * MemberTooOld while a member cannot read the command.
   */
  async propose(proposal: Proposal, timeoutMs = PROPOSE_TIMEOUT_MS): Promise<Applied> {
    this.#mustLead();
    if (!this.#gate.admits(proposal)) await this.#askMembers(proposal, timeoutMs);
    const command = { ...proposal, atMs: this.#clock.wallMs() } as Command;
    return await this.#proposeBytes(encodeCommand(command), timeoutMs);
  }

  /** Key-value writes, many in one entry; resolves with what became of each. Rejects for all of them alike. */
  async proposeWrites(
    writes: readonly KeyValueWrite[],
    timeoutMs = PROPOSE_TIMEOUT_MS,
  ): Promise<readonly KeyValueOutcome[]> {
    const { keyValue } = await this.#proposeBytes(encodeWrites(writes), timeoutMs);
    return assertDefined(keyValue, 'an entry of key-value writes has their outcomes');
  }

  async #proposeBytes(bytes: Uint8Array, timeoutMs: number): Promise<Applied> {
    this.#mustLead();
    this.#proposers += 1;
    try {
      const { index } = await this.#consensus.propose(bytes, this.#clock.nowMs() + timeoutMs);
      const applied = this.#results.get(index);
      this.#results.delete(index);
      return assertDefined(applied, `entry ${String(index)} is applied before its proposer goes on`);
    } finally {
      this.#proposers -= 1;
      if (this.#proposers === 0) this.#results.clear();
    }
  }

  /** What members said of themselves stands in the log: a leader that has not caught up yet does not know it. */
  async #askMembers(proposal: Proposal, timeoutMs: number): Promise<void> {
    if (this.readyTerm === null) await this.catchUp(timeoutMs);
    await this.#gate.admit(proposal, this.state.nodes);
  }

  #mustLead(): void {
    const { role, leader } = this.#consensus.leadership();
    if (role !== 'leader') throw new NotLeader(leader);
  }

  /** After it, `state` holds everything that was committed before the call, on any node. */
  async catchUp(timeoutMs = PROPOSE_TIMEOUT_MS): Promise<void> {
    const index = await this.#consensus.readIndex(this.#clock.nowMs() + timeoutMs);
    if (this.state.index >= index) return;
    await new Promise<void>((wake) => this.#waiters.push({ index, wake }));
  }

  #apply(entries: readonly CommittedEntry[]): void {
    const applied = entries.map(({ index, kind, payload }) =>
      kind === 'empty'
        ? this.#ledger.open(index, payload)
        : this.#ledger.apply(index, kind === 'command' ? payload : null),
    );
    this.#tellFounding();
    for (const result of applied) this.#keep(result);
    if (entries.some(({ kind }) => kind === 'membership')) this.#gate.lookAgain();
    const lastTerm = entries[entries.length - 1]?.term ?? 0;
    this.#wake();
    this.#listeners?.onApplied(applied);
    this.#reached = Math.max(this.#reached, lastTerm);
    this.#announceTerm();
  }

  /** Highest term of an applied entry. */
  #reached = 0;

  #announceTerm(): void {
    const { role, term } = this.#consensus.leadership();
    if (role !== 'leader' || this.#reached < term || this.#readyTerm === term) return;
    this.#readyTerm = term;
    this.#gate.beginTerm();
    this.#listeners?.onTermReady(term);
  }

  #toldFounding: string | null = null;

  #tellFounding(): void {
    const { founding } = this.state;
    if (founding === null || founding === this.#toldFounding) return;
    this.#toldFounding = founding;
    this.#consensus.founded(founding);
  }

  #keep(result: Applied): void {
    if (this.#proposers === 0) return;
    this.#results.set(result.index, result);
    this.#results.delete(result.index - RESULTS_KEPT);
  }

  #restore(bytes: Uint8Array, index: number): void {
    // The first start of a cluster has nothing to restore: its snapshot is the empty state at index 0.
    if (bytes.length > 0) this.#ledger.restore(bytes);
    this.#tellFounding();
    this.#gate.lookAgain();
    this.#results.clear();
    this.#wake();
    if (index > 0) this.#listeners?.onRestored();
  }

  #wake(): void {
    for (let at = this.#waiters.length - 1; at >= 0; at--) {
      const waiter = this.#waiters[at];
      if (waiter === undefined || waiter.index > this.state.index) continue;
      this.#waiters.splice(at, 1);
      waiter.wake();
    }
  }
}

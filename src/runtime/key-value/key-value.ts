/**
 * The use cases of the key-value store. A read that must not be stale is confirmed by a quorum (or by the leader's lease)
 * and then answered from this node's own state. A write goes to the leader: proposed here if that is this node, otherwise
 * passed on once. What was certainly not done is tried again until the deadline, because a client that asked any node
 * should not have to know about elections; what may have been done never is.
 */
import type { KeyValueEntry, KeyValueOutcome, KeyValueWrite } from '../../core/ledger/key-value/write.js';
import { complaintAbout, KEY_BYTES_MAX } from '../../core/ledger/key-value/write.js';
import type { Applied } from '../../core/ledger/ledger.js';
import { OperationalError } from '../errors.js';
import type { Clock } from '../ports/clock.js';
import type { Consensus } from '../ports/consensus.js';
import { ConsensusError, NotLeader, Overloaded } from '../ports/consensus-errors.js';
import type { Consistency, KeyValue, KeyValueWatch, Leader, LeaderCalls, WriteOrigin } from '../ports/key-value.js';
import type { ReplicatedLedger } from '../replicated-ledger.js';
import { ReadGate } from './read-gate.js';
import { Watches } from './watches.js';
import { WriteQueue } from './write-queue.js';

/** Calls that wait for a leader to appear. */
const PATIENT_MAX = 8192;
/** A leader that cannot be reached may come back without an election. */
const LOOK_AGAIN_MS = 50;

export interface KeyValueParts {
  readonly ledger: ReplicatedLedger;
  readonly consensus: Pick<Consensus, 'leadership' | 'peers'>;
  readonly clock: Clock;
  readonly leaderCalls: LeaderCalls;
}

export class NodeKeyValue implements KeyValue {
  readonly #parts: KeyValueParts;
  readonly #queue: WriteQueue;
  readonly #gate: ReadGate;
  readonly #watches: Watches;
  #patient = new Set<() => void>();

  constructor(parts: KeyValueParts) {
    this.#parts = parts;
    this.#queue = new WriteQueue((writes) => parts.ledger.proposeWrites(writes));
    this.#gate = new ReadGate(() => parts.ledger.catchUp());
    this.#watches = new Watches(() => parts.ledger.keyValue);
  }

  async get(key: string, consistency: Consistency, deadlineMs: number): Promise<KeyValueEntry | null> {
    if (key === '' || key.length > KEY_BYTES_MAX) {
      throw new OperationalError('BAD_REQUEST', `a key has 1 to ${KEY_BYTES_MAX} bytes`);
    }
    if (consistency === 'linearizable') await this.#patiently(deadlineMs, () => this.#gate.pass());
    return this.#parts.ledger.keyValue.entries.get(key) ?? null;
  }

  async write(write: KeyValueWrite, origin: WriteOrigin, deadlineMs: number): Promise<KeyValueOutcome> {
    const complaint = complaintAbout(write);
    if (complaint !== null) throw new OperationalError('BAD_REQUEST', complaint);
    if (origin === 'node') return await this.#queue.submit(write);
    return await this.#patiently(deadlineMs, () => this.#writeOnce(write, deadlineMs));
  }

  watch(prefix: string, fromRevision: number, wake: () => void): KeyValueWatch {
    return this.#watches.watch(prefix, fromRevision, wake);
  }

  /** To be told of every applied entry, after it was applied. */
  onApplied(applied: readonly Applied[]): void {
    for (const { keyValue } of applied) {
      if (keyValue !== undefined) this.#watches.onChanged(keyValue);
    }
  }

  onRestored(): void {
    this.#watches.onRestored();
  }

  onLeadershipChange(): void {
    const { role, leader } = this.#parts.consensus.leadership();
    this.#parts.leaderCalls.leaderChanged(leader);
    if (role !== 'leader') this.#queue.refuseQueued(new NotLeader(leader));
    const patient = this.#patient;
    this.#patient = new Set();
    for (const tryAgain of patient) tryAgain();
  }

  #writeOnce(write: KeyValueWrite, deadlineMs: number): Promise<KeyValueOutcome> {
    const { role, leader } = this.#parts.consensus.leadership();
    if (role === 'leader') return this.#queue.submit(write);
    const found = leader === null ? null : this.#find(leader);
    if (found === null) return Promise.reject(new NotLeader(leader));
    return this.#parts.leaderCalls.write(found, write, deadlineMs);
  }

  #find(id: Leader['id']): Leader | null {
    const grpcAddress =
      this.#parts.consensus.peers().get(id)?.grpcAddress ?? this.#parts.ledger.state.nodes.get(id)?.grpcAddress ?? '';
    return grpcAddress === '' ? null : { id, grpcAddress };
  }

  async #patiently<T>(deadlineMs: number, attempt: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        const leftMs = deadlineMs - this.#parts.clock.nowMs();
        if (!isWorthAnotherTry(error) || leftMs <= 0) throw error;
        await this.#somethingChanged(Math.min(leftMs, LOOK_AGAIN_MS));
      }
    }
  }

  #somethingChanged(timeoutMs: number): Promise<void> {
    if (this.#patient.size >= PATIENT_MAX) {
      return Promise.reject(new Overloaded(`${PATIENT_MAX} calls already wait for a leader`));
    }
    return new Promise((resolve) => {
      const go = (): void => {
        timer.cancel();
        resolve();
      };
      const timer = this.#parts.clock.setTimer(timeoutMs, () => {
        this.#patient.delete(go);
        resolve();
      });
      this.#patient.add(go);
    });
  }
}

/** No leader, or one that was lost before the call reached it. Not: too much work, which more tries make worse. */
function isWorthAnotherTry(error: unknown): boolean {
  return error instanceof ConsensusError && error.done === 'no' && error.code !== 'OVERLOADED';
}

/**
 * Linearizable reads at the leader (ReadIndex, Raft dissertation 6.4). A read may be answered at the commit index of the
 * moment it arrived once two things are known: that commit index is not behind (an entry of the leader's own term is
 * committed: a new leader's may lag), and nobody else led at that moment (a quorum answers a round sent after it). All
 * reads that wait share one round, and one round is out at a time, so that a thousand readers cost what one costs.
 */
import type { LogIndex, NodeId } from './message.js';

export interface PendingRead {
  /** Null: our own shell asked. */
  readonly from: NodeId | null;
  readonly context: number;
}

interface Batch {
  readonly round: number;
  readonly sentMs: number;
  readonly index: LogIndex;
  readonly reads: readonly PendingRead[];
}

/** Beyond this the asker is told to ask again; a quorum that is gone must not collect readers without end. */
const MAX_WAITING_READS = 20_000;

export class LeaderReads {
  #waiting: PendingRead[] = [];
  #batches: Batch[] = [];

  /** False: too many wait already. */
  add(read: PendingRead): boolean {
    if (this.#waiting.length >= MAX_WAITING_READS) return false;
    this.#waiting.push(read);
    return true;
  }

  /** Should a round go out now? A round that stays unanswered is given up on after `patienceMs` and another is sent. */
  wantsRound(now: number, patienceMs: number): boolean {
    if (this.#waiting.length === 0) return false;
    const latest = this.#batches.at(-1);
    return latest === undefined || latest.sentMs + patienceMs <= now;
  }

  /** All that wait ride on `round`, which leaves now. */
  ride(round: number, index: LogIndex, now: number): void {
    this.#batches.push({ round, sentMs: now, index, reads: this.#waiting });
    this.#waiting = [];
  }

  /** A quorum has answered every round up to `round`. */
  confirm(round: number): readonly { readonly read: PendingRead; readonly index: LogIndex }[] {
    const confirmed = this.#batches.filter((batch) => batch.round <= round);
    if (confirmed.length === 0) return [];
    this.#batches = this.#batches.filter((batch) => batch.round > round);
    return confirmed.flatMap((batch) => batch.reads.map((read) => ({ read, index: batch.index })));
  }

  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  get hasUnconfirmed(): boolean {
    return this.#batches.length > 0;
  }

  /** Leadership is over. */
  takeAll(): readonly PendingRead[] {
    const all = [...this.#batches.flatMap((batch) => batch.reads), ...this.#waiting];
    this.#batches = [];
    this.#waiting = [];
    return all;
  }
}

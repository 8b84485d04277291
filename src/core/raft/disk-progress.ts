/**
 * What of the log and of the hard state is surely on disk. Several Readies may be on their way to the disk at once, and an
 * entry in one of them may be cut and replaced while it travels; its sync then says nothing about the entry that is at
 * that index now. So a cut also shortens what the Readies under way will be taken to prove.
 */
import { assert } from '../base/assert.js';
import type { LogIndex, NodeId, Term } from './message.js';
import type { HardState } from './ready.js';

interface Write {
  readonly number: number;
  lastIndex: LogIndex;
  readonly hardState: HardState | null;
}

export class DiskProgress {
  /** Entries up to here are on disk, in the form in which the log holds them. */
  syncedIndex: LogIndex;
  syncedTerm: Term;
  syncedVote: NodeId | null;
  /** Entries up to here were handed out in a Ready. */
  handedIndex: LogIndex;
  #handedTerm: Term;
  #handedVote: NodeId | null;
  #number = 0;
  #underWay: Write[] = [];

  constructor(lastIndex: LogIndex, hardState: HardState) {
    this.syncedIndex = lastIndex;
    this.handedIndex = lastIndex;
    this.syncedTerm = hardState.term;
    this.#handedTerm = hardState.term;
    this.syncedVote = hardState.vote;
    this.#handedVote = hardState.vote;
  }

  /** The commit index alone is no reason to write: it is learned again from any leader, and would cost a sync a commit. */
  wantsHardState(term: Term, vote: NodeId | null): boolean {
    return term !== this.#handedTerm || vote !== this.#handedVote;
  }

  /** The next Ready leaves with entries up to `lastIndex`; returns its number. */
  hand(lastIndex: LogIndex, hardState: HardState | null): number {
    this.#number += 1;
    this.handedIndex = lastIndex;
    if (hardState !== null) {
      this.#handedTerm = hardState.term;
      this.#handedVote = hardState.vote;
    }
    this.#underWay.push({ number: this.#number, lastIndex, hardState });
    return this.#number;
  }

  /** Ready `number` and all before it are synced. */
  synced(number: number): void {
    assert(number <= this.#number, `advance(${number}), but the last Ready was ${this.#number}`);
    for (let write = this.#underWay[0]; write !== undefined && write.number <= number; write = this.#underWay[0]) {
      this.#underWay.shift();
      this.syncedIndex = Math.max(this.syncedIndex, write.lastIndex);
      if (write.hardState !== null) {
        this.syncedTerm = write.hardState.term;
        this.syncedVote = write.hardState.vote;
      }
    }
  }

  cutFrom(index: LogIndex): void {
    this.syncedIndex = Math.min(this.syncedIndex, index - 1);
    this.handedIndex = Math.min(this.handedIndex, index - 1);
    for (const write of this.#underWay) write.lastIndex = Math.min(write.lastIndex, index - 1);
  }

  /** The log starts anew at `index`. The snapshot up to there is safe; nothing that is under way counts any more. */
  reset(index: LogIndex): void {
    this.cutFrom(0);
    this.syncedIndex = index;
    this.handedIndex = index;
  }

  /** The writes under way are void: everything after the last sync is handed out again. */
  failed(): void {
    this.#underWay = [];
    this.handedIndex = this.syncedIndex;
    this.#handedTerm = this.syncedTerm;
    this.#handedVote = this.syncedVote;
  }
}

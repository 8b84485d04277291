/**
 * One node's disk. A write is one Ready's worth and atomic, as a batch of the real store is; what is not synced when the node
 * dies may survive or not, but only in order: a random number of the oldest writes did reach the platter.
 */
import type { Entry, LogIndex, Membership, SnapshotMark } from '../../../src/core/raft/message.js';
import type { HardState, Ready } from '../../../src/core/raft/ready.js';
import { EMPTY_MACHINE } from './machine.js';
import type { MachineState } from './machine.js';

export interface SnapshotFile {
  readonly mark: SnapshotMark;
  readonly state: MachineState;
}

export interface Write {
  readonly ready: Ready;
  /** The file that `logReset` speaks of. */
  readonly file: SnapshotFile | null;
}

export class Disk {
  hardState: HardState = { term: 0, vote: null, commit: 0 };
  snapshot: SnapshotFile;
  entries: readonly Entry[] = [];
  /** How often all of it was lost. */
  generation = 0;
  /** The last write that took entries away lost them on purpose: a fault to be owned up to at the next start. */
  damaged = false;

  readonly #first: Membership;

  constructor(first: Membership) {
    this.#first = first;
    this.snapshot = { mark: { index: 0, term: 0, membership: first }, state: EMPTY_MACHINE };
  }

  persist({ ready, file }: Write): void {
    if (ready.logReset !== null) {
      if (file === null) throw new Error('the log is to start after a snapshot that is not there');
      this.snapshot = file;
      this.entries = [];
    }
    if (ready.hardState !== null) this.hardState = ready.hardState;
    const first = ready.entries[0];
    if (first === undefined) return;
    const kept = this.entries.filter((entry) => entry.index < first.index);
    const end = kept.at(-1)?.index;
    const follows = end === undefined ? first.index <= this.snapshot.mark.index + 1 : first.index === end + 1;
    if (!follows) throw new Error(`a hole in the log on disk before entry ${first.index}`);
    this.entries = [...kept, ...ready.entries];
  }

  takeSnapshot(file: SnapshotFile, keepFrom: LogIndex): void {
    this.snapshot = file;
    this.entries = this.entries.filter((entry) => entry.index >= keepFrom);
  }

  /** Everything is gone, the knowledge of terms and votes included: a new disk, or a directory that somebody emptied. */
  lose(): void {
    if (this.hardState.term === 0 && this.entries.length === 0) return;
    this.hardState = { term: 0, vote: null, commit: 0 };
    this.snapshot = { mark: { index: 0, term: 0, membership: this.#first }, state: EMPTY_MACHINE };
    this.entries = [];
    this.generation += 1;
    this.damaged = true;
  }

  /** Cuts synced entries off the end, as a torn tail would; returns how many. */
  tear(count: number): void {
    const torn = Math.min(count, this.entries.filter((entry) => entry.index > this.snapshot.mark.index).length);
    if (torn === 0) return;
    this.entries = this.entries.slice(0, -torn);
    this.damaged = true;
  }
}

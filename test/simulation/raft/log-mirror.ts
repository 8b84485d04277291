/** A node's log as its Readies show it, so that checks need not look inside the node. */
import type { Entry, LogIndex, SnapshotMark, Term } from '../../../src/core/raft/message.js';
import type { Ready } from '../../../src/core/raft/ready.js';

export class LogMirror {
  #base: { readonly index: LogIndex; readonly term: Term };
  #entries: Entry[];

  constructor(snapshot: SnapshotMark, entries: readonly Entry[]) {
    const first = entries[0];
    this.#base = snapshot;
    this.#entries = [];
    if (first?.index === snapshot.index + 1) {
      this.#entries = [...entries];
    } else if (first !== undefined && entries[snapshot.index - first.index]?.term === snapshot.term) {
      this.#base = first;
      this.#entries = entries.slice(1);
    }
  }

  take(ready: Ready): void {
    if (ready.logReset !== null) {
      this.#base = ready.logReset;
      this.#entries = [];
    }
    const first = ready.entries[0];
    if (first === undefined) return;
    // A disk that failed gets again what it already had; what comes after it is still ours.
    this.#entries.length = Math.min(this.#entries.length, first.index - this.#base.index - 1);
    this.#entries.push(...ready.entries);
  }

  get lastIndex(): LogIndex {
    return this.#base.index + this.#entries.length;
  }

  /** Undefined below the base and beyond the end. */
  termAt(index: LogIndex): Term | undefined {
    if (index === this.#base.index) return this.#base.term;
    return this.#entries[index - this.#base.index - 1]?.term;
  }

  get baseIndex(): LogIndex {
    return this.#base.index;
  }
}

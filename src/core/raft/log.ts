/**
 * The log in memory: everything after the anchor, which is the newest entry whose term is still known but whose content is
 * gone (compacted, or inside a snapshot). It answers the questions of the Raft paper (do we agree up to here? whose log is
 * more up to date?) and keeps its own invariants: indexes are contiguous and terms never fall. What is committed or on
 * disk is known elsewhere; nothing here forbids to cut a committed entry, so callers assert that first.
 */
import { assert, assertDefined } from '../base/assert.js';
import { entryBytes } from './entry-batch.js';
import type { Entry, LogIndex, SnapshotMark, Term } from './message.js';

export class RaftLog {
  #anchorIndex: LogIndex;
  #anchorTerm: Term;
  #entries: Entry[] = [];
  /** #bytesUpTo[i]: size of all entries ever held up to #entries[i]; differences give the size of any run at once. */
  #bytesUpTo: number[] = [];
  #bytesAtAnchor = 0;

  /** `entries` may begin below the snapshot (kept for slow followers), or all of them may be covered by it. */
  constructor(snapshot: SnapshotMark, entries: readonly Entry[]) {
    this.#anchorIndex = snapshot.index;
    this.#anchorTerm = snapshot.term;
    const first = entries[0];
    if (first === undefined) return;
    const atSnapshot = entries[snapshot.index - first.index];
    if (first.index <= snapshot.index) {
      // The snapshot's own entry must be among them: anything else is a log from before the snapshot was installed.
      if (atSnapshot?.term !== snapshot.term) return;
      this.#anchorIndex = first.index;
      this.#anchorTerm = first.term;
      this.append(entries.slice(1));
    } else {
      this.append(entries);
    }
  }

  get firstIndex(): LogIndex {
    return this.#anchorIndex + 1;
  }

  get lastIndex(): LogIndex {
    return this.#anchorIndex + this.#entries.length;
  }

  get lastTerm(): Term {
    return this.#entries.at(-1)?.term ?? this.#anchorTerm;
  }

  /** Undefined when the entry is compacted away or not there yet. */
  termAt(index: LogIndex): Term | undefined {
    if (index === this.#anchorIndex) return this.#anchorTerm;
    return this.#entries[index - this.firstIndex]?.term;
  }

  /** The log matching property rests on this check: same index and term, same log up to there. */
  matches(index: LogIndex, term: Term): boolean {
    return this.termAt(index) === term;
  }

  /** Would a candidate with this last entry be at least as up to date as we are (Raft paper 5.4.1)? */
  isCoveredBy(lastIndex: LogIndex, lastTerm: Term): boolean {
    return lastTerm > this.lastTerm || (lastTerm === this.lastTerm && lastIndex >= this.lastIndex);
  }

  /** Entries from `from` (inclusive) to `to` (inclusive), at least one if there is any, at most `maxBytes` otherwise. */
  slice(from: LogIndex, to: LogIndex, maxBytes: number): readonly Entry[] {
    assert(from >= this.firstIndex, `entry ${from} is compacted away`);
    const start = from - this.firstIndex;
    const limit = this.#sizeUpTo(from - 1) + maxBytes;
    let end = Math.min(to, this.lastIndex) - this.#anchorIndex;
    if ((this.#bytesUpTo[end - 1] ?? 0) > limit) {
      end = start + 1;
      while ((this.#bytesUpTo[end] ?? Number.POSITIVE_INFINITY) <= limit) end += 1;
    }
    return this.#entries.slice(start, end);
  }

  bytesAfter(index: LogIndex): number {
    return this.#sizeUpTo(this.lastIndex) - this.#sizeUpTo(Math.max(index, this.#anchorIndex));
  }

  append(entries: readonly Entry[]): void {
    for (const entry of entries) {
      assert(entry.index === this.lastIndex + 1, `entry ${entry.index} does not follow ${this.lastIndex}`);
      assert(entry.term >= this.lastTerm, `term ${entry.term} of entry ${entry.index} is below ${this.lastTerm}`);
      this.#bytesUpTo.push(this.#sizeUpTo(this.lastIndex) + entryBytes(entry));
      this.#entries.push(entry);
    }
  }

  truncateFrom(index: LogIndex): void {
    assert(index >= this.firstIndex, `cannot cut at ${index}: the log starts at ${this.firstIndex}`);
    this.#entries.length = Math.min(this.#entries.length, index - this.firstIndex);
    this.#bytesUpTo.length = this.#entries.length;
  }

  /** The first of `entries` that this log does not hold in this form; undefined when it holds them all. */
  firstDifference(entries: readonly Entry[]): Entry | undefined {
    return entries.find((entry) => !this.matches(entry.index, entry.term));
  }

  /**
   * The last entry at or below `index` with a term of at most `term`. Both sides use it on a refused append: all entries
   * of a conflicting term are skipped at once, so a long divergent tail costs one round trip a term, not one an entry.
   */
  lastIndexNotAbove(index: LogIndex, term: Term): { readonly index: LogIndex; readonly term: Term } {
    for (let at = Math.min(index, this.lastIndex); at >= this.#anchorIndex; at -= 1) {
      const termHere = assertDefined(this.termAt(at), `the log has no entry ${at}`);
      if (termHere <= term) return { index: at, term: termHere };
    }
    return { index: Math.min(index, this.#anchorIndex), term: 0 };
  }

  /** Forgets everything below `keepFrom`. */
  compact(keepFrom: LogIndex): void {
    const anchor = Math.min(keepFrom - 1, this.lastIndex);
    if (anchor <= this.#anchorIndex) return;
    const term = assertDefined(this.termAt(anchor), `the log has no entry ${anchor}`);
    this.#bytesAtAnchor = this.#sizeUpTo(anchor);
    this.#entries = this.#entries.slice(anchor - this.#anchorIndex);
    this.#bytesUpTo = this.#bytesUpTo.slice(anchor - this.#anchorIndex);
    this.#anchorIndex = anchor;
    this.#anchorTerm = term;
  }

  /** The log starts anew after an installed snapshot. */
  reset(index: LogIndex, term: Term): void {
    this.#anchorIndex = index;
    this.#anchorTerm = term;
    this.#entries = [];
    this.#bytesUpTo = [];
    this.#bytesAtAnchor = 0;
  }

  #sizeUpTo(index: LogIndex): number {
    return index <= this.#anchorIndex ? this.#bytesAtAnchor : (this.#bytesUpTo[index - this.firstIndex] ?? 0);
  }
}

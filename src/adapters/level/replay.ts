/**
 * From the records on disk to the log they mean. Each record is laid over those before it: entries with an index that is
 * there replace it and cut the rest, a restart voids all. What must hold between neighbours is checked here, because a
 * store that hands out a log with a hole lets its node count as a vote for entries that it no longer has.
 */
import { assert } from '../../core/base/assert.js';
import type { Entry, LogIndex, Term } from '../../core/raft/message.js';
import type { HardState } from '../../core/raft/ready.js';
import type { LogRecord } from './record.js';

/** What the live records add up to. */
export class ReplayedLog {
  /** Entries up to this index are gone for good reason: compacted, or covered by a snapshot. */
  base: LogIndex;
  readonly entries: Entry[] = [];
  hardState: HardState = { term: 0, vote: null, commit: 0 };
  /** Number of the newest record; 0 when there is none. */
  lastNumber: number;

  constructor(base: LogIndex, firstNumber: number) {
    this.base = base;
    this.lastNumber = firstNumber - 1;
  }

  get lastIndex(): LogIndex {
    return this.base + this.entries.length;
  }

  get lastTerm(): Term {
    return this.entries.at(-1)?.term ?? 0;
  }

  /** Returns what is wrong with the record as the successor of those before it, or null when it was taken. */
  take(record: LogRecord): string | null {
    const expected = this.lastNumber + 1;
    if (record.number !== expected) {
      return `records ${String(expected)} to ${String(record.number - 1)} are missing`;
    }
    if (record.restart !== null) {
      this.entries.length = 0;
      this.base = Math.max(this.base, record.restart.index);
    }
    const trouble = this.#misplaced(record);
    if (trouble !== null) return trouble;
    this.#layOver(record.entries);
    this.hardState = record.hardState;
    this.lastNumber = record.number;
    return null;
  }

  #misplaced(record: LogRecord): string | null {
    const where = `record ${String(record.number)}`;
    if (record.hardState.term < this.hardState.term) return `the term falls at ${where}`;
    const first = record.entries[0];
    if (first === undefined) return null;
    if (first.index > this.lastIndex + 1) {
      return `entries ${String(this.lastIndex + 1)} to ${String(first.index - 1)} are missing before ${where}`;
    }
    let term = this.entries[first.index - this.base - 2]?.term ?? 0;
    for (const entry of record.entries) {
      if (entry.term < term) return `the term of entry ${String(entry.index)} in ${where} falls`;
      term = entry.term;
    }
    return term > record.hardState.term ? `${where} holds an entry of a term that it does not know` : null;
  }

  #layOver(entries: readonly Entry[]): void {
    for (const entry of entries) {
      // A record that straddles the base still holds entries that were compacted away.
      if (entry.index <= this.base) continue;
      this.entries.length = Math.min(this.entries.length, entry.index - this.base - 1);
      this.entries.push(entry);
      assert(this.lastIndex === entry.index, 'replay left a gap');
    }
  }
}

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { entryBytes } from '../../../src/core/raft/entry-batch.js';
import { RaftLog } from '../../../src/core/raft/log.js';
import type { Entry } from '../../../src/core/raft/message.js';
import { membership } from './cluster.js';
import { entriesOf } from './lone.js';

const start = { index: 0, term: 0, membership: membership('a') };
const logOf = (...terms: number[]): RaftLog => new RaftLog(start, entriesOf(terms));

describe('the log', () => {
  test('starts after the snapshot when entries from before it are of another history', () => {
    const log = new RaftLog({ ...start, index: 3, term: 2 }, entriesOf([1, 1, 1, 1]));
    expect([log.firstIndex, log.lastIndex, log.lastTerm]).toEqual([4, 3, 2]);
  });

  test('keeps entries from before the snapshot, for followers that are behind', () => {
    const log = new RaftLog({ ...start, index: 3, term: 2 }, entriesOf([1, 1, 2, 2, 3]));
    expect([log.firstIndex, log.lastIndex, log.termAt(1), log.termAt(2)]).toEqual([2, 5, 1, 1]);
  });

  test('refuses a hole, and a term that falls', () => {
    expect(() => new RaftLog(start, entriesOf([1], 2))).toThrow(/does not follow/);
    expect(() => logOf(1, 2, 1)).toThrow(/is below/);
  });

  test('knows the term of its anchor and nothing before it', () => {
    const log = logOf(1, 1, 2, 3);
    log.compact(4);
    expect([log.firstIndex, log.termAt(3), log.termAt(2)]).toEqual([4, 2, undefined]);
    expect(() => log.slice(3, 4, 100)).toThrow(/compacted/);
  });

  test('skips a whole term going back', () => {
    const log = logOf(1, 1, 3, 3, 3, 5);
    expect(log.lastIndexNotAbove(5, 2)).toEqual({ index: 2, term: 1 });
    expect(log.lastIndexNotAbove(9, 4)).toEqual({ index: 5, term: 3 });
    expect(log.lastIndexNotAbove(5, 0)).toEqual({ index: 0, term: 0 });
  });

  test('a slice holds at least one entry, and else no more than it may', () => {
    const log = logOf(1, 1, 1, 1);
    const one = entryBytes({ index: 1, term: 1, kind: 'command', payload: new Uint8Array(1) });
    const lengths = [0, one, 2 * one - 1, 2 * one, 99 * one].map((bytes) => log.slice(1, 4, bytes).length);
    expect(lengths).toEqual([1, 1, 1, 2, 4]);
    expect(log.slice(2, 3, 99 * one).map(({ index }) => index)).toEqual([2, 3]);
  });
});

/** The same log as a plain list, and everything computed the long way. */
class ListedLog {
  entries: Entry[] = [];
  anchor = { index: 0, term: 0 };

  bytesAfter(index: number): number {
    return this.entries.filter((entry) => entry.index > index).reduce((sum, entry) => sum + entryBytes(entry), 0);
  }
}

test('agrees with a plain list under any sequence of appends, cuts and compactions', () => {
  const step = fc.record({ kind: fc.constantFrom('append', 'cut', 'compact'), size: fc.nat(9), position: fc.nat(20) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const log = logOf();
      const list = new ListedLog();
      let term = 1;
      for (const { kind, size, position } of steps) {
        const index = Math.min(list.anchor.index + 1 + position, log.lastIndex);
        if (kind === 'append') {
          term += size % 3;
          const entry: Entry = { index: log.lastIndex + 1, term, kind: 'command', payload: new Uint8Array(size) };
          log.append([entry]);
          list.entries.push(entry);
        } else if (kind === 'cut' && index >= log.firstIndex) {
          log.truncateFrom(index);
          list.entries = list.entries.filter((entry) => entry.index < index);
        } else if (kind === 'compact') {
          const anchor = list.entries.find((entry) => entry.index === index - 1);
          log.compact(index);
          if (anchor !== undefined) list.anchor = anchor;
          list.entries = list.entries.filter((entry) => entry.index > list.anchor.index);
        }
        const last = list.entries.at(-1) ?? list.anchor;
        expect([log.lastIndex, log.lastTerm, log.firstIndex]).toEqual([last.index, last.term, list.anchor.index + 1]);
        for (const entry of list.entries) expect(log.termAt(entry.index)).toBe(entry.term);
        for (let at = list.anchor.index; at <= log.lastIndex; at += 1) {
          expect(log.bytesAfter(at)).toBe(list.bytesAfter(at));
        }
        expect(log.slice(log.firstIndex, log.lastIndex, 1e9)).toEqual(list.entries);
      }
    }),
  );
});

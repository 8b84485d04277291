import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entryBytes, packEntries, unpackEntries } from '../../../src/core/raft/entry-batch.js';
import type { Entry, EntryKind } from '../../../src/core/raft/message.js';

const batch = fc
  .tuple(
    fc.integer({ min: 1, max: 2 ** 50 }),
    fc.array(
      fc.record({
        term: fc.integer({ min: 0, max: 2 ** 50 }),
        kind: fc.constantFrom<EntryKind>('command', 'membership', 'empty'),
        payload: fc.uint8Array({ maxLength: 300 }),
      }),
      { maxLength: 20 },
    ),
  )
  .map(([first, bodies]): Entry[] => bodies.map((body, position) => ({ index: first + position, ...body })));

describe('a batch of entries', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(batch, (entries) => {
        expect(unpackEntries(packEntries(entries))).toEqual(entries);
      }),
    );
  });

  it('comes back when its bytes stand in the middle of a larger buffer', () => {
    const entries: Entry[] = [{ index: 7, term: 3, kind: 'command', payload: Uint8Array.of(1, 2, 3) }];
    const packed = packEntries(entries);
    const larger = new Uint8Array(packed.length + 10);
    larger.set(packed, 5);
    expect(unpackEntries(larger.subarray(5, 5 + packed.length))).toEqual(entries);
  });

  it('is refused when any number of bytes is missing at its end, or one is too many', () => {
    fc.assert(
      fc.property(batch, fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (entries, share) => {
        const packed = packEntries(entries);
        expect(unpackEntries(packed.subarray(0, Math.floor(packed.length * share)))).toBeNull();
        expect(unpackEntries(Uint8Array.of(...packed, 0))).toBeNull();
      }),
    );
  });

  it('takes as many bytes as entryBytes says, beside its head', () => {
    fc.assert(
      fc.property(batch, (entries) => {
        const sum = entries.reduce((total, entry) => total + entryBytes(entry), 0);
        expect(packEntries(entries).length - packEntries([]).length).toBe(sum);
      }),
    );
  });

  it('cannot be made of entries that do not follow each other', () => {
    const payload = new Uint8Array();
    expect(() =>
      packEntries([
        { index: 1, term: 1, kind: 'empty', payload },
        { index: 3, term: 1, kind: 'empty', payload },
      ]),
    ).toThrow('entry 3 is out of its place');
  });
});

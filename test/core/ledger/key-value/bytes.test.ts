import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeCommand } from '../../../../src/core/ledger/codec.js';
import { decodeKeyValuePart, encodeParts, splitParts } from '../../../../src/core/ledger/key-value/snapshot-part.js';
import { KeyValueStore } from '../../../../src/core/ledger/key-value/store.js';
import type { KeyValueWrite } from '../../../../src/core/ledger/key-value/write.js';
import { decodeWrites, encodeWrites, isKeyValueEntry } from '../../../../src/core/ledger/key-value/write-codec.js';
import { Ledger } from '../../../../src/core/ledger/ledger.js';

/** Any text that UTF-8 can carry. */
const text = fc.string({ unit: 'grapheme', maxLength: 40 });
const DOMAIN = Uint8Array.from([1, 2, 3]);
const write: fc.Arbitrary<KeyValueWrite> = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), key: text, value: text }),
  fc.record({ kind: fc.constant('delete' as const), key: text }),
  fc.record({
    kind: fc.constant('compare-and-swap' as const),
    key: text,
    expected: fc.option(text),
    value: text,
  }),
);

describe('key-value writes as bytes', () => {
  it('come back as they went in', () => {
    fc.assert(
      fc.property(fc.array(write, { maxLength: 20 }), (writes) => {
        const bytes = encodeWrites(writes);
        expect(isKeyValueEntry(bytes)).toBe(true);
        expect(decodeWrites(bytes)).toEqual(writes);
      }),
    );
  });

  it('keep a byte order mark and what is longer than its letters', () => {
    const writes: KeyValueWrite[] = [{ kind: 'put', key: '\uFEFFkey', value: '日本語'.repeat(500) }];
    expect(decodeWrites(encodeWrites(writes))).toEqual(writes);
  });

  it('are told apart from the other commands', () => {
    expect(isKeyValueEntry(encodeCommand({ kind: 'recoveries-switched', enabled: true, by: 'ann', atMs: 1 }))).toBe(
      false,
    );
  });

  it('stop the program when they are of another version or are not whole', () => {
    const bytes = encodeWrites([{ kind: 'put', key: 'a', value: 'b' }]);
    expect(() => decodeWrites(bytes.subarray(0, bytes.length - 1))).toThrow(/end before/);
    expect(() => decodeWrites(Uint8Array.from([...bytes, 0]))).toThrow(/left over/);
    const later = Uint8Array.from(bytes);
    later[1] = 9;
    expect(() => decodeWrites(later)).toThrow(/schema version 9/);
    const unknown = Uint8Array.from(bytes);
    unknown[6] = 77;
    expect(() => decodeWrites(unknown)).toThrow(/kind 77/);
  });
});

describe('the snapshot of the store', () => {
  it('restores the same store, and the same bytes', () => {
    fc.assert(
      fc.property(fc.array(write, { maxLength: 30 }), (writes) => {
        const store = new KeyValueStore();
        store.apply(writes);
        const restored = new KeyValueStore();
        restored.apply([{ kind: 'put', key: 'stale', value: 'x' }]);
        restored.restore(decodeKeyValuePart(splitParts(encodeParts(DOMAIN, store)).keyValue));
        expect([...restored.entries]).toEqual([...store.entries]);
        expect([restored.revision, restored.bytes]).toEqual([store.revision, store.bytes]);
        expect(encodeParts(DOMAIN, restored)).toEqual(encodeParts(DOMAIN, store));
      }),
    );
  });

  it('stands behind the rest of the ledger in one snapshot', () => {
    const store = new KeyValueStore();
    store.apply([{ kind: 'put', key: 'a', value: 'é' }]);
    const snapshot = encodeParts(DOMAIN, store);
    expect(splitParts(snapshot).domain).toEqual(DOMAIN);
    expect(decodeKeyValuePart(splitParts(snapshot).keyValue).entries.get('a')).toEqual({ value: 'é', revision: 1 });
    // Its owner gives it away to another thread, with the memory it lies in.
    expect(snapshot.buffer.byteLength).toBe(snapshot.length);
    expect(() => splitParts(Uint8Array.from([0, 0, 0, 9, 1]))).toThrow(/not one of this program/);
  });
});

describe('the ledger', () => {
  it('applies key-value writes between commands, with their outcomes and no audit', () => {
    const ledger = new Ledger();
    ledger.apply(1, encodeCommand({ kind: 'recoveries-switched', enabled: false, by: 'ann', atMs: 7 }));
    const lines = ledger.state.audit.length;
    const applied = ledger.apply(
      2,
      encodeWrites([
        { kind: 'put', key: 'primary', value: 'db1:3306' },
        { kind: 'delete', key: 'none' },
      ]),
    );
    expect(applied).toMatchObject({ index: 2, command: null, facts: [] });
    expect(applied.keyValue?.map(({ done }) => done)).toEqual(['changed', 'unchanged']);
    expect(ledger.state.audit).toHaveLength(lines);
    const restored = new Ledger();
    restored.restore(ledger.snapshot());
    expect(restored.state).toMatchObject({ index: 2, recoveriesEnabled: false });
    expect(restored.keyValue.entries.get('primary')).toEqual({ value: 'db1:3306', revision: 1 });
  });
});

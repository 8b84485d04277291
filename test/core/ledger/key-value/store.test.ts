import { describe, expect, it } from 'vitest';
import { KeyValueStore } from '../../../../src/core/ledger/key-value/store.js';
import { complaintAbout, KEY_BYTES_MAX, VALUE_BYTES_MAX } from '../../../../src/core/ledger/key-value/write.js';
import type { KeyValueWrite } from '../../../../src/core/ledger/key-value/write.js';

const put = (key: string, value: string): KeyValueWrite => ({ kind: 'put', key, value });
const swap = (key: string, expected: string | null, value: string): KeyValueWrite => ({
  kind: 'compare-and-swap',
  key,
  expected,
  value,
});
const remove = (key: string): KeyValueWrite => ({ kind: 'delete', key });

describe('the key-value store', () => {
  it('gives each change a revision of its own, and none to what changes nothing', () => {
    const store = new KeyValueStore();
    expect(store.apply([put('a', '1'), remove('b'), put('b', '2'), remove('a'), remove('a')])).toEqual([
      { done: 'changed', event: { key: 'a', value: '1', revision: 1 } },
      { done: 'unchanged', revision: 0 },
      { done: 'changed', event: { key: 'b', value: '2', revision: 2 } },
      { done: 'changed', event: { key: 'a', value: null, revision: 3 } },
      { done: 'unchanged', revision: 0 },
    ]);
    expect(store.revision).toBe(3);
    expect([...store.entries]).toEqual([['b', { value: '2', revision: 2 }]]);
  });

  it('swaps only what it expects; nothing expected means no such key', () => {
    const store = new KeyValueStore();
    expect(store.apply([swap('a', 'x', 'y'), swap('a', null, '1'), swap('a', null, '2'), swap('a', '1', '')])).toEqual([
      { done: 'unchanged', revision: 0 },
      { done: 'changed', event: { key: 'a', value: '1', revision: 1 } },
      { done: 'unchanged', revision: 1 },
      { done: 'changed', event: { key: 'a', value: '', revision: 2 } },
    ]);
    // An empty value is a value.
    expect(store.apply([swap('a', null, '3'), swap('a', '', '4')]).map(({ done }) => done)).toEqual([
      'unchanged',
      'changed',
    ]);
  });

  it('refuses to grow beyond its limit, and still lets what it holds be changed and deleted', () => {
    const store = new KeyValueStore(300);
    expect(store.apply([put('a', 'x'.repeat(100)), put('b', 'x'.repeat(100))]).map(({ done }) => done)).toEqual([
      'changed',
      'refused',
    ]);
    expect(store.revision).toBe(1);
    expect(store.apply([put('a', 'y'.repeat(100)), remove('a')]).map(({ done }) => done)).toEqual([
      'changed',
      'changed',
    ]);
    expect(store.bytes).toBe(0);
    expect(store.apply([put('b', 'x'.repeat(100))])).toMatchObject([{ done: 'changed' }]);
  });

  it('says what is wrong with a write before it is proposed', () => {
    expect(complaintAbout(put('', '1'))).toMatch(/empty/);
    expect(complaintAbout(put('k'.repeat(KEY_BYTES_MAX), ''))).toBeNull();
    expect(complaintAbout(put('ä'.repeat(KEY_BYTES_MAX - 1), ''))).toMatch(/key has 1022 bytes/);
    expect(complaintAbout(put('a', 'v'.repeat(VALUE_BYTES_MAX)))).toBeNull();
    expect(complaintAbout(put('a', 'v'.repeat(VALUE_BYTES_MAX + 1)))).toMatch(/value has 262145 bytes/);
    expect(complaintAbout(swap('a', 'v'.repeat(VALUE_BYTES_MAX + 1), ''))).toMatch(/value has/);
    expect(complaintAbout(remove('a'))).toBeNull();
  });
});

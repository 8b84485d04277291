import { describe, expect, it } from 'vitest';
import { KeyValueStore } from '../../../src/core/ledger/key-value/store.js';
import type { KeyValueEvent, KeyValueWrite } from '../../../src/core/ledger/key-value/write.js';
import { Watches } from '../../../src/runtime/key-value/watches.js';
import type { KeyValueWatch } from '../../../src/runtime/ports/key-value.js';

const put = (key: string, value: string): KeyValueWrite => ({ kind: 'put', key, value });
const remove = (key: string): KeyValueWrite => ({ kind: 'delete', key });
const short = ({ key, value, revision }: KeyValueEvent): string => `${key}=${value ?? 'gone'}@${revision}`;
const drain = (watch: KeyValueWatch, max = 100): string[] => watch.take(max).map(short);

function watched(limits?: { events: number; size: number }) {
  const store = new KeyValueStore();
  const watches = new Watches(() => store, limits);
  const apply = (...writes: KeyValueWrite[]): void => {
    watches.onChanged(store.apply(writes));
  };
  return { store, watches, apply };
}

const unwoken = (): void => {
  throw new Error('woken');
};

describe('a watch', () => {
  it('from 0 begins with what is there, by revision, and goes on with changes', () => {
    const { watches, apply } = watched();
    apply(put('a/1', 'x'), put('b', 'x'), put('a/2', 'x'), put('a/1', 'y'), remove('b'));
    let woken = 0;
    const watch = watches.watch('a/', 0, () => (woken += 1));
    expect(watch.revision).toBe(5);
    expect(drain(watch)).toEqual(['a/2=x@3', 'a/1=y@4']);
    expect(drain(watch)).toEqual([]);
    apply(put('a/3', 'z'), remove('a/2'));
    expect(woken).toBe(1);
    expect(drain(watch)).toEqual(['a/3=z@6', 'a/2=gone@7']);
  });

  it('from a revision gives every change from there on, each once', () => {
    const { watches, apply } = watched();
    apply(put('a', '1'), put('a', '2'), remove('a'));
    const watch = watches.watch('', 2, unwoken);
    expect(drain(watch, 1)).toEqual(['a=2@2']);
    expect(drain(watch, 1)).toEqual(['a=gone@3']);
  });

  it('of a revision to come waits for it', () => {
    const { watches, apply } = watched();
    let woken = 0;
    const watch = watches.watch('', 3, () => (woken += 1));
    expect(drain(watch)).toEqual([]);
    apply(put('a', '1'), put('a', '2'));
    expect(drain(watch)).toEqual([]);
    apply(put('a', '3'));
    expect(drain(watch)).toEqual(['a=3@3']);
    expect(woken).toBe(1);
  });

  it('is told when what it asks for is forgotten, or when it was too slow', () => {
    const { watches, apply } = watched({ events: 3, size: 1000 });
    apply(put('a', '1'));
    const slow = watches.watch('', 1, unwoken);
    for (const value of ['2', '3', '4', '5', '6', '7', '8', '9']) apply(put('a', value));
    expect(() => slow.take(10)).toThrow(expect.objectContaining({ code: 'COMPACTED' }) as Error);
    expect(() => watches.watch('', 6, unwoken).take(10)).toThrow(/oldest it knows is 7/);
    expect(drain(watches.watch('', 7, unwoken))).toEqual(['a=7@7', 'a=8@8', 'a=9@9']);
  });

  it('remembers less when changes are large', () => {
    const { watches, apply } = watched({ events: 100, size: 30 });
    for (let number = 0; number < 5; number += 1) apply(put('a', 'x'.repeat(9)));
    expect(() => watches.watch('', 2, unwoken).take(10)).toThrow(/oldest it knows is 3/);
    expect(drain(watches.watch('', 3, unwoken))).toHaveLength(3);
  });

  it('ends when the node jumped over changes by a snapshot', () => {
    const { store, watches, apply } = watched();
    apply(put('a', '1'));
    let woken = 0;
    const watch = watches.watch('', 2, () => (woken += 1));
    expect(drain(watch)).toEqual([]);
    store.restore({ revision: 9, entries: new Map([['a', { value: '9', revision: 9 }]]) });
    watches.onRestored();
    expect(woken).toBe(1);
    expect(() => watch.take(10)).toThrow(/no longer knows/);
    expect(drain(watches.watch('', 0, unwoken))).toEqual(['a=9@9']);
  });

  it('that is closed is not woken, and makes room for another', () => {
    const { watches, apply } = watched();
    const open = Array.from({ length: 1000 }, () => watches.watch('', 1, unwoken));
    expect(() => watches.watch('', 1, unwoken)).toThrow(/takes no more/);
    for (const watch of open) {
      expect(drain(watch)).toEqual([]);
      watch.close();
    }
    apply(put('a', '1'));
    expect(drain(watches.watch('', 1, unwoken))).toEqual(['a=1@1']);
  });
});

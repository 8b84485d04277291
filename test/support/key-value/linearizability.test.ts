import { describe, expect, it } from 'vitest';
import { createRng } from '../../../src/core/base/rng.js';
import { KeyValueStore } from '../../../src/core/ledger/key-value/store.js';
import { type Input, keyModel, type KeyOperation, type Output } from './key-value-model.js';
import { judge } from './linearizability.js';

let client = 0;
const op = (calledAt: number, returnedAt: number, input: Input, output: Output | null): KeyOperation => {
  client += 1;
  return { client, input, output, calledAt, returnedAt };
};
const put = (from: number, to: number, value: string, revision: number): KeyOperation =>
  op(from, to, { kind: 'put', value }, { changed: true, value: null, revision });
const lostPut = (from: number, value: string): KeyOperation => op(from, Infinity, { kind: 'put', value }, null);
const get = (from: number, to: number, value: string | null, revision: number): KeyOperation =>
  op(from, to, { kind: 'get' }, { changed: value !== null, value, revision });
const swap = (
  from: number,
  to: number,
  expected: string | null,
  value: string,
  revision: number | null,
): KeyOperation =>
  op(from, to, { kind: 'swap', expected, value }, { changed: revision !== null, value: null, revision: revision ?? 0 });
const remove = (from: number, to: number, revision: number | null): KeyOperation =>
  op(from, to, { kind: 'delete' }, { changed: revision !== null, value: null, revision: revision ?? 0 });

const good: Record<string, KeyOperation[]> = {
  'nothing at all': [],
  'one after the other': [put(0, 1, 'a', 1), get(2, 3, 'a', 1), remove(4, 5, 2), get(6, 7, null, 0)],
  'a read beside a write sees either': [put(0, 1, 'a', 1), put(2, 9, 'b', 2), get(3, 4, 'a', 1), get(5, 6, 'b', 2)],
  'two writes side by side, in either order': [put(0, 9, 'a', 2), put(0, 9, 'b', 1), get(10, 11, 'a', 2)],
  'a lost write seen long after': [put(0, 1, 'a', 1), lostPut(2, 'b'), get(5, 6, 'a', 1), get(90, 91, 'b', 7)],
  'a lost write never seen': [put(0, 1, 'a', 1), lostPut(2, 'b'), get(5, 6, 'a', 1), get(90, 91, 'a', 1)],
  'a lost write seen only by what it made fail': [
    swap(0, 1, null, 'a', 1),
    lostPut(2, 'b'),
    swap(3, 4, 'a', 'c', null),
    get(5, 6, 'b', 3),
  ].map((operation) =>
    operation.output?.changed === false ? { ...operation, output: { ...operation.output, revision: 3 } } : operation,
  ),
  'swaps that win in turn': [swap(0, 5, null, 'a', 1), swap(0, 5, 'a', 'b', 2), get(6, 7, 'b', 2)],
};

const bad: Record<string, KeyOperation[]> = {
  'a stale read': [put(0, 1, 'a', 1), put(2, 3, 'b', 2), get(4, 5, 'a', 1)],
  'an acknowledged write is lost': [put(0, 1, 'a', 1), get(2, 3, null, 0)],
  'a read goes back': [put(0, 1, 'a', 1), put(2, 9, 'b', 2), get(3, 4, 'b', 2), get(5, 6, 'a', 1)],
  'a value nobody wrote': [put(0, 1, 'a', 1), get(2, 3, 'z', 1)],
  'a read from the future': [get(0, 1, 'a', 1), put(2, 3, 'a', 1)],
  'a write that was certainly not done, seen': [put(0, 1, 'a', 1), get(2, 3, 'refused', 2)],
  'two swaps of the same value both win': [put(0, 1, 'a', 1), swap(2, 9, 'a', 'b', 2), swap(2, 9, 'a', 'c', 3)],
  'a swap fails though nothing stood in its way': [put(0, 1, 'a', 1), swap(2, 3, 'a', 'b', null)],
  'a lost write takes effect twice': [
    put(0, 1, 'a', 1),
    lostPut(2, 'b'),
    get(3, 4, 'b', 2),
    put(5, 6, 'c', 3),
    get(7, 8, 'b', 4),
  ],
  'the same value under another revision': [put(0, 1, 'a', 1), get(2, 3, 'a', 2)],
  'a revision goes back': [put(0, 1, 'a', 5), put(2, 3, 'b', 4)],
  'a deletion finds what was deleted': [put(0, 1, 'a', 1), remove(2, 3, 2), remove(4, 5, 3)],
};

describe('a history is judged', () => {
  it.each(Object.entries(good))('possible: %s', (_name, history) => {
    expect(judge(history, keyModel)).toEqual({ linearizable: true });
  });

  it.each(Object.entries(bad))('impossible: %s', (_name, history) => {
    const judgement = judge(history, keyModel);
    expect(judgement.linearizable).toBe(false);
    expect(judgement.linearizable ? [] : judgement.stuck).not.toEqual([]);
  });

  it('possible, whatever a store at one place does for many clients at once; impossible with one answer exchanged', () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const history = randomHistory(seed);
      expect(judge(history, keyModel), `seed ${seed}`).toEqual({ linearizable: true });
      expect(judge(corrupted(history), keyModel).linearizable, `corrupted, seed ${seed}`).toBe(false);
    }
  });
});

/** Eight clients, each operation at a random instant between its call and its answer; some answers are lost. */
function randomHistory(seed: number): KeyOperation[] {
  const rng = createRng(seed);
  const planned = Array.from({ length: 8 }, (_, who) => {
    let at = rng.next() * 5;
    return Array.from({ length: 30 }, () => {
      const calledAt = at;
      const effectAt = calledAt + rng.next() * 10;
      const returnedAt = effectAt + rng.next() * 10;
      at = returnedAt + rng.next() * 5;
      return { who, calledAt, effectAt, returnedAt, dice: rng.next(), lost: rng.next() < 0.03 };
    });
  }).flat();
  const store = new KeyValueStore();
  planned.sort((one, other) => one.effectAt - other.effectAt);
  return planned.map(({ who, calledAt, returnedAt, dice, lost }, number) => {
    const value = `v${number}`;
    const input: Input =
      dice < 0.4
        ? { kind: 'get' }
        : dice < 0.7
          ? { kind: 'put', value }
          : dice < 0.9
            ? { kind: 'swap', expected: store.entries.get('k')?.value ?? null, value }
            : { kind: 'delete' };
    const output = perform(store, input);
    return {
      client: who,
      input,
      calledAt,
      ...(lost ? { output: null, returnedAt: Infinity } : { output, returnedAt }),
    };
  });
}

function perform(store: KeyValueStore, input: Input): Output {
  if (input.kind === 'get') {
    const found = store.entries.get('k');
    return { changed: found !== undefined, value: found?.value ?? null, revision: found?.revision ?? 0 };
  }
  const write =
    input.kind === 'put'
      ? { kind: 'put' as const, key: 'k', value: input.value }
      : input.kind === 'delete'
        ? { kind: 'delete' as const, key: 'k' }
        : { kind: 'compare-and-swap' as const, key: 'k', expected: input.expected, value: input.value };
  const [outcome] = store.apply([write]);
  if (outcome?.done === 'changed') return { changed: true, value: null, revision: outcome.event.revision };
  return { changed: false, value: null, revision: outcome?.done === 'unchanged' ? outcome.revision : 0 };
}

/** The last read that found something says what the first one said. */
function corrupted(history: readonly KeyOperation[]): KeyOperation[] {
  const reads = history.filter(({ input, output }) => input.kind === 'get' && output?.changed === true);
  const [first, last] = [reads[0], reads[reads.length - 1]];
  return history.map((operation) => (operation === last ? { ...operation, output: first?.output ?? null } : operation));
}

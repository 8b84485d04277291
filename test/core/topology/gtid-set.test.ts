import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assertDefined } from '../../../src/core/base/assert.js';
import {
  containsGtids,
  countGtids,
  emptyGtidSet,
  formatGtidSet,
  type GtidSet,
  isEmptyGtidSet,
  parseGtidSet,
  sameGtids,
  subtractGtids,
  uniteGtids,
  withoutUuids,
} from '../../../src/core/topology/gtid-set.js';

const A = '99ec6843-e6d6-11f1-892d-02fc00000001';
const B = '99ec6843-e6d6-11f1-892d-02fc00000002';

function set(text: string): GtidSet {
  const parsed = parseGtidSet(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

const normal = (text: string): string => formatGtidSet(set(text));
const minus = (from: string, taken: string): string => formatGtidSet(subtractGtids(set(from), set(taken)));
const union = (one: string, other: string): string => formatGtidSet(uniteGtids(set(one), set(other)));

describe('text of GTID sets', () => {
  it.each([
    ['', ''],
    [' \n', ''],
    [`${A}:1-5`, `${A}:1-5`],
    [`${A}:5`, `${A}:5`],
    [`${A}:1-3:5-7`, `${A}:1-3:5-7`],
    [`${A}:5-7:1-3`, `${A}:1-3:5-7`],
    [`${A}:1-3:4-7`, `${A}:1-7`],
    [`${A}:1-9:2-3:9`, `${A}:1-9`],
    [`${A}:1-3,\n${B}:4`, `${A}:1-3,${B}:4`],
    [`${B}:4,${A}:1`, `${A}:1,${B}:4`],
    [`${A}:1,${A}:2`, `${A}:1-2`],
    [`${A.toUpperCase()}: 1 - 3`, `${A}:1-3`],
    [`${A.replaceAll('-', '')}:1`, `${A}:1`],
    [`${A}:9-8`, ''],
    [A, ''],
    [`${A}:tag`, ''],
    [`, ,${A}:7`, `${A}:7`],
    [`${A}:1-3:Foo:2:bar_1:5-6`, `${A}:1-3:bar_1:5-6:foo:2`],
    [`${A}:foo:1:foo:2-3:1`, `${A}:foo:1-3`],
    [`${A}:1-9223372036854775806`, `${A}:1-9223372036854775806`],
  ])('%j is read as %j', (text, expected) => {
    expect(normal(text)).toBe(expected);
  });

  it.each([
    'x',
    '0-1-100',
    ':1-2',
    `${A.slice(1)}:1`,
    `${A}:0`,
    `${A}:0-3`,
    `${A}:1-`,
    `${A}:1-2-3`,
    `${A}:-1`,
    `${A}:1-9223372036854775807`,
    `${A}:99999999999999999999`,
    `${A}:9tag:1`,
    `${A}:${'t'.repeat(33)}:1`,
    `${A};1`,
    'binlog.000001:4',
  ])('%j is refused', (text) => {
    expect(parseGtidSet(text).ok).toBe(false);
  });

  it('says what it did not understand, and not all of it', () => {
    expect(parseGtidSet('x'.repeat(500))).toEqual({
      ok: false,
      error: `"${'x'.repeat(60)}..." in a GTID set is not a UUID`,
    });
  });
});

describe('the algebra at its borders', () => {
  it('subtracts', () => {
    expect(minus(`${A}:1-10`, `${A}:1-10`)).toBe('');
    expect(minus(`${A}:1-10`, `${A}:1-9`)).toBe(`${A}:10`);
    expect(minus(`${A}:1-10`, `${A}:2-10`)).toBe(`${A}:1`);
    expect(minus(`${A}:1-10`, `${A}:5`)).toBe(`${A}:1-4:6-10`);
    expect(minus(`${A}:1-10`, `${A}:1-2:4-5:9-20`)).toBe(`${A}:3:6-8`);
    expect(minus(`${A}:1-3:5-7:9-11`, `${A}:2-10`)).toBe(`${A}:1:11`);
    expect(minus(`${A}:1-3`, `${B}:1-3`)).toBe(`${A}:1-3`);
    expect(minus(`${A}:1-3:tag:1-3`, `${A}:1-3`)).toBe(`${A}:tag:1-3`);
    expect(minus(`${A}:1-3`, `${A}:tag:1-3`)).toBe(`${A}:1-3`);
    expect(minus('', `${A}:1`)).toBe('');
    expect(minus(`${A}:1-9223372036854775806`, `${A}:1-9223372036854775805`)).toBe(`${A}:9223372036854775806`);
    expect(minus(`${A}:9007199254740993`, `${A}:9007199254740992`)).toBe(`${A}:9007199254740993`);
  });

  it('unites', () => {
    expect(union(`${A}:1-3`, `${A}:4-5`)).toBe(`${A}:1-5`);
    expect(union(`${A}:1-3`, `${A}:5-6`)).toBe(`${A}:1-3:5-6`);
    expect(union(`${A}:1-3:7-9`, `${A}:2-8`)).toBe(`${A}:1-9`);
    expect(union(`${A}:1`, `${B}:t:1`)).toBe(`${A}:1,${B}:t:1`);
    expect(union('', '')).toBe('');
  });

  it('contains', () => {
    expect(containsGtids(set(`${A}:1-10`), set(`${A}:3-4:10`))).toBe(true);
    expect(containsGtids(set(`${A}:1-10`), set(`${A}:10-11`))).toBe(false);
    expect(containsGtids(set(`${A}:1-4:6-10`), set(`${A}:4-6`))).toBe(false);
    expect(containsGtids(set(`${A}:1`), set(`${B}:1`))).toBe(false);
    expect(containsGtids(set(`${A}:1`), set(`${A}:t:1`))).toBe(false);
    expect(containsGtids(emptyGtidSet, emptyGtidSet)).toBe(true);
    expect(containsGtids(emptyGtidSet, set(`${A}:1`))).toBe(false);
    expect(sameGtids(set(`${A}:1-2`), set(`${A}:1,${A}:2`))).toBe(true);
    expect(sameGtids(set(`${A}:1-2`), set(`${A}:1-3`))).toBe(false);
  });

  it('counts beyond what a number holds', () => {
    expect(countGtids(emptyGtidSet)).toBe(0n);
    expect(countGtids(set(`${A}:1-10:20,${B}:t:5-6`))).toBe(13n);
    expect(countGtids(set(`${A}:1-9223372036854775806`))).toBe(9_223_372_036_854_775_806n);
  });

  it('leaves out servers with all their tags', () => {
    expect(formatGtidSet(withoutUuids(set(`${A}:1:t:2,${B}:3`), new Set([A])))).toBe(`${B}:3`);
  });
});

/** Small numbers and few names, so that intervals touch and overlap all the time; beside the same as a plain Set of texts. */
const piece = fc.record({
  uuid: fc.constantFrom(A, B),
  tag: fc.constantFrom('', 'a', 'b2'),
  start: fc.integer({ min: 1, max: 40 }),
  length: fc.integer({ min: 0, max: 9 }),
});
type Piece = typeof piece extends fc.Arbitrary<infer T> ? T : never;
const pieces = fc.array(piece, { maxLength: 12 });

function textOf(list: readonly Piece[]): string {
  return list
    .map(({ uuid, tag, start, length }) => {
      const end = start + length;
      return `${uuid}${tag === '' ? '' : `:${tag}`}:${String(start)}-${String(end)}`;
    })
    .join(',');
}

function modelOf(list: readonly Piece[]): Set<string> {
  const model = new Set<string>();
  for (const { uuid, tag, start, length } of list) {
    for (let number = start; number <= start + length; number += 1) model.add(`${uuid}:${tag}:${String(number)}`);
  }
  return model;
}

function listed(gtids: GtidSet): Set<string> {
  const model = new Set<string>();
  for (const item of formatGtidSet(gtids).split(',')) {
    const [uuid = '', ...rest] = item.split(':');
    let tag = '';
    for (const word of rest) {
      if (/^[a-z]/.test(word)) tag = word;
      else {
        const [start, end = start] = word.split('-');
        for (let number = Number(start); number <= Number(end); number += 1) {
          model.add(`${uuid}:${tag}:${String(number)}`);
        }
      }
    }
  }
  return model;
}

describe('the algebra against plain sets', () => {
  it('writes what it reads, in one form only', () => {
    fc.assert(
      fc.property(pieces, (list) => {
        const parsed = set(textOf(list));
        expect(listed(parsed)).toEqual(modelOf(list));
        const text = formatGtidSet(parsed);
        expect(formatGtidSet(set(text))).toBe(text);
        expect(formatGtidSet(set(textOf([...list].reverse())))).toBe(text);
        expect(countGtids(parsed)).toBe(BigInt(modelOf(list).size));
        expect(isEmptyGtidSet(parsed)).toBe(list.length === 0);
      }),
    );
  });

  it('unites, subtracts and contains as plain sets do', () => {
    fc.assert(
      fc.property(pieces, pieces, (one, other) => {
        const [a, b] = [set(textOf(one)), set(textOf(other))];
        const [modelA, modelB] = [modelOf(one), modelOf(other)];
        expect(listed(uniteGtids(a, b))).toEqual(new Set([...modelA, ...modelB]));
        expect(listed(subtractGtids(a, b))).toEqual(new Set([...modelA].filter((gtid) => !modelB.has(gtid))));
        expect(containsGtids(a, b)).toBe([...modelB].every((gtid) => modelA.has(gtid)));
      }),
    );
  });

  it('gives back what was taken apart', () => {
    fc.assert(
      fc.property(pieces, pieces, (one, other) => {
        const [a, b] = [set(textOf(one)), set(textOf(other))];
        const difference = subtractGtids(a, b);
        expect(sameGtids(uniteGtids(difference, b), uniteGtids(a, b))).toBe(true);
        expect(isEmptyGtidSet(subtractGtids(difference, a))).toBe(true);
        expect(containsGtids(a, b)).toBe(isEmptyGtidSet(subtractGtids(b, a)));
      }),
    );
  });

  it('keeps every part sorted, apart and not empty', () => {
    fc.assert(
      fc.property(pieces, pieces, (one, other) => {
        const [a, b] = [set(textOf(one)), set(textOf(other))];
        for (const made of [a, uniteGtids(a, b), subtractGtids(a, b)]) {
          for (const { intervals } of made.parts.values()) {
            expect(intervals.length).toBeGreaterThan(0);
            intervals.forEach((number, at) => {
              const previous = at === 0 ? 0n : assertDefined(intervals[at - 1], 'inside the list');
              expect(at % 2 === 0 ? number > previous + (at === 0 ? 0n : 1n) : number >= previous).toBe(true);
            });
          }
        }
      }),
    );
  });

  it('takes a set of a hundred thousand intervals', () => {
    const odd = `${A}:${Array.from({ length: 100_000 }, (_, at) => String(2 * at + 1)).join(':')}`;
    const all = `${A}:1-200000`;
    expect(countGtids(subtractGtids(set(all), set(odd)))).toBe(100_000n);
    expect(formatGtidSet(uniteGtids(set(odd), subtractGtids(set(all), set(odd))))).toBe(all);
    expect(containsGtids(set(all), set(odd))).toBe(true);
  });
});

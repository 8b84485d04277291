import { describe, expect, test } from 'vitest';
import {
  type ClusterFilter,
  filterText,
  matchesCluster,
  parseClusterFilter,
} from '../../../../src/core/recovery/guards/filters.js';

const shop = { name: 'db1.shop.example:3306', alias: 'shop' };
const nameless = { name: 'db9:3306', alias: '' };

function filters(...texts: readonly string[]): ClusterFilter[] {
  return texts.map((text) => {
    const parsed = parseClusterFilter(text);
    if (!parsed.ok) throw new Error(parsed.error);
    return parsed.value;
  });
}

describe('cluster filters', () => {
  test.each([
    ['*', true],
    ['.*', true],
    ['db1.shop.example:3306', true],
    ['shop', true],
    ['example', true],
    ['^db2', false],
    ['alias=shop', true],
    ['alias=sho', false],
    ['alias~=^sh', true],
    ['alias~=^op', false],
    ['Shop', false],
    ['(?i)SHOP', true],
  ])('%s on a cluster with an alias: %s', (text, expected) => {
    expect(matchesCluster(filters(text), shop)).toBe(expected);
  });

  test.each(['alias=', 'alias~=.*', 'alias~=^$'])('%s does not take a missing alias for one', (text) => {
    expect(matchesCluster(filters(text), nameless)).toBe(false);
  });

  test.each(['*', 'alias=shop', 'alias~=^sh', 'alias~=(?i)^SH', 'db1', '(?i)DB1'])(
    '%s can be shown as written',
    (text) => {
      expect(filters(text).map(filterText)).toEqual([text]);
    },
  );

  test('a plain word is looked for in the name, and must be the whole alias', () => {
    expect(matchesCluster(filters('sho'), { name: 'db1:3306', alias: 'shop' })).toBe(false);
    expect(matchesCluster(filters('shop'), { name: 'db1:3306', alias: 'shop' })).toBe(true);
  });

  test('no filter matches nothing; one that matches is enough', () => {
    expect(matchesCluster([], shop)).toBe(false);
    expect(matchesCluster(filters('alias=other', '^db1'), shop)).toBe(true);
  });

  test('a filter that cannot be understood is an error and not one that never matches', () => {
    expect(parseClusterFilter('*prod').ok).toBe(false);
    expect(parseClusterFilter('alias~=(').ok).toBe(false);
    expect(parseClusterFilter('').ok).toBe(false);
  });
});

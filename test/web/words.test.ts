import { describe, expect, it } from 'vitest';
import { shownHost } from '../../src/web/words.js';

describe('a host name on the page', () => {
  it.each([
    ['db1.mysql.example:3306', '.mysql.example', 'db1:3306'],
    ['db1.mysql.example', '.mysql.example', 'db1'],
    ['db1:3306', '.mysql.example', 'db1:3306'],
    ['db1:3306', '', 'db1:3306'],
    ['db1:3306', 'db1', 'db1:3306'],
  ])('%s without "%s" is %s', (name, removed, shown) => {
    expect(shownHost(name, removed)).toBe(shown);
  });
});

import { describe, expect, test } from 'vitest';
import { compilePattern } from '../../../src/core/base/pattern.js';

describe('a pattern in the dialect of the incumbent', () => {
  test.each([
    ['prod', 'my-prod-1:3306', true],
    ['^prod', 'my-prod-1:3306', false],
    ['(?i)PROD', 'my-prod-1:3306', true],
    ['[[:digit:]]$', 'db7', true],
    ['[[:digit:]]$', 'db:', false],
    ['\\Adb\\z', 'db', true],
    ['\\Adb\\z', 'db1', false],
    ['(?P<zone>eu|us)-db', 'eu-db', true],
    ['db\\-1', 'db-1', true],
    ['\\\\A', '\\A', true],
  ])('%s on %s', (pattern, text, expected) => {
    const compiled = compilePattern(pattern);
    expect(compiled.ok && compiled.value.test(text)).toBe(expected);
  });

  test.each([
    ['*prod', 'Nothing to repeat'],
    ['a(?i)b', 'very beginning'],
    ['[[:runes:]]', 'the class [:runes:] is not known'],
    ['(', 'Unterminated group'],
  ])('%s is refused by name', (pattern, reason) => {
    expect(compilePattern(pattern)).toEqual({ ok: false, error: expect.stringContaining(reason) as string });
  });
});

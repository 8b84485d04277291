import { describe, expect, test } from 'vitest';
import { compilePattern, compileSentPattern } from '../../../src/core/base/pattern.js';

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

describe('a pattern that comes with a request', () => {
  test.each(['^db-.*-(a|b):3306$', '(?i)DB[[:digit:]]+', '[(+*?]{3}', '\\(\\+\\*\\?\\.\\.'])(
    '%s is taken',
    (pattern) => {
      expect(compileSentPattern(pattern)).toEqual(compilePattern(pattern));
    },
  );

  // On a name of thirty characters each of these would match for hours.
  test.each([
    ['((((((.+)+)+)+)+)+)+x', 'a group cannot be repeated'],
    ['(.|.)*x', 'a group cannot be repeated'],
    ['(?:.|.){2,60}x', 'a group cannot be repeated'],
    [`${'.?'.repeat(60)}x`, 'too many'],
    [`${'(.|..)'.repeat(30)}x`, 'too many'],
    [`${'.*'.repeat(30)}x`, 'too many'],
    [`${'.{1,9}'.repeat(20)}x`, 'too many'],
    ['a'.repeat(201), 'more than 200 characters'],
    ['(', 'Unterminated group'],
  ])('%s is refused', (pattern, reason) => {
    expect(compileSentPattern(pattern)).toEqual({ ok: false, error: expect.stringContaining(reason) as string });
  });
});

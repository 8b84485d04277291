import { describe, expect, it } from 'vitest';
import { canTakeForEver } from '../../../src/core/base/endless-pattern.js';

describe('a pattern', () => {
  it.each([
    '(a+)+$',
    '^([a-z]+-?[0-9]*)+x$',
    '^([a-z0-9]+[.-]?)+example[.]com$',
    '(.*)*:3306',
    '(.+[.])+com$',
    '^(?:a|a)*$',
    '^(?:\\w|\\d)+:',
    '^(a|aa)+$',
    '^(x+x+)+y',
    '^((a+)b?)+$',
    '(aa?){30}$',
    '(?<name>[^.]+)*:',
    '^(\\x61+)*$',
  ])('%s could take for ever', (text) => {
    expect(canTakeForEver(new RegExp(text))).toBe(true);
  });

  it.each([
    '',
    'db',
    '^db-[0-9]+[.]example[.]com:3306$',
    '^([a-z0-9-]+[.])+example[.]com$',
    '(a+)+',
    '^(?:test|staging)-.*$',
    '.*-(dc[0-9]+)-.*',
    '(ab?c|abd)*$',
    '^(a?)*$',
    '([.])*$',
    '^(?=.*a)(?!.*b).{3,}$',
    '[(]a+[)]+$',
    '\\(a+\\)+$',
    '^(a{2})+$',
    '(aa?){3}$',
    '^(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9])[.]){3}4$',
  ])('%s is done in time', (text) => {
    expect(canTakeForEver(new RegExp(text))).toBe(false);
  });

  it('is judged with its flags', () => {
    expect(canTakeForEver(/^(?:a|A)+$/)).toBe(false);
    expect(canTakeForEver(/^(?:a|A)+$/i)).toBe(true);
  });
});

/**
 * Regular expressions as people wrote them for the incumbent, whose dialect is RE2. Most are the same here; what differs
 * is translated, and what cannot be translated is refused by name. Left as it is, `(?i)` would be a syntax error and
 * `[[:digit:]]` would quietly match something else: a filter that matches nothing means no failover.
 */
import { failed, ok, type Result } from './result.js';

const CLASSES: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  digit: '0-9',
  lower: 'a-z',
  space: '\\s',
  upper: 'A-Z',
  word: '\\w',
  xdigit: '0-9A-Fa-f',
};

const LEADING_FLAGS = /^\(\?([ims]+)\)/;
/** An escaped character, a class name, or the start of a group: what may need a translation, and what must be stepped over. */
const SPECIAL = /\\[\s\S]|\[:\^?\w+:\]|\(\?P<|\(\?[a-zA-Z-]+[:)]/g;

/** Unanchored, as the incumbent matches. The error is a phrase that completes "is not a regular expression: ...". */
export function compilePattern(text: string): Result<RegExp, string> {
  const flags = LEADING_FLAGS.exec(text)?.[1] ?? '';
  const problems: string[] = [];
  const body = text.replace(LEADING_FLAGS, '').replace(SPECIAL, (found) => translate(found, problems));
  const [problem] = problems;
  if (problem !== undefined) return failed(problem);
  try {
    return ok(new RegExp(body, [...new Set(flags)].join('')));
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return failed(said.slice(said.lastIndexOf(': ') + 2));
  }
}

function translate(found: string, problems: string[]): string {
  if (found === '\\A') return '^';
  if (found === '\\z') return '$';
  if (found.startsWith('\\')) return found;
  if (found === '(?P<') return '(?<';
  if (found.startsWith('[:')) {
    const members = CLASSES[found.slice(2, -2)];
    if (members === undefined) problems.push(`the class ${found} is not known here`);
    return members ?? found;
  }
  problems.push(`${found} can only be understood as (?i), (?m) or (?s) at the very beginning`);
  return found;
}

/** Of a pattern that somebody sends with a request. */
const SENT_CHARACTERS_MAX = 200;
/** Places where the matching may choose: repeats and groups. */
const SENT_CHOICES_MAX = 3;
/** Stepped over: an escaped character, flags, a character class. Then a repeated group, a repeat, a group. */
const CHOICES =
  /\\[\s\S]|\(\?[a-z]+\)|\[\^?\]?(?:\\[\s\S]|\[:\^?\w+:\]|[^\]\\])*\]|(\)(?:[*+?]|\{\d))|([*+]\??|\?|\{\d+,\d*\}\??)|(\((?:\?(?:[:=!]|P?<[=!]?))?)/g;

/**
 * The same for a pattern that a request brings, perhaps from somebody who may only look: one on which the matching could
 * take for ever is refused, because nothing else of a node runs meanwhile. Without repeated groups, and with few choices,
 * it cannot: the number of ways to match a name grows with a small power of its length, and not exponentially.
 */
export function compileSentPattern(text: string): Result<RegExp, string> {
  if (text.length > SENT_CHARACTERS_MAX) return failed(`it has more than ${String(SENT_CHARACTERS_MAX)} characters`);
  const compiled = compilePattern(text);
  if (!compiled.ok) return compiled;
  let choices = 0;
  for (const [, repeatedGroup, repeat, group] of text.matchAll(CHOICES)) {
    if (repeatedGroup !== undefined) return failed('a group cannot be repeated here: repeat a character, or [a class]');
    if (repeat !== undefined || group !== undefined) choices += 1;
  }
  return choices > SENT_CHOICES_MAX
    ? failed(`${String(choices)} groups and repeats are too many here, where ${String(SENT_CHOICES_MAX)} are possible`)
    : compiled;
}

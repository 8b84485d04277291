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

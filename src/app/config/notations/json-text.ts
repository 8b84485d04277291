/**
 * Finds the place where a text stops being JSON. The engine's own message either lacks the place or quotes the text
 * around it, and what stands around it in this file may be a password. Keys that stand twice in one object are found as
 * well: the engine takes the last one without a word, and the operator may have changed the other.
 */
import { failed, ok } from '../../../core/base/result.js';
import { isComment, type Parsed, placeText, repeatedText } from './notation.js';

export function parseJson(text: string): Parsed {
  const { error, repeated } = examineJson(text);
  if (error !== null) return failed(`not valid JSON at ${placeText(text, error.offset)}: expected ${error.expected}`);
  const faults = repeated.map(({ offset, key }) => repeatedText(text, offset, key));
  const value: unknown = JSON.parse(text);
  return ok({ value, faults });
}

interface JsonFindings {
  /** The offset at which JSON ends being valid and what should stand there; null when the text is JSON. */
  readonly error: { readonly offset: number; readonly expected: string } | null;
  /** Every key that stood in the same object before, in the order of the text. */
  readonly repeated: readonly { readonly offset: number; readonly key: string }[];
}

function examineJson(text: string): JsonFindings {
  const scanner = new Scanner(text);
  try {
    scanner.value();
    scanner.end();
    return { error: null, repeated: scanner.repeated };
  } catch (error) {
    if (!(error instanceof Unexpected)) throw error;
    return { error: { offset: error.offset, expected: error.expected }, repeated: scanner.repeated };
  }
}

class Unexpected extends Error {
  readonly offset: number;
  readonly expected: string;

  constructor(offset: number, expected: string) {
    super(expected);
    this.offset = offset;
    this.expected = expected;
  }
}

const SPACE = /[ \t\n\r]*/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"/y;
const PLAIN = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])/y;

class Scanner {
  readonly repeated: { offset: number; key: string }[] = [];
  readonly #text: string;
  #offset = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(): void {
    this.#take(SPACE);
    if (this.#text[this.#offset] === '{') this.#object();
    else if (this.#text[this.#offset] === '[') this.#items('[', ']', () => this.value());
    else if (!this.#take(STRING) && !this.#take(PLAIN)) this.#fail('a value');
    this.#take(SPACE);
  }

  end(): void {
    if (this.#offset < this.#text.length) this.#fail('the end of the file');
  }

  #items(open: string, close: string, item: () => void): void {
    this.#literal(open, open);
    this.#take(SPACE);
    if (this.#skip(close)) return;
    do item();
    while (this.#skip(','));
    this.#literal(close, `"," or "${close}"`);
  }

  #object(): void {
    const keys = new Set<string>();
    this.#items('{', '}', () => {
      this.#member(keys);
    });
  }

  #member(keys: Set<string>): void {
    this.#take(SPACE);
    const offset = this.#offset;
    if (!this.#take(STRING)) this.#fail('a key in double quotes');
    const key = JSON.parse(this.#text.slice(offset, this.#offset)) as string;
    if (keys.has(key) && !isComment(key)) this.repeated.push({ offset, key });
    keys.add(key);
    this.#take(SPACE);
    this.#literal(':', '":"');
    this.value();
  }

  #take(token: RegExp): boolean {
    token.lastIndex = this.#offset;
    const match = token.exec(this.#text);
    if (match === null) return false;
    this.#offset += match[0].length;
    return true;
  }

  #skip(literal: string): boolean {
    if (this.#text[this.#offset] !== literal) return false;
    this.#offset += 1;
    return true;
  }

  #literal(literal: string, expected: string): void {
    if (!this.#skip(literal)) this.#fail(expected);
  }

  #fail(expected: string): never {
    throw new Unexpected(this.#offset, expected);
  }
}

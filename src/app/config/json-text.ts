/**
 * Finds the place where a text stops being JSON. The engine's own message either lacks the place or quotes the text
 * around it, and what stands around it in this file may be a password.
 */

/** The offset at which JSON ends being valid and what should stand there; null when the text is JSON. */
export function findJsonError(text: string): { readonly offset: number; readonly expected: string } | null {
  const scanner = new Scanner(text);
  try {
    scanner.value();
    scanner.end();
    return null;
  } catch (error) {
    if (error instanceof Unexpected) return { offset: error.offset, expected: error.expected };
    throw error;
  }
}

export function lineAndColumn(text: string, offset: number): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
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
  readonly #text: string;
  #offset = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(): void {
    this.#take(SPACE);
    if (this.#text[this.#offset] === '{') this.#items('{', '}', () => this.#member());
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

  #member(): void {
    this.#take(SPACE);
    if (!this.#take(STRING)) this.#fail('a key in double quotes');
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

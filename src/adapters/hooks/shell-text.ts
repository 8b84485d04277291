/**
 * Placeholders in an operator's command line, filled in without ever becoming shell text. The values are in the
 * environment; what takes the place of `{failedHost}` is an expansion of the variable, quoted as the place needs it: bare
 * words get quotes of their own, inside double quotes the expansion stands alone, single quotes are left and entered again.
 * A shell does not read the outcome of an expansion as commands, so a hostile alias or host name stays an argument, and
 * should this reader of shell text be mistaken about the place, the worst that comes of it is a word that is split.
 *
 * It does not protect a second shell: in `ssh host "move {failedHost}"` or `bash -c`, what the first one puts together is
 * read again by the other. Such commands are to use the variables (ORC_...) themselves.
 */

type Place =
  /** Commands: at the top, in `$(...)` and in backquotes. */
  | 'plain'
  | 'parentheses'
  | 'backquotes'
  | 'double'
  | 'single'
  /** `$'...'`, where a backslash escapes. */
  | 'dollar-single'
  /** `${...}` */
  | 'braces'
  /** Text until a line of its own; expansions are made in it, quotes mean nothing. */
  | 'here-document'
  /** The same where the mark was quoted: nothing is expanded. */
  | 'quoted-here-document';

const PLACEHOLDER = /^\{([A-Za-z]+)\}/;
const HERE_DOCUMENT = /^<<(-?)[ \t]*(?:'([^'\n]+)'|"([^"\n]+)"|\\?([A-Za-z_][\w.-]*))/;

interface HereDocument {
  readonly mark: string;
  readonly indented: boolean;
  readonly quoted: boolean;
}

/** `variables`: from placeholder to the name of the variable with its value. Other text in braces stays as it is. */
export function withExpansions(line: string, variables: ReadonlyMap<string, string>): string {
  return new Reader(line, variables).read();
}

class Reader {
  readonly #line: string;
  readonly #variables: ReadonlyMap<string, string>;
  readonly #places: Place[] = ['plain'];
  readonly #announced: HereDocument[] = [];
  #document: HereDocument | null = null;
  #at = 0;
  #out = '';

  constructor(line: string, variables: ReadonlyMap<string, string>) {
    this.#line = line;
    this.#variables = variables;
  }

  read(): string {
    while (this.#at < this.#line.length) {
      if (!this.#placeholder()) this.#step();
    }
    return this.#out;
  }

  get #place(): Place {
    return this.#places[this.#places.length - 1] ?? 'plain';
  }

  #placeholder(): boolean {
    const name = PLACEHOLDER.exec(this.#line.slice(this.#at, this.#at + 64))?.[1] ?? '';
    const variable = this.#variables.get(name);
    if (variable === undefined || this.#line[this.#at - 1] === '$') return false;
    this.#out += this.#place === 'quoted-here-document' ? `{${name}}` : this.#expansion(`\${${variable}}`);
    this.#at += name.length + 2;
    return true;
  }

  #expansion(expansion: string): string {
    switch (this.#place) {
      case 'double':
      case 'here-document':
        return expansion;
      case 'single':
        return `'"${expansion}"'`;
      case 'dollar-single':
        return `'"${expansion}"$'`;
      case 'braces':
        return this.#places.includes('double') ? expansion : `"${expansion}"`;
      default:
        return `"${expansion}"`;
    }
  }

  #step(): void {
    const place = this.#place;
    if (place === 'here-document' || place === 'quoted-here-document') this.#hereDocumentLine();
    else if (place === 'single') this.#quotedStep("'", false);
    else if (place === 'dollar-single') this.#quotedStep("'", true);
    else this.#openStep(place);
  }

  /** Up to the closing quote nothing means anything, but a backslash where it escapes. */
  #quotedStep(close: string, escapes: boolean): void {
    const character = this.#line[this.#at];
    if (escapes && character === '\\') this.#take(2);
    else {
      if (character === close) this.#places.pop();
      this.#take(1);
    }
  }

  #openStep(place: Place): void {
    const rest = this.#line.slice(this.#at, this.#at + 2);
    const [first = ''] = rest;
    if (first === '\\') this.#take(2);
    else if (rest === '$(') this.#enter('parentheses', 2);
    else if (rest === '${') this.#enter('braces', 2);
    else if (first === '`') this.#turn('backquotes');
    else if (first === '"') this.#turn('double');
    else if (place === 'double') this.#take(1);
    else if (place === 'braces') this.#bracesStep(first);
    else this.#commandStep(rest);
  }

  #bracesStep(first: string): void {
    if (first === '}') this.#places.pop();
    if (first === "'" && !this.#places.includes('double')) this.#places.push('single');
    this.#take(1);
  }

  #commandStep(rest: string): void {
    const [first = ''] = rest;
    if (rest === "$'") this.#enter('dollar-single', 2);
    else if (first === "'") this.#enter('single', 1);
    else if (first === '(') this.#enter('parentheses', 1);
    else if (first === ')' && this.#place === 'parentheses') this.#leave();
    else if (first === '#' && this.#beginsWord()) this.#comment();
    else if (rest === '<<') this.#redirection();
    else if (first === '\n') this.#endOfLine();
    else this.#take(1);
  }

  #beginsWord(): boolean {
    const before = this.#line[this.#at - 1];
    return before === undefined || /[\s;&|()]/.test(before);
  }

  #comment(): void {
    const end = this.#line.indexOf('\n', this.#at);
    this.#take((end < 0 ? this.#line.length : end) - this.#at);
  }

  #redirection(): void {
    const rest = this.#line.slice(this.#at);
    const found = rest.startsWith('<<<') ? null : HERE_DOCUMENT.exec(rest);
    if (found === null) {
      this.#take(rest.startsWith('<<<') ? 3 : 2);
      return;
    }
    const [text, dash, single, double, bare] = found;
    const mark = single ?? double ?? bare ?? '';
    this.#announced.push({ mark, indented: dash === '-', quoted: bare === undefined || text.includes('\\') });
    this.#take(text.length);
  }

  /** The text of a document begins on the line after the one that announces it. */
  #endOfLine(): void {
    this.#take(1);
    this.#document ??= this.#announced.shift() ?? null;
    if (this.#document !== null) this.#places.push(this.#document.quoted ? 'quoted-here-document' : 'here-document');
  }

  #hereDocumentLine(): void {
    const atStart = this.#line[this.#at - 1] === '\n';
    const end = this.#line.indexOf('\n', this.#at);
    const line = this.#line.slice(this.#at, end < 0 ? undefined : end);
    const { mark = '', indented = false } = this.#document ?? {};
    if (!atStart || (indented ? line.replace(/^\t+/, '') : line) !== mark) {
      this.#take(1);
      return;
    }
    this.#take(line.length);
    this.#places.pop();
    this.#document = null;
  }

  #turn(place: 'double' | 'backquotes'): void {
    if (this.#place === place) this.#leave();
    else this.#enter(place, 1);
  }

  #enter(place: Place, length: number): void {
    this.#places.push(place);
    this.#take(length);
  }

  #leave(): void {
    this.#places.pop();
    this.#take(1);
  }

  #take(length: number): void {
    this.#out += this.#line.slice(this.#at, this.#at + length);
    this.#at += length;
  }
}

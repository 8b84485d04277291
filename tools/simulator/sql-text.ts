// Query texts taken apart at their semicolons and commas; what stands in quotes or parentheses stays whole.

/** The statements of a text, without what separates them. */
export function statementsIn(text: string): string[] {
  return splitAt(';', text).filter((statement) => statement !== '');
}

/** `a, f(b, c)` as `a` and `f(b, c)`. */
export function listItems(text: string): string[] {
  return splitAt(',', text);
}

function splitAt(separator: ';' | ',', text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quote: string | null = null;
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (quote !== null) {
      if (character === '\\') at += 1;
      else if (character === quote) quote = null;
    } else if (character === "'" || character === '"' || character === '`') quote = character;
    else if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    else if (character === separator && depth === 0) {
      parts.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  parts.push(text.slice(from).trim());
  return parts;
}

export interface SelectedItem {
  /** As it was written. */
  readonly expression: string;
  /** What the column is called. */
  readonly name: string;
}

export interface Select {
  readonly items: readonly SelectedItem[];
  /** What follows FROM; null without. */
  readonly from: string | null;
}

/** Null when it is no SELECT. A FROM in parentheses would be a subquery, and is not looked for. */
export function selectIn(statement: string): Select | null {
  const match = /^SELECT\s+(.*)$/is.exec(statement);
  if (match === null) return null;
  const body = match[1] ?? '';
  const at = outerFrom(body);
  const items = listItems(at === -1 ? body : body.slice(0, at)).map((item) => {
    const [, expression = item, name = item] = /^(.*?)\s+AS\s+`?(\w+)`?$/is.exec(item) ?? [];
    return { expression, name };
  });
  return { items, from: at === -1 ? null : body.slice(at).replace(/^\s*FROM\s+/i, '') };
}

function outerFrom(body: string): number {
  for (const match of body.matchAll(/\sFROM\s/gi)) {
    const before = body.slice(0, match.index);
    if (count(before, '(') === count(before, ')')) return match.index;
  }
  return -1;
}

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}

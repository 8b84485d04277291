/**
 * JSON as the incumbent's encoder writes it: compact, with `<`, `>` and `&` escaped, so that a text that lands in a page
 * unquoted is harmless there, and scripts that compare bytes go on working.
 */
const ESCAPES: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

export function legacyJson(value: unknown): string {
  const text = JSON.stringify(value);
  return /[<>&\u2028\u2029]/.test(text) ? text.replace(/[<>&\u2028\u2029]/g, (found) => ESCAPES[found] ?? found) : text;
}

const LITERAL: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

/** The form of replication errors: in double quotes, everything but printable ASCII escaped; '' stays ''. */
export function quotedAscii(text: string): string {
  if (text === '') return '';
  let quoted = '"';
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    const literal = LITERAL[character];
    if (literal !== undefined) quoted += literal;
    else if (code >= 0x20 && code < 0x7f) quoted += character;
    else if (code < 0x80) quoted += `\\x${code.toString(16).padStart(2, '0')}`;
    else if (code < 0x1_0000) quoted += `\\u${code.toString(16).padStart(4, '0')}`;
    else quoted += `\\U${code.toString(16).padStart(8, '0')}`;
  }
  return `${quoted}"`;
}

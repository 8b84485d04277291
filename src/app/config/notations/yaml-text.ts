/**
 * YAML, version 1.2, with what could surprise taken out: a tag that we do not know, a second document and a key that stands
 * twice are faults and not guesses. The library's own messages quote the text, so its codes are put into words of ours.
 */
import { type Document, isScalar, parseDocument, visit, type YAMLParseError } from 'yaml';
import { failed, ok } from '../../../core/base/result.js';
import { type Parsed, placeText, repeatedText } from './notation.js';

/** Uses of one anchor; a file that needs more is made to fill the memory. */
const ALIASES_MAX = 100;

const WORDS: Readonly<Record<string, string>> = {
  ALIAS_PROPS: 'an alias (`*name`) takes neither tag nor anchor',
  BAD_ALIAS: 'there is no anchor of that name before it',
  BAD_DQ_ESCAPE: 'there is no such escape in a text in double quotes',
  BAD_INDENT: 'the indentation does not fit',
  BAD_SCALAR_START: 'a text cannot begin with this; put it into quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a value stands where its key should end; put it into quotes',
  MISSING_CHAR: 'a character is missing: a quote, a bracket, a comma, a colon or the space behind it',
  MULTILINE_IMPLICIT_KEY: 'a key has to stand on one line',
  MULTIPLE_DOCS: 'a second document begins; only one is read',
  TAB_AS_INDENT: 'a tab stands where spaces are needed',
  TAG_RESOLVE_FAILED: 'this tag means nothing here',
  UNEXPECTED_TOKEN: 'this does not fit here',
};

export function parseYaml(text: string): Parsed {
  const document = parseDocument(text, { prettyErrors: false, logLevel: 'error' });
  // A tag that cannot be resolved is a mere warning to the library, which then takes the bare text.
  const troubles = [...document.errors, ...document.warnings];
  const grave = troubles.find(({ code }) => code !== 'DUPLICATE_KEY');
  if (grave !== undefined) return failed(troubleText(text, grave));
  const lost = aliasWithoutAnchor(document);
  if (lost !== null) return failed(troubleText(text, { code: 'BAD_ALIAS', pos: [lost, lost] }));
  const faults = troubles.map(({ pos: [offset] }) => repeatedText(text, offset, keyAt(document, offset)));
  try {
    const value: unknown = document.toJS({ maxAliasCount: ALIASES_MAX });
    return ok({ value, faults });
  } catch {
    return failed(`not usable YAML: its aliases stand for more than ${String(ALIASES_MAX)} values`);
  }
}

function troubleText(text: string, { code, pos: [offset] }: Pick<YAMLParseError, 'code' | 'pos'>): string {
  return `not valid YAML at ${placeText(text, offset)}: ${WORDS[code] ?? code.toLowerCase().replaceAll('_', ' ')}`;
}

function aliasWithoutAnchor(document: Document.Parsed): number | null {
  let offset: number | null = null;
  visit(document, {
    Alias: (_place, alias) => {
      if (alias.resolve(document) !== undefined) return undefined;
      offset = alias.range?.[0] ?? 0;
      return visit.BREAK;
    },
  });
  return offset;
}

function keyAt(document: Document.Parsed, offset: number): string {
  let found = '';
  visit(document, {
    Pair: (_place, { key }) => {
      if (isScalar(key) && key.range?.[0] === offset) found = String(key.value);
    },
  });
  return found;
}

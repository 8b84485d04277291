/**
 * Reads configuration files into plain objects. Which notation a file is in is told by its name; JSON is the one there
 * is, and another one would be a line in `NOTATIONS`.
 */
import { readFile } from 'node:fs/promises';
import { failed, ok, type Result } from '../../core/base/result.js';
import { findJsonError, lineAndColumn } from './json-text.js';

export type Document = Readonly<Record<string, unknown>>;

/** Later ones override earlier ones; those that do not exist are passed over. */
export const STANDARD_FILES: readonly string[] = [
  '/etc/orchestrator.conf.json',
  'conf/orchestrator.conf.json',
  'orchestrator.conf.json',
];

type Parse = (text: string) => Result<unknown, string>;

const NOTATIONS: readonly { readonly name: RegExp; readonly parse: Parse }[] = [
  { name: /\.ya?ml$/i, parse: () => failed('YAML is not supported yet; write the same as JSON') },
  { name: /./, parse: parseJson },
];

/** Null when there is no such file. The error is a sentence that names the file. */
export async function readDocument(file: string): Promise<Result<Document | null, string>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return ok(null);
    return failed(`${file} cannot be read (${errorCode(error)})`);
  }
  const parse = NOTATIONS.find(({ name }) => name.test(file))?.parse ?? parseJson;
  const parsed = parse(text.replace(/^\uFEFF/, ''));
  if (!parsed.ok) return failed(`${file}: ${parsed.error}`);
  if (!isDocument(parsed.value)) return failed(`${file} does not hold an object: it must begin with "{"`);
  return ok(parsed.value);
}

export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

function parseJson(text: string): Result<unknown, string> {
  const error = findJsonError(text);
  if (error === null) return ok(JSON.parse(text));
  const { line, column } = lineAndColumn(text, error.offset);
  return failed(`not valid JSON at line ${String(line)}, column ${String(column)}: expected ${error.expected}`);
}

function isDocument(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

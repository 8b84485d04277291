/**
 * Reads configuration files into plain objects. Which notation a file is in is told by its name: `.yaml` or `.yml` is YAML
 * and all else JSON. No message quotes the text of a file, which may hold a password; it names the place.
 */
import { readFile } from 'node:fs/promises';
import { failed, ok, type Result } from '../../../core/base/result.js';
import { parseJson } from './json-text.js';
import type { Parsed } from './notation.js';

export type Document = Readonly<Record<string, unknown>>;

export interface ReadDocument {
  readonly document: Document;
  /** What is wrong with the text although it could be read: sentences that name the file. */
  readonly faults: readonly string[];
}

/** Later ones override earlier ones; those that do not exist are passed over. */
export const STANDARD_FILES: readonly string[] = [
  '/etc/orchestrator.conf.json',
  '/etc/orchestrator.conf.yaml',
  'conf/orchestrator.conf.json',
  'conf/orchestrator.conf.yaml',
  'orchestrator.conf.json',
  'orchestrator.conf.yaml',
];

/** Null when there is no such file. The error is a sentence that names the file. */
export async function readDocument(file: string): Promise<Result<ReadDocument | null, string>> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return ok(null);
    return failed(`${file} cannot be read (${errorCode(error)})`);
  }
  const parsed = await parse(file, text.replace(/^\uFEFF/, ''));
  if (!parsed.ok) return failed(`${file}: ${parsed.error}`);
  const { value, faults } = parsed.value;
  if (!isDocument(value)) return failed(`${file} does not hold an object: it must be keys and their values`);
  return ok({ document: value, faults: faults.map((fault) => `${file}: ${fault}`) });
}

export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

async function parse(file: string, text: string): Promise<Parsed> {
  if (!/\.ya?ml$/i.test(file)) return parseJson(text);
  // Most files are JSON, and a node that starts shall not wait for a reader that it does not need.
  const { parseYaml } = await import('./yaml-text.js');
  return parseYaml(text);
}

function isDocument(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * From documents to checked values: later files override earlier ones (lists are replaced, maps merged), every value is
 * read by the schema of its key, and every wrong one is reported, whatever else is wrong.
 */
import { createHash } from 'node:crypto';
import type { z } from 'zod';
import type { Environment } from './sections/data-directory.js';
import type { Document } from './notations/documents.js';
import type { Findings } from './findings.js';
import { FORMER_NAMES } from './keys/ignored.js';
import type { Key } from './keys/key.js';
import { KEYS, type KeyName, keyNamed, keyNames, mayHoldSecret, type Values } from './keys/keys.js';
import { nearestName } from './nearest-name.js';
import { isComment } from './notations/notation.js';
import { type Substituted, substitute } from './notations/substitution.js';

interface Written {
  readonly value: unknown;
  readonly file: string;
}

export interface Given {
  readonly values: Values;
  /** Keys that stand in a file, with whatever value. */
  readonly named: ReadonlySet<KeyName>;
  /** Keys whose value is not the default. */
  readonly changed: ReadonlySet<KeyName>;
  /** A digest of what was given for a key and what the environment made of it, to tell whether it changed. */
  readonly prints: ReadonlyMap<KeyName, string>;
}

const LONGEST_QUOTE = 80;

export function readGiven(
  documents: readonly { file: string; document: Document }[],
  environment: Environment,
  findings: Findings,
): Given {
  const written = new Map<KeyName, Written>();
  for (const { file, document } of documents) gather(file, document, written, findings);
  const values: Record<string, unknown> = {};
  const changed = new Set<KeyName>();
  const prints = new Map<KeyName, string>();
  for (const name of keyNames()) {
    const key: Key<unknown> = KEYS[name];
    const given = written.get(name);
    values[name] =
      given === undefined ? key.kind.schema.parse(key.standard) : readValue(name, given, environment, findings);
    if (given === undefined) continue;
    if (JSON.stringify(given.value) !== JSON.stringify(key.standard)) {
      changed.add(name);
      prints.set(name, digest(substitute(name, given.value, key.hidden, environment).value));
    }
  }
  // The loop above went through every key with the schema that the type Values is derived from.
  return { values: values as unknown as Values, named: new Set(written.keys()), changed, prints };
}

function gather(file: string, document: Document, written: Map<KeyName, Written>, findings: Findings): void {
  const spelled = new Map<KeyName, string>();
  for (const [name, value] of Object.entries(document)) {
    if (isComment(name)) continue;
    const key = keyNamed(name);
    if (key === null) {
      reportUnknown(name, file, findings);
      continue;
    }
    const before = spelled.get(key);
    spelled.set(key, name);
    if (before !== undefined) {
      findings.fault(key, `it stands twice in ${file}, as ${before} and as ${name}; keep one of them`);
      continue;
    }
    // The incumbent's JSON reader leaves the default in place where it finds null.
    if (value !== null) written.set(key, { value: merged(written.get(key)?.value, value), file });
  }
}

function merged(before: unknown, value: unknown): unknown {
  return isMap(before) && isMap(value) ? { ...before, ...value } : value;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readValue(name: KeyName, { value, file }: Written, environment: Environment, findings: Findings): unknown {
  const key: Key<unknown> = KEYS[name];
  const standard = (): unknown => key.kind.schema.parse(key.standard);
  const from = substitute(name, value, key.hidden, environment);
  for (const variable of from.variables) findings.conceal(environment[variable] ?? '', `\${${variable}}`);
  if (from.missing.length > 0) {
    const missing = from.missing.join(', ');
    findings.fault(name, `it refers to ${missing} (${file}), not set in the environment; allowed: ${key.kind.allowed}`);
    return standard();
  }
  const answer = read(key, from);
  if (answer.success) return answer.data;
  findings.fault(name, `${complaint(name, { value, file }, from, answer.error)}; allowed: ${key.kind.allowed}`);
  return standard();
}

/** Variables are texts: a number or a list in one is written as in JSON. */
function read(key: Key<unknown>, { value, whole }: Substituted): z.ZodSafeParseResult<unknown> {
  const answer = key.kind.schema.safeParse(value);
  if (answer.success || !whole) return answer;
  try {
    return key.kind.schema.safeParse(JSON.parse(String(value)));
  } catch {
    return answer;
  }
}

/** What was given and what is wrong with it, as far as it may be shown. */
function complaint(name: KeyName, { value, file }: Written, from: Substituted, error: z.ZodError): string {
  if (mayHoldSecret(name)) return `a value that is not shown was given (${file})`;
  const shown = `${quoted(value)} was given (${file})`;
  if (from.variables.length > 0) return `${shown}: what the environment makes of it is wrong`;
  const why = error.issues.find((issue) => issue.code === 'custom')?.message;
  return why === undefined ? shown : `${shown}: ${why}`;
}

function quoted(value: unknown): string {
  // The whole of it where an address may hold a password: half of one could not be recognized any more.
  const text = JSON.stringify(value);
  return text.length <= LONGEST_QUOTE || text.includes('@') ? text : `${text.slice(0, LONGEST_QUOTE)}...`;
}

function reportUnknown(name: string, file: string, findings: Findings): void {
  const lower = name.toLowerCase();
  if (FORMER_NAMES.some((former) => former.toLowerCase() === lower)) {
    findings.note(`${name} in ${file} is not a setting any more, in the incumbent either; it can be taken out`);
    return;
  }
  const nearest = nearestName(name, keyNames());
  findings.warn(
    `${name} in ${file} is not a known setting and is ignored${nearest === null ? '' : `; is ${nearest} meant?`}`,
  );
}

export function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64');
}

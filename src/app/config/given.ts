/**
 * From documents to checked values: later files override earlier ones (lists are replaced, maps merged), every value is
 * read by the schema of its key, and every wrong one is reported, whatever else is wrong.
 */
import type { Document } from './documents.js';
import type { Findings } from './findings.js';
import { FORMER_NAMES } from './keys/ignored.js';
import type { Key } from './keys/key.js';
import { KEYS, type KeyName, keyNamed, keyNames, type Values } from './keys/keys.js';
import { nearestName } from './nearest-name.js';

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
}

const LONGEST_QUOTE = 80;

export function readGiven(documents: readonly { file: string; document: Document }[], findings: Findings): Given {
  const written = new Map<KeyName, Written>();
  for (const { file, document } of documents) {
    for (const [name, value] of Object.entries(document)) {
      const key = keyNamed(name);
      if (key === null) reportUnknown(name, file, findings);
      // The incumbent's JSON reader leaves the default in place where it finds null.
      else if (value !== null) written.set(key, { value: merged(written.get(key)?.value, value), file });
    }
  }
  const values: Record<string, unknown> = {};
  const changed = new Set<KeyName>();
  for (const name of keyNames()) {
    const key: Key<unknown> = KEYS[name];
    values[name] = readValue(name, key, written.get(name), findings);
    const given = written.get(name);
    if (given !== undefined && JSON.stringify(given.value) !== JSON.stringify(key.standard)) changed.add(name);
  }
  // The loop above went through every key with the schema that the type Values is derived from.
  return { values: values as unknown as Values, named: new Set(written.keys()), changed };
}

function merged(before: unknown, value: unknown): unknown {
  return isMap(before) && isMap(value) ? { ...before, ...value } : value;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readValue(name: KeyName, key: Key<unknown>, written: Written | undefined, findings: Findings): unknown {
  const standard = key.kind.schema.parse(key.standard);
  if (written === undefined) return standard;
  const answer = key.kind.schema.safeParse(written.value);
  if (answer.success) return answer.data;
  const why = answer.error.issues.find((issue) => issue.code === 'custom')?.message;
  const shown = key.hidden ? 'a value that is not shown' : quoted(written.value);
  findings.fault(
    name,
    `${shown} was given (${written.file})${why === undefined ? '' : `: ${why}`}; allowed: ${key.kind.allowed}`,
  );
  return standard;
}

function quoted(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= LONGEST_QUOTE ? text : `${text.slice(0, LONGEST_QUOTE)}...`;
}

function reportUnknown(name: string, file: string, findings: Findings): void {
  if (FORMER_NAMES.includes(name)) {
    findings.note(`${name} in ${file} is no longer a setting, in the incumbent either; it can be taken out`);
    return;
  }
  const nearest = nearestName(name, keyNames());
  findings.warn(
    `${name} in ${file} is not a known setting and is ignored${nearest === null ? '' : `; is ${nearest} meant?`}`,
  );
}

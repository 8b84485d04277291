/**
 * What a node says about settings that it accepts and does not obey. One line a group: an operator who moves a file of
 * the incumbent over should be able to read all of it, and a list of fifty lines is not read.
 */
import type { Findings } from './findings.js';
import type { Given } from './given.js';
import { BACKEND_KEYS, IDLE_KEYS, UNSUPPORTED_KEYS } from './keys/ignored.js';
import type { Key } from './keys/key.js';
import type { KeyName } from './keys/keys.js';

type Table<K> = Readonly<Record<string, K>>;

export function answerSettings(given: Given, findings: Findings): void {
  const backend = of(BACKEND_KEYS, given.named);
  if (backend.length > 0) {
    findings.note(`${backend.join(', ')}: no backend database is needed; the Raft log holds the state`);
  }
  const idle = of(IDLE_KEYS, given.named);
  if (idle.length > 0) findings.note(`${idle.join(', ')}: accepted, without effect`);

  const unmet = of(UNSUPPORTED_KEYS, given.changed);
  if (unmet.length > 0) findings.warn(`${unmet.join(', ')}: not supported yet; ignored`);
}

function of(table: Table<Key<unknown>>, names: ReadonlySet<KeyName>): string[] {
  return Object.keys(table).filter((name) => (names as ReadonlySet<string>).has(name));
}

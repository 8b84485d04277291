/**
 * What a node says about settings that it accepts and does not obey. One line a group: an operator who moves a file of
 * the incumbent over should be able to read all of it, and a list of fifty lines is not read.
 */
import type { Findings } from './findings.js';
import type { Given } from './given.js';
import { BACKEND_KEYS, IDLE_KEYS, UNSUPPORTED_KEYS } from './keys/ignored.js';
import type { Key, PendingKey } from './keys/key.js';
import type { KeyName } from './keys/keys.js';
import { PENDING_KEYS } from './keys/pending.js';

type Table<K> = Readonly<Record<string, K>>;

export function answerSettings(given: Given, findings: Findings): void {
  const backend = of(BACKEND_KEYS, given.named);
  if (backend.length > 0) {
    findings.note(`${backend.join(', ')}: no backend database is needed; the Raft log holds the state`);
  }
  const idle = of(IDLE_KEYS, given.named);
  if (idle.length > 0) findings.note(`${idle.join(', ')}: accepted, without effect`);

  const pending: Table<PendingKey<unknown>> = PENDING_KEYS;
  const unmet = of(pending, given.changed);
  const restraining = unmet.filter((name) => pending[name]?.restrains === true);
  const others = [...of(UNSUPPORTED_KEYS, given.changed), ...unmet.filter((name) => !restraining.includes(name))];
  if (others.length > 0) findings.warn(`${others.join(', ')}: not supported yet; ignored`);
  if (restraining.length > 0) {
    findings.warn(
      `${restraining.join(', ')}: NOT SUPPORTED YET AND NOT OBEYED, although meant to hold something back or to be run ` +
        'before it; leave RecoverMasterClusterFilters empty for clusters that rely on it',
    );
  }
}

function of(table: Table<Key<unknown>>, names: ReadonlySet<KeyName>): string[] {
  return Object.keys(table).filter((name) => (names as ReadonlySet<string>).has(name));
}

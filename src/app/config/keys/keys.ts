/** All keys together, and the type of what they hold once read. */
import { BACKEND_KEYS, IDLE_KEYS, UNSUPPORTED_KEYS } from './ignored.js';
import type { Key } from './key.js';
import { WORKING_KEYS } from './working.js';

export const KEYS = {
  ...WORKING_KEYS,
  ...BACKEND_KEYS,
  ...IDLE_KEYS,
  ...UNSUPPORTED_KEYS,
} as const;

export type KeyName = keyof typeof KEYS;

export type Values = {
  readonly [Name in KeyName]: (typeof KEYS)[Name] extends Key<infer T> ? T : never;
};

const BY_LOWER_CASE: ReadonlyMap<string, KeyName> = new Map(
  (Object.keys(KEYS) as KeyName[]).map((name) => [name.toLowerCase(), name]),
);

/** The incumbent does not mind upper and lower case in names, so neither do we. */
export function keyNamed(written: string): KeyName | null {
  return BY_LOWER_CASE.get(written.toLowerCase()) ?? null;
}

export function keyNames(): KeyName[] {
  return [...BY_LOWER_CASE.values()];
}

export function isObeyed(name: KeyName): boolean {
  return Object.hasOwn(WORKING_KEYS, name);
}

/** Besides passwords, the commands of hooks: they are where people put the tokens of those whom they call. */
export function mayHoldSecret(name: KeyName): boolean {
  return KEYS[name].hidden || name.endsWith('Processes');
}

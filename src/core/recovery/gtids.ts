/**
 * The algebra of GTID sets on their text, which is how a recovery's record holds them. Who writes a set into the record
 * has parsed it before, so text that is no set is a broken invariant here.
 */
import { assert } from '../base/assert.js';
import {
  countGtids,
  emptyGtidSet,
  formatGtidSet,
  type GtidSet,
  isEmptyGtidSet,
  parseGtidSet,
  subtractGtids,
  uniteGtids,
  withoutUuids,
} from '../topology/gtid-set.js';
import type { ServerId } from '../topology/server.js';

export function unionOf(...texts: readonly string[]): string {
  return formatGtidSet(texts.map(parsed).reduce(uniteGtids, emptyGtidSet));
}

/** What is in `from` and not in `taken`. */
export function minus(from: string, taken: string): string {
  return formatGtidSet(subtractGtids(parsed(from), parsed(taken)));
}

/** The set without what this server itself numbered. */
export function withoutServer(text: string, server: ServerId): string {
  return formatGtidSet(withoutUuids(parsed(text), new Set([server.toLowerCase()])));
}

export function isNone(text: string): boolean {
  return isEmptyGtidSet(parsed(text));
}

/** How many transactions the set holds; for people, so that more than 2^53 of them need not be exact. */
export function sizeOf(text: string): number {
  return Number(countGtids(parsed(text)));
}

/** Text from outside: may the other functions be asked about it? */
export function isGtidSet(text: string): boolean {
  return parseGtidSet(text).ok;
}

/** Ascending by how many transactions the sets hold. */
export function compareSizes(one: string, other: string): number {
  const difference = countGtids(parsed(one)) - countGtids(parsed(other));
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function parsed(text: string): GtidSet {
  const set = parseGtidSet(text);
  assert(set.ok, `a recovery's record holds a set that cannot be read: ${set.ok ? '' : set.error}`);
  return set.value;
}

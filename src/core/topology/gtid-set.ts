/**
 * Sets of MySQL's global transaction identifiers: `uuid:1-5:7,uuid:tag:3`, with the tags of 8.3 and later. Whether a
 * replica may follow a source, what a former primary has that the new one lacks, and who is most advanced are all
 * questions to this algebra, so it refuses text it does not understand instead of guessing.
 *
 * A set is a value. Transaction numbers reach 2^63-2, beyond what a JavaScript number holds exactly, so they are bigints.
 */
import { failed, ok, type Result } from '../base/result.js';

/** Starts and ends by turns, both included: sorted, apart from each other by at least one number that is missing. */
type Intervals = readonly bigint[];

/** The transactions that one server numbered, under one tag ('' for none). */
interface Part {
  readonly uuid: string;
  readonly tag: string;
  readonly intervals: Intervals;
}

export interface GtidSet {
  /** By `uuid` or `uuid:tag`; a part is never empty. */
  readonly parts: ReadonlyMap<string, Part>;
}

export const emptyGtidSet: GtidSet = { parts: new Map() };

const LAST_NUMBER = 9_223_372_036_854_775_806n;
const UUID = /^\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?$/;
const TAG = /^[a-z_][a-z0-9_]{0,31}$/;
const INTERVAL = /^(\d{1,19})(?:\s*-\s*(\d{1,19}))?$/;

/** Reads what MySQL writes and what it accepts: any case, spaces and line breaks, parts and intervals in any order. */
export function parseGtidSet(text: string): Result<GtidSet, string> {
  const builder = new Map<string, { uuid: string; tag: string; intervals: bigint[] }>();
  for (const item of text.toLowerCase().split(',')) {
    const [uuidText = '', ...pieces] = item.split(':').map((piece) => piece.trim());
    if (uuidText === '' && pieces.length === 0) continue;
    const uuid = parseUuid(uuidText);
    if (uuid === null) return failed(`"${clipped(uuidText)}" in a GTID set is not a UUID`);
    let tag = '';
    for (const piece of pieces) {
      if (TAG.test(piece)) {
        tag = piece;
        continue;
      }
      const interval = parseInterval(piece);
      if (interval === null) return failed(`"${clipped(piece)}" in a GTID set is neither an interval nor a tag`);
      const key = partKey(uuid, tag);
      const part = builder.get(key) ?? { uuid, tag, intervals: [] };
      part.intervals.push(...interval);
      builder.set(key, part);
    }
  }
  const parts = new Map<string, Part>();
  for (const [key, part] of builder) {
    const intervals = normalized(part.intervals);
    if (intervals.length > 0) parts.set(key, { ...part, intervals });
  }
  return ok({ parts });
}

function parseUuid(text: string): string | null {
  const match = UUID.exec(text);
  return match === null ? null : match.slice(1).join('-');
}

/** A reversed interval (`9-8`) is empty, as in MySQL. */
function parseInterval(text: string): readonly bigint[] | null {
  const match = INTERVAL.exec(text);
  if (match?.[1] === undefined) return null;
  const start = BigInt(match[1]);
  const end = match[2] === undefined ? start : BigInt(match[2]);
  if (start < 1n || start > LAST_NUMBER || end > LAST_NUMBER) return null;
  return start <= end ? [start, end] : [];
}

function clipped(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

function partKey(uuid: string, tag: string): string {
  return tag === '' ? uuid : `${uuid}:${tag}`;
}

/** Sorted by UUID, then tag, as MySQL writes it but on one line. The empty set is ''. */
export function formatGtidSet(set: GtidSet): string {
  const sorted = [...set.parts.values()].sort(
    (one, other) => compareText(one.uuid, other.uuid) || compareText(one.tag, other.tag),
  );
  let text = '';
  let uuid = '';
  for (const part of sorted) {
    if (part.uuid !== uuid) text += text === '' ? part.uuid : `,${part.uuid}`;
    uuid = part.uuid;
    if (part.tag !== '') text += `:${part.tag}`;
    for (const [start, end] of pairs(part.intervals)) {
      text += start === end ? `:${String(start)}` : `:${String(start)}-${String(end)}`;
    }
  }
  return text;
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

export function isEmptyGtidSet(set: GtidSet): boolean {
  return set.parts.size === 0;
}

/** How many transactions are in the set. */
export function countGtids(set: GtidSet): bigint {
  let count = 0n;
  for (const part of set.parts.values()) {
    for (const [start, end] of pairs(part.intervals)) count += end - start + 1n;
  }
  return count;
}

/** Everything that is in either. */
export function uniteGtids(one: GtidSet, other: GtidSet): GtidSet {
  const parts = new Map(one.parts);
  for (const [key, part] of other.parts) {
    const known = parts.get(key);
    parts.set(key, known === undefined ? part : { ...part, intervals: united(known.intervals, part.intervals) });
  }
  return { parts };
}

/** What is in `from` and not in `taken`. */
export function subtractGtids(from: GtidSet, taken: GtidSet): GtidSet {
  const parts = new Map<string, Part>();
  for (const [key, part] of from.parts) {
    const other = taken.parts.get(key);
    const intervals = other === undefined ? part.intervals : subtracted(part.intervals, other.intervals);
    if (intervals.length > 0) parts.set(key, { ...part, intervals });
  }
  return { parts };
}

/** Is every transaction of `inner` in `outer`? The empty set is in every set. */
export function containsGtids(outer: GtidSet, inner: GtidSet): boolean {
  for (const [key, part] of inner.parts) {
    const other = outer.parts.get(key);
    if (other === undefined || !covers(other.intervals, part.intervals)) return false;
  }
  return true;
}

export function sameGtids(one: GtidSet, other: GtidSet): boolean {
  return containsGtids(one, other) && containsGtids(other, one);
}

/** The set without anything that the servers of these UUIDs numbered, under whichever tag. */
export function withoutUuids(set: GtidSet, uuids: ReadonlySet<string>): GtidSet {
  const parts = new Map<string, Part>();
  for (const [key, part] of set.parts) {
    if (!uuids.has(part.uuid)) parts.set(key, part);
  }
  return { parts };
}

function* pairs(intervals: Intervals): Generator<readonly [bigint, bigint]> {
  for (let at = 0; at < intervals.length; at += 2) yield [bound(intervals, at), bound(intervals, at + 1)];
}

/** Beyond the end of the list lies infinity: the merges below need no case of their own for it. */
function bound(intervals: Intervals, at: number): bigint {
  return intervals[at] ?? LAST_NUMBER + 2n;
}

function normalized(pieces: readonly bigint[]): Intervals {
  if (isNormal(pieces)) return pieces;
  const sorted = [...pairs(pieces)].sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0));
  const merged: bigint[] = [];
  for (const [start, end] of sorted) append(merged, start, end);
  return merged;
}

function isNormal(pieces: readonly bigint[]): boolean {
  for (let at = 2; at < pieces.length; at += 2) {
    if (bound(pieces, at) <= bound(pieces, at - 1) + 1n) return false;
  }
  return true;
}

/** Adds an interval that starts at or after the last one's start. */
function append(merged: bigint[], start: bigint, end: bigint): void {
  const last = merged.at(-1);
  if (last === undefined || start > last + 1n) merged.push(start, end);
  else if (end > last) merged[merged.length - 1] = end;
}

function united(one: Intervals, other: Intervals): Intervals {
  const merged: bigint[] = [];
  let at = 0;
  let otherAt = 0;
  while (at < one.length || otherAt < other.length) {
    if (bound(one, at) <= bound(other, otherAt)) {
      append(merged, bound(one, at), bound(one, at + 1));
      at += 2;
    } else {
      append(merged, bound(other, otherAt), bound(other, otherAt + 1));
      otherAt += 2;
    }
  }
  return merged;
}

function subtracted(from: Intervals, taken: Intervals): Intervals {
  const left: bigint[] = [];
  let takenAt = 0;
  for (const [first, end] of pairs(from)) {
    let start = first;
    while (takenAt < taken.length && bound(taken, takenAt + 1) < start) takenAt += 2;
    // An interval that is taken may reach into the next one of `from`, so the place in `taken` is kept, not consumed.
    for (let at = takenAt; at < taken.length && bound(taken, at) <= end && start <= end; at += 2) {
      if (bound(taken, at) > start) left.push(start, bound(taken, at) - 1n);
      start = bound(taken, at + 1) + 1n;
    }
    if (start <= end) left.push(start, end);
  }
  return left;
}

function covers(outer: Intervals, inner: Intervals): boolean {
  let at = 0;
  for (const [start, end] of pairs(inner)) {
    while (at < outer.length && bound(outer, at + 1) < start) at += 2;
    if (bound(outer, at) > start || bound(outer, at + 1) < end) return false;
  }
  return true;
}

/**
 * How far servers have come, as text, which is how a recovery's record holds it. A playbook asks what one has and another
 * lacks, and need not know of which kind the answer is: sets of GTIDs (MySQL), the last GTID of each writer (MariaDB), or
 * places in the binary log of a source (MySQL without GTID). Each item tells its kind by its form, so they may stand beside
 * each other: a MariaDB replica that follows by place has executed GTIDs, and received up to a place.
 *
 *     99ec6843-e6d6-11f1-892d-02fc00000001:1-5    0-1-105,0-2-99    binlog.000004:1234@99ec6843-...
 *
 * Who writes such a text into the record has parsed it before, so text that is none of it is a broken invariant here.
 */
import { assert } from '../../base/assert.js';
import { failed, ok, type Result } from '../../base/result.js';
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
} from '../../topology/gtid-set.js';
import {
  compareGaps,
  formatLogMarks,
  isLogMark,
  type LogMarks,
  parseLogMarks,
  subtractMarks,
  uniteMarks,
} from '../../topology/log-marks.js';
import {
  countMariaDb,
  formatMariaDbState,
  isMariaDbMark,
  type MariaDbState,
  parseMariaDbState,
  subtractMariaDb,
  uniteMariaDb,
  withoutWriters,
} from '../../topology/mariadb-gtid.js';
import type { ServerId } from '../../topology/server.js';
import type { BinlogPosition } from '../../topology/vitals.js';
import { serverNumberIn } from '../../topology/stand-in-id.js';

interface Progress {
  readonly sets: GtidSet;
  readonly writers: MariaDbState;
  readonly logs: LogMarks;
}

const NOTHING: Progress = { sets: emptyGtidSet, writers: new Map(), logs: new Map() };

export function unionOf(...texts: readonly string[]): string {
  return format(
    texts.map(parsed).reduce(
      (one, other) => ({
        sets: uniteGtids(one.sets, other.sets),
        writers: uniteMariaDb(one.writers, other.writers),
        logs: uniteMarks(one.logs, other.logs),
      }),
      NOTHING,
    ),
  );
}

/** What is in `from` and not in `taken`. */
export function minus(from: string, taken: string): string {
  return format(difference(parsed(from), parsed(taken)));
}

/** What is in both. */
export function inBoth(one: string, other: string): string {
  return minus(one, minus(one, other));
}

/** Without what this server itself wrote, and without places in its own log. */
export function withoutServer(text: string, server: ServerId): string {
  const { sets, writers, logs } = parsed(text);
  const number = serverNumberIn(server);
  return format({
    sets: withoutUuids(sets, new Set([server.toLowerCase()])),
    writers: number === null ? writers : withoutWriters(writers, new Set([number])),
    logs: new Map([...logs].filter(([log]) => log !== logOf(server))),
  });
}

/**
 * Of a replica of several sources, what it has of one: what came from there, what others that follow that source alone
 * have, and what the `writers` there numbered. MariaDB tells sources apart by the domains of their transactions.
 */
export function shareOf(has: string, received: string, known: string, writers: readonly ServerId[]): string {
  const [all, came, others] = [parsed(has), parsed(received), parsed(known)];
  const foreign = withoutUuids(all.sets, new Set(writers.map((one) => one.toLowerCase())));
  const shared = subtractGtids(foreign, subtractGtids(foreign, others.sets));
  const domains = new Set([...others.writers.values()].map(({ domain }) => domain));
  return format({
    sets: uniteGtids(came.sets, uniteGtids(subtractGtids(all.sets, foreign), shared)),
    writers: new Map([...uniteMariaDb(all.writers, came.writers)].filter(([, { domain }]) => domains.has(domain))),
    logs: uniteMarks(all.logs, came.logs),
  });
}

/** What others were seen with of a server's own transactions it has itself, though it was looked at a moment before them. */
export function withOwnSeenAt(server: ServerId, has: string, others: readonly string[]): string {
  return unionOf(has, ...others.map((other) => minus(other, withoutServer(other, server))));
}

/** The places alone, of a server that follows by place and counts transactions besides. */
export function placesIn(text: string): string {
  return formatLogMarks(parsed(text).logs);
}

/** What it counts by transactions alone, of a server that follows by place. */
export function withoutPlaces(text: string): string {
  return format({ ...parsed(text), logs: new Map() });
}

/** The place in one log; null where the text names none, or several. */
export function onlyPlace(text: string): BinlogPosition | null {
  const marks = [...parsed(text).logs.values()];
  return marks.length === 1 ? (marks[0]?.until ?? null) : null;
}

/** Transactions by their GTIDs, without places in logs. */
export function gtidsIn(text: string): string {
  return format({ ...parsed(text), logs: new Map() });
}

/** The name by which marks call the log of a server. A replica of MariaDB knows no more of its source than its server id. */
export function logOf(server: ServerId): string {
  const number = serverNumberIn(server);
  return number === null ? server.toLowerCase() : logOfNumber(number);
}

export function logOfNumber(serverNumber: number): string {
  return `server-${String(serverNumber)}`;
}

export function isNone(text: string): boolean {
  const { sets, writers, logs } = parsed(text);
  return isEmptyGtidSet(sets) && writers.size === 0 && logs.size === 0;
}

/** How many transactions it names; for people, so that more than 2^53 of them need not be exact. A place counts as one. */
export function sizeOf(text: string): number {
  const { sets, writers, logs } = parsed(text);
  return Number(countGtids(sets) + countMariaDb(writers)) + logs.size;
}

/** Text from outside: may the other functions be asked about it? */
export function isGtidSet(text: string): boolean {
  return parse(text).ok;
}

/** The text as the others write it. */
export function readProgress(text: string): Result<string, string> {
  const progress = parse(text);
  return progress.ok ? ok(format(progress.value)) : progress;
}

/** Ascending by how much the differences name. */
export function compareSizes(one: string, other: string): number {
  const [first, second] = [parsed(one), parsed(other)];
  const sets = countGtids(first.sets) - countGtids(second.sets);
  const writers = countMariaDb(first.writers) - countMariaDb(second.writers);
  const counted = sets + writers;
  return counted < 0n ? -1 : counted > 0n ? 1 : compareGaps(first.logs, second.logs);
}

function difference(from: Progress, taken: Progress): Progress {
  return {
    sets: subtractGtids(from.sets, taken.sets),
    writers: subtractMariaDb(from.writers, taken.writers),
    logs: subtractMarks(from.logs, taken.logs),
  };
}

function format({ sets, writers, logs }: Progress): string {
  return [formatGtidSet(sets), formatMariaDbState(writers), formatLogMarks(logs)]
    .filter((text) => text !== '')
    .join(',');
}

/** A plan asks about the same few texts again and again, and whoever explains many clusters plays many plans. */
const REMEMBERED = 256;
const remembered = new Map<string, Progress>();

function parse(text: string): Result<Progress, string> {
  if (text === '') return ok(NOTHING);
  const known = remembered.get(text);
  if (known !== undefined) return ok(known);
  const progress = parseAnew(text);
  if (progress.ok) {
    if (remembered.size >= REMEMBERED) remembered.clear();
    remembered.set(text, progress.value);
  }
  return progress;
}

function parseAnew(text: string): Result<Progress, string> {
  const items = text.split(',').map((item) => item.trim());
  const marks = items.filter(isLogMark);
  const positions = items.filter(isMariaDbMark);
  const sets = parseGtidSet(items.filter((item) => !isLogMark(item) && !isMariaDbMark(item)).join(','));
  const writers = parseMariaDbState(positions.join(','));
  const logs = parseLogMarks(marks.join(','));
  if (!sets.ok) return sets;
  if (!writers.ok) return writers;
  return logs.ok ? ok({ sets: sets.value, writers: writers.value, logs: logs.value }) : failed(logs.error);
}

function parsed(text: string): Progress {
  const progress = parse(text);
  assert(progress.ok, `a recovery's record holds a set that cannot be read: ${progress.ok ? '' : progress.error}`);
  return progress.value;
}

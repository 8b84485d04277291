/**
 * How far a MariaDB server has come: of each domain and each server that wrote in it, the last sequence number
 * (`gtid_binlog_state`, which knows more than the positions: those name the last writer of a domain alone). A server that
 * has a transaction has all that its writer numbered before, so the numbers are ordered writer by writer.
 *
 * Across writers the order of a domain helps where a log does not reach back: whoever shares a later transaction of the
 * domain has come that way, and shares what lies before it. So only the end of a history can set servers apart, which is
 * where it happens: a primary that dies with transactions nobody fetched, or a replica that somebody wrote to (in strict
 * mode its replication stops there; without it, what was written earlier than the last shared transaction is not seen).
 *
 * A difference keeps what lies before it, so that it can be counted: `0-1-101..105`. A GTID alone means all up to it.
 */
import { failed, ok, type Result } from '../base/result.js';

export interface MariaDbMark {
  readonly domain: number;
  readonly writer: number;
  /** What lies at or before it is not meant; 0 in a state. */
  readonly after: bigint;
  readonly until: bigint;
}

/** By `domain-writer`. */
export type MariaDbState = ReadonlyMap<string, MariaDbMark>;

const MARK = /^(\d{1,10})-(\d{1,10})-(\d{1,20})(?:\.\.(\d{1,20}))?$/;

export function isMariaDbMark(text: string): boolean {
  return MARK.test(text);
}

/** Reads `gtid_binlog_state`, `gtid_slave_pos`, `Gtid_IO_Pos` and what `formatMariaDbState` writes. */
export function parseMariaDbState(text: string): Result<MariaDbState, string> {
  let state: MariaDbState = new Map();
  for (const item of text.split(',').map((piece) => piece.trim())) {
    if (item === '') continue;
    const match = MARK.exec(item);
    if (match === null) return failed(`"${item.slice(0, 60)}" is not a GTID of MariaDB`);
    const [domain, writer] = [Number(match[1]), Number(match[2])];
    const first = BigInt(match[3] ?? 0);
    const mark: MariaDbMark =
      match[4] === undefined
        ? { domain, writer, after: 0n, until: first }
        : { domain, writer, after: first - 1n, until: BigInt(match[4]) };
    state = uniteMariaDb(state, new Map([[keyOf(mark), mark]]));
  }
  return ok(state);
}

export function formatMariaDbState(state: MariaDbState): string {
  return [...state.values()]
    .sort((one, other) => one.domain - other.domain || one.writer - other.writer)
    .map(({ domain, writer, after, until }) => {
      const first = after === 0n ? '' : `${String(after + 1n)}..`;
      return `${String(domain)}-${String(writer)}-${first}${String(until)}`;
    })
    .join(',');
}

export function uniteMariaDb(one: MariaDbState, other: MariaDbState): MariaDbState {
  const united = new Map(one);
  for (const [key, mark] of other) {
    const known = united.get(key);
    united.set(key, known === undefined ? mark : wider(known, mark));
  }
  return united;
}

function wider(one: MariaDbMark, other: MariaDbMark): MariaDbMark {
  return {
    ...one,
    after: one.after < other.after ? one.after : other.after,
    until: one.until > other.until ? one.until : other.until,
  };
}

/** What is in `from` and not in `taken`. */
export function subtractMariaDb(from: MariaDbState, taken: MariaDbState): MariaDbState {
  const left = new Map<string, MariaDbMark>();
  for (const [key, mark] of from) {
    if (isShared(mark, from, taken)) continue;
    const before = [...taken.values()]
      .filter(({ domain, until }) => domain === mark.domain && until < mark.until)
      .map(({ until }) => until);
    const after = before.reduce((highest, until) => (until > highest ? until : highest), mark.after);
    left.set(key, { ...mark, after });
  }
  return left;
}

function isShared(mark: MariaDbMark, from: MariaDbState, taken: MariaDbState): boolean {
  const has = (one: MariaDbMark): boolean => (taken.get(keyOf(one))?.until ?? 0n) >= one.until;
  const isLater = (one: MariaDbMark): boolean => one.domain === mark.domain && one.until > mark.until;
  return has(mark) || [...from.values()].some((one) => isLater(one) && has(one));
}

export function withoutWriters(state: MariaDbState, writers: ReadonlySet<number>): MariaDbState {
  return new Map([...state].filter(([, { writer }]) => !writers.has(writer)));
}

/** Of a difference: how many transactions it names. */
export function countMariaDb(state: MariaDbState): bigint {
  let count = 0n;
  for (const { after, until } of state.values()) count += until - after;
  return count;
}

function keyOf({ domain, writer }: MariaDbMark): string {
  return `${String(domain)}-${String(writer)}`;
}

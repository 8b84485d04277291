/**
 * Reading the log at start: every record of LevelDB in the order of its number, gaps filled from the marks where they
 * hold the missing record whole, and what is then still missing told apart into the two kinds that matter. A log cut at its
 * end is still a log, its owner only has to be brought up to date; a log that is broken in its middle is set aside.
 */
import type { Level } from 'level';
import type { HardState } from '../../core/raft/ready.js';
import type { MarkSlot } from './mark-file.js';
import { decodeRecord, encodeRecord, type LogRecord } from './record.js';
import { ReplayedLog } from './replay.js';

export type Database = Level<Uint8Array, Uint8Array>;

/** From where on the records count; those before are leftovers of a compaction. */
interface LogStart {
  readonly firstNumber: number;
  readonly base: number;
}

/** A record as compaction sees it. */
export interface LiveRecord {
  readonly number: number;
  readonly bytes: number;
  /** The last entry that it still contributes; falls when a later record cuts the log. */
  last: number;
}

export interface ReadLog {
  readonly log: ReplayedLog;
  readonly live: LiveRecord[];
  /** Found in the marks alone; to be put into LevelDB. */
  readonly repairs: readonly LogRecord[];
  /** Not null: the log is broken in its middle, and of no use. */
  readonly broken: string | null;
}

/** `put` resolves when it is on disk. */
export const SYNCED = { sync: true, keyEncoding: 'view', valueEncoding: 'view' } as const;

const START_KEY = Buffer.from('start');
const RECORD_PREFIX = 'r'.charCodeAt(0);

export function recordKey(number: number): Buffer {
  const key = Buffer.alloc(9);
  key.writeUInt8(RECORD_PREFIX, 0);
  key.writeBigUInt64BE(BigInt(number), 1);
  return key;
}

/** Every record key is below this one. */
const RECORDS_END: Uint8Array = Buffer.of(RECORD_PREFIX + 1);

/** Kept in a key of its own: seeking the first record would wade through everything that was deleted before it. */
async function readStart(database: Database): Promise<LogStart | null> {
  const [value] = await database.getMany([START_KEY]);
  if (value === undefined) return { firstNumber: 1, base: 0 };
  const record = decodeRecord(value);
  return record === null || record.restart === null ? null : { firstNumber: record.number, base: record.restart.index };
}

/** The start is written in the form of a record, for the sake of its checksum. */
export function encodeStart(start: LogStart): { readonly key: Uint8Array; readonly value: Uint8Array } {
  const hardState = { term: 0, vote: null, commit: 0 };
  const restart = { index: start.base, term: 0 };
  return { key: START_KEY, value: encodeRecord({ number: start.firstNumber, hardState, restart, entries: [] }) };
}

export async function readLog(database: Database, slots: readonly MarkSlot[]): Promise<ReadLog> {
  const start = await readStart(database);
  const log = new ReplayedLog(start?.base ?? 0, start?.firstNumber ?? 1);
  const reading = new Reading(log, slots);
  if (start === null) return reading.result('the key that says where the log begins is damaged');
  for await (const value of database.values({ gte: recordKey(start.firstNumber), lt: RECORDS_END })) {
    // A damaged record is a missing one: the marks may hold it, or the next good one finds the gap.
    const record = decodeRecord(value);
    const trouble = record === null ? null : reading.take(record, value.length);
    if (trouble !== null) return reading.result(trouble);
  }
  reading.fill(Number.POSITIVE_INFINITY);
  return reading.result(null);
}

class Reading {
  readonly #log: ReplayedLog;
  readonly #live: LiveRecord[] = [];
  readonly #spare = new Map<number, LogRecord>();
  readonly #repairs: LogRecord[] = [];

  constructor(log: ReplayedLog, slots: readonly MarkSlot[]) {
    this.#log = log;
    for (const slot of slots) if (slot.whole) this.#spare.set(slot.record.number, slot.record);
  }

  take(record: LogRecord, bytes: number): string | null {
    this.fill(record.number);
    const trouble = this.#log.take(record);
    if (trouble === null) addLive(this.#live, record, bytes);
    return trouble;
  }

  /** From the marks, as far as they go. */
  fill(before: number): void {
    for (;;) {
      const record = this.#spare.get(this.#log.lastNumber + 1);
      if (record === undefined || record.number >= before || this.#log.take(record) !== null) return;
      this.#repairs.push(record);
      addLive(this.#live, record, encodeRecord(record).length);
    }
  }

  result(broken: string | null): ReadLog {
    return { log: this.#log, live: this.#live, repairs: this.#repairs, broken };
  }
}

/** Notes what the new record takes away from those before it. */
export function addLive(live: LiveRecord[], record: LogRecord, bytes: number): void {
  const cutFrom = record.restart === null ? record.entries[0]?.index : 0;
  for (let position = live.length - 1; cutFrom !== undefined && position >= 0; position -= 1) {
    const earlier = live[position];
    // Those with last 0 hold no entries; look beyond them.
    if (earlier === undefined || (earlier.last !== 0 && earlier.last < cutFrom)) break;
    earlier.last = Math.min(earlier.last, Math.max(0, cutFrom - 1));
  }
  live.push({ number: record.number, bytes, last: record.entries.at(-1)?.index ?? 0 });
}

/** What one of several copies still remembers, taken together: the highest term, and a vote rather than none. */
export function strongestHardState(copies: readonly HardState[], lastIndex: number): HardState {
  let best: HardState = { term: 0, vote: null, commit: 0 };
  for (const copy of copies) {
    if (copy.term > best.term || (copy.term === best.term && best.vote === null)) best = { ...copy };
  }
  const commit = Math.max(0, ...copies.map((copy) => copy.commit));
  return { ...best, commit: Math.min(commit, lastIndex) };
}

/**
 * Transactions in a binary log, told apart by what is the same in every server's log: since 8.0 the time of the commit on
 * the server that made it, in microseconds, and before that all of the content that a replica hands on unchanged (rows,
 * statements, their times and the server they are from; not table numbers, transaction numbers and durations, which each
 * server gives anew). Neither need be unique; who looks for one has to see to that.
 */
import { createHash, type Hash } from 'node:crypto';
import type { BinlogPosition } from '../../../core/topology/vitals.js';
import type { RawEvent } from './binlog-dump.js';

export interface LoggedGroup {
  readonly identity: string;
  /** The place behind it. */
  readonly end: BinlogPosition;
}

const HEADER_BYTES = 19;

const QUERY = 2;
const XID = 16;
const TABLE_MAP = 19;
const GTIDS = new Set([33, 34, 42]);
const ROWS = new Set([23, 24, 25, 30, 31, 32, 39]);
/** Of these all bytes are content: INTVAR, RAND, USER_VAR, ROWS_QUERY. */
const PLAIN = new Set([5, 13, 14, 29]);
/** Payload that was compressed as a whole, and the first half of a commit in two phases. */
const ENDING = new Set([38, 40]);

/** Table number and flags. */
const TABLE_PREFIX = 8;

/** A group that had begun before the first event, or goes on behind the last, is left out. */
export function groupsOf(
  events: readonly { readonly file: string; readonly event: RawEvent }[],
): readonly LoggedGroup[] {
  const groups: LoggedGroup[] = [];
  let open = new OpenGroup();
  for (const { file, event } of events) {
    if (!open.take(event)) continue;
    groups.push({ identity: open.identity, end: { file, position: event.readUInt32LE(13) } });
    open = new OpenGroup();
  }
  return groups;
}

class OpenGroup {
  readonly #content: Hash = createHash('sha256');
  #committed = '';
  #begun = false;

  get identity(): string {
    return this.#committed === '' ? this.#content.digest('hex') : this.#committed;
  }

  /** True when the group ends with this event. */
  take(event: RawEvent): boolean {
    const type = event.readUInt8(4);
    const body = event.subarray(HEADER_BYTES);
    if (GTIDS.has(type)) this.#committed = commitOf(event, body);
    else if (type === QUERY) return this.#takeQuery(event, body);
    else if (ROWS.has(type) || type === TABLE_MAP) this.#add(event, body.subarray(TABLE_PREFIX));
    else if (PLAIN.has(type)) this.#add(event, body);
    else if (ENDING.has(type)) {
      this.#add(event, body);
      return true;
    }
    return type === XID;
  }

  #takeQuery(event: RawEvent, body: Buffer): boolean {
    const schemaLength = body.readUInt8(8);
    const statusLength = body.readUInt16LE(11);
    const query = body.subarray(13 + statusLength + schemaLength + 1).toString('utf8');
    if (query === 'BEGIN') {
      this.#begun = true;
      return false;
    }
    // The schema and the statement.
    this.#add(event, body.subarray(13 + statusLength));
    return !this.#begun || query === 'COMMIT' || query === 'ROLLBACK';
  }

  /** With its kind, when it was done, and on which server. */
  #add(event: RawEvent, content: Buffer): void {
    this.#content.update(event.subarray(0, 9)).update(content);
  }
}

const LOGICAL_CLOCK = 2;
const TIME_BYTES = 7;
/** The highest bit of the first time says that a second one follows: the original. */
const HAS_ORIGINAL = 1n << 55n;

/** '' where the version tells no time, or the time is not known. */
function commitOf(event: RawEvent, body: Buffer): string {
  const at = 1 + 16 + 8 + 1 + 8 + 8;
  if (body.length < at + TIME_BYTES || body.readUInt8(25) !== LOGICAL_CLOCK || event.readUInt8(4) === 42) return '';
  const first = timeAt(body, at);
  const hasOriginal = (first & HAS_ORIGINAL) !== 0n && body.length >= at + 2 * TIME_BYTES;
  const original = hasOriginal ? timeAt(body, at + TIME_BYTES) : first & (HAS_ORIGINAL - 1n);
  return original === 0n ? '' : `${String(original)}/${String(event.readUInt32LE(5))}`;
}

function timeAt(body: Buffer, at: number): bigint {
  return body.readUIntLE(at, 6) === 0 && body.readUInt8(at + 6) === 0
    ? 0n
    : BigInt(body.readUIntLE(at, 6)) | (BigInt(body.readUInt8(at + 6)) << 48n);
}

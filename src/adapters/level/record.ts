/**
 * One record of the Raft log on disk: what one synced write puts down. Records carry a number of their own that rises by
 * one, because LevelDB reopens without a word when a record in its middle is gone: only the missing number tells.
 * Each holds the whole hard state, so that no single lost record can take the vote back to an older one unseen.
 *
 * Layout, big endian: crc32 of the rest u32, format u8, flags u8, number f64, term f64, commit f64, length of the vote
 * u16, vote, base index f64 and base term f64 (of a restart), packed entries.
 */
import { crc32 } from 'node:zlib';
import { packEntries, unpackEntries } from '../../core/raft/entry-batch.js';
import type { NodeId } from '../../core/raft/message.js';
import type { LogWrite } from '../../runtime/ports/log-store.js';

export interface LogRecord extends LogWrite {
  /** Position among all records ever written here, from 1. */
  readonly number: number;
}

const FORMAT = 1;
const FLAG_VOTED = 1;
const FLAG_RESTART = 2;
const HEAD_BYTES = 4 + 1 + 1 + 8 + 8 + 8 + 2;
const BASE_BYTES = 16;

export function encodeRecord(record: LogRecord): Buffer {
  const vote = Buffer.from(record.hardState.vote ?? '', 'utf8');
  const packed = packEntries(record.entries);
  const bytes = Buffer.alloc(HEAD_BYTES + vote.length + BASE_BYTES + packed.length);
  bytes.writeUInt8(FORMAT, 4);
  bytes.writeUInt8((record.hardState.vote === null ? 0 : FLAG_VOTED) | (record.restart === null ? 0 : FLAG_RESTART), 5);
  bytes.writeDoubleBE(record.number, 6);
  bytes.writeDoubleBE(record.hardState.term, 14);
  bytes.writeDoubleBE(record.hardState.commit, 22);
  bytes.writeUInt16BE(vote.length, 30);
  vote.copy(bytes, HEAD_BYTES);
  const baseAt = HEAD_BYTES + vote.length;
  bytes.writeDoubleBE(record.restart?.index ?? 0, baseAt);
  bytes.writeDoubleBE(record.restart?.term ?? 0, baseAt + 8);
  bytes.set(packed, baseAt + BASE_BYTES);
  bytes.writeUInt32BE(crc32(bytes.subarray(4)), 0);
  return bytes;
}

/** Null when the bytes are not a whole record. The payloads of its entries are views into `bytes`. */
export function decodeRecord(given: Uint8Array): LogRecord | null {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength);
  if (bytes.length < HEAD_BYTES || bytes.readUInt32BE(0) !== crc32(bytes.subarray(4))) return null;
  if (bytes.readUInt8(4) !== FORMAT) return null;
  const flags = bytes.readUInt8(5);
  const baseAt = HEAD_BYTES + bytes.readUInt16BE(30);
  if (baseAt + BASE_BYTES > bytes.length) return null;
  const entries = unpackEntries(bytes.subarray(baseAt + BASE_BYTES));
  if (entries === null) return null;
  const vote = (flags & FLAG_VOTED) === 0 ? null : (bytes.toString('utf8', HEAD_BYTES, baseAt) as NodeId);
  return {
    number: bytes.readDoubleBE(6),
    hardState: { term: bytes.readDoubleBE(14), vote, commit: bytes.readDoubleBE(22) },
    restart:
      (flags & FLAG_RESTART) === 0 ? null : { index: bytes.readDoubleBE(baseAt), term: bytes.readDoubleBE(baseAt + 8) },
    entries,
  };
}

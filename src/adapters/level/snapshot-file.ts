/**
 * The form of a snapshot on disk and on its way to a peer: a head in JSON that says what it covers, then the bytes. Both
 * have a checksum; a snapshot replaces the whole state of a node, so a wrong bit in it is worse than none at all.
 *
 * Layout, big endian: crc32 of the head u32, length of the head u32, head, bytes.
 */
import { crc32 } from 'node:zlib';
import type { Membership, SnapshotMark } from '../../core/raft/message.js';
import type { StoredSnapshot } from '../../runtime/ports/snapshot-store.js';

const PREFIX_BYTES = 8;
const FORMAT = 1;

interface Head extends SnapshotMark {
  readonly format: number;
  readonly byteLength: number;
  readonly byteCrc: number;
}

/** The parts to write one after the other; the bytes are not copied. */
export function encodeSnapshot({ mark, bytes }: StoredSnapshot): readonly [Uint8Array, Uint8Array] {
  const { index, term, membership } = mark;
  const head: Head = { format: FORMAT, index, term, membership, byteLength: bytes.length, byteCrc: crc32(bytes) };
  const text = Buffer.from(JSON.stringify(head));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(crc32(text), 0);
  prefix.writeUInt32BE(text.length, 4);
  return [Buffer.concat([prefix, text]), bytes];
}

/** Null when it is not whole. The bytes are a view into `file`. */
export function decodeSnapshot(file: Uint8Array): StoredSnapshot | null {
  const buffer = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  if (buffer.length < PREFIX_BYTES) return null;
  const end = PREFIX_BYTES + buffer.readUInt32BE(4);
  const text = buffer.subarray(PREFIX_BYTES, end);
  if (end > buffer.length || crc32(text) !== buffer.readUInt32BE(0)) return null;
  const head = parseHead(text.toString('utf8'));
  const bytes = buffer.subarray(end);
  if (head === null || bytes.length !== head.byteLength || crc32(bytes) !== head.byteCrc) return null;
  return { mark: { index: head.index, term: head.term, membership: head.membership }, bytes };
}

/** The checksum vouches for who wrote it; this only keeps a later format from being taken for this one. */
function parseHead(text: string): Head | null {
  const value = JSON.parse(text) as Partial<Head>;
  const { format, index, term, membership, byteLength, byteCrc } = value;
  if (format !== FORMAT || typeof index !== 'number' || typeof term !== 'number') return null;
  if (typeof byteLength !== 'number' || typeof byteCrc !== 'number' || !isMembership(membership)) return null;
  return { format, index, term, membership, byteLength, byteCrc };
}

function isMembership(value: Membership | undefined): value is Membership {
  return Array.isArray(value?.voters) && Array.isArray(value.outgoing) && Array.isArray(value.learners);
}

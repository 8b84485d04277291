/**
 * A run of log entries as one piece of bytes and back. One value for a whole batch is what keeps a synced write cheap
 * (one operation per entry costs several times the sync itself), and what lets entries cross a thread as one buffer.
 *
 * Layout, big endian: count u32, index of the first entry f64, then per entry kind u8, term f64, length u32, payload.
 * There is no checksum here: the disk's records and the transport have their own.
 */
import { assert } from '../base/assert.js';
import type { Entry, EntryKind } from './message.js';

const HEAD_BYTES = 4 + 8;
const ENTRY_HEAD_BYTES = 1 + 8 + 4;
const KIND_CODES = { command: 1, membership: 2, empty: 3 } as const satisfies Record<EntryKind, number>;
const KINDS: ReadonlyMap<number, EntryKind> = new Map([
  [KIND_CODES.command, 'command'],
  [KIND_CODES.membership, 'membership'],
  [KIND_CODES.empty, 'empty'],
]);

/** What an entry takes in memory, on disk and on the wire, near enough for limits. */
export function entryBytes(entry: Entry): number {
  return ENTRY_HEAD_BYTES + entry.payload.length;
}

/** Entries must be contiguous. The payloads are copied. */
export function packEntries(entries: readonly Entry[]): Uint8Array<ArrayBuffer> {
  const first = entries[0];
  const bytes = new Uint8Array(entries.reduce((sum, entry) => sum + entryBytes(entry), HEAD_BYTES));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, entries.length);
  view.setFloat64(4, first?.index ?? 0);
  let offset = HEAD_BYTES;
  entries.forEach((entry, position) => {
    assert(
      entry.index === (first?.index ?? 0) + position,
      `entry ${String(entry.index)} is out of its place in a batch`,
    );
    view.setUint8(offset, KIND_CODES[entry.kind]);
    view.setFloat64(offset + 1, entry.term);
    view.setUint32(offset + 9, entry.payload.length);
    bytes.set(entry.payload, offset + ENTRY_HEAD_BYTES);
    offset += entryBytes(entry);
  });
  return bytes;
}

/** The payloads are views into `bytes`. Null when `bytes` is not a packed batch. */
export function unpackEntries(bytes: Uint8Array): readonly Entry[] | null {
  if (bytes.length < HEAD_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint32(0);
  const first = view.getFloat64(4);
  const entries: Entry[] = [];
  let offset = HEAD_BYTES;
  while (entries.length < count) {
    if (offset + ENTRY_HEAD_BYTES > bytes.length) return null;
    const kind = KINDS.get(view.getUint8(offset));
    const length = view.getUint32(offset + 9);
    const start = offset + ENTRY_HEAD_BYTES;
    if (kind === undefined || start + length > bytes.length) return null;
    const payload = bytes.subarray(start, start + length);
    entries.push({ index: first + entries.length, term: view.getFloat64(offset + 1), kind, payload });
    offset = start + length;
  }
  return offset === bytes.length ? entries : null;
}

/**
 * Writes as bytes in the log. They stand beside the JSON commands, told apart by the first byte, because clients may send
 * ten thousand of them a second and parsing JSON for each would take the time of everything else. One entry carries as many
 * as came together: they share its sync and its round trip, and are applied in order.
 *
 * Layout: mark u8, schema version u8, count u32, then per write its kind u8 and its texts (key, value, expected).
 */
import { assert } from '../../base/assert.js';
import { ByteReader, ByteWriter } from './text-bytes.js';
import type { KeyValueWrite } from './write.js';

/** First byte of such an entry; that of a JSON command is its schema version, which starts at 1 and will not come this far. */
const MARK = 0xb1;
/** Raise it when the meaning of a write changes; every member must know the version before the leader proposes it. */
const KEY_VALUE_VERSION = 1;

const HEAD_BYTES = 1 + 1 + 4;
const WRITE_HEAD_BYTES = 1 + 3 * 4;

const KIND = { put: 1, delete: 2, swapAbsent: 3, swap: 4 } as const;

export function isKeyValueEntry(payload: Uint8Array): boolean {
  return payload[0] === MARK;
}

/** What the write takes in an entry, near enough for limits: exact for ASCII. */
export function roughBytes(write: KeyValueWrite): number {
  switch (write.kind) {
    case 'put':
      return WRITE_HEAD_BYTES + write.key.length + write.value.length;
    case 'delete':
      return WRITE_HEAD_BYTES + write.key.length;
    case 'compare-and-swap':
      return WRITE_HEAD_BYTES + write.key.length + write.value.length + (write.expected?.length ?? 0);
  }
}

export function encodeWrites(writes: readonly KeyValueWrite[]): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(writes.reduce((sum, write) => sum + roughBytes(write), HEAD_BYTES));
  writer.u8(MARK);
  writer.u8(KEY_VALUE_VERSION);
  writer.u32(writes.length);
  for (const write of writes) {
    writer.u8(kindOf(write));
    writer.text(write.key);
    if (write.kind === 'delete') continue;
    writer.text(write.value);
    if (write.kind === 'compare-and-swap' && write.expected !== null) writer.text(write.expected);
  }
  return writer.finish();
}

function kindOf(write: KeyValueWrite): number {
  switch (write.kind) {
    case 'put':
      return KIND.put;
    case 'delete':
      return KIND.delete;
    case 'compare-and-swap':
      return write.expected === null ? KIND.swapAbsent : KIND.swap;
  }
}

export function decodeWrites(payload: Uint8Array): readonly KeyValueWrite[] {
  const reader = new ByteReader(payload);
  assert(reader.u8() === MARK, 'an entry of key-value writes begins with its mark');
  const version = reader.u8();
  assert(
    version === KEY_VALUE_VERSION,
    `the log holds key-value writes of schema version ${version} and this program knows ${KEY_VALUE_VERSION}: run the newer program on this node`,
  );
  const writes: KeyValueWrite[] = [];
  for (let left = reader.u32(); left > 0; left -= 1) writes.push(decodeWrite(reader));
  reader.finish();
  return writes;
}

function decodeWrite(reader: ByteReader): KeyValueWrite {
  const kind = reader.u8();
  const key = reader.text();
  switch (kind) {
    case KIND.put:
      return { kind: 'put', key, value: reader.text() };
    case KIND.delete:
      return { kind: 'delete', key };
    case KIND.swapAbsent:
      return { kind: 'compare-and-swap', key, value: reader.text(), expected: null };
    default:
      assert(kind === KIND.swap, `an entry of key-value writes holds one of kind ${kind}`);
      return { kind: 'compare-and-swap', key, value: reader.text(), expected: reader.text() };
  }
}

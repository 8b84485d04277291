/**
 * The key-value store as a part of the ledger's snapshot, canonical: the same content in the same order gives the same
 * bytes. Binary, because it is written on the thread that serves requests and may be much larger than the rest.
 *
 * Layout: version u8, revision f64, count u32, then per key its text, its value's text and its revision f64. The whole
 * snapshot of a node is the length of the domain's JSON (u32), that JSON, and this part.
 */
import { assert } from '../../base/assert.js';
import type { KeyValueContent } from './store.js';
import { ByteReader, ByteWriter } from './text-bytes.js';
import { ENTRY_OVERHEAD_BYTES, type KeyValueEntry } from './write.js';

const PART_VERSION = 1;
const PART_HEAD_BYTES = 1 + 8 + 4;
/** Beside the bytes of its key and its value. */
const ENTRY_HEAD_BYTES = 4 + 4 + 8;
const LENGTH_BYTES = 4;

/** In one piece of memory: with some megabytes of keys, each copy on the way would be the largest thing a node makes. */
export function encodeParts(domain: Uint8Array, keyValue: KeyValueContent): Uint8Array {
  const writer = new ByteWriter(LENGTH_BYTES + domain.length + partBytes(keyValue));
  writer.u32(domain.length);
  writer.bytes(domain);
  writer.u8(PART_VERSION);
  writer.f64(keyValue.revision);
  writer.u32(keyValue.entries.size);
  for (const [key, entry] of keyValue.entries) {
    writer.text(key);
    writer.text(entry.value);
    writer.f64(entry.revision);
  }
  return writer.finish();
}

/** Exact for ASCII, because the store counts in units of UTF-16; for anything else the writer makes room. */
function partBytes({ bytes, entries }: KeyValueContent): number {
  return PART_HEAD_BYTES + bytes + entries.size * (ENTRY_HEAD_BYTES - ENTRY_OVERHEAD_BYTES);
}

export function decodeKeyValuePart(part: Uint8Array): Pick<KeyValueContent, 'revision' | 'entries'> {
  const reader = new ByteReader(part);
  const version = reader.u8();
  assert(
    version === PART_VERSION,
    `the snapshot's key-value part has version ${version} and this program knows ${PART_VERSION}: run the newer program on this node`,
  );
  const revision = reader.f64();
  const entries = new Map<string, KeyValueEntry>();
  for (let left = reader.u32(); left > 0; left -= 1) {
    entries.set(reader.text(), { value: reader.text(), revision: reader.f64() });
  }
  reader.finish();
  return { revision, entries };
}

export function splitParts(snapshot: Uint8Array): { readonly domain: Uint8Array; readonly keyValue: Uint8Array } {
  const view = new DataView(snapshot.buffer, snapshot.byteOffset, snapshot.byteLength);
  const end = LENGTH_BYTES + view.getUint32(0);
  assert(end <= snapshot.length, 'the snapshot ends before its first part does: it is not one of this program');
  return { domain: snapshot.subarray(LENGTH_BYTES, end), keyValue: snapshot.subarray(end) };
}

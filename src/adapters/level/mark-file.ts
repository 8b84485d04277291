/**
 * The second mark, outside LevelDB. LevelDB takes a damaged last record for a write that a crash cut short and drops it
 * without a word, although it may have been acknowledged: a vote could be given twice. So each write goes to this file as
 * well, into one of two slots in turn, and is acknowledged only when both are synced.
 *
 * Small records stand here whole. Both writes then run side by side, and whichever of the two a crash leaves undone is
 * made good from the other at the next start. A record too large for a slot stands here without its entries, written after
 * LevelDB has synced it: a log that ends below its number has lost something.
 *
 * The file is written full of zeros once: a sync that need not grow the file takes half the time. And it is opened so that
 * a write returns when it is on disk: a write and a sync of its own are two trips through the pool of threads, which on a
 * busy machine take longer than the disk.
 */
import { constants, write } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { syncDirectory, writeFileDurably } from './durable-file.js';
import { decodeRecord, encodeRecord, type LogRecord } from './record.js';

/** Of a record that still goes into a slot whole. */
const INLINE_BYTES_MAX = 64 * 1024;

// One slot: crc32 u32, length of the rest u32, flags u8, record.
const SLOT_HEAD_BYTES = 4 + 4;
const BODY_HEAD_BYTES = 1;
const SLOT_BYTES = INLINE_BYTES_MAX + 4096;
const SLOTS = 2;
const FLAG_FORGOT = 1;
const FLAG_WHOLE = 2;

const WRITE_SYNCED = constants.O_RDWR | constants.O_DSYNC;

export interface MarkSlot {
  readonly record: LogRecord;
  /** False: the record's entries were too large to stand here and are in LevelDB alone. */
  readonly whole: boolean;
  /** The node had lost something and was not yet brought up to date when this was written. */
  readonly forgot: boolean;
}

export interface Marks {
  readonly file: MarkFile;
  /** Oldest first; slots that were never written, or not whole, are left out. */
  readonly slots: readonly MarkSlot[];
  /** It was there before. */
  readonly existed: boolean;
}

export class MarkFile {
  readonly #handle: FileHandle;

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  /** Creates the file when it is missing. */
  static async open(path: string): Promise<Marks> {
    try {
      const handle = await open(path, WRITE_SYNCED);
      return { file: new MarkFile(handle), slots: await readSlots(handle), existed: true };
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
    const handle = await open(path, WRITE_SYNCED | constants.O_CREAT | constants.O_EXCL);
    await handle.write(Buffer.alloc(SLOT_BYTES * SLOTS), 0, SLOT_BYTES * SLOTS, 0);
    await handle.sync();
    await syncDirectory(dirname(path));
    return { file: new MarkFile(handle), slots: [], existed: false };
  }

  /** Whether `write` would put the whole record here, so that it may run beside the write to LevelDB and not after it. */
  static holds(encoded: Uint8Array): boolean {
    return encoded.length <= INLINE_BYTES_MAX;
  }

  /** Resolves when it is on disk. */
  async write(record: LogRecord, encoded: Uint8Array, forgot: boolean): Promise<void> {
    const { number } = record;
    const bytes = encodeSlot(record, encoded, forgot);
    await writeAt(this.#handle.fd, bytes, (number % SLOTS) * SLOT_BYTES);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** Begins the file anew with this record alone; atomic, because a half-written mark looks like a lost one. */
export async function replaceMarks(path: string, record: LogRecord, forgot: boolean): Promise<void> {
  const bytes = Buffer.alloc(SLOT_BYTES * SLOTS);
  encodeSlot(record, encodeRecord(record), forgot).copy(bytes, (record.number % SLOTS) * SLOT_BYTES);
  await writeFileDurably(path, [bytes]);
}

/** Not the handle's own `write`, which costs this thread twice as much. */
function writeAt(descriptor: number, bytes: Buffer, position: number): Promise<void> {
  return new Promise((resolve, reject) => {
    write(descriptor, bytes, 0, bytes.length, position, (error, written) => {
      if (error !== null) reject(error);
      else if (written < bytes.length) reject(new Error(`the mark file took ${written} of ${bytes.length} bytes`));
      else resolve();
    });
  });
}

function encodeSlot(record: LogRecord, encoded: Uint8Array, forgot: boolean): Buffer {
  const whole = MarkFile.holds(encoded);
  const body = whole ? encoded : encodeRecord({ ...record, entries: [] });
  const bytes = Buffer.alloc(SLOT_HEAD_BYTES + BODY_HEAD_BYTES + body.length);
  bytes.writeUInt32BE(bytes.length - SLOT_HEAD_BYTES, 4);
  bytes.writeUInt8((forgot ? FLAG_FORGOT : 0) | (whole ? FLAG_WHOLE : 0), SLOT_HEAD_BYTES);
  bytes.set(body, SLOT_HEAD_BYTES + BODY_HEAD_BYTES);
  bytes.writeUInt32BE(crc32(bytes.subarray(4)), 0);
  return bytes;
}

async function readSlots(handle: FileHandle): Promise<MarkSlot[]> {
  const slots: MarkSlot[] = [];
  for (let position = 0; position < SLOTS; position += 1) {
    const bytes = Buffer.alloc(SLOT_BYTES);
    await handle.read(bytes, 0, SLOT_BYTES, position * SLOT_BYTES);
    const slot = decodeSlot(bytes);
    if (slot !== null) slots.push(slot);
  }
  return slots.sort((a, b) => a.record.number - b.record.number);
}

function decodeSlot(bytes: Buffer): MarkSlot | null {
  const end = SLOT_HEAD_BYTES + bytes.readUInt32BE(4);
  if (end < SLOT_HEAD_BYTES + BODY_HEAD_BYTES || end > bytes.length) return null;
  if (bytes.readUInt32BE(0) !== crc32(bytes.subarray(4, end))) return null;
  const record = decodeRecord(bytes.subarray(SLOT_HEAD_BYTES + BODY_HEAD_BYTES, end));
  if (record === null) return null;
  const flags = bytes.readUInt8(SLOT_HEAD_BYTES);
  return { record, whole: (flags & FLAG_WHOLE) !== 0, forgot: (flags & FLAG_FORGOT) !== 0 };
}

/**
 * The Raft log on LevelDB. One write of Raft is one value under one key, synced, with a checksum and a number of its own;
 * beside it goes the same write into the mark file. LevelDB is trusted to keep bytes and to tell that it could not, and
 * for nothing else: it reopens after damage as if nothing was lost (record.ts, mark-file.ts and replay.ts say what is done
 * about it).
 */
import { assert } from '../../core/base/assert.js';
import type { LogIndex } from '../../core/raft/message.js';
import type { OperationalError } from '../../runtime/errors.js';
import type { LogStore, LogWrite, OpenedLog } from '../../runtime/ports/log-store.js';
import { type LogFiles, openLog } from './log-opening.js';
import { addLive, type Database, encodeStart, recordKey, SYNCED } from './log-reading.js';
import { MarkFile } from './mark-file.js';
import { encodeRecord, type LogRecord } from './record.js';
import { storageError } from './storage-error.js';

/** Deleted at a time: ten thousand keys at once hold up the thread. */
const DELETE_CHUNK = 500;

export class LevelLogStore implements LogStore {
  readonly #directory: string;
  #files: LogFiles | null = null;
  #busy = false;
  /** Set by the first failure: from then on LevelDB refuses everything, whatever the disk says by now. */
  #failure: OperationalError | null = null;

  /** `directory` is made when it is missing. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  async open(): Promise<OpenedLog> {
    assert(this.#files === null, 'the log store is open already');
    try {
      const { opened, files } = await openLog(this.#directory);
      this.#files = files;
      return opened;
    } catch (error) {
      throw storageError('open the Raft log', this.#directory, error);
    }
  }

  async append(write: LogWrite): Promise<void> {
    await this.#exclusively('write the Raft log', (files) => put(files, write));
  }

  async compact(keepFrom: LogIndex): Promise<void> {
    await this.#exclusively('compact the Raft log', (files) => dropBefore(files, keepFrom));
  }

  async setForgot(forgot: boolean): Promise<void> {
    await this.#exclusively('write the Raft log', async (files) => {
      if (files.forgot === forgot) return;
      files.forgot = forgot;
      await put(files, { hardState: files.hardState, restart: null, entries: [] });
    });
  }

  bytes(): number {
    return this.#files?.bytes ?? 0;
  }

  async close(): Promise<void> {
    const files = this.#files;
    this.#files = null;
    this.#failure = null;
    await files?.clearing;
    await files?.marks.close();
    await files?.database.close();
  }

  async #exclusively(doing: string, act: (files: LogFiles) => Promise<void>): Promise<void> {
    const files = this.#files;
    assert(files !== null, 'the log store is not open');
    assert(!this.#busy, 'two writes to the log store at once');
    if (this.#failure !== null) throw this.#failure;
    this.#busy = true;
    try {
      await act(files);
    } catch (error) {
      this.#failure = storageError(doing, this.#directory, error);
      throw this.#failure;
    } finally {
      this.#busy = false;
    }
  }
}

async function put(files: LogFiles, write: LogWrite): Promise<void> {
  const record: LogRecord = { number: files.lastNumber + 1, ...write };
  const encoded = encodeRecord(record);
  const toLevel = (): Promise<void> => files.database.put(recordKey(record.number), encoded, SYNCED);
  const toMarks = (): Promise<void> => files.marks.write(record, encoded, files.forgot);
  if (MarkFile.holds(encoded)) {
    // Both are waited for even if one fails: a write still under way must not meet the close that follows.
    for (const outcome of await Promise.allSettled([toLevel(), toMarks()])) {
      if (outcome.status === 'rejected') throw outcome.reason;
    }
  } else {
    await toLevel();
    await toMarks();
  }
  files.lastNumber = record.number;
  files.hardState = record.hardState;
  files.bytes += encoded.length;
  addLive(files.live, record, encoded.length);
}

/** The newest record stays in any case: it holds the hard state. */
async function dropBefore(files: LogFiles, keepFrom: LogIndex): Promise<void> {
  const { live, database } = files;
  let dropped = 0;
  while (dropped < live.length - 1 && (live[dropped]?.last ?? keepFrom) < keepFrom) dropped += 1;
  const first = live[0]?.number ?? files.lastNumber + 1;
  const firstKept = live[dropped]?.number ?? files.lastNumber + 1;
  const { key, value } = encodeStart({ firstNumber: firstKept, base: keepFrom - 1 });
  await database.put(key, value, SYNCED);
  for (const record of live.splice(0, dropped)) files.bytes -= record.bytes;
  // Not waited for: the start is on disk, what a crash leaves behind is dropped at the next start.
  files.clearing = clearRecords(database, first, firstKept).catch(() => undefined);
}

/** By their keys, which are known: a deletion of a range reads all that it deletes, and maps those files into memory. */
async function clearRecords(database: Database, from: number, to: number): Promise<void> {
  for (let first = from; first < to; first += DELETE_CHUNK) {
    const count = Math.min(DELETE_CHUNK, to - first);
    await database.batch(Array.from({ length: count }, (_, at) => ({ type: 'del', key: recordKey(first + at) })));
  }
}

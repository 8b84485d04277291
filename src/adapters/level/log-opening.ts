/**
 * What happens between the directory and a store that may be written: read, judge what is missing, set aside what is
 * broken, and put down at once that this node forgot, so that a crash right after does not make it a voter again.
 *
 * In the data directory: `log/` LevelDB, `log.damaged/` the last one that was set aside, `mark`.
 */
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Level } from 'level';
import type { HardState } from '../../core/raft/ready.js';
import type { OpenedLog } from '../../runtime/ports/log-store.js';
import { makeDirectory } from './durable-file.js';
import {
  addLive,
  type Database,
  type LiveRecord,
  type ReadLog,
  readLog,
  recordKey,
  SYNCED,
  strongestHardState,
} from './log-reading.js';
import { MarkFile, type MarkSlot, replaceMarks } from './mark-file.js';
import { encodeRecord, type LogRecord } from './record.js';
import { ReplayedLog } from './replay.js';
import { isCorruption } from './storage-error.js';

/** A store that may be written, and what compaction and the next write need to know of it. */
export interface LogFiles {
  readonly database: Database;
  readonly marks: MarkFile;
  readonly live: LiveRecord[];
  lastNumber: number;
  hardState: HardState;
  forgot: boolean;
  bytes: number;
  /** Deletions of compacted records under way. */
  clearing: Promise<void>;
}

/**
 * LevelDB keeps two buffers of writes and maps the files that it merges, each as large as a buffer. The log is short and
 * read only at the start, so that larger ones than these would take memory and give nothing.
 */
const WRITE_BUFFER_BYTES = 1024 * 1024;

const OPTIONS = {
  keyEncoding: 'view',
  valueEncoding: 'view',
  compression: false,
  writeBufferSize: WRITE_BUFFER_BYTES,
} as const;
const NOT_YET_UP_TO_DATE = 'no leader has brought this node up to date since its log was damaged';

export async function openLog(directory: string): Promise<{ readonly opened: OpenedLog; readonly files: LogFiles }> {
  const opening = new Opening(directory);
  try {
    return await opening.run();
  } catch (error) {
    await opening.abandon();
    throw error;
  }
}

class Opening {
  readonly #directory: string;
  #database: Database | null = null;
  #marks: MarkFile | null = null;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async run(): Promise<{ readonly opened: OpenedLog; readonly files: LogFiles }> {
    // LevelDB first: its lock keeps a second process away from the mark file as well.
    let database = await this.#openDatabase();
    const { slots, existed } = await this.#openMarks();
    let read = await readOrBroken(database, slots);
    if (read.broken !== null) {
      await database.close();
      await this.#setAside();
      database = await this.#openDatabase();
      read = { ...emptyLog(), broken: read.broken };
    }
    const loss = lossOf(read, slots, existed);
    await database.clear({ lt: recordKey(read.live[0]?.number ?? 0), gte: recordKey(0) });
    for (const record of read.repairs) await database.put(recordKey(record.number), encodeRecord(record), SYNCED);
    if (loss !== null) await this.#beginAnew(database, read, slots);
    const forgot = loss === null && (slots.at(-1)?.forgot ?? false) ? NOT_YET_UP_TO_DATE : loss;
    const { log, live } = read;
    return {
      opened: {
        hardState: log.hardState,
        base: log.base,
        entries: log.entries,
        fresh: log.lastNumber === 0,
        forgot,
      },
      files: {
        database,
        marks: this.#marks ?? (await this.#openMarks()).file,
        live,
        lastNumber: log.lastNumber,
        hardState: log.hardState,
        forgot: forgot !== null,
        bytes: live.reduce((sum, record) => sum + record.bytes, 0),
        clearing: Promise.resolve(),
      },
    };
  }

  async abandon(): Promise<void> {
    await this.#marks?.close();
    await this.#database?.close();
  }

  async #openDatabase(): Promise<Database> {
    const location = join(this.#directory, 'log');
    await makeDirectory(location);
    this.#database = new Level<Uint8Array, Uint8Array>(location, OPTIONS);
    try {
      await this.#database.open();
      return this.#database;
    } catch (error) {
      if (!isCorruption(error)) throw error;
    }
    // The marks, which are ahead of an empty log, will tell that something was lost.
    await this.#setAside();
    await makeDirectory(location);
    this.#database = new Level<Uint8Array, Uint8Array>(location, OPTIONS);
    await this.#database.open();
    return this.#database;
  }

  async #openMarks(): Promise<{ file: MarkFile; slots: readonly MarkSlot[]; existed: boolean }> {
    const marks = await MarkFile.open(join(this.#directory, 'mark'));
    this.#marks = marks.file;
    return marks;
  }

  async #setAside(): Promise<void> {
    const damaged = join(this.#directory, 'log.damaged');
    await rm(damaged, { recursive: true, force: true });
    await rename(join(this.#directory, 'log'), damaged);
  }

  /** Puts down what is still known as the first word of a log that knows that it forgot. */
  async #beginAnew(database: Database, { log, live }: ReadLog, slots: readonly MarkSlot[]): Promise<void> {
    const copies = [log.hardState, ...slots.map((slot) => slot.record.hardState)];
    const hardState = strongestHardState(copies, log.lastIndex);
    const record: LogRecord = { number: log.lastNumber + 1, hardState, restart: null, entries: [] };
    await this.#marks?.close();
    this.#marks = null;
    await replaceMarks(join(this.#directory, 'mark'), record, true);
    await database.put(recordKey(record.number), encodeRecord(record), SYNCED);
    log.take(record);
    addLive(live, record, encodeRecord(record).length);
  }
}

function emptyLog(): ReadLog {
  return { log: new ReplayedLog(0, 1), live: [], repairs: [], broken: null };
}

async function readOrBroken(database: Database, slots: readonly MarkSlot[]): Promise<ReadLog> {
  try {
    return await readLog(database, slots);
  } catch (error) {
    if (!isCorruption(error)) throw error;
    return { ...emptyLog(), broken: 'LevelDB found blocks that do not match their checksums' };
  }
}

/** What was once acknowledged and is gone; null when nothing is. */
function lossOf(read: ReadLog, slots: readonly MarkSlot[], marksExisted: boolean): string | null {
  if (read.broken !== null) return `${read.broken}; the old log was set aside as log.damaged`;
  const last = read.log.lastNumber;
  const newest = slots.at(-1)?.record.number ?? 0;
  if (last < newest) return `the log ends at record ${String(last)}, but record ${String(newest)} was acknowledged`;
  // A crash between the two writes leaves the mark one behind; more means that the file is not the one of this log.
  if (last > newest + 1 || (last > 0 && !marksExisted)) return 'the mark file is missing, damaged or of another log';
  return null;
}

/**
 * Snapshots as files in `snapshots/` of the data directory. A name without an ending of its own was synced together with
 * its content before it got that name. Two are kept: the log is compacted no further than the older one, so a bad
 * newest one is survived.
 */
import { type FileHandle, open, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { assert } from '../../core/base/assert.js';
import type { LogIndex, Term } from '../../core/raft/message.js';
import { OperationalError } from '../../runtime/errors.js';
import type { SnapshotChunk } from '../../runtime/ports/peer-transport.js';
import type { IncomingSnapshot, SnapshotStore, StoredSnapshot } from '../../runtime/ports/snapshot-store.js';
import { makeDirectory, renameDurably, writeFileDurably } from './durable-file.js';
import { decodeSnapshot, encodeSnapshot } from './snapshot-file.js';
import { storageError } from './storage-error.js';

const KEPT = 2;
/** Of a chunk on its way to a peer: small enough not to hold up a heartbeat for long. */
const CHUNK_BYTES = 256 * 1024;
const NAME = /^snapshot-\d{16}-\d{16}$/;
const PARTIAL = /\.(part|new)$/;

/** Names sort as their indexes do. */
function nameOf(index: LogIndex, term: Term): string {
  return `snapshot-${String(index).padStart(16, '0')}-${String(term).padStart(16, '0')}`;
}

export class FileSnapshotStore implements SnapshotStore {
  readonly #directory: string;

  constructor(dataDirectory: string) {
    this.#directory = join(dataDirectory, 'snapshots');
  }

  async newest(): Promise<{ readonly snapshot: StoredSnapshot | null; readonly damaged: readonly string[] }> {
    return this.#guarded('read the snapshots', async () => {
      await makeDirectory(this.#directory);
      const damaged: string[] = [];
      for (const name of (await this.#names(NAME)).reverse()) {
        const snapshot = decodeSnapshot(await readFile(this.#path(name)));
        if (snapshot !== null) return { snapshot, damaged };
        damaged.push(name);
      }
      return { snapshot: null, damaged };
    });
  }

  async save(snapshot: StoredSnapshot): Promise<void> {
    await this.#guarded('write a snapshot', async () => {
      await writeFileDurably(this.#path(nameOf(snapshot.mark.index, snapshot.mark.term)), encodeSnapshot(snapshot));
      await this.#prune();
    });
  }

  async receive(index: LogIndex, term: Term): Promise<IncomingSnapshot> {
    const name = nameOf(index, term);
    return this.#guarded('receive a snapshot', async () => {
      await makeDirectory(this.#directory);
      for (const other of await this.#names(PARTIAL)) {
        if (other !== `${name}.part`) await rm(this.#path(other), { force: true });
      }
      const handle = await open(this.#path(`${name}.part`), 'a+');
      const { size } = await handle.stat();
      return new IncomingFile(
        handle,
        this.#path(name),
        size,
        (doing, act) => this.#guarded(doing, act),
        () => this.#prune(),
      );
    });
  }

  async read(index: LogIndex, term: Term, offset: number): Promise<AsyncIterable<SnapshotChunk> | null> {
    try {
      return readChunks(await open(this.#path(nameOf(index, term)), 'r'), offset);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
      throw storageError('read a snapshot', this.#directory, error);
    }
  }

  async #prune(): Promise<void> {
    const names = await this.#names(NAME);
    for (const name of names.slice(0, -KEPT)) await rm(this.#path(name), { force: true });
  }

  async #names(pattern: RegExp): Promise<string[]> {
    return (await readdir(this.#directory)).filter((name) => pattern.test(name)).sort();
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }

  async #guarded<T>(doing: string, act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      throw storageError(doing, this.#directory, error);
    }
  }
}

async function* readChunks(handle: FileHandle, from: number): AsyncGenerator<SnapshotChunk> {
  try {
    const { size } = await handle.stat();
    for (let offset = from; offset < size; ) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, offset);
      if (bytesRead === 0) return;
      yield { offset, totalBytes: size, bytes: buffer.subarray(0, bytesRead) };
      offset += bytesRead;
    }
  } finally {
    await handle.close();
  }
}

type Guard = <T>(doing: string, act: () => Promise<T>) => Promise<T>;

class IncomingFile implements IncomingSnapshot {
  readonly #handle: FileHandle;
  readonly #path: string;
  readonly #guarded: Guard;
  readonly #prune: () => Promise<void>;
  #offset: number;

  constructor(handle: FileHandle, path: string, offset: number, guarded: Guard, prune: () => Promise<void>) {
    this.#handle = handle;
    this.#path = path;
    this.#offset = offset;
    this.#guarded = guarded;
    this.#prune = prune;
  }

  get offset(): number {
    return this.#offset;
  }

  async write(chunk: SnapshotChunk): Promise<void> {
    assert(chunk.offset === this.#offset, 'a chunk of a snapshot does not follow the one before it');
    await this.#guarded('receive a snapshot', () => this.#handle.appendFile(chunk.bytes));
    this.#offset += chunk.bytes.length;
  }

  async finish(): Promise<StoredSnapshot> {
    return this.#guarded('receive a snapshot', async () => {
      await this.#handle.sync();
      await this.#handle.close();
      const snapshot = decodeSnapshot(await readFile(`${this.#path}.part`));
      if (snapshot === null) {
        await rm(`${this.#path}.part`, { force: true });
        throw new OperationalError(
          'STORAGE',
          `the snapshot that was received for ${this.#path} is damaged; it is fetched anew`,
        );
      }
      await renameDurably(`${this.#path}.part`, this.#path);
      await this.#prune();
      return snapshot;
    });
  }

  async pause(): Promise<void> {
    await this.#guarded('receive a snapshot', () => this.#handle.close());
  }
}

/**
 * A log store without a disk, for tests of the driver: keeps what was written across `close` and `open`, fails when told
 * to, and can be made to forget.
 */
import type { Entry, LogIndex } from '../../../src/core/raft/message.js';
import type { HardState } from '../../../src/core/raft/ready.js';
import { OperationalError } from '../../../src/runtime/errors.js';
import type { LogStore, LogWrite, OpenedLog } from '../../../src/runtime/ports/log-store.js';

export class MemoryLogStore implements LogStore {
  #hardState: HardState = { term: 0, vote: null, commit: 0 };
  #base: LogIndex = 0;
  #entries: Entry[] = [];
  #fresh = true;
  #forgot: string | null = null;
  #open = false;
  #failed = false;
  /** While not null, every write and every `open` is refused with this text. */
  trouble: string | null = null;
  /** Waited for before each write; tests hold writes up with it. */
  beforeWrite: () => Promise<void> = () => Promise.resolve();
  writes = 0;

  forget(what: string): void {
    this.#forgot = what;
  }

  open(): Promise<OpenedLog> {
    if (this.trouble !== null) return Promise.reject(new OperationalError('STORAGE', this.trouble));
    this.#open = true;
    this.#failed = false;
    return Promise.resolve({
      hardState: this.#hardState,
      base: this.#base,
      entries: [...this.#entries],
      fresh: this.#fresh,
      forgot: this.#forgot,
    });
  }

  async append(write: LogWrite): Promise<void> {
    await this.#write();
    this.#hardState = write.hardState;
    if (write.restart !== null) {
      this.#base = write.restart.index;
      this.#entries = [];
    }
    for (const entry of write.entries) {
      if (entry.index <= this.#base) continue;
      this.#entries.length = Math.min(this.#entries.length, entry.index - this.#base - 1);
      this.#entries.push(entry);
    }
  }

  async compact(keepFrom: LogIndex): Promise<void> {
    await this.#write();
    this.#entries = this.#entries.filter((entry) => entry.index >= keepFrom);
    this.#base = keepFrom - 1;
  }

  async setForgot(forgot: boolean): Promise<void> {
    if (forgot === (this.#forgot !== null)) return;
    await this.#write();
    this.#forgot = forgot ? 'told to' : null;
  }

  bytes(): number {
    return this.#entries.reduce((sum, entry) => sum + entry.payload.length + 13, 0);
  }

  close(): Promise<void> {
    this.#open = false;
    return Promise.resolve();
  }

  async #write(): Promise<void> {
    if (!this.#open) throw new Error('the log store is not open');
    await this.beforeWrite();
    if (this.trouble !== null || this.#failed) {
      this.#failed = true;
      throw new OperationalError('STORAGE', this.trouble ?? 'the store failed before and was not opened again');
    }
    this.writes += 1;
    this.#fresh = false;
  }
}

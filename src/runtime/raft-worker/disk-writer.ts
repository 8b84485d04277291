/**
 * The order of things on the disk. Readies are written in the order of their numbers, one synced write at a time; those
 * that pile up while a write is under way go into the next one together, which is what lets the rate of commits grow
 * beyond the rate of syncs. Only what is synced is reported.
 *
 * When a write fails nothing after it is written either: the core hands everything after the last sync out again, once
 * the store was closed and opened anew (LevelDB's own error does not go away by itself).
 */
import type { Entry } from '../../core/raft/message.js';
import type { HardState, Ready } from '../../core/raft/ready.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { LogStore, LogWrite, OpenedLog } from '../ports/log-store.js';

const REOPEN_AFTER_MS = 1000;

export interface DiskEvents {
  /** All of these are on disk, and everything before them. */
  onSynced(readies: readonly Ready[]): void;
  onFailed(trouble: string): void;
  onRecovered(): void;
  /** The disk came back without something that it had acknowledged: this process cannot go on with what it believes. */
  onForgot(what: string): void;
}

export class DiskWriter {
  readonly #store: LogStore;
  readonly #clock: Clock;
  readonly #events: DiskEvents;
  #hardState: HardState;
  #queue: Ready[] = [];
  /** Work on the store that must not meet a write. */
  #chores: (() => Promise<void>)[] = [];
  #running: Promise<void> | null = null;
  #reopening: Timer | null = null;
  #trouble: string | null = null;
  #closed = false;

  constructor(store: LogStore, hardState: HardState, clock: Clock, events: DiskEvents) {
    this.#store = store;
    this.#hardState = hardState;
    this.#clock = clock;
    this.#events = events;
  }

  /** What the disk said last; null while it works. */
  get trouble(): string | null {
    return this.#trouble;
  }

  write(ready: Ready): void {
    if (this.#running === null && !hasWrite(ready)) {
      this.#events.onSynced([ready]);
      return;
    }
    this.#queue.push(ready);
    this.#run();
  }

  /** Runs between writes; its failure is the disk's failure. */
  exclusively(chore: (store: LogStore) => Promise<void>): void {
    this.#chores.push(() => chore(this.#store));
    this.#run();
  }

  /** Resolves when what was given so far is written, or has failed. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#reopening?.cancel();
    await this.#running;
    await this.#store.close();
  }

  #run(): void {
    const idle = this.#queue.length === 0 && this.#chores.length === 0;
    if (idle || this.#running !== null || this.#trouble !== null) return;
    this.#running = this.#drain();
  }

  async #drain(): Promise<void> {
    let failure: { readonly error: unknown } | null = null;
    while (failure === null && (this.#queue.length > 0 || this.#chores.length > 0)) {
      const readies = this.#queue;
      this.#queue = [];
      const write = mergeWrites(readies, this.#hardState);
      failure = write === null ? null : await this.#attempt(() => this.#store.append(write));
      if (failure !== null) break;
      this.#hardState = write?.hardState ?? this.#hardState;
      if (readies.length > 0) this.#events.onSynced(readies);
      const chore = this.#chores.shift();
      if (chore !== undefined) failure = await this.#attempt(chore);
    }
    this.#running = null;
    if (failure !== null) this.#fail(failure.error);
  }

  /** Only what the store says is the disk's failure; anything else that throws ends the process. */
  async #attempt(act: () => Promise<void>): Promise<{ readonly error: unknown } | null> {
    try {
      await act();
      return null;
    } catch (error) {
      return { error };
    }
  }

  #fail(error: unknown): void {
    this.#trouble = textOf(error);
    this.#queue = [];
    this.#chores = [];
    this.#events.onFailed(this.#trouble);
    this.#reopenLater();
  }

  #reopenLater(): void {
    if (this.#closed) return;
    this.#reopening = this.#clock.setTimer(REOPEN_AFTER_MS, () => {
      this.#running = this.#reopen();
    });
  }

  async #reopen(): Promise<void> {
    const opened: OpenedLog[] = [];
    const failure = await this.#attempt(async () => {
      await this.#store.close();
      opened.push(await this.#store.open());
    });
    this.#running = null;
    const forgot = opened[0]?.forgot ?? null;
    if (failure !== null) {
      this.#trouble = textOf(failure.error);
      this.#reopenLater();
    } else if (forgot !== null) {
      this.#events.onForgot(forgot);
    } else {
      this.#trouble = null;
      this.#events.onRecovered();
      this.#run();
    }
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function hasWrite(ready: Ready): boolean {
  return ready.hardState !== null || ready.entries.length > 0 || ready.logReset !== null;
}

/** What several Readies leave on the disk when they are written one after the other; null when that is nothing. */
export function mergeWrites(readies: readonly Ready[], before: HardState): LogWrite | null {
  let hardState = before;
  let restart: LogWrite['restart'] = null;
  let entries: Entry[] = [];
  for (const ready of readies) {
    hardState = ready.hardState ?? hardState;
    if (ready.logReset !== null) {
      restart = { index: ready.logReset.index, term: ready.logReset.term };
      entries = [];
    }
    entries = layOver(entries, ready.entries);
  }
  return readies.some(hasWrite) ? { hardState, restart, entries } : null;
}

function layOver(earlier: Entry[], later: readonly Entry[]): Entry[] {
  const first = later[0];
  if (first === undefined) return earlier;
  const cut = earlier.findIndex(({ index }) => index >= first.index);
  return cut < 0 ? [...earlier, ...later] : [...earlier.slice(0, cut), ...later];
}

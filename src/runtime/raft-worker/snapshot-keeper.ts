/**
 * Snapshots, from both sides. Our own: when the log has grown by enough bytes the main thread is asked for the state, it is
 * written, and the log is cut up to the snapshot BEFORE it, so that there is always one older snapshot with the log that
 * follows. The leader's: fetched, resumed when the stream breaks, verified, and only then told to the core.
 */
import { assert } from '../../core/base/assert.js';
import { entryBytes } from '../../core/raft/entry-batch.js';
import type { Entry, LogIndex, Membership, NodeId, SnapshotMark, Term } from '../../core/raft/message.js';
import type { Clock } from '../ports/clock.js';
import type { PeerTransport } from '../ports/peer-transport.js';
import type { SnapshotStore, StoredSnapshot } from '../ports/snapshot-store.js';

const FETCH_ATTEMPTS = 5;
const FETCH_AGAIN_AFTER_MS = 300;

export interface SnapshotEvents {
  /** Asks the main thread; answered by `take`, or not at all. */
  onWanted(): void;
  membershipAt(index: LogIndex): Membership;
  /** Entries below `keepFrom` are no longer needed. */
  onTaken(mark: SnapshotMark, keepFrom: LogIndex): void;
  onFetched(snapshot: StoredSnapshot): void;
  onFetchFailed(why: string): void;
}

export class SnapshotKeeper {
  readonly #store: SnapshotStore;
  readonly #transport: PeerTransport;
  readonly #clock: Clock;
  readonly #events: SnapshotEvents;
  readonly #everyBytes: number;
  /** Index of the newest snapshot. */
  #newest: LogIndex;
  #bytesSince = 0;
  #wanted = false;
  #closed = false;
  /** From each index on, entries were of that term; enough of it to know the term of whatever the main thread applied. */
  #terms: { readonly from: LogIndex; readonly term: Term }[];

  constructor(
    store: SnapshotStore,
    transport: PeerTransport,
    clock: Clock,
    settings: { readonly everyBytes: number; readonly newest: Pick<SnapshotMark, 'index' | 'term'> },
    events: SnapshotEvents,
  ) {
    this.#store = store;
    this.#transport = transport;
    this.#clock = clock;
    this.#events = events;
    this.#everyBytes = settings.everyBytes;
    this.#newest = settings.newest.index;
    this.#terms = [{ from: settings.newest.index, term: settings.newest.term }];
  }

  get newestIndex(): LogIndex {
    return this.#newest;
  }

  /** To be told of everything that goes to the main thread. */
  delivered(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.#bytesSince += entryBytes(entry);
      if (entry.term !== this.#terms.at(-1)?.term) this.#terms.push({ from: entry.index, term: entry.term });
    }
    if (this.#bytesSince >= this.#everyBytes) this.want();
  }

  /** The state machine starts anew from this one. */
  restored({ index, term }: SnapshotMark): void {
    this.#newest = index;
    this.#terms = [{ from: index, term }];
    this.#bytesSince = 0;
  }

  want(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#events.onWanted();
  }

  /** The state after `index`, from the main thread. Resolves with what went wrong, or null. */
  async take(index: LogIndex, bytes: Uint8Array): Promise<string | null> {
    this.#wanted = false;
    if (index <= this.#newest || this.#closed) return null;
    const mark = { index, term: this.#termOf(index), membership: this.#events.membershipAt(index) };
    const bytesBefore = this.#bytesSince;
    try {
      await this.#store.save({ mark, bytes });
    } catch (error) {
      // Not at every entry from now on: the disk is likely full.
      this.#bytesSince = this.#everyBytes / 2;
      return textOf(error);
    }
    // One of the leader's may have overtaken it while it was written.
    if (index <= this.#newest) return null;
    this.#bytesSince -= bytesBefore;
    const keepFrom = this.#newest + 1;
    this.#newest = index;
    // Those that end before the snapshot will not be asked for again.
    this.#terms = this.#terms.filter((_, position, all) => (all[position + 1]?.from ?? index + 1) > index);
    this.#events.onTaken(mark, keepFrom);
    return null;
  }

  async fetch(from: NodeId, mark: SnapshotMark): Promise<void> {
    let trouble = '';
    for (let attempt = 1; attempt <= FETCH_ATTEMPTS && !this.#closed; attempt += 1) {
      try {
        const snapshot = await this.#fetchOnce(from, mark);
        this.#events.onFetched(snapshot);
        return;
      } catch (error) {
        trouble = textOf(error);
        await new Promise<void>((resolve) => {
          this.#clock.setTimer(FETCH_AGAIN_AFTER_MS, resolve);
        });
      }
    }
    if (!this.#closed) this.#events.onFetchFailed(trouble);
  }

  close(): void {
    this.#closed = true;
  }

  async #fetchOnce(from: NodeId, mark: SnapshotMark): Promise<StoredSnapshot> {
    const incoming = await this.#store.receive(mark.index, mark.term);
    try {
      for await (const chunk of this.#transport.fetchSnapshot(from, mark, incoming.offset)) await incoming.write(chunk);
    } catch (error) {
      await incoming.pause();
      throw error;
    }
    const snapshot = await incoming.finish();
    const { index, term } = snapshot.mark;
    if (index === mark.index && term === mark.term) return snapshot;
    throw new Error(`node ${from} sent the snapshot at ${index} of term ${term} for that at ${mark.index}`);
  }

  #termOf(index: LogIndex): Term {
    const run = this.#terms.findLast(({ from }) => from <= index);
    assert(run !== undefined, `a snapshot at ${index}, whose term nobody remembers`);
    return run.term;
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

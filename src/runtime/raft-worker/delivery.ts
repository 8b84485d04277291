/**
 * Committed entries on their way to the main thread, in order and no faster than it takes them: what is posted to a thread
 * that is busy would pile up as copies, while here they wait as references to what the log holds anyway.
 */
import { entryBytes, packEntries } from '../../core/raft/entry-batch.js';
import type { Entry, LogIndex } from '../../core/raft/message.js';
import type { Line, Settled, ToMain, ToWorker } from './protocol.js';

/** Posted and not yet applied. */
const UNDER_WAY_BYTES_MAX = 8 * 1024 * 1024;

type Parcel =
  | { readonly kind: 'entries'; readonly entries: readonly Entry[]; readonly settled: readonly Settled[] }
  | { readonly kind: 'state'; readonly bytes: Uint8Array; readonly index: LogIndex };

/** What both ends count for a batch. */
export function batchBytes(entries: readonly Entry[]): number {
  return entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
}

export class Delivery {
  readonly #line: Line<ToMain, ToWorker>;
  #waiting: Parcel[] = [];
  #underWayBytes = 0;

  constructor(line: Line<ToMain, ToWorker>) {
    this.#line = line;
  }

  entries(entries: readonly Entry[], settled: readonly Settled[]): void {
    this.#waiting.push({ kind: 'entries', entries, settled });
    this.#post();
  }

  /** A snapshot: what it replaces need not be delivered any more. The bytes are copied. */
  state(bytes: Uint8Array, index: LogIndex): void {
    this.#waiting.push({ kind: 'state', bytes, index });
    this.#post();
  }

  applied(bytes: number): void {
    this.#underWayBytes -= bytes;
    this.#post();
  }

  #post(): void {
    while (this.#waiting.length > 0 && this.#underWayBytes < UNDER_WAY_BYTES_MAX) {
      const parcel = this.#waiting.shift();
      if (parcel?.kind === 'entries') this.#postEntries(parcel.entries, parcel.settled);
      else if (parcel !== undefined) this.#postState(parcel.bytes, parcel.index);
    }
  }

  #postEntries(entries: readonly Entry[], settled: readonly Settled[]): void {
    this.#underWayBytes += batchBytes(entries);
    const packed = packEntries(entries);
    this.#line.post({ kind: 'committed', packed, settled }, [packed.buffer]);
  }

  #postState(bytes: Uint8Array, index: LogIndex): void {
    const copy = new Uint8Array(bytes);
    this.#line.post({ kind: 'restored', bytes: copy, index }, [copy.buffer]);
  }
}

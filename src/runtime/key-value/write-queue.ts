/**
 * Writes on their way into the log. A few entries are under way at a time; what arrives meanwhile goes together into the
 * next, so that the cost of an entry (two threads, three nodes, one sync) is shared by more writes the more there are, and
 * a single write still waits for nobody. Order of arrival is order in the log.
 */
import type { KeyValueOutcome, KeyValueWrite } from '../../core/ledger/key-value/write.js';
import { roughBytes } from '../../core/ledger/key-value/write-codec.js';
import { Overloaded } from '../ports/consensus-errors.js';

/** More would make entries smaller and gain nothing: the log pipelines, but each still costs the same work. */
const ENTRIES_UNDER_WAY_MAX = 4;
/** Of one entry. Beyond it the sync is no longer what costs, and one entry holds up the next. */
const ENTRY_WRITES_MAX = 512;
const ENTRY_BYTES_MAX = 512 * 1024;
/** At ten thousand a second, less than a second's worth: who waits longer is better told to slow down. */
const QUEUED_WRITES_MAX = 8192;
const QUEUED_BYTES_MAX = 16 * 1024 * 1024;

interface Waiting {
  readonly write: KeyValueWrite;
  readonly bytes: number;
  readonly resolve: (outcome: KeyValueOutcome) => void;
  readonly reject: (error: unknown) => void;
}

export type ProposeWrites = (writes: readonly KeyValueWrite[]) => Promise<readonly KeyValueOutcome[]>;

export class WriteQueue {
  readonly #propose: ProposeWrites;
  readonly #queue: Waiting[] = [];
  #queuedBytes = 0;
  #underWay = 0;
  #scheduled = false;

  constructor(propose: ProposeWrites) {
    this.#propose = propose;
  }

  /** Rejects as `propose` does, and with Overloaded. */
  submit(write: KeyValueWrite): Promise<KeyValueOutcome> {
    const bytes = roughBytes(write);
    if (this.#queue.length >= QUEUED_WRITES_MAX || this.#queuedBytes + bytes > QUEUED_BYTES_MAX) {
      return Promise.reject(new Overloaded(`${this.#queue.length} key-value writes wait to be proposed; slow down`));
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ write, bytes, resolve, reject });
      this.#queuedBytes += bytes;
      this.#schedule();
    });
  }

  /** For those that were not proposed yet: this node leads no more, and what is under way may take long to find out. */
  refuseQueued(error: Error): void {
    this.#queuedBytes = 0;
    for (const { reject } of this.#queue.splice(0)) reject(error);
  }

  /** After this turn of the event loop, because a stream brings many writes in one. */
  #schedule(): void {
    if (this.#scheduled || this.#underWay >= ENTRIES_UNDER_WAY_MAX) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      while (this.#queue.length > 0 && this.#underWay < ENTRIES_UNDER_WAY_MAX) void this.#send(this.#takeEntry());
    });
  }

  #takeEntry(): readonly Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const waiting of this.#queue) {
      if (count >= ENTRY_WRITES_MAX || (count > 0 && bytes + waiting.bytes > ENTRY_BYTES_MAX)) break;
      bytes += waiting.bytes;
      count += 1;
    }
    this.#queuedBytes -= bytes;
    return this.#queue.splice(0, count);
  }

  async #send(entry: readonly Waiting[]): Promise<void> {
    this.#underWay += 1;
    try {
      const outcomes = await this.#propose(entry.map(({ write }) => write));
      entry.forEach((waiting, position) => {
        const outcome = outcomes[position];
        if (outcome === undefined) waiting.reject(new Error(`write ${position} of an entry has no outcome`));
        else waiting.resolve(outcome);
      });
    } catch (error) {
      for (const waiting of entry) waiting.reject(error);
    } finally {
      this.#underWay -= 1;
      if (this.#queue.length > 0) this.#schedule();
    }
  }
}

/**
 * The latest changes, for those who watch. It is not part of the replicated state: each node remembers what it has applied
 * itself since it started, up to a limit, and a watcher that wants older changes is told that they are gone.
 */
import { assert } from '../../core/base/assert.js';
import type { KeyValueEvent } from '../../core/ledger/key-value/write.js';
import { OperationalError } from '../errors.js';

export interface HistoryLimits {
  readonly events: number;
  /** Of keys and values, in UTF-16 units. */
  readonly size: number;
}

/** A second's worth of a busy store, and hours of a quiet one. */
const LIMITS: HistoryLimits = { events: 10_000, size: 8 * 1024 * 1024 };

export class History {
  readonly #limits: HistoryLimits;
  /** Contiguous by revision. What lies before `#start` is forgotten; it is cut off now and then, not one by one. */
  #events: KeyValueEvent[] = [];
  #start = 0;
  #size = 0;
  /** Of the event that comes next. */
  #next: number;

  constructor(revision: number, limits: HistoryLimits = LIMITS) {
    this.#next = revision + 1;
    this.#limits = limits;
  }

  /** The last change. */
  get revision(): number {
    return this.#next - 1;
  }

  push(event: KeyValueEvent): void {
    assert(event.revision === this.#next, `change ${event.revision} after ${this.revision}: one is missing between`);
    this.#events.push(event);
    this.#next = event.revision + 1;
    this.#size += sizeOf(event);
    while (this.#count() > 1 && (this.#count() > this.#limits.events || this.#size > this.#limits.size)) {
      const forgotten = this.#events[this.#start];
      if (forgotten !== undefined) this.#size -= sizeOf(forgotten);
      this.#start += 1;
    }
    if (this.#start > this.#limits.events) {
      this.#events = this.#events.slice(this.#start);
      this.#start = 0;
    }
  }

  /** The store was replaced by one at this revision: what led there is not known here. */
  reset(revision: number): void {
    this.#events = [];
    this.#start = 0;
    this.#size = 0;
    this.#next = revision + 1;
  }

  /** Null when that revision is yet to come. Throws COMPACTED when it is forgotten. */
  at(revision: number): KeyValueEvent | null {
    if (revision >= this.#next) return null;
    const oldest = this.#next - this.#count();
    if (revision < oldest) {
      throw new OperationalError(
        'COMPACTED',
        `this node no longer knows the change of revision ${revision}, the oldest it knows is ${oldest}: begin again with 0`,
      );
    }
    return this.#events[this.#start + revision - oldest] ?? null;
  }

  #count(): number {
    return this.#events.length - this.#start;
  }
}

function sizeOf({ key, value }: KeyValueEvent): number {
  return key.length + (value?.length ?? 0);
}

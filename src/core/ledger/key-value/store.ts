/**
 * The key-value part of the replicated state. Applying is total and the same on every node: a write that does not fit the
 * state it meets changes nothing and says so. Each write costs the same however much the store holds.
 *
 * It leaves no lines in the audit: that is about what was done to servers, and a client that counts something would push
 * everything else out of it.
 */
import { assert } from '../../base/assert.js';
import {
  ENTRY_OVERHEAD_BYTES,
  type KeyValueEntry,
  type KeyValueEvent,
  type KeyValueOutcome,
  type KeyValueWrite,
  STORE_BYTES_MAX,
} from './write.js';

/** The store as everyone but the ledger sees it: live, read-only. */
export interface KeyValueContent {
  /** Of the last change; 0 before the first. */
  readonly revision: number;
  /** What all keys and values take, as the limit counts it. */
  readonly bytes: number;
  /** In the order in which the keys came, or came again: the same on all nodes, so snapshots are too. */
  readonly entries: ReadonlyMap<string, KeyValueEntry>;
}

export class KeyValueStore implements KeyValueContent {
  readonly #entries = new Map<string, KeyValueEntry>();
  readonly #bytesMax: number;
  #revision = 0;
  #bytes = 0;

  constructor(bytesMax: number = STORE_BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  get revision(): number {
    return this.#revision;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get entries(): ReadonlyMap<string, KeyValueEntry> {
    return this.#entries;
  }

  apply(writes: readonly KeyValueWrite[]): readonly KeyValueOutcome[] {
    return writes.map((write) => this.#applyOne(write));
  }

  #applyOne(write: KeyValueWrite): KeyValueOutcome {
    const found = this.#entries.get(write.key);
    switch (write.kind) {
      case 'put':
        return this.#put(write.key, write.value, found);
      case 'compare-and-swap':
        if ((found?.value ?? null) !== write.expected) return { done: 'unchanged', revision: found?.revision ?? 0 };
        return this.#put(write.key, write.value, found);
      case 'delete':
        if (found === undefined) return { done: 'unchanged', revision: 0 };
        this.#entries.delete(write.key);
        this.#bytes -= sizeOf(write.key, found.value);
        return this.#changed({ key: write.key, value: null, revision: this.#revision + 1 });
    }
  }

  #put(key: string, value: string, found: KeyValueEntry | undefined): KeyValueOutcome {
    const bytes = this.#bytes + sizeOf(key, value) - (found === undefined ? 0 : sizeOf(key, found.value));
    // A write that takes nothing more is let through: a full store must not keep its keys from being changed.
    if (bytes > this.#bytesMax && bytes > this.#bytes) {
      return {
        done: 'refused',
        reason: `the store holds ${this.#bytes} of ${this.#bytesMax} bytes and has no room for this; delete keys first`,
      };
    }
    this.#bytes = bytes;
    const revision = this.#revision + 1;
    this.#entries.set(key, { value, revision });
    return this.#changed({ key, value, revision });
  }

  #changed(event: KeyValueEvent): KeyValueOutcome {
    this.#revision = event.revision;
    return { done: 'changed', event };
  }

  restore({ revision, entries }: Pick<KeyValueContent, 'revision' | 'entries'>): void {
    this.#entries.clear();
    this.#bytes = 0;
    this.#revision = revision;
    for (const [key, entry] of entries) {
      assert(
        entry.revision <= revision,
        `the key ${key} changed at ${entry.revision}, after the snapshot's ${revision}`,
      );
      this.#entries.set(key, entry);
      this.#bytes += sizeOf(key, entry.value);
    }
  }
}

/** In UTF-16 units, which cost nothing to count; the same on every node is what matters. */
function sizeOf(key: string, value: string): number {
  return key.length + value.length + ENTRY_OVERHEAD_BYTES;
}

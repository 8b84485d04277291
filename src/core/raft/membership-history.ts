/**
 * Which membership is in force at which index. The newest one in the log counts from the moment it is appended, so when a
 * new leader cuts an uncommitted membership entry off, the one before it is in force again: that is why the older ones
 * are kept until the log below them is compacted away.
 */
import { assert } from '../base/assert.js';
import { decodeMembership } from './membership-codec.js';
import type { Entry, LogIndex, Membership } from './message.js';

interface Stage {
  readonly index: LogIndex;
  readonly membership: Membership;
}

export class MembershipHistory {
  #base: Stage;
  #newest: Stage;
  #later: Stage[] = [];

  constructor(index: LogIndex, membership: Membership) {
    this.#base = { index, membership };
    this.#newest = this.#base;
  }

  get current(): Membership {
    return this.#newest.membership;
  }

  /** Index of the entry that set it, or of the snapshot it came with. */
  get currentIndex(): LogIndex {
    return this.#newest.index;
  }

  /** The membership as of `index`, which a snapshot up to there has to carry. */
  at(index: LogIndex): Membership {
    assert(index >= this.#base.index, `the membership at ${index} is compacted away`);
    return this.stageAt(index).membership;
  }

  /** The newest that is in force at `index`, with the index of the entry (or snapshot) that set it. */
  stageAt(index: LogIndex): { readonly index: LogIndex; readonly membership: Membership } {
    return this.#later.findLast((stage) => stage.index <= index) ?? this.#base;
  }

  append(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.kind !== 'membership') continue;
      this.#later.push({ index: entry.index, membership: decodeMembership(entry.payload) });
    }
    this.#refresh();
  }

  /** The entries from `index` on are gone from the log. */
  truncateFrom(index: LogIndex): void {
    this.#later = this.#later.filter((stage) => stage.index < index);
    this.#refresh();
  }

  /** Everything up to `index` is in a snapshot. */
  compactTo(index: LogIndex): void {
    this.#base = { index, membership: this.at(index) };
    this.#later = this.#later.filter((stage) => stage.index > index);
    this.#refresh();
  }

  reset(index: LogIndex, membership: Membership): void {
    this.#base = { index, membership };
    this.#later = [];
    this.#refresh();
  }

  #refresh(): void {
    this.#newest = this.#later.at(-1) ?? this.#base;
  }
}

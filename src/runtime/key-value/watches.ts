/**
 * Those who watch the store. A watch is a place in the history and nothing more, so a thousand slow readers take no more
 * memory than fast ones; a reader that falls out of the history is told to begin again.
 */
import type { KeyValueContent } from '../../core/ledger/key-value/store.js';
import type { KeyValueEvent, KeyValueOutcome } from '../../core/ledger/key-value/write.js';
import type { KeyValueWatch } from '../ports/key-value.js';
import { Overloaded } from '../ports/consensus-errors.js';
import { History, type HistoryLimits } from './history.js';

/** Every change is held against the prefix of each. */
const WATCHES_MAX = 1000;
/** Events looked at in one `take`, so that a prefix that matches little does not hold up everyone else. */
const LOOK_MAX = 5000;

export class Watches {
  readonly #content: () => KeyValueContent;
  readonly #history: History;
  readonly #open = new Set<Watch>();

  constructor(content: () => KeyValueContent, limits?: HistoryLimits) {
    this.#content = content;
    this.#history = new History(content().revision, limits);
  }

  watch(prefix: string, fromRevision: number, wake: () => void): KeyValueWatch {
    if (this.#open.size >= WATCHES_MAX)
      throw new Overloaded(`this node serves ${WATCHES_MAX} watches and takes no more`);
    const { revision } = this.#content();
    const present = fromRevision === 0 ? presentState(this.#content(), prefix) : [];
    const next = fromRevision === 0 ? revision + 1 : fromRevision;
    const watch = new Watch(this.#history, { prefix, revision, present, next, wake }, () => {
      this.#open.delete(watch);
    });
    this.#open.add(watch);
    return watch;
  }

  onChanged(outcomes: readonly KeyValueOutcome[]): void {
    for (const outcome of outcomes) {
      if (outcome.done === 'changed') this.#history.push(outcome.event);
    }
    for (const watch of this.#open) watch.hint();
  }

  /** The store was replaced by a snapshot. A watch that waits for what was skipped finds out at its next `take`. */
  onRestored(): void {
    this.#history.reset(this.#content().revision);
    for (const watch of this.#open) watch.hint();
  }
}

interface WatchStart {
  readonly prefix: string;
  readonly revision: number;
  readonly present: readonly KeyValueEvent[];
  readonly next: number;
  readonly wake: () => void;
}

class Watch implements KeyValueWatch {
  readonly revision: number;
  readonly #prefix: string;
  readonly #history: History;
  readonly #wake: () => void;
  readonly #onClose: () => void;
  /** What was there when the watch began and was not taken yet. */
  #present: readonly KeyValueEvent[];
  #next: number;
  #asleep = false;

  constructor(history: History, { prefix, revision, present, next, wake }: WatchStart, onClose: () => void) {
    this.revision = revision;
    this.#prefix = prefix;
    this.#history = history;
    this.#present = present;
    this.#next = next;
    this.#wake = wake;
    this.#onClose = onClose;
  }

  take(max: number): readonly KeyValueEvent[] {
    if (this.#present.length > 0) {
      const events = this.#present.slice(0, max);
      this.#present = this.#present.slice(max);
      return events;
    }
    const events: KeyValueEvent[] = [];
    for (let looked = 0; events.length < max && looked < LOOK_MAX; looked += 1) {
      const event = this.#history.at(this.#next);
      if (event === null) {
        this.#asleep = events.length === 0;
        return events;
      }
      this.#next += 1;
      if (event.key.startsWith(this.#prefix)) events.push(event);
    }
    if (events.length === 0) this.#lookOnLater();
    return events;
  }

  hint(): void {
    if (!this.#asleep || this.#next > this.#history.revision) return;
    this.#asleep = false;
    this.#wake();
  }

  close(): void {
    this.#asleep = false;
    this.#onClose();
  }

  #lookOnLater(): void {
    this.#asleep = true;
    setImmediate(() => {
      this.hint();
    });
  }
}

function presentState({ entries }: KeyValueContent, prefix: string): readonly KeyValueEvent[] {
  const present: KeyValueEvent[] = [];
  for (const [key, { value, revision }] of entries) {
    if (key.startsWith(prefix)) present.push({ key, value, revision });
  }
  return present.sort((one, other) => one.revision - other.revision);
}

/**
 * One store outside and what it has still to be told: by cluster, so that what changes while the store is away is told once.
 * One call at a time; after a failure the next one waits, longer each time, until the store has it all.
 */
import type { ClusterId } from '../../core/topology/server.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { PairStore, StampedPairs, Written } from '../ports/pair-store.js';

export interface StoreFeedParts {
  readonly store: PairStore;
  readonly clock: Clock;
  /** As they are at this moment, with whether they are to be written anew; clusters that have none are left out. */
  read(clusters: ReadonlyMap<ClusterId, boolean>): Promise<ReadonlyMap<ClusterId, StampedPairs>>;
  confirm(): Promise<void>;
  onTold(cluster: ClusterId, pairs: StampedPairs, written: Written, tookMs: number): void;
  /** What stands in the way; null when nothing does any more. */
  onTrouble(trouble: string | null): void;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** Clusters in one call: a store that is slow must not keep the newest promotion waiting behind a thousand others. */
const BATCH = 64;

export class StoreFeed {
  readonly #parts: StoreFeedParts;
  /** A new object for each wish: one that comes while its cluster is being told is told again. */
  readonly #due = new Map<ClusterId, { readonly anew: boolean }>();
  #isBusy = false;
  #failures = 0;
  #timer: Timer | null = null;
  #goesOn = false;

  constructor(parts: StoreFeedParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#goesOn = true;
  }

  stop(): void {
    this.#goesOn = false;
    this.#due.clear();
    this.#timer?.cancel();
    this.#timer = null;
    this.#failures = 0;
  }

  /** `anew` ones go first. */
  want(clusters: Iterable<ClusterId>, anew: boolean): void {
    if (!this.#goesOn) return;
    const before = anew ? [...this.#due] : [];
    if (anew) this.#due.clear();
    for (const cluster of clusters) this.#due.set(cluster, { anew: anew || this.#due.get(cluster)?.anew === true });
    for (const [cluster, was] of before) if (!this.#due.has(cluster)) this.#due.set(cluster, was);
    // What is new is tried at once, whatever failed before.
    if (anew) this.#timer?.cancel();
    if (anew) this.#timer = null;
    if (this.#timer === null) void this.#work();
  }

  async #work(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      while (this.#goesOn && this.#due.size > 0) await this.#tellSome();
    } catch (error) {
      this.#rest(error instanceof Error ? error.message : String(error));
    } finally {
      this.#isBusy = false;
    }
  }

  async #tellSome(): Promise<void> {
    const { clock, store, read, confirm, onTold, onTrouble } = this.#parts;
    const batch = new Map([...this.#due].slice(0, BATCH));
    const pairs = await read(new Map([...batch].map(([cluster, { anew }]) => [cluster, anew])));
    const all = [...pairs];
    const beganMs = clock.nowMs();
    const written = await store.write(
      all.map(([, one]) => one),
      confirm,
    );
    const tookMs = clock.nowMs() - beganMs;
    for (const [cluster, wish] of batch) if (this.#due.get(cluster) === wish) this.#due.delete(cluster);
    if (this.#failures > 0) onTrouble(null);
    this.#failures = 0;
    for (const [at, [cluster, one]] of all.entries()) onTold(cluster, one, written[at] ?? 'unchanged', tookMs);
  }

  #rest(trouble: string): void {
    if (!this.#goesOn) return;
    this.#parts.onTrouble(trouble);
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(this.#failures, 10), LONGEST_PAUSE_MS);
    this.#failures += 1;
    this.#timer = this.#parts.clock.setTimer(pauseMs, () => {
      this.#timer = null;
      void this.#work();
    });
  }
}

/**
 * Work in the order it came, so many at a time. The queue is bounded by its callers: an address stands in it once. Work
 * that turns out to be slow may move to another lane, so that a hundred servers which fall silent in one moment do not
 * hold all the places of those that answer.
 */
export class Lane {
  readonly #max: () => number;
  readonly #waiting: ((place: Place) => Promise<void>)[] = [];
  #running = 0;

  constructor(max: () => number) {
    this.#max = max;
  }

  get active(): number {
    return this.#running;
  }

  get queued(): number {
    return this.#waiting.length;
  }

  /** `work` must not reject. */
  run(work: (place: Place) => Promise<void>): void {
    this.#waiting.push(work);
    this.#next();
  }

  clear(): void {
    this.#waiting.length = 0;
  }

  #next(): void {
    while (this.#running < this.#max()) {
      const work = this.#waiting.shift();
      if (work === undefined) return;
      this.#running += 1;
      const place = new Place(this);
      void work(place).finally(() => {
        place.leave();
      });
    }
  }

  /** For `Place` alone. */
  take(): boolean {
    if (this.#running >= this.#max()) return false;
    this.#running += 1;
    return true;
  }

  /** For `Place` alone. */
  giveBack(): void {
    this.#running -= 1;
    this.#next();
  }
}

/** Where a piece of work counts. */
export class Place {
  #lane: Lane | null;

  constructor(lane: Lane) {
    this.#lane = lane;
  }

  /** False when there is no room: it stays where it is. */
  moveTo(lane: Lane): boolean {
    if (this.#lane === null || this.#lane === lane || !lane.take()) return false;
    this.#lane.giveBack();
    this.#lane = lane;
    return true;
  }

  leave(): void {
    this.#lane?.giveBack();
    this.#lane = null;
  }
}

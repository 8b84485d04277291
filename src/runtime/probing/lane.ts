/** Work in the order it came, so many at a time. The queue is bounded by its callers: an address stands in it once. */
export class Lane {
  readonly #max: number;
  readonly #waiting: (() => Promise<void>)[] = [];
  #running = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** `work` must not reject. */
  run(work: () => Promise<void>): void {
    this.#waiting.push(work);
    this.#next();
  }

  clear(): void {
    this.#waiting.length = 0;
  }

  #next(): void {
    while (this.#running < this.#max) {
      const work = this.#waiting.shift();
      if (work === undefined) return;
      this.#running += 1;
      void work().finally(() => {
        this.#running -= 1;
        this.#next();
      });
    }
  }
}

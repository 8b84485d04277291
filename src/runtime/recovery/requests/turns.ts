/**
 * One after the other: what is asked of the same cluster, or touches one of the same servers, waits for what was asked before
 * it, whatever came of that. All that it needs is taken in one turn of the program, so that no two wait for each other. So many
 * may wait in all; who comes then is turned away at once, and not after a queue that never ends.
 */
export class Turns<Key> {
  readonly #last = new Map<Key, Promise<unknown>>();
  readonly #waitingMax: number;
  #waiting = 0;

  constructor(waitingMax: number) {
    this.#waitingMax = waitingMax;
  }

  /** As many wait, or act, as may. */
  get isCrowded(): boolean {
    return this.#waiting >= this.#waitingMax;
  }

  /** Acts when its turn has come at every key; resolves and rejects as that does. */
  async take<T>(keys: Iterable<Key>, act: () => Promise<T>): Promise<T> {
    this.#waiting += 1;
    const own = [...keys];
    const turn = Promise.allSettled(own.flatMap((key) => this.#last.get(key) ?? [])).then(act);
    for (const key of own) this.#last.set(key, turn);
    try {
      return await turn;
    } finally {
      this.#waiting -= 1;
      for (const key of own) if (this.#last.get(key) === turn) this.#last.delete(key);
    }
  }
}

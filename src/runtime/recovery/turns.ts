/**
 * One after the other: what is asked of the same cluster, or of the same server, waits for what was asked before it, whatever
 * came of that. So many may wait in all; who comes then is turned away at once, and not after a queue that never ends.
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

  /** Acts when its turn has come; resolves and rejects as that does. */
  async take<T>(key: Key, act: () => Promise<T>): Promise<T> {
    this.#waiting += 1;
    const before = this.#last.get(key) ?? Promise.resolve();
    const turn = before.catch(() => undefined).then(act);
    this.#last.set(key, turn);
    try {
      return await turn;
    } finally {
      this.#waiting -= 1;
      if (this.#last.get(key) === turn) this.#last.delete(key);
    }
  }
}

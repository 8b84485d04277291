/**
 * Linearizable reads share their confirmations: a read may be answered by any confirmation that was asked for after the
 * read arrived, so all that arrive together, or while others are under way, wait for the same one.
 */
/** A confirmation may hang on a lost quorum; the reads behind it shall not wait for it to give up. */
const UNDER_WAY_MAX = 4;

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class ReadGate {
  readonly #confirm: () => Promise<void>;
  #waiting: Waiting[] = [];
  #underWay = 0;
  #scheduled = false;

  /** `confirm` resolves when this node has applied all that was committed anywhere when it was called. */
  constructor(confirm: () => Promise<void>) {
    this.#confirm = confirm;
  }

  pass(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#underWay >= UNDER_WAY_MAX) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      const readers = this.#waiting;
      this.#waiting = [];
      void this.#ask(readers);
    });
  }

  async #ask(readers: readonly Waiting[]): Promise<void> {
    this.#underWay += 1;
    try {
      await this.#confirm();
      for (const reader of readers) reader.resolve();
    } catch (error) {
      for (const reader of readers) reader.reject(error);
    } finally {
      this.#underWay -= 1;
      if (this.#waiting.length > 0) this.#schedule();
    }
  }
}

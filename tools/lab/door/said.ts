// One statement that a plan's session sends through a door, and the answer to it. Whoever watches the door may hold
// either back, as long as he likes; what is held when an end of the line dies never arrives.

/** `SELECT IF(...); change`: what the server judges first, and what it does if it agrees. */
const GUARD = /^SELECT IF\(SYSDATE.*?UNION ALL SELECT 2\)\); /;

export interface SpokenBy {
  /** The door's address. */
  readonly server: string;
  /** The server's number of the session. */
  readonly threadId: number;
  /** The client's own port. */
  readonly port: number;
}

export class Said {
  readonly by: SpokenBy;
  readonly text: string;
  /** Wall clock, milliseconds. */
  readonly atMs = Date.now();
  /** How the answer ended: 0 for well, else the error's number; null while there is none. */
  answer: number | null = null;
  #gate: Promise<void> | null = null;
  #open: () => void = () => undefined;

  constructor(by: SpokenBy, text: string) {
    this.by = by;
    this.text = text;
  }

  /** Does it change the server? Only such a statement asks the server for its judgement. */
  get isChange(): boolean {
    return GUARD.test(this.text);
  }

  /** Without the part that the server judges, and without what differs from run to run; values that are set stay. */
  get shape(): string {
    return this.text
      .replace(GUARD, '')
      .replace(/'(?:[^']|'')*'/g, '?')
      .replace(/(?<! = )\b\d+(?:\.\d+)?\b/g, '#')
      .replace(/\s+/g, ' ')
      .slice(0, 120);
  }

  /** To be called in the turn in which the watcher learns of it: it goes no further until it is let go. */
  hold(): void {
    this.#gate ??= new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  letGo(): void {
    this.#open();
    this.#gate = null;
  }

  /** For the door: resolves when nobody holds it; null when nobody does. */
  get gate(): Promise<void> | null {
    return this.#gate;
  }
}

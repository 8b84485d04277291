// What the demo says: every line with the seconds since its start, and at the end what was seen to be true.

export interface Claim {
  readonly text: string;
  readonly holds: boolean;
}

export class Voice {
  readonly #startMs = performance.now();
  readonly #claims: Claim[] = [];
  readonly #write: (text: string) => void;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  title(text: string): void {
    this.#write(`\n== ${text}\n\n`);
  }

  say(text: string): void {
    const seconds = ((performance.now() - this.#startMs) / 1000).toFixed(1);
    this.#write(`${seconds.padStart(6)} s  ${text}\n`);
  }

  /** Something to look at, such as a topology. */
  show(text: string): void {
    this.#write(`\n${text.trimEnd().replace(/^/gm, '          ')}\n\n`);
  }

  /** Says whether something was seen to be true, and remembers it for the end. */
  claim(holds: boolean, text: string): void {
    this.#claims.push({ text, holds });
    this.say(`${holds ? '✓' : '✗ NOT TRUE:'} ${text}`);
  }

  get allTrue(): boolean {
    return this.#claims.length > 0 && this.#claims.every(({ holds }) => holds);
  }

  summary(): void {
    const failed = this.#claims.filter(({ holds }) => !holds);
    this.title(
      failed.length === 0 ? `All ${this.#claims.length} claims were seen to be true` : 'Not all of it was true',
    );
    for (const { text } of failed) this.#write(`  ✗ ${text}\n`);
  }
}

export function milliseconds(ms: number): string {
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

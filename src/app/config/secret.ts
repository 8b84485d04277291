/**
 * A password that cannot be printed by accident: JSON, string concatenation and inspection all show that it is there and
 * nothing of it. Only `reveal` gives it away, so a search for that word finds every place where it leaves the configuration.
 */
import { inspect } from 'node:util';

const HIDDEN = '(secret)';

export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  get empty(): boolean {
    return this.#text === '';
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [inspect.custom](): string {
    return HIDDEN;
  }
}

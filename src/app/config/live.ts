/**
 * The configuration in force, which a reload replaces as a whole. Rooms do not know of it: each is handed an object whose
 * fields are, at every look, those of the configuration of that moment. What a room copies when it is built stays as it was;
 * so only the keys that `keys/live-keys.ts` names are said to take effect without a restart.
 */
import type { Config } from './config.js';

type Listener = (config: Config) => void;

export class LiveConfig {
  /** Its parts are those of the configuration in force. */
  readonly config: Config;
  readonly #listeners = new Set<Listener>();
  #now: Config;

  constructor(config: Config) {
    this.#now = config;
    this.config = this.following((now) => now);
  }

  replace(config: Config): void {
    this.#now = config;
    for (const listener of this.#listeners) listener(config);
  }

  /** After each change. */
  subscribe(listener: Listener): void {
    this.#listeners.add(listener);
  }

  /** What is made of the configuration in force: the same object until it is replaced. */
  derived<T>(make: (config: Config) => T): () => T {
    let madeOf = this.#now;
    let made = make(madeOf);
    return () => {
      if (madeOf !== this.#now) {
        madeOf = this.#now;
        made = make(madeOf);
      }
      return made;
    };
  }

  /** The same, and the same object also after a change that does not change `keyOf`. */
  derivedBy<T>(make: (config: Config) => T, keyOf: (config: Config) => string): () => T {
    let key = keyOf(this.#now);
    let made = make(this.#now);
    const keyNow = this.derived(keyOf);
    return () => {
      if (keyNow() !== key) {
        key = keyNow();
        made = make(this.#now);
      }
      return made;
    };
  }

  /** An object whose fields are those of what `make` makes of the configuration in force. All of them must always exist. */
  following<T extends object>(make: (config: Config) => T): T {
    const current = this.derived(make);
    const follower = {};
    for (const name of Object.keys(current())) {
      Object.defineProperty(follower, name, { enumerable: true, get: () => current()[name as keyof T] });
    }
    return follower as T;
  }
}

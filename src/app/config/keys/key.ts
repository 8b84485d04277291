/** One key of the configuration file. The names are the incumbent's; where we gave one a new name, it is said there. */
import type { Kind } from './kinds.js';

export interface Key<T> {
  readonly kind: Kind<T>;
  /** As it would stand in a file. */
  readonly standard: unknown;
  /** Its value is never printed, not even to say that it is wrong. */
  readonly hidden: boolean;
}

export interface WorkingKey<T> extends Key<T> {
  /** For `docs/configuration.md`: what it does, with its unit. */
  readonly meaning: string;
}

export function works<T>(kind: Kind<T>, standard: unknown, meaning: string): WorkingKey<T> {
  return { kind, standard, meaning, hidden: false };
}

export function worksHidden<T>(kind: Kind<T>, standard: unknown, meaning: string): WorkingKey<T> {
  return { kind, standard, meaning, hidden: true };
}

export function ignored<T>(kind: Kind<T>, standard: unknown): Key<T> {
  return { kind, standard, hidden: false };
}

export function ignoredHidden<T>(kind: Kind<T>, standard: unknown): Key<T> {
  return { kind, standard, hidden: true };
}

/** A store outside in which clients look for primaries: Consul, ZooKeeper. */
import type { Pair } from '../../core/recovery/telling/publication.js';

/**
 * How late a word is. Among leaders of one log the place in the log decides: whoever leads has applied all that a former
 * leader knew, so what that one writes late is older and gives way. A log that was founded anew knows nothing of the old
 * one's places; between the two the one that lives writes last.
 */
export interface Stamp {
  readonly founding: string;
  /** Of the cluster's primary; for people. */
  readonly epoch: number;
  /** Of the last entry that was applied when the pairs were worked out. */
  readonly index: number;
}

export interface StampedPairs {
  /** The first is the address of the primary; the others stand below its key. */
  readonly pairs: readonly Pair[];
  readonly stamp: Stamp;
  /** To be written though the values stand there: a former leader that has read them then finds that somebody wrote. */
  readonly anew: boolean;
}

/** superseded: a later word of the same log stands there, so this leader is none any more. */
export type Written = 'unchanged' | 'written' | 'superseded';

export interface PairStore {
  /** For people: `Consul at 127.0.0.1:8500`. */
  readonly name: string;
  /**
   * What became of each, in order. `confirm` is asked before anything is written. Rejects with an OperationalError when a
   * store could not be asked or told; then nothing is known, and it is tried again.
   */
  write(all: readonly StampedPairs[], confirm: () => Promise<void>): Promise<readonly Written[]>;
}

const INDEX_LIMIT = 2 ** 40;
const FOUNDINGS = 2 ** 13 - 1;

/** As one whole number that JSON keeps exactly: which founding, then the place in the log. Never 0, which is everybody else's. */
export function stampNumber({ founding, index }: Stamp): number {
  let hash = 7;
  for (const character of founding) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % FOUNDINGS;
  return (hash + 1) * INDEX_LIMIT + (index % INDEX_LIMIT);
}

/** Was what carries this number written by a later leader of the same log? */
export function isLater(number: number, stamp: Stamp): boolean {
  const own = stampNumber(stamp);
  const founding = (of: number): number => Math.floor(of / INDEX_LIMIT);
  return founding(number) === founding(own) && number > own;
}

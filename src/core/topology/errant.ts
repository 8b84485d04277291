/**
 * Errant transactions: those a replica has and its source lacks. Both sets were read at different moments, so what any
 * server above is still numbering may look like a surplus although it is only newer; those servers' transactions are left
 * out, and what remains was written where nobody should have written.
 */
import { formatGtidSet, type GtidSet, subtractGtids, withoutUuids } from './gtid-set.js';
import type { ServerId } from './server.js';

export interface ErrantQuestion {
  readonly executed: GtidSet;
  readonly sourceExecuted: GtidSet;
  /** The source and everything above it. */
  readonly ancestors: readonly ServerId[];
  readonly self: ServerId;
  /** Of co-primaries each writes, and the other is always a little behind: its own transactions are no surplus. */
  readonly isCoPrimary: boolean;
}

export function errantGtids(question: ErrantQuestion): GtidSet {
  const { executed, sourceExecuted, ancestors, self, isCoPrimary } = question;
  const stillGrowing = new Set<string>(ancestors.filter((id) => id !== self));
  if (isCoPrimary) stillGrowing.add(self);
  return subtractGtids(withoutUuids(executed, stillGrowing), sourceExecuted);
}

/** '' when there are none. */
export function errantGtidText(question: ErrantQuestion): string {
  return formatGtidSet(errantGtids(question));
}

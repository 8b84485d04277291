/**
 * Errant transactions: those a replica has and its source lacks. Both sets were read at different moments, so what any
 * server above is still numbering may look like a surplus although it is only newer; those servers' transactions are left
 * out, and what remains was written where nobody should have written. Of a replica with several channels, what came by the
 * others is no surplus either, though the source of the first has never heard of it.
 */
import { formatGtidSet, type GtidSet, subtractGtids, uniteGtids, withoutUuids } from './gtid-set.js';
import type { ServerId } from './server.js';

/** The source of one more channel. */
export interface OtherSource {
  /** Null where it was not seen: then only what it and its ancestors number is known to have come from there. */
  readonly executed: GtidSet | null;
  /** It and everything above it. */
  readonly ancestors: readonly ServerId[];
}

export interface ErrantQuestion {
  readonly executed: GtidSet;
  readonly sourceExecuted: GtidSet;
  /** The source and everything above it. */
  readonly ancestors: readonly ServerId[];
  readonly others: readonly OtherSource[];
  readonly self: ServerId;
  /** Of co-primaries each writes, and the other is always a little behind: its own transactions are no surplus. */
  readonly isCoPrimary: boolean;
}

export function errantGtids(question: ErrantQuestion): GtidSet {
  const { executed, ancestors, others, self, isCoPrimary } = question;
  const above = [...ancestors, ...others.flatMap((other) => other.ancestors)];
  const stillGrowing = new Set<string>(above.filter((id) => id !== self));
  if (isCoPrimary) stillGrowing.add(self);
  const known = others.reduce(
    (all, other) => (other.executed === null ? all : uniteGtids(all, other.executed)),
    question.sourceExecuted,
  );
  return subtractGtids(withoutUuids(executed, stillGrowing), known);
}

/** '' when there are none. */
export function errantGtidText(question: ErrantQuestion): string {
  return formatGtidSet(errantGtids(question));
}

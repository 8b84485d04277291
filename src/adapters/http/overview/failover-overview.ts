/** The badge of a cluster: would it be failed over now, to whom, and if not, why. */
import type { Explanation } from '../../../core/recovery/explain/explain.js';

export interface FailoverOverview {
  readonly wouldFailOver: boolean;
  /** `host:port`; null when nobody could be promoted. */
  readonly successor: string | null;
  /** Sentences with what mends them; empty when it would be failed over. */
  readonly reasons: readonly string[];
  /** No acknowledged transaction would be lost. */
  readonly guaranteed: boolean;
}

/** `explanation` null: its primary is not known. */
export function failoverOverview(explanation: Explanation | null): FailoverOverview {
  if (explanation === null) {
    return { wouldFailOver: false, successor: null, reasons: ['its primary is not known'], guaranteed: false };
  }
  const { wouldFailOver, successor, refusals, durability } = explanation;
  return {
    wouldFailOver,
    successor: successor?.name ?? null,
    reasons: refusals.map(({ message, mend }) => (mend === '' ? message : `${message} (to mend it: ${mend})`)),
    guaranteed: durability.guaranteed,
  };
}

/**
 * A way back for a server with transactions that the primary lacks: empty transactions under their GTIDs are committed on
 * the primary, so that they count as known everywhere, and the server follows again. What they changed stays on that server
 * and nowhere else, so this is for changes that do not matter; who asks for it says so.
 */
import { isNone, sizeOf } from '../progress/gtids.js';
import { standingOf } from '../patience.js';
import type { Recovery } from '../recovery.js';
import type { Step } from '../step.js';
import { closing, type Next, steps } from './next.js';
import { goneReason, rejoining, takeStock } from './stock.js';

/** Each is a commit on the primary, one after the other, beside the clients'. */
export const INJECTED_MAX = 10_000;

export function injectEmpty(recovery: Recovery): Next {
  const stock = takeStock(recovery);
  if (stock.kind !== 'stock') return stock;
  const gone = goneReason(recovery, stock);
  if (gone !== null) return closing({ kind: 'undone', reason: gone });
  if (isNone(stock.extra)) return rejoining(recovery, stock);
  const many = tooMany(stock.extra);
  if (many !== null) return closing({ kind: 'undone', reason: many });
  const inject: Step = { kind: 'inject-empty', server: stock.primary.id, gtids: stock.extra };
  const standing = standingOf(recovery, inject);
  if (standing.kind === 'pending') return steps([inject]);
  if (standing.kind === 'given-up') return closing({ kind: 'failed', reason: standing.error });
  return rejoining(recovery, stock);
}

export function tooMany(gtids: string): string | null {
  const count = sizeOf(gtids);
  return count <= INJECTED_MAX
    ? null
    : `it has ${String(count)} transactions too many, and more than ${String(INJECTED_MAX)} are not injected: rebuild it`;
}

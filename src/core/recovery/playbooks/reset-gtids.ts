/**
 * A way back for a server with transactions that the primary lacks: the binary logs that hold them are copied to the node
 * that leads, then the server forgets them (RESET, and gtid_purged is what it shares with the primary) and follows again. What they
 * changed stays on that server; the copies say what it was.
 *
 * The set that it is left with is in the intent, so a leader that finds the reset done and the set not written goes on there.
 */
import { isNone, minus, unionOf } from '../progress/gtids.js';
import { standingOf } from '../patience.js';
import type { Recovery } from '../recovery.js';
import type { Step } from '../step.js';
import { closing, type Next, steps } from './next.js';
import { goneReason, rejoining, type Stock, takeStock } from './stock.js';

export function resetGtids(recovery: Recovery): Next {
  const stock = takeStock(recovery);
  if (stock.kind !== 'stock') return stock;
  const gone = goneReason(recovery, stock);
  if (gone !== null) return closing({ kind: 'undone', reason: gone });
  if (isNone(stock.extra)) return rejoining(recovery, stock);
  for (const step of stepsOf(recovery, stock)) {
    const standing = standingOf(recovery, step);
    if (standing.kind === 'pending') return steps([step]);
    if (standing.kind === 'done') continue;
    const kind = step.kind === 'reset-gtids' ? 'failed' : 'undone';
    return closing({ kind, reason: standing.error });
  }
  return rejoining(recovery, stock);
}

function stepsOf(recovery: Recovery, { server: { id }, executed, received, extra }: Stock): readonly Step[] {
  const has = unionOf(executed, received);
  // Relay log that is not applied would go with the reset (invariant 11).
  const unapplied = minus(received, executed);
  const wait: Step = { kind: 'await-applied', server: id, gtids: received, limitMs: recovery.inputs.applyLimitMs };
  return [
    ...(isNone(unapplied) ? [] : [wait]),
    { kind: 'keep-binary-logs', server: id, gtids: extra },
    { kind: 'reset-gtids', server: id, gtids: minus(has, extra), drops: extra },
  ];
}

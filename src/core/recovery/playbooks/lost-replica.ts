/**
 * A replica that did not answer during a failover is back. Its IO thread stops, so that it fetches nothing more from a
 * source of old times; what it has is compared with what the primary has; with nothing extra it is pointed there, else it
 * is set apart with the GTIDs named, and detached where the configuration says so.
 */
import { isNone } from '../gtids.js';
import type { Recovery } from '../recovery.js';
import { pendingOf, type Next, steps } from './next.js';
import { apart, goneReason, rejoining, takeStock } from './stock.js';

export function lostReplica(recovery: Recovery): Next {
  const stock = takeStock(recovery);
  if (stock.kind !== 'stock') return stock;
  const why = isNone(stock.extra)
    ? goneReason(recovery, stock)
    : `it has transactions that the new primary lacks: ${stock.extra}`;
  if (why === null) return rejoining(recovery, stock);
  const sever = recovery.inputs.detachesLost === true ? [{ kind: 'sever', server: recovery.failed } as const] : [];
  const pending = pendingOf(recovery, sever);
  return pending.length > 0 ? steps(pending) : apart(recovery, stock.server, why, stock.extra);
}

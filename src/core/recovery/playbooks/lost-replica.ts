/**
 * A replica that did not answer during a failover is back. Its IO thread stops, so that it fetches nothing more from a
 * source of old times; what it has is compared with what the primary has; with nothing extra it is pointed there, else it
 * is set apart with the GTIDs named, and detached where the configuration says so.
 */
import { isNone, unionOf } from '../gtids.js';
import type { Recovery } from '../recovery.js';
import { beginningFor } from './followers.js';
import { pendingOf, type Next, steps } from './next.js';
import { apart, goneReason, rejoining, type Stock, takeStock } from './stock.js';

export function lostReplica(recovery: Recovery): Next {
  const stock = takeStock(recovery);
  if (stock.kind !== 'stock') return stock;
  const why = isNone(stock.extra)
    ? goneReason(recovery, stock)
    : `it has transactions that the new primary lacks: ${stock.extra}`;
  if (why === null) return placed(recovery, stock);
  return setApart(recovery, stock, why);
}

/** Without GTID it applies first what it has received, and is then told where to begin, if that is known. */
function placed(recovery: Recovery, stock: Stock): Next {
  const { handover } = recovery.inputs;
  if (handover === undefined) return rejoining(recovery, stock);
  const has = unionOf(stock.executed, stock.received);
  const found = beginningFor(recovery, { server: recovery.failed, has }, stock.primary.id, handover);
  if ('step' in found) return steps([found.step]);
  return 'reason' in found ? setApart(recovery, stock, found.reason) : rejoining(recovery, stock, found.begin);
}

function setApart(recovery: Recovery, stock: Stock, why: string): Next {
  const sever = recovery.inputs.detachesLost === true ? [{ kind: 'sever', server: recovery.failed } as const] : [];
  const pending = pendingOf(recovery, sever);
  return pending.length > 0 ? steps(pending) : apart(recovery, stock.server, why, stock.extra);
}

/**
 * A replica that did not answer during a failover is back. Its IO thread stops, so that it fetches nothing more from a
 * source of old times; what it has is compared with what the primary has; with nothing extra it is pointed there, else it
 * is set apart with the GTIDs named, and detached where the configuration says so.
 */
import { isNone, minus, placesIn, unionOf, withoutPlaces } from '../progress/gtids.js';
import { standingOf } from '../patience.js';
import type { Recovery } from '../recovery.js';
import type { Step } from '../step.js';
import { beginningFor, DRAIN_LIMIT_MS } from './followers.js';
import { closing, pendingOf, type Next, steps } from './next.js';
import { apart, goneReason, rejoining, type Stock, takeStock } from './stock.js';

export function lostReplica(recovery: Recovery): Next {
  const stock = countedStock(recovery);
  if (stock.kind !== 'stock') return stock;
  const why = isNone(stock.extra)
    ? goneReason(recovery, stock)
    : `it has transactions that the new primary lacks: ${stock.extra}`;
  if (why === null) return placed(recovery, stock);
  return setApart(recovery, stock, why);
}

/**
 * MariaDB that follows by place tells what it received by its place alone, and what it applied by the transactions, too: so it
 * applies all of it, and is judged by these.
 */
function countedStock(recovery: Recovery): Stock | Next {
  const stock = takeStock(recovery);
  if (stock.kind !== 'stock' || isNone(placesIn(stock.extra)) || isNone(withoutPlaces(stock.executed))) return stock;
  const has = unionOf(stock.executed, stock.received);
  const drain: Step = { kind: 'await-applied', server: recovery.failed, gtids: has, limitMs: DRAIN_LIMIT_MS };
  const drained = standingOf(recovery, drain);
  if (drained.kind === 'pending') return steps([drain]);
  if (drained.kind === 'given-up') return closing({ kind: 'failed', reason: drained.error });
  return { ...stock, extra: minus(withoutPlaces(drained.findings.executedGtids ?? ''), stock.known) };
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

/**
 * What happened in one cluster, or in all: its recoveries with every step, of whatever kind, and what the audit says of its
 * servers beside them. What stands in a recovery does not stand a second time among the changes.
 */
import type { Recovery } from '../../../core/recovery/recovery.js';
import type { AuditLine } from '../../../core/ledger/state.js';
import { addressText } from '../../../core/topology/address.js';
import { HTTP_LIMITS } from '../limits.js';
import { recoveryOverview } from '../overview/recovery-overview.js';
import { bare, type Reply, refused } from '../reply.js';
import { type Call, type Door, each, type Route, read } from '../route.js';
import type { ClusterView } from '../views/topology-index.js';
import { byHint } from './clusters.js';

export const HISTORY_ROUTES: readonly Route[] = each(['/api/v1/history', '/api/v1/history/:hint'], (path) =>
  read(path, history),
);

const TOLD_ELSEWHERE = new Set(['recovery-opened', 'step-intended', 'step-finished', 'promoting', 'recovery-closed']);

function history(call: Call, door: Door): Reply {
  const found = call.param('hint') === '' ? null : byHint(call, door);
  if (found?.ok === false) return refused(found.error);
  const limit = limitOf(call);
  if (limit === null) return refused(`"${call.query('limit')}" is no number of 1 to ${String(HTTP_LIMITS.historyMax)}`);
  const view = found?.value ?? null;
  return bare({
    cluster: view === null ? null : { id: view.cluster.id, name: view.name, alias: view.cluster.alias },
    recoveries: recoveries(view, limit, door),
    changes: changes(view, limit, door),
  });
}

/** Null: it is no number. */
function limitOf(call: Call): number | null {
  const text = call.query('limit');
  if (text === '') return HTTP_LIMITS.historyRows;
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  return limit >= 1 && limit <= HTTP_LIMITS.historyMax ? limit : null;
}

/** Newest first. */
function recoveries(view: ClusterView | null, limit: number, { service }: Door): readonly unknown[] {
  const isMeant = ({ clusterId }: Recovery): boolean => view === null || clusterId === view.cluster.id;
  return [...service.state.recoveries.values()]
    .filter(isMeant)
    .sort((one, other) => other.openedAtMs - one.openedAtMs)
    .slice(0, limit)
    .map((recovery) => recoveryOverview(recovery, service.state));
}

/** Newest first. */
function changes(view: ClusterView | null, limit: number, { service }: Door): readonly unknown[] {
  const members = new Set(view?.members.map(({ id }) => id));
  const isMeant = ({ kind, clusterId, server }: AuditLine): boolean => {
    if (TOLD_ELSEWHERE.has(kind)) return false;
    return view === null || clusterId === view.cluster.id || (server !== null && members.has(server));
  };
  return service.state.audit
    .filter(isMeant)
    .slice(-limit)
    .reverse()
    .map(({ number, atMs, kind, server, text }) => {
      const address = server === null ? undefined : service.state.servers.get(server)?.address;
      return { number, atMs, kind, server: address === undefined ? '' : addressText(address), text };
    });
}

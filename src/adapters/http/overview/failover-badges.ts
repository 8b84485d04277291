/**
 * The badges of all clusters, kept. A badge plays a whole failover, and hundreds of them in one turn would hold up the look
 * at a primary that dies in that moment. So one is made anew at once when what it is about has changed; when only time has
 * passed, and with it what the servers last said of their data, a few are made at a time, the oldest first.
 */
import type { Recovery } from '../../../core/recovery/recovery.js';
import type { ClusterId } from '../../../core/topology/server.js';
import type { Service } from '../../../runtime/ports/service.js';
import { HTTP_LIMITS } from '../limits.js';
import type { ClusterView } from '../views/topology-index.js';
import { type FailoverOverview, failoverOverview } from './failover-overview.js';

interface Kept {
  readonly badge: FailoverOverview;
  /** Compared one by one, by identity: records of the state are replaced, not changed. */
  readonly about: readonly unknown[];
  readonly atMs: number;
}

export class FailoverBadges {
  #kept: ReadonlyMap<ClusterId, Kept> = new Map();

  of(views: readonly ClusterView[], service: Service, nowMs: number): ReadonlyMap<ClusterId, FailoverOverview> {
    const subjects = subjectsOf(views, service);
    const old = views
      .map(({ cluster: { id } }) => ({ id, atMs: this.#kept.get(id)?.atMs ?? nowMs }))
      .filter(({ atMs }) => nowMs - atMs >= HTTP_LIMITS.badgeFreshMs)
      .sort((one, other) => one.atMs - other.atMs)
      .slice(0, HTTP_LIMITS.badgesTogether);
    const due = new Set(old.map(({ id }) => id));
    const kept = new Map<ClusterId, Kept>();
    for (const { cluster } of views) {
      const before = this.#kept.get(cluster.id);
      const about = subjects.get(cluster.id) ?? [];
      const holds = before !== undefined && !due.has(cluster.id) && sameItems(before.about, about);
      kept.set(
        cluster.id,
        holds ? before : { badge: failoverOverview(service.explain(cluster.id)), about, atMs: nowMs },
      );
    }
    this.#kept = kept;
    return new Map([...kept].map(([id, { badge }]) => [id, badge]));
  }
}

/** Everything in the state that a badge depends on, by cluster. */
function subjectsOf(views: readonly ClusterView[], service: Service): ReadonlyMap<ClusterId, readonly unknown[]> {
  const { state } = service;
  const node = service.node();
  const ofAll = [state.recoveriesEnabled, state.brake, node.role, node.leader, node.inQuorum, service.settings];
  const problems = service.analysis().problems;
  const newest = new Map<ClusterId, Recovery>();
  for (const recovery of state.recoveries.values()) {
    if (recovery.kind !== 'switch') newest.set(recovery.clusterId, recovery);
  }
  return new Map(
    views.map(({ cluster, members }) => {
      const each = members.flatMap((server) => [
        server,
        state.downtimes.get(server.id),
        state.maintenances.get(server.id),
        state.demotions.get(server.id),
        state.candidates.get(server.id),
      ]);
      const codes = problems.filter(({ clusterId }) => clusterId === cluster.id).map(({ code }) => code);
      return [cluster.id, [...ofAll, cluster, newest.get(cluster.id), codes.join(), ...each]];
    }),
  );
}

function sameItems(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((item, at) => item === other[at]);
}

/**
 * Topologies of the past: now and then, the whole of what is believed about who is below whom. Made of the state itself,
 * so that the entry that asks for it carries nothing; bounded, because it is in every snapshot.
 */
import { addressText } from '../../topology/address.js';
import { mainChannel } from '../../topology/server.js';
import { indexServers, sourceOf } from '../../topology/sources.js';
import { type Draft, type Fact, fact } from '../draft.js';
import type { SnapshotRow, TopologySnapshot } from '../topology-snapshot.js';
import { nameOf } from './names.js';

/** Servers in all pictures together, about 200 bytes each; a hundred servers once an hour are three weeks. */
const ROWS_KEPT = 50_000;

export function applyTopologiesRecorded(draft: Draft): readonly Fact[] {
  const index = indexServers(draft.servers.values());
  const rows = [...draft.servers.values()]
    .map((server): SnapshotRow => {
      const cluster = draft.clusters.get(server.clusterId);
      return {
        address: server.address,
        source: sourceOf(index, server)?.address ?? mainChannel(server.facts)?.source ?? null,
        clusterName: cluster === undefined ? addressText(server.address) : nameOf(draft, cluster.primary),
        clusterAlias: cluster?.alias ?? '',
        version: server.facts.version.text,
      };
    })
    .sort(byAddress);
  draft.history = bounded([...draft.history, { atMs: draft.nowMs, rows }]);
  return [fact('topologies-recorded', `a picture of ${String(rows.length)} servers was kept`, null, null)];
}

function byAddress(one: SnapshotRow, other: SnapshotRow): number {
  const [left, right] = [one.address, other.address];
  if (left.host !== right.host) return left.host < right.host ? -1 : 1;
  return left.port - right.port;
}

/** The newest always stays. */
function bounded(history: readonly TopologySnapshot[]): TopologySnapshot[] {
  let rows = 0;
  const kept: TopologySnapshot[] = [];
  for (const snapshot of [...history].reverse()) {
    rows += Math.max(1, snapshot.rows.length);
    if (kept.length > 0 && rows > ROWS_KEPT) break;
    kept.unshift(snapshot);
  }
  return kept;
}

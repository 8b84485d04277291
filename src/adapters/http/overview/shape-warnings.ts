/**
 * Shapes of a topology that are no tree, as sentences: the incumbent draws them as best it can and leaves it to the reader
 * to notice. A pair of co-primaries is a choice and is shown, not warned about, unless both take writes.
 */
import { type Address, addressText, DETACHED } from '../../../core/topology/address.js';
import { mainChannel, type ServerId } from '../../../core/topology/server.js';
import type { ClusterView } from '../views/topology-index.js';

export interface ShapeWarning {
  readonly server: ServerId;
  readonly code: 'DetachedReplica' | 'ReplicationLoop' | 'SelfReplication' | 'UnknownSource' | 'WriteableCoMasters';
  readonly description: string;
  /** Where it is no warning. */
  readonly severity?: 'notice';
}

export function shapeWarnings(view: ClusterView): readonly ShapeWarning[] {
  return [...loops(view), ...orphans(view), ...writablePairs(view)];
}

function loops(view: ClusterView): readonly ShapeWarning[] {
  return view.forest.loops.flatMap((ring): readonly ShapeWarning[] => {
    const [head] = ring;
    if (head === undefined) return [];
    if (ring.length === 1) {
      return [{ server: head, code: 'SelfReplication', description: `${name(view, head)} replicates from itself` }];
    }
    const path = [...ring, head].map((id) => name(view, id)).join(' from ');
    return [{ server: head, code: 'ReplicationLoop', description: `A loop of replication: ${path}` }];
  });
}

function orphans(view: ClusterView): readonly ShapeWarning[] {
  return view.forest.orphans.flatMap((server) => {
    const facts = view.forest.nodes.get(server)?.server.facts;
    const channel = facts === undefined ? null : mainChannel(facts);
    if (channel === null) return [];
    if (channel.source.host.startsWith(DETACHED)) return [detached(view, server, channel.source)];
    const description = `${name(view, server)} replicates from ${addressText(channel.source)}, which is not known here`;
    return [{ server, code: 'UnknownSource' as const, description }];
  });
}

/** On purpose: by an operator, or by a failover that it could not follow. */
function detached(view: ClusterView, server: ServerId, source: Address): ShapeWarning {
  const from = addressText({ ...source, host: source.host.slice(DETACHED.length) });
  const description = `${name(view, server)} is detached from ${from} and fetches nothing until it is reattached or taken back`;
  return { server, code: 'DetachedReplica', description, severity: 'notice' };
}

function writablePairs(view: ClusterView): readonly ShapeWarning[] {
  return view.forest.coPrimaries.flatMap(([server, other]) => {
    const both = [server, other].every((id) => view.forest.nodes.get(id)?.server.facts.readOnly === false);
    if (!both) return [];
    const description = `${name(view, server)} and ${name(view, other)} replicate from each other, and both take writes`;
    return [{ server, code: 'WriteableCoMasters' as const, description }];
  });
}

function name(view: ClusterView, id: ServerId): string {
  const server = view.forest.nodes.get(id)?.server;
  return server === undefined ? id : addressText(server.address);
}

/**
 * Where every server stands, worked out once for each applied entry and shared by all answers until the next: who is
 * below whom, how deep, in which cluster under which name. A placement that is as it was keeps its identity, so that the
 * rendered bytes of a server that was not touched survive an entry about another.
 */
import type { Cluster, LedgerState } from '../../../core/ledger/state.js';
import { type Address, addressText, sameAddress } from '../../../core/topology/address.js';
import { type ClusterId, mainChannel, type Server, type ServerId } from '../../../core/topology/server.js';
import { indexServers, type ServerIndex } from '../../../core/topology/sources.js';
import { ancestorsOf, type Forest, growForest } from '../../../core/topology/tree.js';
import { compareAddresses } from '../legacy/values.js';

export interface Placement {
  /** Address of the cluster's current primary. */
  readonly clusterName: string;
  /** '' when none was set. */
  readonly clusterAlias: string;
  readonly isPrimary: boolean;
  /** The source's own address where we know the server, else what the replica has configured; null for no replica. */
  readonly source: Address | null;
  /** The known server that it stands below: its source, or the primary of its group. */
  readonly sourceId: ServerId | null;
  /** Of the servers that have this one as their source; in order. */
  readonly replicas: readonly Address[];
  /** 0 for the primary. */
  readonly depth: number;
  /** Replicates from a server that replicates from it. */
  readonly isCoPrimary: boolean;
  /** From the top of the tree down to this server, itself included, with the names of groups, which number transactions too. */
  readonly ancestry: readonly ServerId[];
}

export interface ClusterView {
  readonly cluster: Cluster;
  readonly name: string;
  /** By address. */
  readonly members: readonly Server[];
  readonly forest: Forest;
}

export interface TopologyIndex {
  readonly state: LedgerState;
  readonly stateIndex: number;
  readonly known: ServerIndex;
  readonly placements: ReadonlyMap<ServerId, Placement>;
  /** Servers that have the key as their source, by address; absent when there are none. */
  readonly replicas: ReadonlyMap<ServerId, readonly Server[]>;
  /** By name. */
  readonly clusters: ReadonlyMap<ClusterId, ClusterView>;
  /** All servers, by address. */
  readonly servers: readonly Server[];
}

export function buildTopologyIndex(state: LedgerState, previous: TopologyIndex | null): TopologyIndex {
  const servers = [...state.servers.values()].sort((one, other) => compareAddresses(one.address, other.address));
  const clusters = groupClusters(state, servers);
  const replicas = groupReplicas(servers, clusters);
  const placements = new Map<ServerId, Placement>();
  for (const server of servers) {
    const placement = place(server, clusters.get(server.clusterId), state, replicas);
    const before = previous?.placements.get(server.id);
    placements.set(server.id, before !== undefined && samePlacement(before, placement) ? before : placement);
  }
  return { state, stateIndex: state.index, known: indexServers(servers), placements, replicas, clusters, servers };
}

export function clusterName(state: LedgerState, cluster: Cluster): string {
  const primary = state.servers.get(cluster.primary);
  // A primary that was forgotten leaves its last known name behind: a cluster is never nameless.
  return primary === undefined ? (cluster.formerNames[0] ?? cluster.id) : addressText(primary.address);
}

function groupClusters(state: LedgerState, servers: readonly Server[]): Map<ClusterId, ClusterView> {
  const members = new Map<ClusterId, Server[]>();
  for (const server of servers) {
    const group = members.get(server.clusterId);
    if (group === undefined) members.set(server.clusterId, [server]);
    else group.push(server);
  }
  const views = [...state.clusters.values()].map((cluster) => {
    const group = members.get(cluster.id) ?? [];
    return { cluster, name: clusterName(state, cluster), members: group, forest: growForest(group, cluster.primary) };
  });
  views.sort((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0));
  return new Map(views.map((view) => [view.cluster.id, view]));
}

/** By source, not by place in the tree: where a ring was cut, both ends still replicate from each other. */
function groupReplicas(
  servers: readonly Server[],
  clusters: ReadonlyMap<ClusterId, ClusterView>,
): Map<ServerId, Server[]> {
  const replicas = new Map<ServerId, Server[]>();
  for (const server of servers) {
    const source = clusters.get(server.clusterId)?.forest.nodes.get(server.id)?.source ?? null;
    if (source === null || mainChannel(server.facts) === null) continue;
    const siblings = replicas.get(source);
    if (siblings === undefined) replicas.set(source, [server]);
    else siblings.push(server);
  }
  return replicas;
}

function place(
  server: Server,
  view: ClusterView | undefined,
  state: LedgerState,
  replicas: ReadonlyMap<ServerId, readonly Server[]>,
): Placement {
  const below = (replicas.get(server.id) ?? []).map((replica) => replica.address);
  const node = view?.forest.nodes.get(server.id);
  // A server without a cluster stands alone; it happens between two entries at most.
  if (view === undefined || node === undefined) return standingAlone(server, below);
  const channel = mainChannel(server.facts);
  const source = node.source === null ? undefined : state.servers.get(node.source);
  const isPrimary = view.cluster.primary === server.id;
  // Its source is known by name only: it is at least one step from the top.
  const orphan = channel !== null && source === undefined && !isPrimary;
  return {
    clusterName: view.name,
    clusterAlias: view.cluster.alias,
    isPrimary,
    source: channel === null ? null : (source?.address ?? channel.source),
    sourceId: source?.id ?? null,
    replicas: below,
    depth: orphan ? 1 : node.depth,
    isCoPrimary: view.forest.coPrimaries.some((pair) => pair.includes(server.id)),
    ancestry: ancestry([...ancestorsOf(view.forest, server.id)].reverse().concat(server.id), state),
  };
}

function ancestry(path: readonly ServerId[], state: LedgerState): readonly ServerId[] {
  const named = path.flatMap((id): readonly string[] => {
    const group = state.servers.get(id)?.facts.group?.name;
    return group === undefined ? [id] : [id, group];
  });
  return [...new Set(named)] as ServerId[];
}

function standingAlone(server: Server, replicas: readonly Address[]): Placement {
  return {
    clusterName: addressText(server.address),
    clusterAlias: '',
    isPrimary: false,
    source: mainChannel(server.facts)?.source ?? null,
    sourceId: null,
    replicas,
    depth: 0,
    isCoPrimary: false,
    ancestry: [server.id],
  };
}

function samePlacement(one: Placement, other: Placement): boolean {
  return (
    one.clusterName === other.clusterName &&
    one.clusterAlias === other.clusterAlias &&
    one.isPrimary === other.isPrimary &&
    one.sourceId === other.sourceId &&
    sameSource(one.source, other.source) &&
    one.depth === other.depth &&
    one.isCoPrimary === other.isCoPrimary &&
    one.replicas.length === other.replicas.length &&
    one.replicas.every((replica, position) => sameSource(replica, other.replicas[position] ?? null)) &&
    one.ancestry.length === other.ancestry.length &&
    one.ancestry.every((ancestor, position) => ancestor === other.ancestry[position])
  );
}

function sameSource(one: Address | null, other: Address | null): boolean {
  return one === null || other === null ? one === other : sameAddress(one, other);
}

/**
 * Which cluster is each server in, and who is its primary? Computed anew after every change of topology, from the
 * servers' own words about their sources and from what the ledger remembers; O(servers), and such changes are rare.
 */
import { assertDefined } from '../../base/assert.js';
import { addressText, DETACHED } from '../../topology/address.js';
import { type ClusterId, isWritable, mainChannel, type Server, type ServerId } from '../../topology/server.js';
import { LEFT_CLOSED } from '../../recovery/belief.js';
import { groupHeads } from '../../topology/group-heads.js';
import { indexServers, type ServerIndex, sourceOf } from '../../topology/sources.js';
import { type Draft, type Fact, fact } from '../draft.js';
import type { Cluster } from '../state.js';
import { nameOf } from './names.js';

export function placeServers(draft: Draft): readonly Fact[] {
  const facts: Fact[] = [];
  const sources = sourcesOf(draft);
  const roots = new Map<ServerId, ServerId>();
  for (const id of draft.servers.keys()) roots.set(id, rootOf(draft, sources, id));
  const ids = new Set(roots.values());
  const homes = new Map<ServerId, ClusterId>();
  for (const root of ids) homes.set(root, homeOfRoot(draft, root, roots, facts));
  for (const [id, root] of roots) moveTo(draft, id, assertDefined(homes.get(root), 'every root has a home'), facts);
  tidyClusters(draft, sources, facts);
  nameClusters(draft, facts);
  return facts;
}

/** For each replica, its source among the servers that are known. */
function sourcesOf(draft: Draft): ReadonlyMap<ServerId, ServerId> {
  const sources = new Map<ServerId, ServerId>();
  const index = indexServers(draft.servers.values());
  for (const server of draft.servers.values()) {
    const source = sourceOf(index, server);
    if (source !== null && source.id !== server.id) sources.set(server.id, source.id);
  }
  gatherGroups(draft, index, sources);
  // A primary that was promoted by a committed epoch does not replicate from those it replaced, whatever an old report says.
  for (const cluster of draft.clusters.values()) {
    const source = sources.get(cluster.primary);
    if (source === undefined) continue;
    if (draft.demotions.has(source) || isStillNamed(draft, cluster.primary, source)) sources.delete(cluster.primary);
  }
  return sources;
}

/** A failover left it its source, which has rejoined below it since: that is no way back for the role of the primary. */
function isStillNamed(draft: Draft, primary: ServerId, source: ServerId): boolean {
  const isLeft = draft.servers.get(primary)?.keptClosed?.command === LEFT_CLOSED;
  const facts = draft.servers.get(source)?.facts;
  return isLeft && (facts === undefined || !isWritable(facts));
}

/**
 * A group is one cluster, whoever of it was read last: its members stand below the one that most of them call primary. So
 * an election is a change of primary, and a member that died while it was primary stays where it was.
 */
function gatherGroups(draft: Draft, index: ServerIndex, sources: Map<ServerId, ServerId>): void {
  const isPrimary = (id: ServerId): boolean => {
    const home = draft.servers.get(id)?.clusterId;
    return home !== undefined && draft.clusters.get(home)?.primary === id;
  };
  for (const [member, head] of groupHeads(index, isPrimary)) {
    const facts = draft.servers.get(member)?.facts;
    // One that replicates over a channel, as the primary of a group in another data centre does, stands below its source.
    if (facts === undefined || mainChannel(facts) !== null) continue;
    if (member === head) sources.delete(member);
    else sources.set(member, head);
  }
}

/** Up the tree to its root; in a ring of co-primaries, the member that is writable, else the one with the smallest id. */
function rootOf(draft: Draft, sources: ReadonlyMap<ServerId, ServerId>, start: ServerId): ServerId {
  const path: ServerId[] = [start];
  for (;;) {
    const next = sources.get(path[path.length - 1] ?? start);
    if (next === undefined) return path[path.length - 1] ?? start;
    const seen = path.indexOf(next);
    if (seen >= 0) return headOfRing(draft, path.slice(seen));
    path.push(next);
  }
}

function headOfRing(draft: Draft, ring: readonly ServerId[]): ServerId {
  const sorted = [...ring].sort();
  const writable = sorted.find((id) => {
    const server = draft.servers.get(id);
    return server !== undefined && isWritable(server.facts);
  });
  return writable ?? sorted[0] ?? ('' as ServerId);
}

/** A root keeps the cluster whose primary it is or hangs above, or in which it was demoted or is being recovered; else it founds one. */
function homeOfRoot(draft: Draft, root: ServerId, roots: ReadonlyMap<ServerId, ServerId>, facts: Fact[]): ClusterId {
  const server = assertDefined(draft.servers.get(root), 'a root is a known server');
  const cluster = draft.clusters.get(server.clusterId);
  if (cluster !== undefined) {
    if (roots.get(cluster.primary) === root || staysApart(draft, cluster, root)) return cluster.id;
    if (!draft.servers.has(cluster.primary)) {
      // The primary was forgotten: the first root that is left inherits the cluster.
      draft.clusters.set(cluster.id, { ...cluster, primary: root });
      return cluster.id;
    }
  }
  const id = freeClusterId(draft, root);
  draft.clusters.set(id, { id, primary: root, epoch: 0, formerNames: [], alias: '', aliasIsManual: false, domain: '' });
  facts.push(fact('cluster-found', `${addressText(server.address)} heads a cluster`, root, id));
  return id;
}

/**
 * A demoted primary, and any server cut loose while a recovery is at work, stays where it was until that is settled; so does
 * one that was detached from its source and says so itself (`//` before the host), because it is to come back.
 */
function staysApart(draft: Draft, cluster: Cluster, root: ServerId): boolean {
  const server = draft.servers.get(root);
  const source = server === undefined ? '' : (mainChannel(server.facts)?.source.host ?? '');
  if (source.startsWith(DETACHED) && cluster.primary !== root) return true;
  return draft.demotions.get(root)?.clusterId === cluster.id || hasOpenRecovery(draft, cluster.id);
}

function freeClusterId(draft: Draft, root: ServerId): ClusterId {
  let id = root as unknown as ClusterId;
  for (let suffix = 2; draft.clusters.has(id); suffix++) id = `${root}#${String(suffix)}` as ClusterId;
  return id;
}

function moveTo(draft: Draft, id: ServerId, home: ClusterId, facts: Fact[]): void {
  const server = draft.servers.get(id);
  if (server === undefined || server.clusterId === home) return;
  const known = draft.clusters.has(server.clusterId);
  draft.servers.set(id, { ...server, clusterId: home });
  const demotion = draft.demotions.get(id);
  if (demotion !== undefined && demotion.clusterId !== home) draft.demotions.delete(id);
  if (known)
    facts.push(fact('server-moved', `${addressText(server.address)} belongs to another cluster now`, id, home));
}

/** Clusters without servers go; a primary that now hangs below a fellow member gives its title to the root above it. */
function tidyClusters(draft: Draft, sources: ReadonlyMap<ServerId, ServerId>, facts: Fact[]): void {
  const members = new Map<ClusterId, Server[]>();
  for (const server of draft.servers.values()) {
    members.set(server.clusterId, [...(members.get(server.clusterId) ?? []), server]);
  }
  for (const cluster of [...draft.clusters.values()]) {
    const inside = members.get(cluster.id);
    if (inside === undefined) {
      draft.clusters.delete(cluster.id);
      continue;
    }
    const root = rootOf(draft, sources, cluster.primary);
    if (root === cluster.primary || !inside.some((server) => server.id === root) || hasOpenRecovery(draft, cluster.id))
      continue;
    renamePrimary(draft, cluster, root, facts);
  }
}

/**
 * A cluster is called what its primary suggests, unless an operator named it. A primary that suggests nothing leaves the
 * name alone: a cluster must not lose its name because a replica that knows less of it was promoted.
 */
function nameClusters(draft: Draft, facts: Fact[]): void {
  for (const cluster of [...draft.clusters.values()]) {
    const primary = draft.servers.get(cluster.primary);
    if (primary === undefined) continue;
    const { suggestedClusterAlias, suggestedClusterDomain } = primary.facts;
    const alias = cluster.aliasIsManual ? cluster.alias : suggestedClusterAlias || cluster.alias;
    const domain = suggestedClusterDomain || cluster.domain;
    if (alias === cluster.alias && domain === cluster.domain) continue;
    draft.clusters.set(cluster.id, { ...cluster, alias, domain });
    const words = [
      alias === cluster.alias ? '' : `is called "${alias}"`,
      domain === cluster.domain ? '' : `has the domain ${domain}`,
    ].filter((part) => part !== '');
    facts.push(fact('cluster-named', `${addressText(primary.address)} ${words.join(' and ')}`, primary.id, cluster.id));
  }
}

function hasOpenRecovery(draft: Draft, clusterId: ClusterId): boolean {
  for (const recovery of draft.recoveries.values()) {
    const isOpen = recovery.closedAtMs === null && recovery.kind !== 'switch';
    if (isOpen && recovery.clusterId === clusterId) return true;
  }
  return false;
}

function renamePrimary(draft: Draft, cluster: Cluster, root: ServerId, facts: Fact[]): void {
  draft.clusters.set(cluster.id, withPrimary(draft, cluster, root));
  facts.push(
    fact('primary-moved', `${nameOf(draft, root)} is the primary now, by somebody else's hand`, root, cluster.id),
  );
}

/** The cluster under a new primary; the old name stays good as a hint. */
export function withPrimary(draft: Draft, cluster: Cluster, primary: ServerId): Cluster {
  const name = nameOf(draft, primary);
  const former = nameOf(draft, cluster.primary);
  const names = [former, ...cluster.formerNames].filter(
    (known, at, all) => known !== name && all.indexOf(known) === at,
  );
  return { ...cluster, primary, formerNames: names.slice(0, FORMER_NAMES_KEPT) };
}

/** Enough for a cluster whose role wanders between all of its servers; a hint older than that is a guess. */
const FORMER_NAMES_KEPT = 16;

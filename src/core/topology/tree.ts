/**
 * The shape of a cluster: who stands below whom. Servers point upwards, to their source; a source may be unknown, may
 * point back (co-primaries), or a ring may close over several. None of these may make a walk endless or drop a server, so
 * every ring is cut at one member, its head, and everything that stands nowhere else is a root.
 */
import { isWritable, mainChannel, type Server, type ServerId } from './server.js';
import { indexServers, sourceOf } from './sources.js';

export interface TreeNode {
  readonly server: Server;
  /** The source it replicates from, if that is one of these servers; also set where the ring was cut. */
  readonly source: ServerId | null;
  /** The node it hangs below: its source, except for a head of a ring and an orphan. */
  readonly parent: ServerId | null;
  /** By host and port. */
  readonly children: readonly ServerId[];
  /** 0 for a root. */
  readonly depth: number;
}

export interface Forest {
  readonly nodes: ReadonlyMap<ServerId, TreeNode>;
  /** By host and port: primaries, heads of rings, orphans. */
  readonly roots: readonly ServerId[];
  /** Pairs that replicate from each other, the head first. */
  readonly coPrimaries: readonly (readonly [ServerId, ServerId])[];
  /** Rings of three or more, and servers that replicate from themselves; the head first. */
  readonly loops: readonly (readonly ServerId[])[];
  /** Replicas whose source is not among these servers. */
  readonly orphans: readonly ServerId[];
}

/** `preferred`, the cluster's primary as the ledger has it, heads its ring; else a writable member, else the first by host and port. */
export function growForest(servers: Iterable<Server>, preferred: ServerId | null = null): Forest {
  const sorted = [...servers].sort(byHostAndPort);
  const index = indexServers(sorted);
  const sources = new Map<ServerId, ServerId | null>();
  for (const server of sorted) sources.set(server.id, sourceOf(index, server)?.id ?? null);
  const rings = findRings(sorted, sources).map((ring) => headFirst(ring, index.byId, preferred));
  const heads = new Set(rings.map(([head]) => head));
  const children = new Map<ServerId | null, ServerId[]>();
  for (const { id } of sorted) {
    const parent = heads.has(id) ? null : (sources.get(id) ?? null);
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [id]);
    else siblings.push(id);
  }
  const roots = children.get(null) ?? [];
  const orphans = sorted.filter(({ id, facts }) => sources.get(id) === null && mainChannel(facts) !== null);
  return {
    nodes: plant(roots, children, sources, index.byId),
    roots,
    coPrimaries: rings.flatMap(([head, other, ...more]) =>
      head === undefined || other === undefined || more.length > 0 ? [] : [[head, other] as const],
    ),
    loops: rings.filter(({ length }) => length !== 2),
    orphans: orphans.map(({ id }) => id),
  };
}

function byHostAndPort(one: Server, other: Server): number {
  if (one.address.host !== other.address.host) return one.address.host < other.address.host ? -1 : 1;
  return one.address.port - other.address.port;
}

/** Each server has at most one source, so a walk upwards that meets its own steps has found a ring, once for each ring. */
function findRings(servers: readonly Server[], sources: ReadonlyMap<ServerId, ServerId | null>): readonly ServerId[][] {
  const rings: ServerId[][] = [];
  const done = new Set<ServerId>();
  for (const { id } of servers) {
    const path: ServerId[] = [];
    const onPath = new Set<ServerId>();
    let at: ServerId | null = id;
    while (at !== null && !done.has(at) && !onPath.has(at)) {
      path.push(at);
      onPath.add(at);
      at = sources.get(at) ?? null;
    }
    if (at !== null && onPath.has(at)) rings.push(path.slice(path.indexOf(at)));
    for (const step of path) done.add(step);
  }
  return rings;
}

function headFirst(
  ring: readonly ServerId[],
  byId: ReadonlyMap<ServerId, Server>,
  preferred: ServerId | null,
): readonly ServerId[] {
  const members = ring.flatMap((id) => byId.get(id) ?? []).sort(byHostAndPort);
  const writable = members.find(({ facts }) => isWritable(facts));
  const head = preferred !== null && ring.includes(preferred) ? preferred : (writable ?? members[0])?.id;
  const at = Math.max(0, ring.indexOf(head ?? ('' as ServerId)));
  return [...ring.slice(at), ...ring.slice(0, at)];
}

function plant(
  roots: readonly ServerId[],
  children: ReadonlyMap<ServerId | null, readonly ServerId[]>,
  sources: ReadonlyMap<ServerId, ServerId | null>,
  byId: ReadonlyMap<ServerId, Server>,
): ReadonlyMap<ServerId, TreeNode> {
  const nodes = new Map<ServerId, TreeNode>();
  // Breadth first without recursion: a chain may be as long as it likes.
  let level: { id: ServerId; parent: ServerId | null }[] = roots.map((id) => ({ id, parent: null }));
  for (let depth = 0; level.length > 0; depth += 1) {
    const next: typeof level = [];
    for (const { id, parent } of level) {
      const server = byId.get(id);
      if (server === undefined) continue;
      const below = children.get(id) ?? [];
      nodes.set(id, { server, source: sources.get(id) ?? null, parent, children: below, depth });
      for (const child of below) next.push({ id: child, parent: id });
    }
    level = next;
  }
  return nodes;
}

/** From its parent up to the root. */
export function ancestorsOf(forest: Forest, id: ServerId): readonly ServerId[] {
  const path: ServerId[] = [];
  for (let at = forest.nodes.get(id)?.parent ?? null; at !== null; at = forest.nodes.get(at)?.parent ?? null) {
    path.push(at);
  }
  return path;
}

/** Everything below it, nearest first. */
export function descendantsOf(forest: Forest, id: ServerId): readonly ServerId[] {
  const found: ServerId[] = [...(forest.nodes.get(id)?.children ?? [])];
  // The list grows while it is walked: that is the breadth-first queue.
  for (const child of found) found.push(...(forest.nodes.get(child)?.children ?? []));
  return found;
}

/** The root that the server stands below, or itself. */
export function rootOf(forest: Forest, id: ServerId): ServerId {
  return ancestorsOf(forest, id).at(-1) ?? id;
}

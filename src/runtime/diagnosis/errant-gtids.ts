/**
 * What a replica has and none of its sources has. They were read at different instants, so what the sources numbered
 * themselves is left out: the replica may simply have been read later. Compared only when something has changed.
 */
import { formatGtidSet, parseGtidSet, subtractGtids, uniteGtids, withoutUuids } from '../../core/topology/gtid-set.js';
import type { ServerId } from '../../core/topology/server.js';

interface Compared {
  readonly replica: string;
  readonly sources: readonly string[];
  readonly above: string;
  readonly errant: string;
}

export class ErrantGtids {
  readonly #compared = new Map<ServerId, Compared>();

  /**
   * `sourceGtids`: of the source of each channel that was seen. `above`: those sources and whoever they replicate from, by
   * server_uuid. Sets that are not MySQL's have no errant part.
   */
  of(replica: ServerId, replicaGtids: string, sourceGtids: readonly string[], above: ReadonlySet<string>): string {
    const known = this.#compared.get(replica);
    const names = [...above].join();
    if (known?.replica === replicaGtids && known.above === names && sameTexts(known.sources, sourceGtids)) {
      return known.errant;
    }
    const errant = subtracted(replicaGtids, sourceGtids, above);
    this.#compared.set(replica, { replica: replicaGtids, sources: sourceGtids, above: names, errant });
    return errant;
  }

  keepOnly(servers: ReadonlySet<ServerId>): void {
    for (const id of this.#compared.keys()) if (!servers.has(id)) this.#compared.delete(id);
  }
}

function sameTexts(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((text, at) => text === other[at]);
}

function subtracted(replicaGtids: string, sourceGtids: readonly string[], above: ReadonlySet<string>): string {
  if (replicaGtids === '' || sourceGtids.includes(replicaGtids)) return '';
  const replica = parseGtidSet(replicaGtids);
  const sources = sourceGtids.map(parseGtidSet).flatMap((set) => (set.ok ? [set.value] : []));
  const [first, ...rest] = sources;
  if (!replica.ok || first === undefined || sources.length < sourceGtids.length) return '';
  return formatGtidSet(withoutUuids(subtractGtids(replica.value, rest.reduce(uniteGtids, first)), above));
}

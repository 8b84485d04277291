/**
 * What a replica has and its source lacks. The two were read at different instants, so what the source numbered itself is
 * left out: the replica may simply have been read later. Compared only when one of the sets has changed.
 */
import { formatGtidSet, parseGtidSet, subtractGtids, withoutUuids } from '../../core/topology/gtid-set.js';
import type { ServerId } from '../../core/topology/server.js';

interface Compared {
  readonly replica: string;
  readonly source: string;
  readonly errant: string;
}

export class ErrantGtids {
  readonly #compared = new Map<ServerId, Compared>();

  /** `sources`: the source and whoever it replicates from, by server_uuid. Sets that are not MySQL's have no errant part. */
  of(replica: ServerId, replicaGtids: string, sourceGtids: string, sources: ReadonlySet<string>): string {
    const known = this.#compared.get(replica);
    if (known?.replica === replicaGtids && known.source === sourceGtids) return known.errant;
    const errant = subtracted(replicaGtids, sourceGtids, sources);
    this.#compared.set(replica, { replica: replicaGtids, source: sourceGtids, errant });
    return errant;
  }

  keepOnly(servers: ReadonlySet<ServerId>): void {
    for (const id of this.#compared.keys()) if (!servers.has(id)) this.#compared.delete(id);
  }
}

function subtracted(replicaGtids: string, sourceGtids: string, sources: ReadonlySet<string>): string {
  if (replicaGtids === '' || replicaGtids === sourceGtids) return '';
  const replica = parseGtidSet(replicaGtids);
  const source = parseGtidSet(sourceGtids);
  if (!replica.ok || !source.ok) return '';
  return formatGtidSet(withoutUuids(subtractGtids(replica.value, source.value), sources));
}

/**
 * From what somebody wrote to the one cluster that it means, exactly or not at all: for doors without an index of their
 * own. The present name of a cluster is no other's alias.
 */
import { addressText, parseAddress } from './address.js';
import type { ClusterId, Server } from './server.js';

interface Clusters {
  readonly clusters: ReadonlyMap<
    ClusterId,
    {
      readonly id: ClusterId;
      readonly primary: Server['id'];
      readonly alias: string;
      readonly formerNames: readonly string[];
    }
  >;
  readonly servers: ReadonlyMap<Server['id'], Server>;
}

/** Null: nothing, or more than one cluster, is called so. */
export function clusterByHint({ clusters, servers }: Clusters, hint: string, defaultPort: number): ClusterId | null {
  if (hint === '') return null;
  const parsed = parseAddress(hint, defaultPort);
  const address = parsed.ok ? addressText(parsed.value) : '';
  const found = new Set<ClusterId>();
  const isName = [...clusters.values()].some(({ id, primary }) => id === hint || nameOf(servers, primary) === hint);
  for (const { id, alias, formerNames } of clusters.values()) {
    if (id === hint || (alias === hint && !isName) || formerNames.includes(address)) found.add(id);
  }
  for (const server of servers.values()) {
    if ([server.address, ...server.aliases].some((known) => addressText(known) === address))
      found.add(server.clusterId);
  }
  const [only] = found;
  return found.size === 1 && only !== undefined ? only : null;
}

function nameOf(servers: Clusters['servers'], primary: Server['id']): string | null {
  const server = servers.get(primary);
  return server === undefined ? null : addressText(server.address);
}

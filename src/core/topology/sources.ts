/**
 * Which known server does a channel replicate from? The uuid that the replica learnt from its source comes first: it
 * tells servers behind one moving address apart, and MySQL forgets it as soon as host or port are changed (seen on 9.7),
 * so it never names a former source. Without it (before the first connection, MariaDB) the address decides.
 */
import { type Address, addressKey } from './address.js';
import { type Channel, isGroupSecondary, mainChannel, type Server, type ServerId } from './server.js';

export interface ServerIndex {
  readonly byId: ReadonlyMap<ServerId, Server>;
  /** By `addressKey`. */
  readonly byAddress: ReadonlyMap<string, Server>;
}

export function indexServers(servers: Iterable<Server>): ServerIndex {
  const byId = new Map<ServerId, Server>();
  const byAddress = new Map<string, Server>();
  for (const server of servers) {
    byId.set(server.id, server);
    for (const alias of server.aliases) byAddress.set(addressKey(alias), server);
  }
  // An address in use wins over an alias that another server had once.
  for (const server of byId.values()) byAddress.set(addressKey(server.address), server);
  return { byId, byAddress };
}

export function serverAt(index: ServerIndex, address: Address): Server | null {
  return index.byAddress.get(addressKey(address)) ?? null;
}

/** Null when the source is not among the servers. */
export function sourceOfChannel(index: ServerIndex, channel: Channel): Server | null {
  const byId = channel.sourceId === null ? undefined : index.byId.get(channel.sourceId);
  return byId ?? serverAt(index, channel.source);
}

/**
 * The server that this one stands below: the source of its main channel, and of a group's secondary, which replicates from
 * all members and none, the group's primary. Null for a primary and for an orphan.
 */
export function sourceOf(index: ServerIndex, server: Server): Server | null {
  const channel = mainChannel(server.facts);
  if (channel !== null) return sourceOfChannel(index, channel);
  return isGroupSecondary(server.facts) ? primaryOfGroup(index, server) : null;
}

/** By the address that its members know, which may be a name that nobody else uses: then by who says it is that primary. */
export function primaryOfGroup(index: ServerIndex, { facts: { group } }: Server): Server | null {
  if (group?.primary == null) return null;
  const named = serverAt(index, group.primary);
  if (named !== null) return named;
  for (const server of index.byId.values()) {
    const other = server.facts.group;
    if (other?.name === group.name && other.role === 'PRIMARY') return server;
  }
  return null;
}

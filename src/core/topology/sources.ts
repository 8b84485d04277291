/**
 * Which known server does a channel replicate from? The uuid that the replica learnt from its source comes first: it
 * tells servers behind one moving address apart, and MySQL forgets it as soon as host or port are changed (seen on 9.7),
 * so it never names a former source. Without it (before the first connection, MariaDB) the address decides.
 */
import { type Address, addressText } from './address.js';
import { type Channel, mainChannel, type Server, type ServerId } from './server.js';

export interface ServerIndex {
  readonly byId: ReadonlyMap<ServerId, Server>;
  readonly byAddress: ReadonlyMap<string, Server>;
}

export function indexServers(servers: Iterable<Server>): ServerIndex {
  const byId = new Map<ServerId, Server>();
  const byAddress = new Map<string, Server>();
  for (const server of servers) {
    byId.set(server.id, server);
    for (const alias of server.aliases) byAddress.set(addressText(alias), server);
  }
  // An address in use wins over an alias that another server had once.
  for (const server of byId.values()) byAddress.set(addressText(server.address), server);
  return { byId, byAddress };
}

export function serverAt(index: ServerIndex, address: Address): Server | null {
  return index.byAddress.get(addressText(address)) ?? null;
}

/** Null when the source is not among the servers. */
export function sourceOfChannel(index: ServerIndex, channel: Channel): Server | null {
  const byId = channel.sourceId === null ? undefined : index.byId.get(channel.sourceId);
  return byId ?? serverAt(index, channel.source);
}

/** The source that places the server in its tree: that of its main channel. Null for a primary and for an orphan. */
export function sourceOf(index: ServerIndex, server: Server): Server | null {
  const channel = mainChannel(server.facts);
  return channel === null ? null : sourceOfChannel(index, channel);
}

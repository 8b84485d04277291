/** Server facts for tests: a healthy MySQL 9.7 server with GTID, to be changed where a test looks. */
import type { ServerObserved } from '../../src/core/ledger/command.js';
import type { Address } from '../../src/core/topology/address.js';
import { type Channel, PLAIN_TRANSPORT, type ServerFacts, type ServerId } from '../../src/core/topology/server.js';
import { channelTo as plainChannelTo, factsWith } from '../../tools/bench/detection/facts.js';

export function serverId(name: string): ServerId {
  return name as ServerId;
}

export function addressOf(name: string): Address {
  return { host: name, port: 3306 };
}

export function channelTo(source: string, changes: Partial<Channel> = {}): Channel {
  return { ...plainChannelTo(source), sourceId: serverId(source), transport: PLAIN_TRANSPORT, ...changes };
}

export function factsOf(changes: Partial<ServerFacts> = {}): ServerFacts {
  return { ...factsWith(changes.channels ?? []), ...changes };
}

/** A server that was seen: a primary without `source`, a replica with it. */
export function observed(
  name: string,
  source: string | null = null,
  changes: Partial<ServerFacts> = {},
): ServerObserved {
  const channels = source === null ? [] : [channelTo(source)];
  return { id: serverId(name), address: addressOf(name), facts: factsOf({ channels, ...changes }) };
}

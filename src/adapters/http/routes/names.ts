/** Names and identities: what this node has learnt about host names, who was forgotten, and who shares an identity. */
import { bare, done, type Reply } from '../reply.js';
import { aboutNode, type Call, type Door, type Route, read } from '../route.js';
import { instanceKey, instanceKeys, nanoseconds, timestamp } from '../legacy/values.js';

export const NAME_ROUTES: readonly Route[] = [
  aboutNode('/api/hostname-resolve-cache', cache),
  { ...aboutNode('/api/reset-hostname-resolve-cache', reset), role: 'operator' },
  // What was forgotten on purpose, and who may discover it again.
  read('/api/v1/forgotten', (_call, door) => bare(forgotten(door))),
  // Copied data directories: two living servers with one server_uuid, of which only the first is believed.
  read('/api/v1/shared-identities', (_call, door) => bare(sharedIdentities(door))),
];

function cache(_call: Call, door: Door): Reply {
  const names = door.service
    .resolvedNames()
    .map(({ host, resolved, expiresAtMs }): [string, unknown] => [
      host,
      { Object: resolved, Expiration: nanoseconds(expiresAtMs) },
    ]);
  return done('Cache retrieved', Object.fromEntries(names));
}

function reset(_call: Call, door: Door): Reply {
  door.service.forgetResolvedNames();
  return done('Hostname cache cleared', null);
}

function forgotten(door: Door): readonly unknown[] {
  return [...door.service.state.tombstones.values()].map(({ server, addresses, by, atMs }) => ({
    Addresses: instanceKeys(addresses),
    ServerUUID: server ?? '',
    By: by,
    At: timestamp(atMs),
  }));
}

function sharedIdentities(door: Door): readonly unknown[] {
  const { state } = door.service;
  return [...state.sharedIdentities.values()].map(({ server, address, detail, sinceMs }) => ({
    Key: instanceKey(state.servers.get(server)?.address),
    Copy: instanceKey(address),
    ServerUUID: server,
    Detail: detail,
    Since: timestamp(sinceMs),
  }));
}

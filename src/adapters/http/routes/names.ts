/** What this node has learnt about host names. */
import { bare, done, type Reply } from '../reply.js';
import { aboutNode, type Call, type Door, type Route, read } from '../route.js';
import { instanceKeys, nanoseconds, timestamp } from '../legacy/values.js';

export const NAME_ROUTES: readonly Route[] = [
  aboutNode('/api/hostname-resolve-cache', cache),
  { ...aboutNode('/api/reset-hostname-resolve-cache', reset), role: 'operator' },
  // What was forgotten on purpose, and who may discover it again.
  read('/api/v1/forgotten', (_call, door) => bare(forgotten(door))),
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

/**
 * Replicas of several sources. A plan is about one source, so it concerns one channel of such a replica, and the others are
 * left alone whatever becomes of it.
 */
import { addressText } from '../topology/address.js';
import { type Channel, mainChannel, type Server, type ServerFacts, type ServerId } from '../topology/server.js';
import type { Recovery } from './recovery.js';

/** By which of its channels it follows this source; null when by none. */
export function channelTo(replica: Server, source: Server): Channel | null {
  const names = new Set([source.address, ...source.aliases].map(addressText));
  const leadsThere = (channel: Channel): boolean =>
    channel.sourceId === source.id || names.has(addressText(channel.source));
  const main = mainChannel(replica.facts);
  if (main !== null && leadsThere(main)) return main;
  return replica.facts.channels.find(leadsThere) ?? null;
}

/** The one that a plan is about; null where the server has but one. */
export function channelIn({ inputs }: Pick<Recovery, 'inputs'>, server: ServerId): string | null {
  return inputs.participants.find(({ id }) => id === server)?.channel ?? null;
}

/** What a record says of it: nothing of a server with a single channel, which is meant without being named. */
export function namedIn({ channels }: ServerFacts, channel: Channel | null): { readonly channel?: string } {
  return channels.length > 1 && channel !== null ? { channel: channel.name } : {};
}

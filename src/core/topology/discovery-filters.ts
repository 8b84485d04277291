/**
 * Who is left out of discovery. A filter is a pattern that is found anywhere in `host:port`, or an IP address, which must be
 * all of the host: as a pattern, 10.0.0.1 would leave out 10.0.0.11 too.
 */
import { compilePattern } from '../base/pattern.js';
import { ok, type Result } from '../base/result.js';
import { type Address, addressText } from './address.js';
import type { ServerFacts } from './server.js';

export type HostFilter =
  | { readonly kind: 'ip'; readonly ip: string }
  | { readonly kind: 'pattern'; readonly pattern: RegExp };

export interface DiscoveryFilters {
  readonly servers: readonly HostFilter[];
  /** Not followed to from their source. */
  readonly replicas: readonly HostFilter[];
  /** Not followed to from their replicas. */
  readonly sources: readonly HostFilter[];
  /** Replicas that log in to their source as one of these. */
  readonly users: readonly RegExp[];
}

export const NO_FILTERS: DiscoveryFilters = { servers: [], replicas: [], sources: [], users: [] };

export function parseHostFilter(text: string): Result<HostFilter, string> {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text) || /^[0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]*$/i.test(text)) {
    return ok({ kind: 'ip', ip: text.toLowerCase() });
  }
  const compiled = compilePattern(text);
  return compiled.ok ? ok({ kind: 'pattern', pattern: compiled.value }) : compiled;
}

/** Why the address is not looked at: the key of the filter. Null when it is. */
export function filteredBy(
  filters: DiscoveryFilters,
  address: Address,
  as: 'server' | 'replica' | 'source',
): string | null {
  if (matches(filters.servers, address)) return 'DiscoveryIgnoreHostnameFilters';
  if (as === 'replica' && matches(filters.replicas, address)) return 'DiscoveryIgnoreReplicaHostnameFilters';
  if (as === 'source' && matches(filters.sources, address)) return 'DiscoveryIgnoreMasterHostnameFilters';
  return null;
}

/** Does it replicate under a user that is left out? */
export function filteredByUser(filters: DiscoveryFilters, { channels }: Pick<ServerFacts, 'channels'>): boolean {
  return channels.some(({ user }) => user !== '' && filters.users.some((pattern) => pattern.test(user)));
}

function matches(filters: readonly HostFilter[], address: Address): boolean {
  const text = addressText(address);
  return filters.some((filter) =>
    filter.kind === 'ip' ? filter.ip === address.host.toLowerCase() : filter.pattern.test(text),
  );
}

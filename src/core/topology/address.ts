/** Where a server answers today. An address is not an identity: a server may change its address, and two names may reach one server. */
import { failed, ok, type Result } from '../base/result.js';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `host:port` as it was written; the key of most maps and the incumbent's text form everywhere (IPv6 literals keep no brackets there). */
export function addressText(address: Address): string {
  return `${address.host}:${String(address.port)}`;
}

export function sameAddress(one: Address, other: Address): boolean {
  if (one.port !== other.port) return false;
  return one.host === other.host || one.host.toLowerCase() === other.host.toLowerCase();
}

/** The same for all spellings of one address: host names are case-insensitive, and people write them as they like. */
export function addressKey(address: Address): string {
  return addressText(address).toLowerCase();
}

/** Reads `host`, `host:port` or `[ipv6]:port`. A port that is absent becomes `defaultPort`. */
export function parseAddress(text: string, defaultPort: number): Result<Address, string> {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/.exec(text.trim());
  if (match === null) return failed(`"${text}" is not host or host:port`);
  const port = match[3] === undefined ? defaultPort : Number(match[3]);
  if (port < 1 || port > 65_535) return failed(`"${text}" has port ${String(port)}; a port is 1 to 65535`);
  return ok({ host: match[1] ?? match[2] ?? '', port });
}

/** Before the host of a source that nobody shall connect to; the incumbent's way to keep it readable. */
export const DETACHED = '//';

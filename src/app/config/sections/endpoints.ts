/** Addresses of our own doors, as text and as values. IPv6 literals stand in brackets, as in a URL. */
import { failed, ok, type Result } from '../../../core/base/result.js';
import { type Address, parseAddress } from '../../../core/topology/address.js';

export interface ListenAddress {
  /** Null: all interfaces. */
  readonly host: string | null;
  readonly port: number;
}

export function parseListenAddress(text: string): Result<ListenAddress, string> {
  const written = text.trim();
  const everywhere = written.startsWith(':');
  const address = parseAddress(everywhere ? `every${written}` : written, 0);
  if (!address.ok) return failed('there is no usable port in it');
  return ok(everywhere ? { host: null, port: address.value.port } : address.value);
}

/** Scheme, host and port are required: other nodes send people and requests there, and a guess would send them astray. */
export function parseBaseUrl(text: string): Result<string, string> {
  if (text === '') return ok('');
  const match = /^(https?):\/\/([^/:@\s]+|\[[0-9a-fA-F:.]+\]):(\d{1,5})\/?$/.exec(text);
  if (match === null) return failed('scheme, host name and port are needed, and nothing after them');
  const port = Number(match[3]);
  if (port < 1 || port > 65_535) return failed(`${String(port)} is not a port`);
  return ok(text.replace(/\/$/, ''));
}

/** `host:port` in the one spelling that is compared and kept: lower case, no trailing dot, IPv6 in brackets. */
export function endpointText({ host, port }: Address): string {
  return `${urlHost(host)}:${String(port)}`;
}

export function urlHost(host: string): string {
  const plain = host.toLowerCase().replace(/\.$/, '');
  return plain.includes(':') ? `[${plain}]` : plain;
}

/** Would the two want the same port of the same interface? */
export function overlap(one: ListenAddress, other: ListenAddress): boolean {
  if (one.port !== other.port) return false;
  return isEveryInterface(one.host) || isEveryInterface(other.host) || one.host === other.host;
}

export function isEveryInterface(host: string | null): boolean {
  return host === null || host === '0.0.0.0' || host === '::';
}

/**
 * Addresses of hosts from DNS, without the thread pool that LevelDB's syncs need; a name that DNS does not know is asked of
 * getaddrinfo() once, because it may stand in /etc/hosts. A failover does not wait for a name server that is away.
 */
import { lookup, Resolver } from 'node:dns/promises';
import { type HostAddresses, literalAddresses } from '../../core/recovery/telling/publication.js';
import type { HostAddressBook } from '../../runtime/ports/host-addresses.js';

const PATIENCE_MS = 1_000;

export class DnsHostAddresses implements HostAddressBook {
  async addressesOf(host: string): Promise<HostAddresses> {
    const literal = literalAddresses(host);
    if (literal !== null) return literal;
    const late = new Promise<HostAddresses>((resolve) => {
      setTimeout(() => {
        resolve({ ipv4: '', ipv6: '' });
      }, PATIENCE_MS).unref();
    });
    return await Promise.race([askDns(host), late]);
  }
}

async function askDns(host: string): Promise<HostAddresses> {
  const resolver = new Resolver({ timeout: PATIENCE_MS, tries: 1 });
  const [four, six] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  const found = { ipv4: firstOf(four), ipv6: firstOf(six) };
  if (found.ipv4 !== '' || found.ipv6 !== '') return found;
  const all = await lookup(host, { all: true }).catch(() => []);
  const of = (family: number): string => all.find((one) => one.family === family)?.address ?? '';
  return { ipv4: of(4), ipv6: of(6) };
}

/** The smallest, so that a name with several addresses does not change in the stores with every answer. */
function firstOf(answer: PromiseSettledResult<string[]>): string {
  return answer.status === 'fulfilled' ? ([...answer.value].sort()[0] ?? '') : '';
}

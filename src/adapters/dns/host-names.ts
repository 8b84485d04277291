/**
 * Host names by HostnameResolveMethod, asked of DNS directly: getaddrinfo() would hold a thread of the pool in which the
 * log is synced. What was learnt is kept for as long as configured; a name that did not resolve stays as it is, and is
 * asked for again after a minute.
 */
import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { HostNames } from '../../runtime/ports/host-names.js';
import type { ResolvedName } from '../../runtime/ports/keeping.js';

export interface HostNamesSettings {
  readonly method: 'as-given' | 'cname' | 'ip';
  readonly lifetimeMs: number;
  /** RejectHostnameResolvePattern. */
  readonly rejected: RegExp | null;
}

/** One question to DNS; rejects when the name has no such record. */
export type AskDns = (host: string, method: 'cname' | 'ip') => Promise<string>;

const FAILED_MS = 60_000;
const NAMES_MAX = 20_000;

export class DnsHostNames implements HostNames {
  readonly #settings: HostNamesSettings;
  readonly #ask: AskDns;
  readonly #wallMs: () => number;
  readonly #known = new Map<string, ResolvedName>();
  readonly #asking = new Map<string, Promise<string>>();

  constructor(settings: HostNamesSettings, ask: AskDns = askDns, wallMs: () => number = Date.now) {
    this.#settings = settings;
    this.#ask = ask;
    this.#wallMs = wallMs;
  }

  resolve(host: string): string | Promise<string> {
    const { method } = this.#settings;
    if (method === 'as-given' || isIP(host) !== 0) return host;
    const known = this.#known.get(host);
    if (known !== undefined && known.expiresAtMs > this.#wallMs()) return known.resolved;
    let asking = this.#asking.get(host);
    if (asking === undefined) {
      asking = this.#learn(host, method).finally(() => this.#asking.delete(host));
      this.#asking.set(host, asking);
    }
    return asking;
  }

  list(): readonly ResolvedName[] {
    const nowMs = this.#wallMs();
    return [...this.#known.values()].filter(({ expiresAtMs }) => expiresAtMs > nowMs);
  }

  clear(): void {
    this.#known.clear();
  }

  async #learn(host: string, method: 'cname' | 'ip'): Promise<string> {
    try {
      const answer = (await this.#ask(host, method)).replace(/\.$/, '');
      const isRejected = answer === '' || (this.#settings.rejected?.test(answer) ?? false);
      return this.#keep(host, isRejected ? host : answer, this.#settings.lifetimeMs);
    } catch {
      return this.#keep(host, host, FAILED_MS);
    }
  }

  #keep(host: string, resolved: string, forMs: number): string {
    if (this.#known.size >= NAMES_MAX && !this.#known.has(host)) this.#known.clear();
    this.#known.set(host, { host, resolved, expiresAtMs: this.#wallMs() + forMs });
    return resolved;
  }
}

async function askDns(host: string, method: 'cname' | 'ip'): Promise<string> {
  const resolver = new Resolver({ timeout: 1_000, tries: 2 });
  if (method === 'cname') return (await resolver.resolveCname(host))[0] ?? '';
  const [four, six] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  const found =
    (four.status === 'fulfilled' ? four.value[0] : null) ?? (six.status === 'fulfilled' ? six.value[0] : '');
  return found ?? '';
}

/**
 * Names of MySQL servers to addresses, without the thread pool that LevelDB's syncs need: getaddrinfo() on a name server
 * that hangs would hold the disk of Raft with it. DNS is asked directly; only a name that DNS does not know goes to
 * getaddrinfo(), once, because it may stand in /etc/hosts. While a name server is away, the last answer stands.
 */
import { lookup, Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { monotonicNowMs } from '../../../runtime/ports/clock.js';

const FRESH_MS = 30_000;
/** A name that failed is not asked for again at every probe. */
const FAILED_MS = 1_000;
const MAX_NAMES = 20_000;

interface Entry {
  readonly address: string | null;
  readonly error: unknown;
  readonly untilMs: number;
}

export interface HostResolver {
  /** An IP literal. Rejects with the error of DNS (ENOTFOUND, ETIMEOUT ...). */
  resolve(host: string): Promise<string>;
}

export type Ask = (host: string) => Promise<string>;

export class CachingResolver implements HostResolver {
  readonly #entries = new Map<string, Entry>();
  readonly #asking = new Map<string, Promise<string>>();
  readonly #ask: Ask;
  readonly #nowMs: () => number;

  constructor(ask: Ask = askDns, nowMs: () => number = monotonicNowMs) {
    this.#ask = ask;
    this.#nowMs = nowMs;
  }

  async resolve(host: string): Promise<string> {
    if (isIP(host) !== 0) return host;
    const known = this.#entries.get(host);
    if (known !== undefined && known.untilMs > this.#nowMs()) return answerOf(known);
    let asking = this.#asking.get(host);
    if (asking === undefined) {
      asking = this.#refresh(host).finally(() => this.#asking.delete(host));
      this.#asking.set(host, asking);
    }
    return asking;
  }

  async #refresh(host: string): Promise<string> {
    const previous = this.#entries.get(host)?.address ?? null;
    try {
      const address = await this.#ask(host);
      this.#keep(host, { address, error: null, untilMs: this.#nowMs() + FRESH_MS });
      return address;
    } catch (error) {
      this.#keep(host, { address: previous, error, untilMs: this.#nowMs() + FAILED_MS });
      if (previous !== null) return previous;
      throw error;
    }
  }

  #keep(host: string, entry: Entry): void {
    if (this.#entries.size >= MAX_NAMES && !this.#entries.has(host)) this.#entries.clear();
    this.#entries.set(host, entry);
  }
}

function answerOf(entry: Entry): string {
  if (entry.address !== null) return entry.address;
  throw entry.error;
}

async function askDns(host: string): Promise<string> {
  const resolver = new Resolver({ timeout: 1_000, tries: 2 });
  const [four, six] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  const address =
    (four.status === 'fulfilled' ? four.value[0] : undefined) ??
    (six.status === 'fulfilled' ? six.value[0] : undefined);
  if (address !== undefined) return address;
  // The usual case of a name without dots: DNS says no, /etc/hosts or a search domain says yes.
  return (await lookup(host)).address;
}

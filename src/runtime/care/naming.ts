/**
 * By which name is a server known? MySQLHostnameResolveMethod says which of its own names to take; but neither `@@hostname`
 * nor `@@report_host` is trusted as an address. A server is called so only once it was found to answer there as itself;
 * an address of this very machine was chosen on purpose (a tunnel, a test) and stays.
 */
import { type Address, addressText, sameAddress } from '../../core/topology/address.js';
import type { ServerReport } from '../../core/topology/report.js';
import type { Server } from '../../core/topology/server.js';
import { presenceOf } from '../../core/topology/whereabouts.js';
import type { Clock } from '../ports/clock.js';
import type { Prober } from '../ports/mysql.js';
import type { ReplicatedLedger } from '../replicated-ledger.js';

export interface NamingParts {
  readonly ledger: Pick<ReplicatedLedger, 'state' | 'readyTerm' | 'propose'>;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly prober: Pick<Prober, 'probe' | 'release'>;
  readonly method: 'as-found' | 'hostname' | 'report-host';
  /** RejectHostnameResolvePattern. */
  readonly rejected: RegExp | null;
  /** A name at which the server did not answer is tried again after this. */
  readonly retryMs: number;
  readonly timeoutMs: number;
  onFailed(what: string, error: unknown): void;
}

/** Looks that are made for this at the same time; the rest comes with the next looks. */
const LOOKS_MAX = 8;
const REMEMBERED_MAX = 20_000;
const LOOPBACK = /^(localhost|ip6-localhost|127\.|::1$|0\.0\.0\.0$)/i;
/** One process, seen through two names: uptime is whole seconds. */
const SAME_START_MS = 5_000;

export class Naming {
  readonly #parts: NamingParts;
  readonly #triedMs = new Map<string, number>();
  #looks = 0;

  constructor(parts: NamingParts) {
    this.#parts = parts;
  }

  /** After a look that may be believed. */
  consider(report: ServerReport, finishedAtMs: number): void {
    const { ledger, clock, retryMs } = this.#parts;
    const server = ledger.state.servers.get(report.id);
    if (ledger.readyTerm === null || server === undefined || !sameAddress(server.address, report.address)) return;
    const name = this.#nameOf(report, server);
    if (name === null || this.#looks >= LOOKS_MAX) return;
    const key = `${server.id} ${addressText(name)}`;
    const triedMs = this.#triedMs.get(key);
    if (triedMs !== undefined && clock.nowMs() - triedMs < retryMs) return;
    if (this.#triedMs.size >= REMEMBERED_MAX) this.#triedMs.clear();
    this.#triedMs.set(key, clock.nowMs());
    void this.#adopt(server, name, report, finishedAtMs);
  }

  #nameOf({ facts }: ServerReport, { address }: Server): Address | null {
    const { method, rejected } = this.#parts;
    if (method === 'as-found' || LOOPBACK.test(address.host)) return null;
    const host = method === 'hostname' ? facts.hostname : facts.reportHost;
    const isUsable = host !== '' && host !== address.host && !LOOPBACK.test(host) && rejected?.test(host) !== true;
    return isUsable ? { host, port: address.port } : null;
  }

  async #adopt(server: Server, name: Address, report: ServerReport, finishedAtMs: number): Promise<void> {
    const { prober, ledger, timeoutMs, onFailed } = this.#parts;
    this.#looks += 1;
    try {
      const result = await prober.probe(name, timeoutMs);
      if (!result.ok || !isSame(presenceOf(report, finishedAtMs), presenceOf(result.report, result.finishedAtMs))) {
        if (!ledger.state.servers.get(server.id)?.aliases.some((alias) => sameAddress(alias, name)))
          prober.release(name);
        return;
      }
      const why = 'it calls itself so, and answers there';
      await ledger.propose({
        kind: 'servers-readdressed',
        moves: [{ server: server.id, address: name, why }],
        replaced: [],
      });
    } catch (error) {
      onFailed('the name of a server', error);
    } finally {
      this.#looks -= 1;
    }
  }
}

function isSame(one: ReturnType<typeof presenceOf>, other: ReturnType<typeof presenceOf>): boolean {
  return (
    one.id === other.id &&
    one.hostname === other.hostname &&
    one.serverNumber === other.serverNumber &&
    Math.abs(one.startedMs - other.startedMs) <= SAME_START_MS
  );
}

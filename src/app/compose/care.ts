/** The care for servers, wired: what they are to us, whom we leave out, where they are, and when we give them up. */
import { DnsHostNames } from '../../adapters/dns/host-names.js';
import { type DiscoveryFilters, filteredBy, filteredByUser } from '../../core/topology/discovery-filters.js';
import { type Address, addressText } from '../../core/topology/address.js';
import type { ServerFacts } from '../../core/topology/server.js';
import type { HostNames } from '../../runtime/ports/host-names.js';
import type { Prober } from '../../runtime/ports/mysql.js';
import { ClassifyingProber } from '../../runtime/probing/classifying-prober.js';
import type { ReplicatedLedger } from '../../runtime/replicated-ledger.js';
import type { Lifetimes } from '../../runtime/service/keeping.js';
import type { Config } from '../config/config.js';
import type { Log } from '../log.js';

/** The incumbent's constant: a lock that nobody gives back must not last. */
const MAINTENANCE_MS = 600_000;
/** Addresses of which it was said that a filter keeps them out; beyond that, one may be told of twice. */
const FILTERED_REMEMBERED = 10_000;

export interface CareParts {
  readonly config: Config;
  readonly log: Log;
  readonly ledger: ReplicatedLedger;
  readonly prober: Prober;
}

export class Care {
  /** Its reports say what servers are to us. */
  readonly prober: Prober;
  readonly names: HostNames;
  readonly lifetimes: Lifetimes;
  readonly #filters: DiscoveryFilters;
  readonly #log: Log | null;
  readonly #told = new Set<string>();

  constructor({ config, log, ledger, prober }: CareParts) {
    const { discovery, classification, lifetimes } = config;
    const { hosts, lifetimeMs, rejected } = discovery.names;
    this.prober = new ClassifyingProber(prober, classification, (id) => ledger.state.servers.get(id)?.address ?? null);
    this.names = new DnsHostNames({ method: hosts, lifetimeMs, rejected });
    this.lifetimes = { ...lifetimes, maintenanceMs: MAINTENANCE_MS };
    this.#filters = discovery.filters;
    this.#log = discovery.logFiltered ? log : null;
  }

  isIgnored(address: Address, as: 'server' | 'replica' | 'source'): boolean {
    const key = filteredBy(this.#filters, address, as);
    if (key !== null) this.#tell(`${addressText(address)} is left out: ${key}`);
    return key !== null;
  }

  isIgnoredFor(address: Address, facts: ServerFacts): boolean {
    const isIgnored = filteredByUser(this.#filters, facts);
    if (isIgnored) this.#tell(`${addressText(address)} is left out: DiscoveryIgnoreReplicationUsernameFilters`);
    return isIgnored;
  }

  #tell(text: string): void {
    if (this.#log === null || this.#told.has(text)) return;
    if (this.#told.size >= FILTERED_REMEMBERED) this.#told.clear();
    this.#told.add(text);
    this.#log.info(text);
  }
}

/** The care for servers, wired: what they are to us, whom we leave out, where they are, and when we give them up. */
import { DnsHostNames } from '../../adapters/dns/host-names.js';
import { type DiscoveryFilters, filteredBy, filteredByUser } from '../../core/topology/discovery-filters.js';
import { type Address, addressText, sameAddress } from '../../core/topology/address.js';
import type { ProbeResult, ServerReport } from '../../core/topology/report.js';
import { Caretaker } from '../../runtime/care/caretaker.js';
import { Naming } from '../../runtime/care/naming.js';
import { WhereaboutsKeeper } from '../../runtime/care/whereabouts-keeper.js';
import type { Clock } from '../../runtime/ports/clock.js';
import type { HostNames } from '../../runtime/ports/host-names.js';
import type { Prober } from '../../runtime/ports/mysql.js';
import type { Sighting } from '../../runtime/ports/service.js';
import { ClassifyingProber } from '../../runtime/probing/classifying-prober.js';
import type { ReplicatedLedger } from '../../runtime/replicated-ledger.js';
import { MemberTooOld } from '../../runtime/schema-gate.js';
import type { Lifetimes } from '../../runtime/service/keeping.js';
import type { Config } from '../config/config.js';
import type { LiveConfig } from '../config/live.js';
import type { Log } from '../log.js';

/** The incumbent's constant: a lock that nobody gives back must not last. */
const MAINTENANCE_MS = 600_000;
/** Addresses of which it was said that a filter keeps them out; beyond that, one may be told of twice. */
const FILTERED_REMEMBERED = 10_000;

export interface CareParts {
  readonly live: LiveConfig;
  readonly log: Log;
  readonly ledger: ReplicatedLedger;
  readonly clock: Clock;
  readonly prober: Prober;
  readonly sighting: (address: Address) => Sighting | null;
}

export class Care {
  /** Its reports say what servers are to us. */
  readonly prober: Prober;
  readonly names: HostNames;
  readonly lifetimes: Lifetimes;
  readonly #discovery: Config['discovery'];
  readonly #filters: DiscoveryFilters;
  readonly #log: Log;
  readonly #told = new Set<string>();
  readonly #ledger: ReplicatedLedger;
  readonly #whereabouts: WhereaboutsKeeper;
  readonly #naming: Naming;
  readonly #caretaker: Caretaker;

  constructor({ live, log, ledger, clock, prober, sighting }: CareParts) {
    const discovery = live.following((config) => config.discovery);
    const classification = live.following((config) => config.classification);
    this.prober = new ClassifyingProber(prober, classification, (id) => ledger.state.servers.get(id)?.address ?? null);
    this.names = new DnsHostNames(
      live.following(({ discovery: { names: now } }) => ({
        method: now.hosts,
        lifetimeMs: now.lifetimeMs,
        rejected: now.rejected,
      })),
    );
    // What was learnt by another method is no answer to this one.
    const method = live.derived(({ discovery: { names: now } }) => now.hosts);
    let known = method();
    live.subscribe(() => {
      if (known !== method()) this.names.clear();
      known = method();
    });
    this.lifetimes = live.following((config) => ({ ...config.lifetimes, maintenanceMs: MAINTENANCE_MS }));
    this.#discovery = discovery;
    this.#filters = live.following((config) => config.discovery.filters);
    this.#log = log;
    this.#ledger = ledger;
    const onFailed = uncommitted(log);
    this.#whereabouts = new WhereaboutsKeeper({ clock, ledger, onFailed });
    this.#naming = new Naming({
      ledger,
      clock,
      prober: this.prober,
      get method() {
        return discovery.names.servers;
      },
      get rejected() {
        return discovery.names.rejected;
      },
      get retryMs() {
        return discovery.names.lifetimeMs;
      },
      timeoutMs: live.config.mysql.probeTimeoutMs,
      onFailed,
    });
    this.#caretaker = new Caretaker({ clock, ledger, settings: discovery, sighting, onFailed });
  }

  isIgnored(address: Address, as: 'server' | 'replica' | 'source'): boolean {
    const key = filteredBy(this.#filters, address, as);
    if (key !== null) this.#tell(`${addressText(address)} is left out: ${key}`);
    return key !== null;
  }

  start(): void {
    this.#caretaker.start();
  }

  stop(): void {
    this.#caretaker.stop();
  }

  /** Every look, before anybody believes it. */
  noticeLook(result: ProbeResult): void {
    this.#whereabouts.note(result);
    if (result.ok && this.#whereabouts.admits(result.report)) this.#naming.consider(result.report, result.finishedAtMs);
  }

  noticeApplied(): void {
    this.#whereabouts.noticeApplied();
  }

  forgetAddress(address: Address): void {
    this.#whereabouts.forget(address);
  }

  /** Is it whom it says to be, as far as its address and others with that identity tell? */
  believes(report: ServerReport): boolean {
    return this.#whereabouts.admits(report);
  }

  /** May the report be believed, and its server be known? */
  admits(report: ServerReport): boolean {
    if (filteredByUser(this.#filters, report.facts)) {
      this.#tell(`${addressText(report.address)} is left out: DiscoveryIgnoreReplicationUsernameFilters`);
      return false;
    }
    if (!this.#ledger.state.tombstones.has(report.id)) return this.#whereabouts.admits(report);
    this.#forgetThereToo(report);
    return false;
  }

  /** A forgotten server turned up under a name that nobody knew: that name is forgotten too, or it would be asked for ever. */
  #forgetThereToo({ id, address }: ServerReport): void {
    const tombstone = this.#ledger.state.tombstones.get(id);
    if (tombstone === undefined || tombstone.addresses.some((known) => sameAddress(known, address))) return;
    this.#ledger
      .propose({ kind: 'servers-forgotten', servers: [id], addresses: [address], by: tombstone.by })
      .catch((error: unknown) => {
        this.#log.debug({ err: error }, 'a name of a forgotten server was not committed');
      });
  }

  #tell(text: string): void {
    if (!this.#discovery.logFiltered || this.#told.has(text)) return;
    if (this.#told.size >= FILTERED_REMEMBERED) this.#told.clear();
    this.#told.add(text);
    this.#log.info(text);
  }
}

/** Each loop tries again at its next occasion; that it waits for an upgrade is told once for the same members. */
function uncommitted(log: Log): (what: string, error: unknown) => void {
  let told = '';
  return (what, error) => {
    const waitsFor = error instanceof MemberTooOld ? error.members.join(', ') : '';
    if (error instanceof MemberTooOld && waitsFor !== told) log.warn(error.message);
    else log.debug({ err: error }, `${what} was not committed`);
    if (waitsFor !== '') told = waitsFor;
  };
}

/**
 * From reports to the log. Only a leader that has caught up commits, only what changed, many servers in one entry; a
 * change that is on its way is not committed again by the next probe, and one that fails is found again by it.
 */
import type { ServerId } from '../../core/topology/server.js';
import { type Address, addressText, sameAddress } from '../../core/topology/address.js';
import { sameValue } from '../../core/topology/diff.js';
import { type Observation, observe } from '../../core/topology/observe.js';
import type { ServerReport } from '../../core/topology/report.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { ReplicatedLedger } from '../replicated-ledger.js';
import type { ProbingPace } from './pace.js';
import { type FoundTarget, foundTargets } from './wanted.js';

/** The log as the probing uses it. */
export type ProbingLedger = Pick<ReplicatedLedger, 'state' | 'readyTerm' | 'propose'>;

export interface ObserverParts {
  readonly clock: Clock;
  readonly ledger: ProbingLedger;
  readonly pace: Pick<ProbingPace, 'gatherMs' | 'observationsMax'>;
  /** Is the address in the replicated state already, as whatever? */
  isKnown(address: Address): boolean;
  /** DiscoveryIgnore... filters. */
  isIgnored(address: Address, as: 'replica' | 'source'): boolean;
  /** May the report be believed, and its server be known? */
  admits(report: ServerReport): boolean;
  /** What HostnameResolveMethod makes of a host; at once where it is known. */
  hostName(host: string): string | Promise<string>;
  /** Was the server changed after this probe of it began? */
  isValid(server: ServerId, startedAtMs: number): boolean;
  onFailed(what: string, error: unknown): void;
}

interface Gathered {
  readonly observation: Observation;
  readonly startedAtMs: number;
}

export class Observer {
  readonly #parts: ObserverParts;
  readonly #gathered = new Map<ServerId, Gathered>();
  readonly #underway = new Map<ServerId, Observation>();
  readonly #proposals = new Set<Promise<void>>();
  readonly #targets = new Map<string, FoundTarget>();
  readonly #targetsUnderway = new Set<string>();
  #timer: Timer | null = null;

  constructor(parts: ObserverParts) {
    this.#parts = parts;
  }

  take(report: ServerReport, startedAtMs: number): void {
    if (!this.#parts.admits(report)) {
      this.#gathered.delete(report.id);
      return;
    }
    this.#gather(report, startedAtMs);
    for (const target of foundTargets(report, (address) => this.#isKnown(address))) this.#takeTarget(target);
    if (this.#gathered.size >= this.#parts.pace.observationsMax) this.#flush();
    else if (this.#gathered.size > 0 || this.#targets.size > 0) this.#flushSoon();
  }

  #takeTarget(target: FoundTarget): void {
    if (this.#parts.isIgnored(target.address, target.origin)) return;
    const host = this.#parts.hostName(target.address.host);
    if (typeof host === 'string') {
      this.#addTarget(target, host);
      return;
    }
    void host.then((resolved) => {
      this.#addTarget(target, resolved);
      if (this.#targets.size > 0) this.#flushSoon();
    });
  }

  #addTarget(target: FoundTarget, host: string): void {
    const address = host === target.address.host ? target.address : { ...target.address, host };
    if (this.#isKnown(address) || this.#parts.isIgnored(address, target.origin)) return;
    this.#targets.set(addressText(address), { ...target, address });
  }

  /** All that was taken up to now is in the log, or could not be committed. */
  async committed(): Promise<void> {
    this.#flush();
    await Promise.all(this.#proposals);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#gathered.clear();
    this.#targets.clear();
  }

  #gather(report: ServerReport, startedAtMs: number): void {
    const waiting = this.#gathered.get(report.id);
    // Two names of one server at the same moment: the first is committed, and becomes its address; the other comes next.
    if (waiting !== undefined && !sameAddress(waiting.observation.address, report.address)) return;
    const observation = this.#news(report);
    if (observation === null) this.#gathered.delete(report.id);
    else this.#gathered.set(report.id, { observation, startedAtMs });
  }

  /** Against what will be believed when the entry that is on its way is applied, if there is one. */
  #news(report: ServerReport): Observation | null {
    const underway = this.#underway.get(report.id);
    if (underway === undefined) {
      const { servers, candidates } = this.#parts.ledger.state;
      return observe(servers, report, candidates.get(report.id)?.rule ?? null);
    }
    const isSame = sameAddress(underway.address, report.address) && sameValue(underway.facts, report.facts);
    return isSame ? null : { id: report.id, address: report.address, facts: report.facts };
  }

  #isKnown(address: Address): boolean {
    return this.#targetsUnderway.has(addressText(address)) || this.#parts.isKnown(address);
  }

  #flushSoon(): void {
    this.#timer ??= this.#parts.clock.setTimer(this.#parts.pace.gatherMs, () => {
      this.#flush();
    });
  }

  #flush(): void {
    this.#timer?.cancel();
    this.#timer = null;
    const gathered = [...this.#gathered.values()].filter(({ observation, startedAtMs }) =>
      this.#parts.isValid(observation.id, startedAtMs),
    );
    const targets = [...this.#targets.values()];
    this.#gathered.clear();
    this.#targets.clear();
    if (this.#parts.ledger.readyTerm === null) return;
    const servers = gathered.map(({ observation }) => observation);
    if (servers.length > 0) {
      const proposal: Promise<void> = this.#proposeServers(servers).finally(() => this.#proposals.delete(proposal));
      this.#proposals.add(proposal);
    }
    if (targets.length > 0) void this.#proposeTargets(targets);
  }

  async #proposeServers(servers: readonly Observation[]): Promise<void> {
    for (const observation of servers) this.#underway.set(observation.id, observation);
    try {
      await this.#parts.ledger.propose({ kind: 'topology-observed', servers });
    } catch (error) {
      this.#parts.onFailed('an observation', error);
    }
    // A later observation of the same server may be under way by now; that one still is.
    for (const observation of servers) {
      if (this.#underway.get(observation.id) === observation) this.#underway.delete(observation.id);
    }
  }

  async #proposeTargets(targets: readonly FoundTarget[]): Promise<void> {
    for (const { address } of targets) this.#targetsUnderway.add(addressText(address));
    try {
      await this.#parts.ledger.propose({ kind: 'targets-added', targets });
    } catch (error) {
      this.#parts.onFailed('new addresses', error);
    }
    for (const { address } of targets) this.#targetsUnderway.delete(addressText(address));
  }
}

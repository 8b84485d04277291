/**
 * Remembers who answered where, and tells the log when the answers say that a server has moved, was set up anew, or shares
 * its identity with a copy. Every node remembers; only a leader that has caught up speaks.
 */
import { takesPartInRecovery } from '../../core/ledger/apply/forgetting.js';
import { type Address, addressText } from '../../core/topology/address.js';
import type { ProbeResult, ServerReport } from '../../core/topology/report.js';
import type { Server, ServerId } from '../../core/topology/server.js';
import {
  judgeWhereabouts,
  type Place,
  placeAfter,
  presenceOf,
  type Verdict,
  WHEREABOUTS_LIMITS,
  type Whereabouts,
  type WhereaboutsLimits,
} from '../../core/topology/whereabouts.js';
import type { Clock } from '../ports/clock.js';
import type { Proposal, ReplicatedLedger } from '../replicated-ledger.js';

/** A copy that answers no more for so long is gone. */
const COPY_GONE_MS = 600_000;

export interface WhereaboutsParts {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly ledger: Pick<ReplicatedLedger, 'state' | 'readyTerm' | 'propose'>;
  readonly limits?: WhereaboutsLimits;
  onFailed(what: string, error: unknown): void;
}

export class WhereaboutsKeeper {
  readonly #parts: WhereaboutsParts;
  readonly #places = new Map<string, Place>();
  /** Keys of the places at which each identity answered last. */
  readonly #placesOf = new Map<ServerId, Set<string>>();
  /** By address text; null: to be made anew. */
  #owners: ReadonlyMap<string, readonly Server[]> | null = null;
  /** Of addresses whose last answer is not to be believed yet. */
  readonly #held = new Set<string>();
  #isProposing = false;

  constructor(parts: WhereaboutsParts) {
    this.#parts = parts;
  }

  /** Every look, in the order in which they ended. */
  note(result: ProbeResult): void {
    const address = result.ok ? result.report.address : result.address;
    const key = addressText(address);
    const seen = result.ok ? presenceOf(result.report, result.finishedAtMs) : null;
    const before = this.#places.get(key);
    this.#places.set(key, placeAfter(before, address, seen, result.finishedAtMs));
    if (seen !== null) this.#index(key, before?.last?.id ?? null, seen.id);
    if (result.ok) this.#judge(address);
    else this.#settleIfGone(address);
  }

  forget(address: Address): void {
    const key = addressText(address);
    this.#index(key, this.#places.get(key)?.last?.id ?? null, null);
    this.#places.delete(key);
    this.#held.delete(key);
  }

  /** Entries were applied: servers may have other addresses. */
  noticeApplied(): void {
    this.#owners = null;
  }

  /** May what was just seen there be believed? */
  admits({ address }: ServerReport): boolean {
    return !this.#held.has(addressText(address));
  }

  #judge(address: Address): void {
    const { ledger, clock, limits = WHEREABOUTS_LIMITS } = this.#parts;
    const { servers, sharedIdentities } = ledger.state;
    const key = addressText(address);
    const known: Whereabouts = {
      servers,
      copies: sharedIdentities,
      place: (one) => this.#places.get(addressText(one)),
      placesOf: (id) => [...(this.#placesOf.get(id) ?? [])].flatMap((one) => this.#places.get(one) ?? []),
      ownersOf: (one) => this.#ownersOf(one),
    };
    const verdict = judgeWhereabouts(known, address, clock.nowMs(), limits);
    if (verdict.hold) this.#held.add(key);
    else this.#held.delete(key);
    const copy = sharedIdentities.get(key);
    const isSettled = copy !== undefined && this.#places.get(key)?.last?.id !== copy.server;
    this.#tell(verdict, isSettled ? [address] : []);
  }

  #index(key: string, before: ServerId | null, after: ServerId | null): void {
    if (before === after) return;
    if (before !== null) {
      const places = this.#placesOf.get(before);
      places?.delete(key);
      if (places?.size === 0) this.#placesOf.delete(before);
    }
    if (after === null) return;
    const places = this.#placesOf.get(after);
    if (places === undefined) this.#placesOf.set(after, new Set([key]));
    else places.add(key);
  }

  #ownersOf(address: Address): readonly Server[] {
    this.#owners ??= groupByAddress(this.#parts.ledger.state.servers.values());
    return this.#owners.get(addressText(address)) ?? [];
  }

  #settleIfGone(address: Address): void {
    const key = addressText(address);
    const failingSinceMs = this.#places.get(key)?.failingSinceMs ?? null;
    if (failingSinceMs === null || this.#parts.clock.nowMs() - failingSinceMs < COPY_GONE_MS) return;
    if (this.#parts.ledger.state.sharedIdentities.has(key)) {
      this.#tell({ moves: [], replaced: [], shared: [], hold: false }, [address]);
    }
  }

  /** One at a time: the next look finds again what was not told now. */
  #tell({ moves, replaced, shared }: Verdict, settled: readonly Address[]): void {
    if (this.#isProposing || this.#parts.ledger.readyTerm === null) return;
    const proposals: Proposal[] = [];
    const free = {
      moves: moves.filter(({ server }) => !this.#isBusy(server)),
      replaced: replaced.filter(({ former }) => !this.#isBusy(former)),
    };
    if (free.moves.length + free.replaced.length > 0) proposals.push({ kind: 'servers-readdressed', ...free });
    if (shared.length > 0 || settled.length > 0) proposals.push({ kind: 'identities-shared', shared, settled });
    if (proposals.length > 0) void this.#propose(proposals);
  }

  /** The steps of an open recovery know a server by its address. */
  #isBusy(server: ServerId): boolean {
    return takesPartInRecovery(this.#parts.ledger.state, server);
  }

  async #propose(proposals: readonly Proposal[]): Promise<void> {
    this.#isProposing = true;
    try {
      for (const proposal of proposals) await this.#parts.ledger.propose(proposal);
    } catch (error) {
      this.#parts.onFailed('who answers where', error);
    } finally {
      this.#isProposing = false;
    }
  }
}

function groupByAddress(servers: Iterable<Server>): ReadonlyMap<string, readonly Server[]> {
  const owners = new Map<string, Server[]>();
  for (const server of servers) {
    const key = addressText(server.address);
    const others = owners.get(key);
    if (others === undefined) owners.set(key, [server]);
    else others.push(server);
  }
  return owners;
}

/**
 * Remembers who answered where, and tells the log when the answers say that a server has moved, was set up anew, or shares
 * its identity with a copy. Every node remembers; only a leader that has caught up speaks.
 */
import { takesPartInRecovery } from '../../core/ledger/apply/forgetting.js';
import { type Address, addressText } from '../../core/topology/address.js';
import type { ProbeResult, ServerReport } from '../../core/topology/report.js';
import type { ServerId } from '../../core/topology/server.js';
import {
  judgeWhereabouts,
  type Place,
  placeAfter,
  presenceOf,
  type Verdict,
  WHEREABOUTS_LIMITS,
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
    this.#places.set(key, placeAfter(this.#places.get(key), address, seen, result.finishedAtMs));
    if (result.ok) this.#judge(address);
    else this.#settleIfGone(address);
  }

  forget(address: Address): void {
    this.#places.delete(addressText(address));
    this.#held.delete(addressText(address));
  }

  /** May what was just seen there be believed? */
  admits({ address }: ServerReport): boolean {
    return !this.#held.has(addressText(address));
  }

  #judge(address: Address): void {
    const { ledger, clock, limits = WHEREABOUTS_LIMITS } = this.#parts;
    const { servers, sharedIdentities } = ledger.state;
    const key = addressText(address);
    const known = { places: this.#places, servers, copies: sharedIdentities };
    const verdict = judgeWhereabouts(known, address, clock.nowMs(), limits);
    if (verdict.hold) this.#held.add(key);
    else this.#held.delete(key);
    const copy = sharedIdentities.get(key);
    const isSettled = copy !== undefined && this.#places.get(key)?.last?.id !== copy.server;
    this.#tell(verdict, isSettled ? [address] : []);
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

  /** The steps of an open recovery know a server by its address, and a former primary must be found where it was. */
  #isBusy(server: ServerId): boolean {
    const { state } = this.#parts.ledger;
    return state.demotions.has(server) || takesPartInRecovery(state, server);
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

/**
 * The leader's care for records that end by time: it lets time pass in the log where nothing else does, notes who has not
 * been seen for long, gives up whom nobody has seen for as long as configured, and keeps pictures of the topologies.
 * Each of these is an entry only when there is something to do: a healthy cluster writes none.
 */
import { nextExpiryMs } from '../../core/ledger/apply/expiry.js';
import { takesPartInRecovery } from '../../core/ledger/apply/forgetting.js';
import type { Silence } from '../../core/ledger/records.js';
import type { Address } from '../../core/topology/address.js';
import type { Server, ServerId } from '../../core/topology/server.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { Sighting } from '../ports/service.js';
import type { Proposal, ReplicatedLedger } from '../replicated-ledger.js';

export interface CaretakerSettings {
  /** UnseenInstanceForgetHours; 0: never. */
  readonly forgetUnseenMs: number;
  /** SnapshotTopologiesIntervalHours; 0: only when somebody asks. */
  readonly recordTopologiesMs: number;
  /** AuditPurgeDays; 0: history is kept by number alone. */
  readonly keepHistoryMs: number;
}

export interface CaretakerParts {
  readonly clock: Clock;
  readonly ledger: Pick<ReplicatedLedger, 'state' | 'readyTerm' | 'propose'>;
  readonly settings: CaretakerSettings;
  readonly sighting: (address: Address) => Sighting | null;
  onFailed(what: string, error: unknown): void;
}

const TICK_MS = 1_000;
/** Shorter silences are nobody's business but the diagnosis's; a change of leaders begins those anew. */
export const SILENT_MS = 600_000;
const PURGE_STEP_MS = 3_600_000;
/** In one entry. */
const SERVERS_MAX = 1_000;

export class Caretaker {
  readonly #parts: CaretakerParts;
  #timer: Timer | null = null;
  #term: number | null = null;
  #ledSinceWallMs = 0;
  #isProposing = false;

  constructor(parts: CaretakerParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#timer?.cancel();
    this.#timer = this.#parts.clock.setTimer(TICK_MS, () => {
      this.#tick();
      this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #tick(): void {
    const { clock, ledger } = this.#parts;
    const term = ledger.readyTerm;
    if (term !== this.#term) this.#ledSinceWallMs = clock.wallMs();
    this.#term = term;
    if (term === null || this.#isProposing) return;
    const nowMs = Math.max(clock.wallMs(), ledger.state.nowMs);
    const proposals = [
      this.#timePassed(nowMs),
      this.#silences(nowMs),
      this.#expired(nowMs),
      this.#picture(nowMs),
      this.#oldHistory(nowMs),
    ];
    const due = proposals.filter((proposal) => proposal !== null);
    if (due.length > 0) void this.#propose(due);
  }

  #timePassed(nowMs: number): Proposal | null {
    const nextMs = nextExpiryMs(this.#parts.ledger.state);
    return nextMs === null || nextMs > nowMs ? null : { kind: 'time-passed' };
  }

  #silences(nowMs: number): Proposal | null {
    const { servers, silences } = this.#parts.ledger.state;
    const silent: Silence[] = [];
    const answering: ServerId[] = [];
    for (const server of servers.values()) {
      const isNoted = silences.has(server.id);
      const sinceMs = this.#seenMs(server) ?? this.#ledSinceWallMs;
      const isSilent = nowMs - sinceMs >= SILENT_MS;
      if (isSilent && !isNoted) silent.push({ server: server.id, sinceMs });
      // A new leader that has not looked yet knows nothing better than the log.
      if (!isSilent && isNoted && this.#seenMs(server) !== null) answering.push(server.id);
    }
    if (silent.length === 0 && answering.length === 0) return null;
    return {
      kind: 'silence-changed',
      silent: silent.slice(0, SERVERS_MAX),
      answering: answering.slice(0, SERVERS_MAX),
    };
  }

  /** When anybody that this node hears of last read this very server. */
  #seenMs(server: Server): number | null {
    let latestMs: number | null = null;
    for (const address of [server.address, ...server.aliases]) {
      const sighting = this.#parts.sighting(address);
      if (sighting?.server !== server.id || sighting.lastSeenAtMs === null) continue;
      latestMs = Math.max(latestMs ?? 0, sighting.lastSeenAtMs);
    }
    return latestMs;
  }

  #expired(nowMs: number): Proposal | null {
    const { forgetUnseenMs } = this.#parts.settings;
    if (forgetUnseenMs === 0) return null;
    const { state } = this.#parts.ledger;
    const { silences, servers, targets, demotions } = state;
    const gone = [...silences.values()].filter(({ server: id, sinceMs }) => {
      const server = servers.get(id);
      const isSeen = server !== undefined && (this.#seenMs(server) ?? 0) > sinceMs;
      const isBusy = demotions.has(id) || takesPartInRecovery(state, id);
      return nowMs - sinceMs >= forgetUnseenMs && !isSeen && !isBusy;
    });
    const never = [...targets.values()].filter(({ addedAtMs }) => nowMs - addedAtMs >= forgetUnseenMs);
    if (gone.length === 0 && never.length === 0) return null;
    return {
      kind: 'servers-expired',
      servers: gone.slice(0, SERVERS_MAX).map(({ server }) => server),
      addresses: never.slice(0, SERVERS_MAX).map(({ address }) => address),
    };
  }

  #picture(nowMs: number): Proposal | null {
    const { recordTopologiesMs } = this.#parts.settings;
    const { history, servers } = this.#parts.ledger.state;
    const lastMs = history[history.length - 1]?.atMs ?? 0;
    const isDue = recordTopologiesMs > 0 && servers.size > 0 && nowMs - lastMs >= recordTopologiesMs;
    return isDue ? { kind: 'topologies-recorded' } : null;
  }

  /** An hour's worth at a time: an entry for every line would be longer than the line. */
  #oldHistory(nowMs: number): Proposal | null {
    const { ledger, settings } = this.#parts;
    const { audit, recoveries, demotions } = ledger.state;
    if (settings.keepHistoryMs === 0) return null;
    const beforeMs = nowMs - settings.keepHistoryMs;
    const isDue = (atMs: number | null): boolean => atMs !== null && atMs < beforeMs - PURGE_STEP_MS;
    const isOld =
      (audit.length > 1 && isDue(audit[0]?.atMs ?? null)) ||
      [...recoveries.values()].some((one) => isDue(one.closedAtMs) && demotions.get(one.failed)?.state !== 'owed');
    return isOld ? { kind: 'history-purged', beforeMs } : null;
  }

  async #propose(proposals: readonly Proposal[]): Promise<void> {
    this.#isProposing = true;
    try {
      for (const proposal of proposals) await this.#parts.ledger.propose(proposal);
    } catch (error) {
      this.#parts.onFailed('what has run out', error);
    } finally {
      this.#isProposing = false;
    }
  }
}

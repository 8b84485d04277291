/**
 * Hands the audit's lines to its outlets as they are applied. Every line has a number, so an outlet that failed gets what it
 * missed with the next ones, as long as the state still has it.
 */
import type { LedgerState } from '../../core/ledger/state.js';
import type { AuditEntry, AuditOutlet } from '../ports/audit-outlets.js';
import type { Clock, Timer } from '../ports/clock.js';

export interface AuditTrailParts {
  readonly clock: Pick<Clock, 'setTimer'>;
  readonly state: () => LedgerState;
  readonly outlets: readonly AuditOutlet[];
  /** Told once when an outlet fails, and null once when it works again. */
  onTrouble(error: unknown): void;
}

const RETRY_MS = 10_000;

export class AuditTrail {
  readonly #parts: AuditTrailParts;
  readonly #lanes: Lane[];

  constructor(parts: AuditTrailParts) {
    this.#parts = parts;
    this.#lanes = parts.outlets.map((outlet) => ({ outlet, told: 0, busy: false, failing: false, retry: null }));
  }

  noticeApplied(): void {
    const { audit } = this.#parts.state();
    const newest = audit.at(-1)?.number ?? 0;
    for (const lane of this.#lanes) if (newest > lane.told && !lane.busy && lane.retry === null) void this.#write(lane);
  }

  stop(): void {
    for (const lane of this.#lanes) lane.retry?.cancel();
  }

  async #write(lane: Lane): Promise<void> {
    const entries = this.#after(lane.told);
    lane.busy = true;
    try {
      await lane.outlet.write(entries);
      lane.told = entries.at(-1)?.number ?? lane.told;
      if (lane.failing) this.#parts.onTrouble(null);
      lane.failing = false;
    } catch (error) {
      if (!lane.failing) this.#parts.onTrouble(error);
      lane.failing = true;
      lane.retry = this.#parts.clock.setTimer(RETRY_MS, () => {
        lane.retry = null;
        this.noticeApplied();
      });
    }
    lane.busy = false;
    if (!lane.failing) this.noticeApplied();
  }

  #after(told: number): readonly AuditEntry[] {
    const { audit, servers, clusters } = this.#parts.state();
    return audit
      .filter(({ number }) => number > told)
      .map(({ number, atMs, kind, server, clusterId, text }) => {
        const address = server === null ? undefined : servers.get(server)?.address;
        const primary = clusterId === null ? undefined : clusters.get(clusterId)?.primary;
        const named = primary === undefined ? undefined : servers.get(primary)?.address;
        const cluster = named === undefined ? '' : `${named.host}:${String(named.port)}`;
        return { number, atMs, kind, host: address?.host ?? '', port: address?.port ?? 0, cluster, text };
      });
  }
}

interface Lane {
  readonly outlet: AuditOutlet;
  told: number;
  busy: boolean;
  failing: boolean;
  retry: Timer | null;
}

/**
 * Writes incidents into the log: that one began, that its name sharpened (unreachable, then dead), that it is over. What
 * must not be done twice in an incident is recorded there, and every node and every later leader sees the same one.
 * Best effort and repeated: nothing that saves a cluster waits for these entries, except the canary.
 */
import type { LedgerState } from '../../core/ledger/state.js';
import type { Server, ServerId } from '../../core/topology/server.js';
import type { Clock } from '../ports/clock.js';
import type { Proposal } from '../replicated-ledger.js';
import type { Pace } from './limits.js';

/** The log as the loop uses it: the applied state, and a proposal that resolves when it is committed and applied here. */
export interface LedgerDoor {
  readonly state: LedgerState;
  propose(proposal: Proposal): Promise<unknown>;
}

export interface IncidentKeeperParts {
  readonly clock: Clock;
  readonly ledger: LedgerDoor;
  readonly pace: Pace;
  /** A proposal failed. It is made again when there is still a reason. */
  onFailed(what: string, error: unknown): void;
}

export class IncidentKeeper {
  readonly #parts: IncidentKeeperParts;
  readonly #busy = new Set<ServerId>();
  readonly #writtenAtMs = new Map<ServerId, number>();

  constructor(parts: IncidentKeeperParts) {
    this.#parts = parts;
  }

  /** `beganAtMs` is monotonic. */
  open(server: Server, code: string, beganAtMs: number): void {
    const { clock, ledger, pace } = this.#parts;
    const known = ledger.state.incidents.get(server.id);
    const nowMs = clock.nowMs();
    const writtenAtMs = this.#writtenAtMs.get(server.id) ?? Number.NEGATIVE_INFINITY;
    if (known?.code === code || nowMs - writtenAtMs < pace.sharpenMs) return;
    const openedAtMs = Math.round(clock.wallMs() - (nowMs - beganAtMs));
    this.#propose(server.id, {
      kind: 'incident-opened',
      incident: {
        id: known?.id ?? `${openedAtMs}-${server.id}`,
        server: server.id,
        clusterId: server.clusterId,
        openedAtMs: known?.openedAtMs ?? openedAtMs,
        code,
        canary: known?.canary ?? null,
      },
    });
  }

  close(server: ServerId, reason: string): void {
    if (!this.#parts.ledger.state.incidents.has(server)) return;
    this.#propose(server, { kind: 'incident-closed', server, reason });
  }

  #propose(server: ServerId, proposal: Proposal): void {
    if (this.#busy.has(server)) return;
    this.#busy.add(server);
    this.#writtenAtMs.set(server, this.#parts.clock.nowMs());
    void this.#parts.ledger
      .propose(proposal)
      .catch((error: unknown) => {
        this.#parts.onFailed(proposal.kind, error);
      })
      .finally(() => this.#busy.delete(server));
  }
}

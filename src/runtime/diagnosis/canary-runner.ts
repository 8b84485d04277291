/**
 * Restarts the IO thread of the one replica that the core has chosen. The order is the point: first it is committed that
 * this incident has used its canary, then everything is looked at again, and only then a server is touched. A leader that
 * dies in between leaves an incident without a canary; two leaders never leave one with two.
 */
import type { Incident } from '../../core/ledger/state.js';
import type { Server, ServerId } from '../../core/topology/server.js';
import type { LedgerDoor } from './incident-keeper.js';

export interface CanaryOrder {
  /** Whose IO thread is stopped and started. */
  readonly canary: Server;
  /** The silent server. */
  readonly source: Server;
  readonly incident: Incident;
}

export interface CanaryRunnerParts {
  readonly ledger: LedgerDoor;
  /** Through a session with barrier and deadline, like every change of a server. Rejects with what went wrong. */
  restart(order: CanaryOrder): Promise<void>;
  /** Is the restart still wanted, now that it is committed? */
  stillWanted(source: ServerId, canary: ServerId): boolean;
  onRestarted(source: ServerId, canary: ServerId): void;
  log(level: 'info' | 'warn', text: string): void;
}

export class CanaryRunner {
  readonly #parts: CanaryRunnerParts;
  readonly #running = new Set<ServerId>();

  constructor(parts: CanaryRunnerParts) {
    this.#parts = parts;
  }

  /** Once for each source at a time; what comes of it is heard through `onRestarted` and the next reports. */
  send(source: ServerId, canary: ServerId): void {
    if (this.#running.has(source)) return;
    this.#running.add(source);
    void this.#run(source, canary)
      .catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        this.#parts.log('warn', `the canary ${canary} was not restarted: ${reason}`);
      })
      .finally(() => this.#running.delete(source));
  }

  async #run(source: ServerId, canary: ServerId): Promise<void> {
    const { ledger } = this.#parts;
    await ledger.propose({ kind: 'canary-used', server: source, canary });
    const incident = ledger.state.incidents.get(source);
    const servers = { source: ledger.state.servers.get(source), canary: ledger.state.servers.get(canary) };
    // Another leader was first, or the incident was closed: this canary is not ours to touch.
    if (incident?.canary !== canary || servers.source === undefined || servers.canary === undefined) return;
    if (!this.#parts.stillWanted(source, canary)) return;
    await this.#parts.restart({ source: servers.source, canary: servers.canary, incident });
    this.#parts.onRestarted(source, canary);
  }
}

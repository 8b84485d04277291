/**
 * Asks the core whether one replica's IO thread is to be restarted, and has it done. The order is the point: first it is
 * committed that this incident has used its canary, then everything is looked at again, and only then a server is touched.
 * A leader that dies in between leaves an incident without a canary; two leaders never leave one with two.
 */
import { decideCanary } from '../../core/analysis/canary.js';
import type { JudgementLimits } from '../../core/analysis/limits.js';
import type { Incident } from '../../core/ledger/state.js';
import type { Server, ServerId } from '../../core/topology/server.js';
import type { Clock } from '../ports/clock.js';
import type { Diagnostician, Finding } from './diagnostician.js';
import type { LedgerDoor } from './incident-keeper.js';
import type { Inquest } from './inquest.js';

export interface CanaryOrder {
  /** Whose IO thread is stopped and started. */
  readonly canary: Server;
  /** The silent server. */
  readonly source: Server;
  readonly incident: Incident;
}

export interface CanaryRunnerParts {
  readonly clock: Clock;
  readonly ledger: LedgerDoor;
  readonly limits: JudgementLimits;
  readonly diagnostician: Pick<Diagnostician, 'replicasOf' | 'examine'>;
  /** Null when there is none, or when this node does not lead any more. */
  inquestOf(source: ServerId): Inquest | null;
  bestCandidateOf(source: ServerId): ServerId | null;
  observesOnly(): boolean;
  /** Through a session with barrier and deadline, like every change of a server. Rejects with what went wrong. */
  restart(order: CanaryOrder): Promise<void>;
  log(level: 'info' | 'warn', text: string): void;
}

export class CanaryRunner {
  readonly #parts: CanaryRunnerParts;
  readonly #running = new Set<ServerId>();
  readonly #restraints = new Map<ServerId, string>();

  constructor(parts: CanaryRunnerParts) {
    this.#parts = parts;
  }

  /** Why no canary is used although it would bring certainty; null when that is not so. */
  restraintOf(source: ServerId): string | null {
    return this.#restraints.get(source) ?? null;
  }

  forget(source: ServerId): void {
    this.#restraints.delete(source);
  }

  consider(source: Server, inquest: Inquest, finding: Finding): void {
    const parts = this.#parts;
    const { ledger, clock, limits, diagnostician } = parts;
    this.#restraints.delete(source.id);
    // Recoveries are switched off: nothing would come of knowing, and a replica would be touched for nothing.
    if (finding.judgement === null || !ledger.state.recoveriesEnabled) return;
    const decision = decideCanary(
      {
        inquiry: inquest.inquiry,
        judgement: finding.judgement,
        links: diagnostician.replicasOf(source.id),
        get best() {
          return parts.bestCandidateOf(source.id);
        },
        incident: ledger.state.incidents.get(source.id) ?? null,
        nowMs: clock.nowMs(),
      },
      limits,
    );
    if (decision.kind === 'no') this.#restraints.set(source.id, decision.reason);
    if (decision.kind !== 'restart') return;
    if (parts.observesOnly()) this.#restraints.set(source.id, 'this node only observes (ObserveOnly)');
    else this.#send(source.id, decision.canary);
  }

  /** Once for each source at a time; what comes of it is heard from the canary's next reports. */
  #send(source: ServerId, canary: ServerId): void {
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
    if (!this.#isStillWanted(servers.source, canary)) return;
    await this.#parts.restart({ source: servers.source, canary: servers.canary, incident });
    this.#parts.inquestOf(source)?.canaryRestarted(canary);
  }

  #isStillWanted(source: Server, canary: ServerId): boolean {
    const inquest = this.#parts.inquestOf(source.id);
    if (inquest === null || inquest.isPaused || inquest.inquiry.reachedBy !== null) return false;
    if (this.#parts.bestCandidateOf(source.id) === canary) return false;
    const { judgement } = this.#parts.diagnostician.examine(source);
    return judgement?.verdict === 'unproven' && judgement.nodes.verdict === 'unreachable';
  }
}

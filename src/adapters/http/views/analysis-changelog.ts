/**
 * What was wrong with each server and since when, as this node came to know it: one line for each change, its end included.
 * It is for people who look back over a day; the audit is the record that lasts.
 */
import type { ServerId } from '../../../core/topology/server.js';
import type { Clock } from '../../../runtime/ports/clock.js';
import type { Service } from '../../../runtime/ports/service.js';
import { HTTP_LIMITS } from '../limits.js';

export interface AnalysisChange {
  readonly atMs: number;
  /** `NoProblem` when it was over. */
  readonly code: string;
}

export const NO_PROBLEM = 'NoProblem';

export class AnalysisChangelog {
  readonly #service: Service;
  readonly #clock: Clock;
  readonly #changes = new Map<ServerId, AnalysisChange[]>();
  readonly #unsubscribe: () => void;

  constructor(service: Service, clock: Clock) {
    this.#service = service;
    this.#clock = clock;
    this.#note();
    this.#unsubscribe = service.subscribe(({ kind }) => {
      if (kind === 'analysis') this.#note();
    });
  }

  close(): void {
    this.#unsubscribe();
  }

  /** Oldest first; servers that are known no more are left out. */
  changes(): ReadonlyMap<ServerId, readonly AnalysisChange[]> {
    this.#expire();
    return this.#changes;
  }

  #note(): void {
    const atMs = this.#clock.wallMs();
    const codes = new Map<ServerId, string>();
    // The gravest comes first and stands for its server.
    for (const { server, code } of this.#service.analysis().problems) {
      if (!codes.has(server)) codes.set(server, code);
    }
    for (const [server, code] of codes) this.#change(server, code, atMs);
    for (const server of this.#changes.keys()) if (!codes.has(server)) this.#change(server, NO_PROBLEM, atMs);
  }

  #change(server: ServerId, code: string, atMs: number): void {
    const before = this.#changes.get(server) ?? [];
    if (before.at(-1)?.code === code) return;
    this.#changes.set(server, [...before, { atMs, code }].slice(-HTTP_LIMITS.changesKept));
  }

  #expire(): void {
    const { servers } = this.#service.state;
    const sinceMs = this.#clock.wallMs() - HTTP_LIMITS.changesKeptMs;
    for (const [server, changes] of this.#changes) {
      const last = changes.at(-1);
      const isOver = last === undefined || (last.code === NO_PROBLEM && last.atMs < sinceMs);
      if (isOver || !servers.has(server)) this.#changes.delete(server);
    }
  }
}

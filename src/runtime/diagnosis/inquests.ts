/**
 * The emergencies of a leader: at most one for each server, and a bounded number at a time. When a data centre goes,
 * everything in it is suspected at once; whoever finds no place waits for one.
 */
import type { ServerId } from '../../core/topology/server.js';
import type { Inquest, Suspicion } from './inquest.js';

export class Inquests {
  readonly #max: number;
  readonly #open = new Map<ServerId, Inquest>();
  readonly #waiting = new Map<ServerId, Suspicion>();

  constructor(max: number) {
    this.#max = max;
  }

  get servers(): readonly ServerId[] {
    return [...this.#open.keys()];
  }

  of(server: ServerId): Inquest | null {
    return this.#open.get(server) ?? null;
  }

  isAwaited(server: ServerId): boolean {
    return this.#open.has(server) || this.#waiting.has(server);
  }

  /** Null when there is one already, or no place for it now. */
  open(server: ServerId, suspicion: Suspicion, create: () => Inquest): Inquest | null {
    if (this.#open.has(server)) return null;
    if (this.#open.size >= this.#max) {
      this.#waiting.set(server, suspicion);
      return null;
    }
    this.#waiting.delete(server);
    const inquest = create();
    this.#open.set(server, inquest);
    return inquest;
  }

  /** Null when there was none. */
  close(server: ServerId): Inquest | null {
    const inquest = this.of(server);
    inquest?.close();
    this.#open.delete(server);
    return inquest;
  }

  /** Who has waited longest, taken from the queue; null when nobody waits or there is no place. */
  takeWaiting(): readonly [ServerId, Suspicion] | null {
    if (this.#open.size >= this.#max) return null;
    for (const entry of this.#waiting) {
      this.#waiting.delete(entry[0]);
      return entry;
    }
    return null;
  }

  restartAll(): void {
    for (const inquest of this.#open.values()) inquest.restart();
  }

  drop(): void {
    for (const inquest of this.#open.values()) inquest.close();
    this.#open.clear();
    this.#waiting.clear();
  }
}

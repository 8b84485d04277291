/**
 * Looks that somebody waits for. They start at once, beside the queues, and have a bound of their own. A probe that is
 * under way is not joined: it may have begun before what the caller wants to know of.
 */
import { type Address, addressText } from '../../core/topology/address.js';
import type { ProbeResult } from '../../core/topology/report.js';
import type { Clock } from '../ports/clock.js';
import type { Prober } from '../ports/mysql.js';
import { Lane } from './lane.js';

export interface UrgentLooksParts {
  readonly clock: Clock;
  readonly prober: Pick<Prober, 'probe'>;
  readonly concurrencyMax: number;
  onLooked(key: string, result: ProbeResult): void;
}

interface Look {
  /** Infinity while it waits for its place. */
  startedAtMs: number;
  readonly result: Promise<ProbeResult>;
}

export class UrgentLooks {
  readonly #parts: UrgentLooksParts;
  readonly #lane: Lane;
  readonly #underway = new Map<string, Look>();

  constructor(parts: UrgentLooksParts) {
    this.#parts = parts;
    this.#lane = new Lane(() => parts.concurrencyMax);
  }

  look(address: Address, timeoutMs: number): Promise<ProbeResult> {
    const key = addressText(address);
    const underway = this.#underway.get(key);
    // It waits for its place, or began in this very moment: it sees all that the caller wants to know of.
    if (underway !== undefined && underway.startedAtMs >= this.#parts.clock.nowMs()) return underway.result;
    const { promise, resolve } = deferred<ProbeResult>();
    const look: Look = { startedAtMs: Number.POSITIVE_INFINITY, result: promise };
    this.#underway.set(key, look);
    this.#lane.run(async () => {
      look.startedAtMs = this.#parts.clock.nowMs();
      const result = await this.#parts.prober.probe(address, timeoutMs);
      if (this.#underway.get(key) === look) this.#underway.delete(key);
      resolve(result);
      this.#parts.onLooked(key, result);
    });
    return promise;
  }
}

function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let settle: ((value: T) => void) | null = null;
  const promise = new Promise<T>((resolve) => {
    settle = resolve;
  });
  return { promise, resolve: (value) => settle?.(value) };
}

/**
 * Where the replicas of one server answer, as known over several probes. The dump threads of replicas without report_host
 * are read when such a one is seen for the first time, and once a minute after that.
 */
import type { Address } from '../../../core/topology/address.js';
import type { BlindSpot } from '../../../core/topology/server.js';
import { type DumpThread, locateReplicas, type RegisteredReplica } from './replica-rows.js';

const AGAIN_AFTER_MS = 60_000;

/** A replica stands in the list a moment before its dump thread does; only one that stays without is worth a word. */
const LOST_AFTER_MS = 10_000;

export class ReplicaPlaces {
  readonly #own: string;
  readonly #onlyReported: boolean;
  #threads: readonly DumpThread[] = [];
  #readMs = Number.NEGATIVE_INFINITY;
  #lostSinceMs: number | null = null;

  /** `own`: the host by which the asked server is known. `onlyReported`: see `Questions.onlyReportedReplicas`. */
  constructor(own: string, onlyReported: boolean) {
    this.#own = own;
    this.#onlyReported = onlyReported;
  }

  needsThreads(registered: readonly RegisteredReplica[], nowMs: number): boolean {
    const nameless = this.#followed(registered).filter(({ host }) => host === '');
    const isNew = ({ uuid }: RegisteredReplica): boolean =>
      !this.#threads.some((thread) => uuid !== '' && thread.uuid === uuid);
    return nameless.length > 0 && (nowMs - this.#readMs > AGAIN_AFTER_MS || nameless.some(isNew));
  }

  learn(threads: readonly DumpThread[], nowMs: number): void {
    this.#threads = threads;
    this.#readMs = nowMs;
  }

  locate(
    registered: readonly RegisteredReplica[],
    nowMs: number,
  ): { readonly addresses: readonly Address[]; readonly blindSpots: readonly BlindSpot[] } {
    const { addresses, lostPorts } = locateReplicas(this.#followed(registered), this.#threads, this.#own);
    return { addresses, blindSpots: this.#lost(lostPorts, nowMs) };
  }

  #followed(registered: readonly RegisteredReplica[]): readonly RegisteredReplica[] {
    const reported = registered.filter(({ host }) => host !== '');
    return this.#onlyReported && reported.length > 0 ? reported : registered;
  }

  #lost(ports: readonly number[], nowMs: number): readonly BlindSpot[] {
    if (ports.length === 0) this.#lostSinceMs = null;
    else this.#lostSinceMs ??= nowMs;
    if (this.#lostSinceMs === null || nowMs - this.#lostSinceMs < LOST_AFTER_MS) return [];
    return ports.map((port) => ({
      what: `the host of the replica with port ${String(port)}`,
      error: 'it has no report_host, and its dump thread cannot be seen',
      mend: 'set report_host on that replica, or grant the right to see the process list',
    }));
  }
}

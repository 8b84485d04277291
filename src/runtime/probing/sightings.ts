/**
 * What this node last saw at each address, with its own eyes: soft state, kept for reading, lost without harm. A report
 * that was begun before the last change we made to its server is never taken in: it would show the server as it was.
 */
import { type Address, addressText } from '../../core/topology/address.js';
import type { ProbeResult } from '../../core/topology/report.js';
import type { ServerId } from '../../core/topology/server.js';
import type { Sighting } from '../ports/service.js';

export type GoodProbe = Extract<ProbeResult, { ok: true }>;

/** For doors and loops that only read. */
export interface Sightings {
  /** As doors show it; null for an address that was never tried. */
  sighting(address: Address): Sighting | null;
  /** The raw result with its monotonic times; null before the first. */
  latest(address: Address): ProbeResult | null;
  latestGood(address: Address): GoodProbe | null;
}

interface Look {
  readonly latest: ProbeResult;
  readonly latestGood: GoodProbe | null;
  readonly attemptWallMs: number;
  readonly seenWallMs: number | null;
}

export class SightingStore implements Sightings {
  readonly #records = new Map<string, Look>();
  readonly #validFromMs = new Map<ServerId, number>();

  /** False when the result says nothing any more: a later probe was faster, or the server was changed meanwhile. */
  record(result: ProbeResult, wallMs: number): boolean {
    const address = result.ok ? result.report.address : result.address;
    const key = addressText(address);
    const before = this.#records.get(key);
    if (before !== undefined && before.latest.startedAtMs > result.startedAtMs) return false;
    if (result.ok && !this.isValid(result.report.id, result.startedAtMs)) return false;
    const latestGood = result.ok ? result : (before?.latestGood ?? null);
    const seenWallMs = result.ok ? wallMs : (before?.seenWallMs ?? null);
    this.#records.set(key, { latest: result, latestGood, attemptWallMs: wallMs, seenWallMs });
    return true;
  }

  /** Reports of this server that were begun before are no longer taken in. */
  invalidateBefore(server: ServerId, monotonicMs: number): void {
    this.#validFromMs.set(server, Math.max(monotonicMs, this.#validFromMs.get(server) ?? Number.NEGATIVE_INFINITY));
  }

  isValid(server: ServerId, startedAtMs: number): boolean {
    return startedAtMs >= (this.#validFromMs.get(server) ?? Number.NEGATIVE_INFINITY);
  }

  forget(address: Address): void {
    this.#records.delete(addressText(address));
  }

  forgetServersExcept(known: ReadonlyMap<ServerId, unknown>): void {
    for (const id of this.#validFromMs.keys()) if (!known.has(id)) this.#validFromMs.delete(id);
  }

  sighting(address: Address): Sighting | null {
    const record = this.#records.get(addressText(address));
    if (record === undefined) return null;
    const { latest, latestGood } = record;
    return {
      address,
      server: latestGood?.report.id ?? null,
      lastAttemptAtMs: record.attemptWallMs,
      lastSeenAtMs: record.seenWallMs,
      valid: latest.ok,
      lastError: latest.ok ? null : latest.failure.message,
      vitals: latestGood?.report.vitals ?? null,
    };
  }

  latest(address: Address): ProbeResult | null {
    return this.#records.get(addressText(address))?.latest ?? null;
  }

  latestGood(address: Address): GoodProbe | null {
    return this.#records.get(addressText(address))?.latestGood ?? null;
  }
}

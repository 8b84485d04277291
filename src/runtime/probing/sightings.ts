/**
 * What was last seen at each address: by this node with its own eyes, and by whichever node looked last. Soft state, kept
 * for reading, lost without harm. The two are kept apart because they prove different things: what a server said is the
 * same whoever asked, but that it cannot be reached from here nobody else can tell. A report that was begun before the
 * last change we made to its server is never taken in: it would show the server as it was.
 */
import type { Sight } from '../../core/analysis/sight.js';
import { type Address, addressText } from '../../core/topology/address.js';
import type { ProbeResult, ServerReport } from '../../core/topology/report.js';
import type { ServerId } from '../../core/topology/server.js';
import type { Clock } from '../ports/clock.js';
import type { Sighting } from '../ports/service.js';

/** A look that was taken in. */
export interface News {
  readonly result: ProbeResult;
  /** The node whose look it was. */
  readonly by: string;
  readonly isOwn: boolean;
  /** What anybody had seen there before. */
  readonly before: Sight | null;
}

/** For doors and loops that only read. */
export interface Sightings {
  /** As doors show it; null for an address that was never tried. */
  sighting(address: Address): Sighting | null;
  /** By this node's own eyes. The only ground for "cannot be reached from here". */
  own(address: Address): Sight | null;
  /** By whoever looked last. */
  newest(address: Address): Sight | null;
  /**
   * How long its binary log has ended at the same place while fewer acknowledged than its commits wait for; null where that
   * is not so. A primary that merely rests is not locked the moment that a replica goes away.
   */
  binlogStillMs(server: ServerId, nowMs: number): number | null;
  /** Was a report of the server that was begun then begun after the last step on it that this node knows of? */
  isValid(server: ServerId, startedAtMs: number): boolean;
}

interface Seen extends Sight {
  readonly by: string;
  /** Kept rather than computed when asked: a door that compares sightings would otherwise see a change in each. */
  readonly attemptWallMs: number;
  readonly seenWallMs: number | null;
}

interface Place {
  readonly address: Address;
  readonly own: Seen | null;
  readonly newest: Seen;
}

interface BinlogEnd {
  readonly file: string;
  readonly position: number;
  readonly sinceMs: number;
}

export interface SightingStoreParts {
  /** This node's id. */
  readonly self: string;
  readonly clock: Pick<Clock, 'nowMs' | 'wallMs'>;
}

export class SightingStore implements Sightings {
  readonly #parts: SightingStoreParts;
  readonly #places = new Map<string, Place>();
  readonly #slowSinceMs = new Map<string, number>();
  readonly #validFromMs = new Map<ServerId, number>();
  readonly #binlogEnds = new Map<ServerId, BinlogEnd>();
  /** Does this node look there itself, again and again? Then doors show what it sees. */
  #isWatched: (address: Address) => boolean = () => true;

  constructor(parts: SightingStoreParts) {
    this.#parts = parts;
  }

  showOwnOf(isWatched: (address: Address) => boolean): void {
    this.#isWatched = isWatched;
  }

  /** Null when the look says nothing any more: a later one was faster, or the server was changed meanwhile. */
  record(result: ProbeResult, by = this.#parts.self): News | null {
    if (result.ok && !this.isValid(result.report.id, result.startedAtMs)) return null;
    const address = result.ok ? result.report.address : result.address;
    const key = addressText(address);
    const place = this.#places.get(key);
    const isOwn = by === this.#parts.self;
    const own = place?.own ?? null;
    const newest = place?.newest ?? null;
    if (isLate(result, isOwn ? own : newest)) return null;
    this.#places.set(key, {
      address,
      own: isOwn ? this.#seen(own, result, by) : own,
      newest: newest === null || !isLate(result, newest) ? this.#seen(newest, result, by) : newest,
    });
    if (result.ok) this.#recordBinlog(result.report, result.finishedAtMs);
    return { result, by, isOwn, before: newest };
  }

  /** A probe of this node that began then has taken longer than ReasonableInstanceCheckSeconds, and is not answered yet. */
  noteSlow(address: Address, startedAtMs: number): void {
    this.#slowSinceMs.set(addressText(address), startedAtMs);
  }

  /** Reports of this server that were begun before are no longer taken in. */
  invalidateBefore(server: ServerId, monotonicMs: number): void {
    this.#validFromMs.set(server, Math.max(monotonicMs, this.#validFromMs.get(server) ?? Number.NEGATIVE_INFINITY));
  }

  isValid(server: ServerId, startedAtMs: number): boolean {
    return startedAtMs >= (this.#validFromMs.get(server) ?? Number.NEGATIVE_INFINITY);
  }

  forget(address: Address): void {
    this.#slowSinceMs.delete(addressText(address));
    this.#places.delete(addressText(address));
  }

  /** Forgets what is not asked for any more, so that a long life with changing addresses does not fill the memory. */
  keepOnly(addresses: ReadonlyMap<string, unknown>, servers: ReadonlyMap<ServerId, unknown>): void {
    for (const kept of [this.#places, this.#slowSinceMs]) {
      for (const key of kept.keys()) if (!addresses.has(key)) kept.delete(key);
    }
    for (const id of this.#validFromMs.keys()) if (!servers.has(id)) this.#validFromMs.delete(id);
    for (const id of this.#binlogEnds.keys()) if (!servers.has(id)) this.#binlogEnds.delete(id);
  }

  own(address: Address): Sight | null {
    return this.#places.get(addressText(address))?.own ?? null;
  }

  newest(address: Address): Sight | null {
    return this.#places.get(addressText(address))?.newest ?? null;
  }

  binlogStillMs(server: ServerId, nowMs: number): number | null {
    const end = this.#binlogEnds.get(server);
    return end === undefined ? null : nowMs - end.sinceMs;
  }

  sighting(address: Address): Sighting | null {
    const place = this.#places.get(addressText(address));
    if (place === undefined) return null;
    const { own, newest } = place;
    const shown = own !== null && this.#isWatched(address) ? own : newest;
    const { last, by, attemptWallMs } = shown;
    // What a server said it said, whoever asked: one that died before this node's first look was alive when another looked.
    const { lastGood, seenWallMs } = shown.lastGood === null ? newest : shown;
    const isSlow = last.startedAtMs < (this.#slowSinceMs.get(addressText(address)) ?? Number.NEGATIVE_INFINITY);
    return {
      address,
      server: lastGood?.report.id ?? null,
      seenBy: by,
      lastAttemptAtMs: attemptWallMs,
      lastSeenAtMs: seenWallMs,
      valid: last.ok && !isSlow,
      lastError: isSlow ? `${addressText(address)}: a probe is not answered yet` : errorOf(last),
      lacking: last.ok || isSlow ? null : (last.failure.mend ?? null),
      vitals: lastGood?.report.vitals ?? null,
      ...refusalIn(last, isSlow),
    };
  }

  #seen(before: Seen | null, result: ProbeResult, by: string): Seen {
    const { clock } = this.#parts;
    const wallMs = Math.round(clock.wallMs() - Math.max(0, clock.nowMs() - result.finishedAtMs));
    const lastGood = result.ok ? result : (before?.lastGood ?? null);
    const seenWallMs = result.ok ? wallMs : (before?.seenWallMs ?? null);
    return { last: result, lastGood, by, attemptWallMs: wallMs, seenWallMs };
  }

  #recordBinlog(report: ServerReport, atMs: number): void {
    const end = report.vitals.binlog;
    const known = this.#binlogEnds.get(report.id);
    if (end === null || !lacksAcknowledgers(report)) this.#binlogEnds.delete(report.id);
    else if (known?.file !== end.file || known.position !== end.position) {
      this.#binlogEnds.set(report.id, { file: end.file, position: end.position, sinceMs: atMs });
    }
  }
}

function lacksAcknowledgers({ facts, vitals }: ServerReport): boolean {
  const { sourceEnabled, sourceActive, waitCount } = facts.semiSync;
  return sourceEnabled && sourceActive && vitals.semiSyncClients < waitCount;
}

/** An error of the server itself: what stays until somebody mends it, where a time-out passes. */
function refusalIn(last: ProbeResult, isSlow: boolean): Pick<Sighting, 'unread'> {
  return !isSlow && !last.ok && last.failure.kind === 'alive' && /^\d+$/.test(last.failure.code)
    ? { unread: true }
    : {};
}

function isLate(result: ProbeResult, known: Sight | null): boolean {
  return known !== null && known.last.startedAtMs > result.startedAtMs;
}

function errorOf(result: ProbeResult): string | null {
  return result.ok ? null : result.failure.message;
}

/**
 * A frozen server ends no connection, so somebody has to ask. The usual polls may be many seconds apart; the servers that
 * others hang on are therefore looked at in the gaps, by the leader, and an answer that is late is a reason to look closer
 * before it is known whether it will come at all. The number of looks a second is bounded: with very many sources each
 * one's turn comes later, and in the end the polls are all there is.
 */
import type { Address } from '../../core/topology/address.js';
import type { ProbeResult } from '../../core/topology/report.js';
import type { ServerId } from '../../core/topology/server.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { Prober } from '../ports/mysql.js';

export interface WatchPace {
  /** No source goes longer without being asked ... */
  readonly watchMs: number;
  /** ... while this many a second are enough for that. */
  readonly watchesPerSecondMax: number;
  /** An answer that takes longer is late. */
  readonly lateMs: number;
  /** One that takes longer than this is waited for no more; nor is that of a replica in an emergency. */
  readonly replicaProbeMs: number;
}

export interface Watched {
  readonly id: ServerId;
  readonly address: Address;
}

export interface SourceWatchParts {
  readonly clock: Clock;
  readonly prober: Pick<Prober, 'probe'>;
  readonly pace: WatchPace;
  /** Who is to be watched now. */
  sources(): readonly Watched[];
  /** When the last look at it began, whoever looked; null when nobody did. */
  lastLookMs(source: Watched): number | null;
  onProbed(result: ProbeResult): void;
  onLate(source: ServerId, askedAtMs: number): void;
}

const STEP_MS = 50;
/**
 * A busy process comes to its timers before it comes to its sockets, where the answer may wait since long: what is late is
 * known one turn after the time limit. Otherwise a node with too much to do would suspect its servers, and have more to do.
 */
const READING_MS = 10;

export class SourceWatch {
  readonly #parts: SourceWatchParts;
  readonly #asked = new Set<ServerId>();
  #timer: Timer | null = null;

  constructor(parts: SourceWatchParts) {
    this.#parts = parts;
  }

  start(): void {
    if (this.#timer === null) this.#arm();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #arm(): void {
    this.#timer = this.#parts.clock.setTimer(STEP_MS, () => {
      this.#step();
      this.#arm();
    });
  }

  #step(): void {
    const { clock, pace } = this.#parts;
    const sources = this.#parts.sources();
    const everyMs = Math.max(pace.watchMs, (sources.length * 1000) / pace.watchesPerSecondMax);
    // Sources that were found in one moment must not be asked in one moment ever after.
    let left = Math.ceil((sources.length * STEP_MS) / everyMs) + 1;
    for (const source of sources) {
      if (left === 0) return;
      const lastMs = this.#parts.lastLookMs(source);
      // Whom nobody has asked yet, the polls ask first.
      if (lastMs === null || clock.nowMs() - lastMs < everyMs || this.#asked.has(source.id)) continue;
      left -= 1;
      void this.#ask(source);
    }
  }

  async #ask(source: Watched): Promise<void> {
    const { clock, prober, pace } = this.#parts;
    const askedAtMs = clock.nowMs();
    this.#asked.add(source.id);
    let late = clock.setTimer(pace.lateMs - READING_MS, () => {
      late = clock.setTimer(READING_MS, () => {
        if (this.#timer !== null) this.#parts.onLate(source.id, askedAtMs);
      });
    });
    const result = await prober.probe(source.address, pace.replicaProbeMs);
    late.cancel();
    this.#asked.delete(source.id);
    if (this.#timer !== null && isTelling(result)) this.#parts.onProbed(result);
  }
}

/** A server that is merely slow is judged by the polls, which have more patience. */
function isTelling(result: ProbeResult): boolean {
  return result.ok || result.failure.kind === 'refused' || result.failure.kind === 'silent';
}

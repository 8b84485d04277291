/**
 * How the probing of this node did in the last minutes: each look with how long it took, and how full the queues were at
 * each second. For people who ask why a server is seen late; nothing is decided by it.
 */
import type { Address } from '../../core/topology/address.js';
import type { ProbeResult } from '../../core/topology/report.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { LookMetric, ProbingMetrics, QueueMetric, QueueName } from '../ports/probing-metrics.js';

/** At a thousand looks a second the last minute or so, whatever was asked for: this is memory for curiosity alone. */
const LOOKS_MAX = 60_000;
const SAMPLE_MS = 1000;

interface Sample {
  readonly atMs: number;
  readonly queues: Readonly<Record<QueueName, QueueMetric>>;
}

export interface MetricsKeeperParts {
  readonly clock: Clock;
  /** DiscoveryCollectionRetentionSeconds. */
  readonly retentionMs: () => number;
  queues(): Readonly<Record<QueueName, QueueMetric>>;
}

export class MetricsKeeper implements ProbingMetrics {
  readonly #parts: MetricsKeeperParts;
  /** Oldest first. */
  #looks: LookMetric[] = [];
  #samples: Sample[] = [];
  #timer: Timer | null = null;

  constructor(parts: MetricsKeeperParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#timer = this.#parts.clock.setTimer(SAMPLE_MS, () => {
      this.#samples.push({ atMs: this.#parts.clock.wallMs(), queues: this.#parts.queues() });
      this.#forgetOld();
      this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** A look of this node's own. */
  note(result: ProbeResult): void {
    if (this.#looks.length >= LOOKS_MAX) this.#looks = this.#looks.slice(LOOKS_MAX / 2);
    const address: Address = result.ok ? result.report.address : result.address;
    this.#looks.push({
      atMs: this.#parts.clock.wallMs(),
      address,
      tookMs: result.finishedAtMs - result.startedAtMs,
      error: result.ok ? null : result.failure.message,
    });
  }

  looks(forMs: number): readonly LookMetric[] {
    const sinceMs = this.#parts.clock.wallMs() - forMs;
    return this.#looks.filter(({ atMs }) => atMs >= sinceMs);
  }

  queue(name: QueueName, forMs: number): readonly QueueMetric[] {
    const sinceMs = this.#parts.clock.wallMs() - forMs;
    return this.#samples.flatMap(({ atMs, queues }) => (atMs >= sinceMs ? [queues[name]] : []));
  }

  #forgetOld(): void {
    const sinceMs = this.#parts.clock.wallMs() - this.#parts.retentionMs();
    const isOld = ({ atMs }: { readonly atMs: number }): boolean => atMs < sinceMs;
    // In bulk: a thousand looks fall out of the window every second.
    if (this.#looks[0] !== undefined && isOld(this.#looks[0])) this.#looks = this.#looks.filter((look) => !isOld(look));
    if (this.#samples[0] !== undefined && isOld(this.#samples[0])) {
      this.#samples = this.#samples.filter((sample) => !isOld(sample));
    }
  }
}

/** The incumbent's figures about its own probing. There is no backend here, so its share of a look's time is always 0. */
import { addressText } from '../../../core/topology/address.js';
import type { LookMetric, QueueMetric } from '../../../runtime/ports/probing-metrics.js';

export interface LegacyLookMetric {
  readonly Timestamp: string;
  readonly Hostname: string;
  readonly Port: number;
  readonly BackendLatencySeconds: number;
  readonly InstanceLatencySeconds: number;
  readonly TotalLatencySeconds: number;
  readonly Err: string | null;
}

export function legacyLook({ atMs, address, tookMs, error }: LookMetric): LegacyLookMetric {
  return {
    Timestamp: new Date(atMs).toISOString(),
    Hostname: address.host,
    Port: address.port,
    BackendLatencySeconds: 0,
    InstanceLatencySeconds: tookMs / 1000,
    TotalLatencySeconds: tookMs / 1000,
    Err: error,
  };
}

export function aggregatedLooks(looks: readonly LookMetric[]): Readonly<Record<string, string | number>> {
  const good = looks.filter(({ error }) => error === null);
  const failed = looks.filter(({ error }) => error !== null);
  const times = looks.map(({ atMs }) => atMs);
  return {
    FirstSeen: timestamp(times[0]),
    LastSeen: timestamp(times[times.length - 1]),
    CountDistinctInstanceKeys: distinct(looks),
    CountDistinctOkInstanceKeys: distinct(good),
    CountDistinctFailedInstanceKeys: distinct(failed),
    FailedDiscoveries: failed.length,
    SuccessfulDiscoveries: good.length,
    ...latencies('', good),
    ...latencies('Failed', failed),
  };
}

export function legacyQueue({ active, queued }: QueueMetric): { readonly Active: number; readonly Queued: number } {
  return { Active: active, Queued: queued };
}

export function aggregatedQueue(samples: readonly QueueMetric[]): Readonly<Record<string, number>> {
  return {
    ...entries(
      'Active',
      samples.map(({ active }) => active),
    ),
    ...entries(
      'Queued',
      samples.map(({ queued }) => queued),
    ),
  };
}

function entries(name: string, values: readonly number[]): Readonly<Record<string, number>> {
  const { min, mean, median, p95, max } = summary(values);
  return {
    [`${name}MinEntries`]: min,
    [`${name}MeanEntries`]: mean,
    [`${name}MedianEntries`]: median,
    [`${name}P95Entries`]: p95,
    [`${name}MaxEntries`]: max,
  };
}

function latencies(prefix: string, looks: readonly LookMetric[]): Readonly<Record<string, number>> {
  const took = summary(looks.map(({ tookMs }) => tookMs / 1000));
  const none = summary([]);
  const parts = { Total: took, Backend: none, Instance: took };
  return Object.fromEntries(
    Object.entries(parts).flatMap(([part, { mean, max, median, p95 }]) => [
      [`${prefix}Mean${part}Seconds`, mean],
      [`${prefix}Max${part}Seconds`, max],
      [`${prefix}Median${part}Seconds`, median],
      [`${prefix}P95${part}Seconds`, p95],
    ]),
  );
}

interface Summary {
  readonly min: number;
  readonly mean: number;
  readonly median: number;
  readonly p95: number;
  readonly max: number;
}

/** All zero where there is nothing to summarise, as the incumbent answers. */
function summary(values: readonly number[]): Summary {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  const sum = sorted.reduce((total, value) => total + value, 0);
  return {
    min: at(0),
    mean: sorted.length === 0 ? 0 : sum / sorted.length,
    median: at(0.5),
    p95: at(0.95),
    max: at(1),
  };
}

function distinct(looks: readonly LookMetric[]): number {
  return new Set(looks.map(({ address }) => addressText(address))).size;
}

/** Go's zero time stands for "never". */
function timestamp(atMs: number | undefined): string {
  return atMs === undefined ? '0001-01-01T00:00:00Z' : new Date(atMs).toISOString();
}

// A closed loop: so many operations at a time, each followed by the next as soon as it is answered.
import { round, type Spread, spreadOf } from '../statistics.js';

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly operations: number;
  /** What this process, the client, took meanwhile. */
  readonly clientCores: number;
}

export interface Load {
  readonly inFlight: number;
  readonly durationMs: number;
  /** Not measured: connections, and code that is not hot yet. */
  readonly warmUpMs: number;
  /** `number` counts up from 0. */
  readonly operation: (number: number) => Promise<unknown>;
}

/** The client runs on one thread: from here on it is what limits the rate, and more could be had with a second client. */
const CLIENT_LIMIT_CORES = 0.9;

export async function run({ inFlight, durationMs, warmUpMs, operation }: Load): Promise<LoadResult> {
  const latencies: number[] = [];
  const startAt = performance.now() + warmUpMs;
  const endAt = startAt + durationMs;
  let used = process.cpuUsage();
  const timer = setTimeout(() => {
    used = process.cpuUsage();
  }, warmUpMs);
  let number = 0;
  const worker = async (): Promise<void> => {
    for (;;) {
      const beganAt = performance.now();
      if (beganAt >= endAt) return;
      await operation(number++);
      const now = performance.now();
      if (beganAt >= startAt && now <= endAt) latencies.push(now - beganAt);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  clearTimeout(timer);
  const { user, system } = process.cpuUsage(used);
  const spread: Spread = spreadOf(latencies);
  return {
    perSecond: Math.round(latencies.length / (durationMs / 1000)),
    p50Ms: round(spread.p50),
    p99Ms: round(spread.p99),
    operations: latencies.length,
    clientCores: round((user + system) / 1000 / durationMs),
  };
}

export function clientIsTheLimit({ clientCores }: LoadResult): boolean {
  return clientCores >= CLIENT_LIMIT_CORES;
}

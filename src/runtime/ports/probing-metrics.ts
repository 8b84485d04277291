/** How the probing of one node did lately, for doors that show it. */
import type { Address } from '../../core/topology/address.js';

export interface LookMetric {
  /** Wall clock, milliseconds, when it ended. */
  readonly atMs: number;
  readonly address: Address;
  readonly tookMs: number;
  /** Null: the server was read. */
  readonly error: string | null;
}

export interface QueueMetric {
  /** Being asked, and waiting for their place. */
  readonly active: number;
  readonly queued: number;
}

/** Servers that answer, and those that do not. */
export type QueueName = 'living' | 'dead';

export interface ProbingMetrics {
  /** Oldest first. */
  looks(forMs: number): readonly LookMetric[];
  /** One a second, oldest first. */
  queue(name: QueueName, forMs: number): readonly QueueMetric[];
}

/** A small set for Prometheus: who leads, what is known, what is wrong, and how this door does. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Service } from '../../runtime/ports/service.js';
import { isHealthy, isLeading } from './legacy/node-status.js';

export interface MetricsSources {
  readonly service: Service;
  readonly eventClients: () => number;
  readonly forwards: () => number;
}

export class HttpMetrics {
  readonly #registry = new Registry();
  readonly #requests: Counter<'route' | 'status'>;
  readonly #seconds: Histogram<'route'>;

  constructor(sources: MetricsSources) {
    this.#requests = new Counter({
      name: 'orchestrator_http_requests_total',
      help: 'Requests answered, by route and status',
      labelNames: ['route', 'status'],
      registers: [this.#registry],
    });
    this.#seconds = new Histogram({
      name: 'orchestrator_http_request_seconds',
      help: 'From the request to the end of its answer',
      labelNames: ['route'],
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60],
      registers: [this.#registry],
    });
    for (const [name, help, value] of gauges(sources)) {
      const gauge = new Gauge({
        name: `orchestrator_${name}`,
        help,
        registers: [this.#registry],
        collect: () => {
          gauge.set(value());
        },
      });
    }
  }

  /** `route` is the pattern, never the path: paths come from callers and would grow without end. */
  observe(route: string, status: number, seconds: number): void {
    this.#requests.inc({ route, status: String(status) });
    this.#seconds.observe({ route }, seconds);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** What stands at one value each: no histograms, and requests of all routes together. */
  async figures(): Promise<readonly { readonly name: string; readonly value: number }[]> {
    const metrics = await this.#registry.getMetricsAsJSON();
    return metrics.flatMap(({ name, type, values }) =>
      String(type) === 'histogram' ? [] : [{ name, value: values.reduce((sum, { value }) => sum + value, 0) }],
    );
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}

type GaugeSource = readonly [name: string, help: string, value: () => number];

function gauges({ service, eventClients, forwards }: MetricsSources): readonly GaugeSource[] {
  const recoveries = (open: boolean): number =>
    [...service.state.recoveries.values()].filter(
      ({ kind, closedAtMs }) => kind !== 'switch' && (closedAtMs === null) === open,
    ).length;
  return [
    ['is_leader', '1 on the node that leads', () => Number(isLeading(service.node()))],
    ['in_quorum', '1 while this node is part of a majority', () => Number(isHealthy(service.node()))],
    ['raft_term', 'Term of the last election known here', () => service.node().term],
    ['raft_applied_index', 'Last entry of the log applied here', () => service.node().appliedIndex],
    ['servers', 'MySQL servers known', () => service.state.servers.size],
    ['clusters', 'Replication topologies known', () => service.state.clusters.size],
    ['problems', 'Problems found now', () => service.analysis().problems.length],
    ['recoveries_open', 'Recoveries under way', () => recoveries(true)],
    ['recoveries_enabled', '0 while recoveries are disabled everywhere', () => Number(service.state.recoveriesEnabled)],
    ['brake', '1 when automatic recovery has stopped itself', () => Number(service.state.brake !== null)],
    ['downtimed_servers', 'Servers in downtime', () => service.state.downtimes.size],
    ['http_event_clients', 'Pages that listen for events', eventClients],
    ['http_forwards', 'Requests passed on to the leader since the start', forwards],
    ['process_resident_bytes', 'Resident memory of this process', () => process.memoryUsage.rss()],
  ];
}

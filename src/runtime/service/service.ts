/**
 * The use cases behind every door. Reads answer from this node's own state; a write proposes to the log and answers
 * from what applying it changed. On a follower a write rejects with NotLeader: the door passes it on to the leader.
 */
import { assertDefined } from '../../core/base/assert.js';
import { tombstonesOf } from '../../core/ledger/tombstones.js';
import type { Explanation } from '../../core/recovery/explain.js';
import type { Recovery } from '../../core/recovery/recovery.js';
import { type Address, addressText } from '../../core/topology/address.js';
import type { ProbeResult } from '../../core/topology/report.js';
import type { ClusterId, Server, ServerId } from '../../core/topology/server.js';
import { indexServers, serverAt } from '../../core/topology/sources.js';
import type { ProbingMetrics } from '../ports/probing-metrics.js';
import type {
  Analysis,
  Answer,
  NodeStatus,
  PublicSettings,
  Service,
  ServiceEvent,
  Sighting,
  TakeoverRequest,
} from '../ports/service.js';
import type { BinaryLogReader } from '../ports/binary-logs.js';
import type { Prober } from '../ports/mysql.js';
import { accept, refuse } from '../ports/answer.js';
import { EventHub } from './event-hub.js';
import { KeepingUseCases, type KeepingParts, refusalIn } from './keeping.js';
import { locateGtids } from './locate-gtids.js';

export interface ServiceParts extends KeepingParts {
  readonly settings: PublicSettings;
  readonly node: () => NodeStatus;
  readonly analysis: () => Analysis;
  readonly sighting: (address: Address) => Sighting | null;
  readonly probingMetrics: ProbingMetrics;
  /** A probe that begins now. */
  readonly probe: (address: Address) => Promise<ProbeResult>;
  /** DiscoveryIgnoreHostnameFilters. */
  readonly isIgnored: (address: Address) => boolean;
  readonly knock: (address: Address) => ReturnType<Prober['knock']>;
  readonly binaryLogs: BinaryLogReader;
  readonly explain: (cluster: ClusterId) => Explanation | null;
  readonly takeover: (request: TakeoverRequest) => Promise<Answer<Recovery>>;
}

export class NodeService extends KeepingUseCases implements Service {
  readonly #parts: ServiceParts;
  readonly #hub = new EventHub();

  constructor(parts: ServiceParts) {
    super(parts);
    this.#parts = parts;
  }

  get settings(): PublicSettings {
    return this.#parts.settings;
  }

  node(): NodeStatus {
    return this.#parts.node();
  }

  analysis(): Analysis {
    return this.#parts.analysis();
  }

  sighting(address: Address): Sighting | null {
    return this.#parts.sighting(address);
  }

  probingMetrics(): ProbingMetrics {
    return this.#parts.probingMetrics;
  }

  subscribe(listener: (event: ServiceEvent) => void): () => void {
    return this.#hub.subscribe(listener);
  }

  publish(event: ServiceEvent): void {
    this.#hub.publish(event);
  }

  /** Its neighbours are found by the looks at it that follow at once, as far as the filters let them. */
  async discover(given: Address, requestedBy: string): Promise<Answer<Server>> {
    const address = await this.#named(given);
    const name = addressText(address);
    if (this.#parts.isIgnored(address)) {
      return refuse('FILTERED', `${name} matches DiscoveryIgnoreHostnameFilters and is not probed; change that filter`);
    }
    const result = await this.#parts.probe(address);
    if (!result.ok) return refuse('PROBE_FAILED', result.failure.message);
    const { id, facts } = result.report;
    const keys = tombstonesOf(this.state, address, id);
    if (keys.length > 0) await this.propose({ kind: 'forgetting-lifted', keys, by: requestedBy });
    await this.propose({ kind: 'topology-observed', servers: [{ id, address, facts }] });
    const found = this.state.servers.get(id);
    const shared = this.state.sharedIdentities.get(name);
    if (found === undefined || shared?.server === id) {
      return refuse('IDENTITY_SHARED', `${name} has the server_uuid of another server: ${shared?.detail ?? id}`);
    }
    await this.#note('discover', `${requestedBy} asked for ${name}`, id);
    return accept(assertDefined(this.state.servers.get(id), 'an observed server is known'));
  }

  /** A server by any of its addresses, or an address at which nobody answered yet. */
  async forget(address: Address, requestedBy: string): Promise<Answer<Address>> {
    const server = serverAt(indexServers(this.state.servers.values()), address);
    const applied = await this.propose({
      kind: 'servers-forgotten',
      servers: server === null ? [] : [server.id],
      addresses: server === null ? [address] : [],
      by: requestedBy,
    });
    const refusal = refusalIn(applied);
    return refusal === null ? accept(address) : refuse('FORGET_REFUSED', refusal.text);
  }

  async resolve(address: Address): Promise<Answer<Address>> {
    const resolved = await this.#named(address);
    const { vote, detail } = await this.#parts.knock(resolved);
    return vote === 'alive' ? accept(resolved) : refuse('UNREACHABLE', detail);
  }

  locateGtids(server: Server, gtids: string): Promise<Answer<readonly string[]>> {
    return locateGtids(server, gtids, this.#parts.binaryLogs);
  }

  explain(cluster: ClusterId): Explanation | null {
    return this.#parts.explain(cluster);
  }

  gracefulTakeover(request: TakeoverRequest): Promise<Answer<Recovery>> {
    return this.#parts.takeover(request);
  }

  async acknowledge(
    selector: { readonly clusterId: ClusterId } | { readonly uid: string } | 'all',
    by: string,
    comment: string,
  ): Promise<Answer<number>> {
    const chosen = [...this.state.recoveries.values()].filter(
      (recovery) => recovery.acknowledged === null && recovery.closedAtMs !== null && isSelected(recovery, selector),
    );
    for (const recovery of chosen) {
      await this.propose({ kind: 'recovery-acknowledged', recoveryId: recovery.id, by, comment });
    }
    return accept(chosen.length);
  }

  async switchRecoveries(enabled: boolean, by: string): Promise<Answer<boolean>> {
    await this.propose({ kind: 'recoveries-switched', enabled, by });
    return accept(enabled);
  }

  async releaseBrake(by: string): Promise<Answer<boolean>> {
    const wasOn = this.state.brake !== null;
    await this.propose({ kind: 'brake-released', by });
    return accept(wasOn);
  }

  async beginDowntime(server: ServerId, owner: string, reason: string, durationMs: number): Promise<Answer<Server>> {
    const beganAtMs = Date.now();
    await this.propose({
      kind: 'downtime-begun',
      downtime: { server, owner, reason, beganAtMs, endsAtMs: beganAtMs + durationMs },
    });
    return this.#server(server);
  }

  async endDowntime(server: ServerId, by: string): Promise<Answer<Server>> {
    await this.propose({ kind: 'downtime-ended', server });
    await this.#note('downtime-ended', `${by} ended the downtime`, server);
    return this.#server(server);
  }

  async setAlias(clusterId: ClusterId, alias: string, by: string): Promise<Answer<string>> {
    await this.propose({ kind: 'alias-set', clusterId, alias });
    await this.propose({ kind: 'noted', server: null, clusterId, topic: 'alias-set', text: `by ${by}` });
    return accept(alias);
  }

  /** As HostnameResolveMethod has it. */
  async #named(address: Address): Promise<Address> {
    return { ...address, host: await this.#parts.names.resolve(address.host) };
  }

  async #note(topic: string, text: string, server: ServerId | null): Promise<void> {
    const clusterId = server === null ? null : (this.state.servers.get(server)?.clusterId ?? null);
    await this.propose({ kind: 'noted', server, clusterId, topic, text });
  }

  #server(id: ServerId): Answer<Server> {
    const server = this.state.servers.get(id);
    return server === undefined ? refuse('NOT_FOUND', 'the server is not known') : accept(server);
  }
}

function isSelected(
  recovery: Recovery,
  selector: { readonly clusterId: ClusterId } | { readonly uid: string } | 'all',
): boolean {
  if (selector === 'all') return true;
  return 'uid' in selector ? recovery.id === selector.uid : recovery.clusterId === selector.clusterId;
}

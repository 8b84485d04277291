/** A service on a fed ledger: a primary `main`, two replicas, and whatever a test makes of them. */
import { FakeMembership } from '../../support/fake-membership.js';
import type { ProbingMetrics } from '../../../src/runtime/ports/probing-metrics.js';
import type { Problem, StructureCode } from '../../../src/core/analysis/problem.js';
import { type Explanation, explain } from '../../../src/core/recovery/explain/explain.js';
import { openMove } from '../../../src/core/recovery/openings/move.js';
import { openSwitch } from '../../../src/core/recovery/openings/switch.js';
import { planOf, type RecoveryPlan } from '../../../src/core/recovery/preview/plan.js';
import { planFor } from '../../../src/core/recovery/preview/plan-request.js';
import type { Pair } from '../../../src/core/recovery/telling/publication.js';
import type { Recovery, RecoveryId } from '../../../src/core/recovery/recovery.js';
import type { LastLook } from '../../../src/core/recovery/sights.js';
import { type Address, addressText } from '../../../src/core/topology/address.js';
import type { ClusterId, Server, ServerId } from '../../../src/core/topology/server.js';
import type { BinlogPosition, Vitals } from '../../../src/core/topology/vitals.js';
import type {
  Analysis,
  Answer,
  MoveRequest,
  NodeStatus,
  PlanRequest,
  PublicSettings,
  RecoveryRequest,
  Service,
  ServiceEvent,
  Sighting,
  SwitchRequest,
  WayBackPlan,
  WayBackRequest,
} from '../../../src/runtime/ports/service.js';
import { addressOf, factsOf, observed } from '../../support/facts.js';
import { recoveryOf } from '../../support/ledger.js';
import { policyOf } from '../../support/policy.js';
import { NO_DOUBT } from '../../support/sights.js';
import { FakeKeeping } from './fake-keeping.js';

export const MAIN = '11111111-1111-1111-1111-111111111111';
export const FIRST = '22222222-2222-2222-2222-222222222222';
export const SECOND = '33333333-3333-3333-3333-333333333333';

/** A server under a real uuid, on a host of another name. */
export function seen(id: string, host: string, source: { id: string; host: string } | null, changes = {}) {
  const base = observed(id, source?.id ?? null);
  const channels = base.facts.channels.map((channel) => ({ ...channel, source: addressOf(source?.host ?? '') }));
  return { ...base, address: addressOf(host), facts: factsOf({ channels, ...changes }) };
}

export function vitalsOf(changes: Partial<Vitals> = {}): Vitals {
  return {
    uptimeSeconds: 3600,
    executedGtids: `${MAIN}:1-10`,
    purgedGtids: '',
    binlog: { file: 'binlog.000002', position: 157 },
    channels: [],
    lagSeconds: null,
    semiSyncClients: 0,
    latencyMs: 3,
    ...changes,
  };
}

export function replicaVitals(changes: Partial<Vitals> = {}): Vitals {
  const at = { file: 'binlog.000002', position: 157 };
  const channel = { name: '', read: at, executed: at, relay: at, retrievedGtids: '', secondsBehind: 0, quietMs: 10 };
  return vitalsOf({ channels: [channel], lagSeconds: 0, ...changes });
}

export class FakeService extends FakeKeeping implements Service {
  readonly membership = new FakeMembership();
  readonly sightings = new Map<string, Sighting>();
  metrics: ProbingMetrics = { looks: () => [], queue: () => [] };
  problems: Problem[] = [];
  structure = new Map<ServerId, readonly StructureCode[]>();
  restraint = new Map<ServerId, readonly string[]>();
  status: NodeStatus;
  recovery: Recovery | null = null;
  /** A host that configuration leaves out of lists. */
  hidden = '';
  readonly #listeners = new Set<(event: ServiceEvent) => void>();

  settings: PublicSettings = {
    defaultInstancePort: 3306,
    instancePollSeconds: 5,
    reasonableReplicationLagSeconds: 10,
    reasonableMaintenanceReplicationLagSeconds: 20,
    textRemovedFromHosts: '',
    webMessage: '',
    fuzzyPoolHosts: true,
    automaticPrimaryRecovery: () => true,
    automaticIntermediateRecovery: () => false,
    hidesProblemsOf: ({ host }) => host === this.hidden,
    isNoControlReplica: ({ host }) => host === this.hidden,
    replicationRules: { lowerVersionAllowed: false, verifyFilters: false, maintenanceLagSeconds: 20 },
    recoveryBlockMs: 3_600_000,
    recoveryFilters: { primaryClusters: ['*'], intermediateClusters: [], ignoredHosts: ['test-'] },
  };

  constructor() {
    super();
    this.fed.feed({
      kind: 'topology-observed',
      servers: [
        seen(MAIN, 'main', null),
        seen(FIRST, 'read-replica-1', { id: MAIN, host: 'main' }),
        seen(SECOND, 'read-replica-2', { id: MAIN, host: 'main' }),
      ],
    });
    this.see('main', vitalsOf());
    this.see('read-replica-1', replicaVitals());
    this.see('read-replica-2', replicaVitals());
    this.status = {
      id: 'n1',
      hostname: 'n1.example',
      version: '0.1.0',
      role: 'leader',
      term: 3,
      leader: 'n1',
      leaderHttpAddress: 'http://n1.example:3000',
      inQuorum: true,
      raftEnabled: true,
      members: ['n1', 'n2', 'n3'].map((id) => ({
        id,
        voter: true,
        raftAddress: `${id}.example:10008`,
        httpAddress: `http://${id}.example:3000`,
        isLeader: id === 'n1',
        lastHeardMs: id === 'n1' ? null : 20,
      })),
      appliedIndex: 1,
    };
  }

  /** Milliseconds of the wall clock; the fixture's clock stands a second after the ledger. */
  get nowMs(): number {
    return this.state.nowMs + 1000;
  }

  see(host: string, vitals: Vitals | null, changes: Partial<Sighting> = {}): void {
    const server = [...this.state.servers.values()].find(({ address }) => address.host === host);
    this.sightings.set(`${host}:3306`, {
      address: addressOf(host),
      server: server?.id ?? null,
      seenBy: 'node1',
      lastAttemptAtMs: this.nowMs - 1000,
      lastSeenAtMs: this.nowMs - 1000,
      valid: true,
      lastError: null,
      lacking: null,
      vitals,
      ...changes,
    });
  }

  node(): NodeStatus {
    return { ...this.status, appliedIndex: this.state.index };
  }

  analysis(): Analysis {
    return { problems: this.problems, structure: this.structure, restraint: this.restraint };
  }

  probingMetrics(): ProbingMetrics {
    return this.metrics;
  }

  sighting(address: Address): Sighting | null {
    return this.sightings.get(addressText(address)) ?? null;
  }

  /** As a node explains it, by what the fixture's servers said last. */
  explain(clusterId: ClusterId): Explanation | null {
    const belief = { ...this.state, nowMs: this.nowMs };
    const orchestrators = { voters: 3, live: 3 };
    const question = { belief, policy: policyOf(), clusterId, sights: this.#sights, hasQuorum: true };
    return explain({ ...question, orchestrators, ...NO_DOUBT });
  }

  readonly plans: WayBackPlan[] = [];

  waysBack(): readonly WayBackPlan[] {
    return this.plans;
  }

  async wayBack({ way, server, donor, requestedBy }: WayBackRequest): Promise<Answer<Recovery>> {
    this.calls.push(`${way} of ${server} from ${donor ?? 'anybody'} by ${requestedBy}`);
    return this.answer(recoveryOf('7:b', this.clusterId(), server));
  }

  async move({ command, server, destination, pattern, channel, requestedBy }: MoveRequest): Promise<Answer<Recovery>> {
    const to = destination === null ? '' : ` below ${destination}`;
    const some = pattern === null ? '' : ` matching ${String(pattern)}`;
    const over = channel === undefined ? '' : ` over "${channel}"`;
    this.calls.push(`${command} ${server}${to}${some}${over} by ${requestedBy}`);
    return this.answer(this.recovery ?? recoveryOf('7:c', this.clusterId(), server));
  }

  planMove(request: MoveRequest): RecoveryPlan {
    const soft = { answers: (id: ServerId) => this.#sights(id).answers, lagSeconds: () => 0 };
    const belief = { ...this.state, nowMs: this.nowMs };
    const context = { id: '0:plan' as RecoveryId, openedBy: 'n1', requestedBy: 'somebody' };
    const opening = openMove(belief, policyOf(), request, soft, context);
    const decision = { opening, refusals: opening.ok ? [] : opening.refusals };
    const { command, clusterId } = request;
    const asked = { belief, sights: this.#sights, command, clusterId, decision, isDead: false, candidate: null };
    return planOf({ ...asked, equipped: (recovery) => recovery });
  }

  async switch(request: SwitchRequest): Promise<Answer<Recovery>> {
    const { command, server, requestedBy, channel, seconds, binaryLog, connection, until, force } = request;
    const given = [channel, seconds, binaryLog, connection, until].filter((one) => one !== null && one !== '');
    this.calls.push([command, server, ...given, ...(force ? ['forced'] : []), 'by', requestedBy].join(' '));
    const changes = { closedAtMs: 1, verdict: { kind: 'succeeded' } } as const;
    return this.answer(this.recovery ?? recoveryOf('7:s', this.clusterId(), server, { kind: 'switch', ...changes }));
  }

  planSwitch(request: SwitchRequest): RecoveryPlan {
    const soft = { answers: (id: ServerId) => this.#sights(id).answers, lagSeconds: () => 0 };
    const belief = { ...this.state, nowMs: this.nowMs };
    const context = { id: '0:plan' as RecoveryId, openedBy: 'n1', requestedBy: 'somebody' };
    const opening = openSwitch(belief, policyOf(), request, { soft, sights: this.#sights }, context);
    const decision = { opening, refusals: opening.ok ? [] : opening.refusals };
    const { command, clusterId } = request;
    const asked = { belief, sights: this.#sights, command, clusterId, decision, isDead: false, candidate: null };
    return planOf({ ...asked, equipped: (recovery) => recovery });
  }

  async awaitPosition(server: Server, { file, position }: BinlogPosition, limitMs: number): Promise<Answer<boolean>> {
    this.calls.push(`await ${file}:${String(position)} on ${server.id} for ${String(limitMs)}`);
    return this.answer(true);
  }

  async cancelMove(id: RecoveryId, by: string): Promise<Answer<Recovery>> {
    this.calls.push(`cancel ${id} by ${by}`);
    return this.answer(recoveryOf(id, this.clusterId(), MAIN));
  }

  readonly #sights = (id: ServerId): LastLook => {
    const server = this.state.servers.get(id);
    const sighting = server === undefined ? null : this.sighting(server.address);
    const { valid = false, lastSeenAtMs = null, vitals = null } = sighting ?? {};
    return { answers: valid, seenAtMs: lastSeenAtMs, vitals };
  };

  async releaseBrake(by: string): Promise<Answer<boolean>> {
    this.calls.push(`release brake by ${by}`);
    return this.answer(true);
  }

  subscribe(listener: (event: ServiceEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  emit(event: ServiceEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }

  clusterId(): ClusterId {
    const [cluster] = this.state.clusters.keys();
    if (cluster === undefined) throw new Error('the fixture has a cluster');
    return cluster;
  }

  async discover(address: Address, requestedBy: string): Promise<Answer<Server>> {
    this.calls.push(`discover ${addressText(address)} by ${requestedBy}`);
    const known = [...this.state.servers.values()].find(
      (server) => addressText(server.address) === addressText(address),
    );
    return this.answer(known ?? this.server(MAIN));
  }

  async forget(address: Address, requestedBy: string): Promise<Answer<Address>> {
    this.calls.push(`forget ${addressText(address)} by ${requestedBy}`);
    return this.answer(address);
  }

  async resolve(address: Address): Promise<Answer<Address>> {
    this.calls.push(`resolve ${addressText(address)}`);
    return this.answer(address);
  }

  async locateGtids(server: Server, gtids: string): Promise<Answer<readonly string[]>> {
    this.calls.push(`locate ${gtids} on ${addressText(server.address)}`);
    return this.answer(['binlog.000001', 'binlog.000003']);
  }

  async recover(request: RecoveryRequest): Promise<Answer<Recovery>> {
    const { command, clusterId, server, candidate, requestedBy, skipHooks } = request;
    const about = server === null ? '' : ` with ${server}`;
    const how = skipHooks === true ? ' without hooks' : '';
    this.calls.push(`${command} ${clusterId}${about} to ${candidate ?? 'anybody'} by ${requestedBy}${how}`);
    if (this.recovery === null) throw new Error('the test says what the recovery answers');
    return this.answer(this.recovery);
  }

  plan(request: PlanRequest): RecoveryPlan {
    this.calls.push(`plan ${request.command} ${request.clusterId}`);
    const soft = { answers: (id: ServerId) => this.#sights(id).answers, lagSeconds: () => 0 };
    const belief = { ...this.state, nowMs: this.nowMs };
    const question = { belief, policy: policyOf(), sights: this.#sights, soft, problems: this.problems };
    const context = { id: '0:plan' as RecoveryId, openedBy: 'n1', requestedBy: 'somebody' };
    return planFor({ ...question, hasQuorum: true }, request, context, (recovery) => recovery);
  }

  async acknowledge(
    selector: { readonly clusterId: ClusterId } | { readonly uid: string } | 'all',
    by: string,
    comment: string,
  ): Promise<Answer<number>> {
    this.calls.push(`acknowledge ${JSON.stringify(selector)} by ${by}: ${comment}`);
    return this.answer(1);
  }

  async switchRecoveries(enabled: boolean, by: string): Promise<Answer<boolean>> {
    this.calls.push(`switch ${String(enabled)} by ${by}`);
    return this.answer(enabled);
  }

  async beginDowntime(server: ServerId, owner: string, reason: string, durationMs: number): Promise<Answer<Server>> {
    this.calls.push(`downtime ${server} by ${owner} because ${reason} for ${String(durationMs)}`);
    return this.answer(this.server(server));
  }

  async endDowntime(server: ServerId, by: string): Promise<Answer<Server>> {
    this.calls.push(`end downtime ${server} by ${by}`);
    return this.answer(this.server(server));
  }

  async setAlias(cluster: ClusterId, alias: string, by: string): Promise<Answer<string>> {
    this.calls.push(`alias ${cluster} ${alias} by ${by}`);
    return this.answer(alias);
  }

  async submitPrimaries(cluster: ClusterId | null): Promise<Answer<readonly Pair[]>> {
    this.calls.push(`submit ${cluster ?? 'all'}`);
    return this.answer([
      { key: 'mysql/master/shop', value: 'db1:3306' },
      { key: 'mysql/master/shop/port', value: '3306' },
    ]);
  }
}

/**
 * The use cases behind every door. Reads answer from this node's own state; a write proposes to the log and answers
 * from what applying it changed. On a follower a write rejects with NotLeader: the door passes it on to the leader.
 */
import { assertDefined } from '../../core/base/assert.js';
import type { LedgerState } from '../../core/ledger/state.js';
import { tombstonesOf } from '../../core/ledger/tombstones.js';
import type { Explanation } from '../../core/recovery/explain/explain.js';
import type { RecoveryPlan } from '../../core/recovery/preview/plan.js';
import type { Pair } from '../../core/recovery/telling/publication.js';
import type { Recovery, RecoveryId } from '../../core/recovery/recovery.js';
import { type Address, addressText, sameAddress } from '../../core/topology/address.js';
import type { ProbeFailure, ProbeResult, ServerReport } from '../../core/topology/report.js';
import type { ClusterId, Server, ServerId } from '../../core/topology/server.js';
import { indexServers, serverAt, sourceOf, sourceOfChannel } from '../../core/topology/sources.js';
import type { BinlogPosition } from '../../core/topology/vitals.js';
import type { ProbingMetrics } from '../ports/probing-metrics.js';
import type {
  Analysis,
  Answer,
  NodeStatus,
  PlanRequest,
  PublicSettings,
  MoveRequest,
  RecoveryRequest,
  Service,
  ServiceEvent,
  Sighting,
  SwitchRequest,
  WayBackPlan,
  WayBackRequest,
} from '../ports/service.js';
import type { BinaryLogReader } from '../ports/binary-logs.js';
import type { Prober } from '../ports/mysql.js';
import type { Moves } from '../recovery/requests/moves.js';
import type { Switches } from '../recovery/requests/switches.js';
import type { WaysBack } from '../recovery/requests/ways-back.js';
import { OperationalError } from '../errors.js';
import { accept, refuse } from '../ports/answer.js';
import { awaitPosition } from './await-position.js';
import { EventHub } from './event-hub.js';
import { KeepingUseCases, type KeepingParts, refusalIn } from './keeping.js';
import { locateGtids } from './locate-gtids.js';

/** A replica with several appliers says only three times a second how far it has come. */
const NEEDED_LOOKS = 4;
const NEEDED_PAUSE_MS = 200;

export interface ServiceParts extends KeepingParts {
  readonly settings: PublicSettings;
  readonly node: () => NodeStatus;
  readonly analysis: () => Analysis;
  readonly sighting: (address: Address) => Sighting | null;
  readonly probingMetrics: ProbingMetrics;
  /** A probe that begins now. */
  readonly probe: (address: Address) => Promise<ProbeResult>;
  /** False while who answered may not be whom it says to be. */
  readonly believes: (report: ServerReport) => boolean;
  /** DiscoveryIgnoreHostnameFilters. */
  readonly isIgnored: (address: Address) => boolean;
  readonly knock: (address: Address) => ReturnType<Prober['knock']>;
  readonly binaryLogs: BinaryLogReader;
  readonly explain: (cluster: ClusterId) => Explanation | null;
  readonly waysBack: () => Pick<WaysBack, 'plans' | 'begin'>;
  readonly switches: () => Pick<Switches, 'ask' | 'plan'>;
  readonly moves: () => Pick<Moves, 'ask' | 'plan' | 'cancel'>;
  readonly submitPrimaries: (cluster: ClusterId | null) => Promise<readonly Pair[]>;
  readonly recover: (request: RecoveryRequest) => Promise<Answer<Recovery>>;
  readonly plan: (request: PlanRequest) => RecoveryPlan;
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
    const address = this.#asKnown(await this.#named(given));
    const name = addressText(address);
    if (this.#parts.isIgnored(address)) {
      return refuse('FILTERED', `${name} matches DiscoveryIgnoreHostnameFilters and is not probed; change that filter`);
    }
    const result = await this.#parts.probe(address);
    if (!result.ok) return refuse(isThere(result.failure) ? 'PROBE_FAILED' : 'UNREACHABLE', result.failure.message);
    const { id, facts } = result.report;
    const doubt = await this.#doubtOf(result.report);
    if (doubt !== null) return refuse('IDENTITY_SHARED', doubt);
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

  /** In the spelling in which it is looked at already. */
  #asKnown(address: Address): Address {
    const found = serverAt(indexServers(this.state.servers.values()), address);
    const known = found === null ? [] : [found.address, ...found.aliases];
    return known.find((one) => sameAddress(one, address)) ?? address;
  }

  /** A copied data directory answers under the identity of the original, whose record must stay what it is. */
  async #doubtOf(report: ServerReport): Promise<string | null> {
    const { believes, probe } = this.#parts;
    const { id, address } = report;
    const home = this.state.servers.get(id)?.address;
    if (believes(report) || home === undefined || sameAddress(home, address)) return null;
    // A second name of one server, a server that moved, or two of them: looks at both in turn tell.
    await probe(home);
    await probe(address);
    await probe(home);
    const again = await probe(address);
    if (again.ok && believes(again.report)) return null;
    return (
      `${addressText(address)} answers with the server_uuid of ${addressText(home)} (${id}). If its data directory was ` +
      `copied, remove auto.cnf there and restart it; if it is the same server, which moved, it is known by its new ` +
      `address as soon as ${addressText(home)} has been silent for a while`
    );
  }

  /** A server by any of its addresses, or an address at which nobody answered yet. */
  async forget(address: Address, requestedBy: string): Promise<Answer<Address>> {
    const all = [...this.state.servers.values()];
    const named = serverAt(indexServers(all), address);
    // Two records have one address where a server was set up anew and the log does not say so yet.
    const also = all.filter((server) => server.id !== named?.id && sameAddress(server.address, address));
    const servers = (named === null ? also : [named, ...also]).map(({ id }) => id);
    const addresses = servers.length === 0 ? [address] : [];
    const applied = await this.propose({ kind: 'servers-forgotten', servers, addresses, by: requestedBy });
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

  waysBack(server: ServerId, donor: ServerId | null = null): readonly WayBackPlan[] {
    return this.#parts.waysBack().plans(server, donor);
  }

  wayBack(request: WayBackRequest): Promise<Answer<Recovery>> {
    return this.#parts.waysBack().begin(request);
  }

  /** The servers are looked at before they are judged and after they were changed: what is answered is what is. */
  async move(request: MoveRequest): Promise<Answer<Recovery>> {
    await this.#lookAgain([request.server, ...(request.destination === null ? [] : [request.destination])]);
    const answer = await this.#parts.moves().ask(request);
    const { moves } = (answer.ok ? answer.value.inputs.movement : undefined) ?? { moves: [] };
    await this.#lookAfterwards(moves.map(({ server }) => server));
    return answer;
  }

  /** That it was done is the answer, also where what was seen then finds no leader: asked for again, it would be done twice. */
  async #lookAfterwards(servers: readonly ServerId[]): Promise<void> {
    try {
      await this.#lookAgain(servers);
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error;
    }
  }

  async #lookAgain(servers: readonly ServerId[]): Promise<void> {
    const addresses = servers.flatMap((id) => this.state.servers.get(id)?.address ?? []);
    const results = await Promise.all(addresses.map((address) => this.#parts.probe(address)));
    const reports = results.flatMap((result) =>
      result.ok && this.#parts.believes(result.report) ? [result.report] : [],
    );
    if (reports.length > 0) {
      const seen = reports.map(({ id, address, facts }) => ({ id, address, facts }));
      await this.propose({ kind: 'topology-observed', servers: seen });
    }
  }

  planMove(request: MoveRequest): RecoveryPlan {
    return this.#parts.moves().plan(request);
  }

  /** As moves are; and of a binary log that is to be deleted it is looked at who still needs it. */
  async switch(request: SwitchRequest): Promise<Answer<Recovery>> {
    let answer = await this.#switchAsSeenNow(request);
    for (let looks = 1; looks < NEEDED_LOOKS && !answer.ok && answer.refusal.code === 'needed'; looks++) {
      await new Promise((resolve) => setTimeout(resolve, NEEDED_PAUSE_MS));
      answer = await this.#switchAsSeenNow(request);
    }
    if (answer.ok) await this.#lookAfterwards(answer.value.inputs.participants.map(({ id }) => id));
    return answer;
  }

  async #switchAsSeenNow(request: SwitchRequest): Promise<Answer<Recovery>> {
    const { server } = request;
    const links = request.command === 'purge-binary-logs' ? this.#followersOf(server) : this.#sourcesOf(server);
    await this.#lookAgain([server, ...links]);
    return await this.#parts.switches().ask(request);
  }

  planSwitch(request: SwitchRequest): RecoveryPlan {
    return this.#parts.switches().plan(request);
  }

  #followersOf(source: ServerId): readonly ServerId[] {
    const index = indexServers(this.state.servers.values());
    const all = [...this.state.servers.values()];
    return all
      .filter(({ facts }) => facts.channels.some((channel) => sourceOfChannel(index, channel)?.id === source))
      .map(({ id }) => id);
  }

  #sourcesOf(id: ServerId): readonly ServerId[] {
    const server = this.state.servers.get(id);
    const source = server === undefined ? null : sourceOf(indexServers(this.state.servers.values()), server);
    return source === null ? [] : [source.id];
  }

  awaitPosition(server: Server, place: BinlogPosition, limitMs: number): Promise<Answer<boolean>> {
    return awaitPosition(server, place, limitMs, this.#parts.probe);
  }

  cancelMove(id: RecoveryId, by: string): Promise<Answer<Recovery>> {
    // That this node does not lead becomes a rejection, as with all writes.
    return Promise.resolve().then(() => this.#parts.moves().cancel(id, by));
  }

  recover(request: RecoveryRequest): Promise<Answer<Recovery>> {
    return this.#parts.recover(request);
  }

  plan(request: PlanRequest): RecoveryPlan {
    return this.#parts.plan(request);
  }

  async acknowledge(
    selector: { readonly clusterId: ClusterId } | { readonly uid: string } | 'all',
    by: string,
    comment: string,
  ): Promise<Answer<number>> {
    const chosen = [...this.state.recoveries.values()].filter(
      (recovery) =>
        recovery.kind !== 'switch' &&
        recovery.acknowledged === null &&
        recovery.closedAtMs !== null &&
        isSelected(recovery, selector),
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
    await this.#note('downtime-ended', `${by} ended the downtime of ${this.#nameOf(server)}`, server);
    return this.#server(server);
  }

  /** '': the one that somebody gave is taken away; what configuration or its servers suggest comes back. */
  async setAlias(clusterId: ClusterId, alias: string, by: string): Promise<Answer<string>> {
    const other = alias === '' ? null : otherCalled(this.state, clusterId, alias);
    if (other !== null) {
      return refuse(
        'ALIAS_TAKEN',
        `${other} is called "${alias}" already: a command could not tell which one is meant`,
      );
    }
    await this.propose({ kind: 'alias-set', clusterId, alias });
    await this.propose({ kind: 'noted', server: null, clusterId, topic: 'alias-set', text: `by ${by}` });
    return accept(alias);
  }

  async submitPrimaries(cluster: ClusterId | null): Promise<Answer<readonly Pair[]>> {
    const pairs = await this.#parts.submitPrimaries(cluster);
    if (cluster === null || pairs.length > 0) return accept(pairs);
    return refuse('NO_WRITABLE_PRIMARY', 'the cluster has no primary that takes writes, so there is nothing to tell');
  }

  /** As HostnameResolveMethod has it. */
  async #named(address: Address): Promise<Address> {
    return { ...address, host: await this.#parts.names.resolve(address.host) };
  }

  #nameOf(id: ServerId): string {
    const server = this.state.servers.get(id);
    return server === undefined ? id : addressText(server.address);
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

/** The name of another cluster that is called so, by its address or its alias. */
function otherCalled({ clusters, servers }: LedgerState, own: ClusterId, alias: string): string | null {
  for (const cluster of clusters.values()) {
    const primary = servers.get(cluster.primary);
    const name = primary === undefined ? cluster.id : addressText(primary.address);
    if (cluster.id !== own && (cluster.alias === alias || name === alias)) return name;
  }
  return null;
}

function isSelected(
  recovery: Recovery,
  selector: { readonly clusterId: ClusterId } | { readonly uid: string } | 'all',
): boolean {
  if (selector === 'all') return true;
  return 'uid' in selector ? recovery.id === selector.uid : recovery.clusterId === selector.clusterId;
}

/** Whoever looked may be at fault; false: nobody answers at that address, or there is no such name. */
function isThere({ kind, code }: ProbeFailure): boolean {
  return kind !== 'refused' && kind !== 'silent' && code !== 'ENOTFOUND';
}

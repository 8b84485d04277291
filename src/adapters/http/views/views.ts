/** What routes read from: the topology's index, the bytes of servers, and answers that still hold. One for each node. */
import type { Downtime } from '../../../core/ledger/state.js';
import { assertDefined } from '../../../core/base/assert.js';
import { addressText } from '../../../core/topology/address.js';
import type { ClusterId, Server } from '../../../core/topology/server.js';
import type { Clock } from '../../../runtime/ports/clock.js';
import { type Service, type Sighting, sightingOfServer } from '../../../runtime/ports/service.js';
import type { InstanceFacts } from '../legacy/instance.js';
import { AnalysisChangelog } from './analysis-changelog.js';
import { AnswerMemo } from './answer-memo.js';
import { ErrantGtids } from './errant-gtids.js';
import { InstanceBytes, jsonList } from './instance-bytes.js';
import { HTTP_LIMITS } from '../limits.js';
import { FailoverBadges } from '../overview/failover-badges.js';
import type { FailoverOverview } from '../overview/failover-overview.js';
import { copiesOf } from './shared-identities.js';
import { buildTopologyIndex, type ClusterView, type Placement, type TopologyIndex } from './topology-index.js';

export class Views {
  readonly changelog: AnalysisChangelog;
  readonly #service: Service;
  readonly #clock: Clock;
  readonly #instances = new InstanceBytes();
  readonly #errant = new ErrantGtids();
  readonly #memo = new AnswerMemo();
  readonly #badges = new FailoverBadges();
  readonly #unsubscribe: () => void;
  #index: TopologyIndex | null = null;
  #events = 0;
  #newSightings = false;
  #sightingsTakenMs = Number.NEGATIVE_INFINITY;

  constructor(service: Service, clock: Clock) {
    this.#service = service;
    this.#clock = clock;
    this.changelog = new AnalysisChangelog(service, clock);
    this.#unsubscribe = service.subscribe(({ kind }) => {
      if (kind === 'sighting') this.#newSightings = true;
      else this.#events += 1;
    });
  }

  close(): void {
    this.#unsubscribe();
    this.changelog.close();
  }

  index(): TopologyIndex {
    const state = this.#service.state;
    const current = this.#index;
    if (current !== null && current.state === state && current.stateIndex === state.index) return current;
    const built = buildTopologyIndex(state, current);
    this.#index = built;
    this.#instances.keepOnly(built.placements);
    this.#errant.keepOnly(built.placements);
    return built;
  }

  placement(server: Server): Placement {
    return assertDefined(this.index().placements.get(server.id), `server ${addressText(server.address)} has no place`);
  }

  sighting(server: Server): Sighting | null {
    return sightingOfServer(server, this.#service.sighting(server.address));
  }

  downtime(server: Server): Downtime | null {
    const downtime = this.#service.state.downtimes.get(server.id);
    return downtime === undefined || downtime.endsAtMs <= this.#clock.wallMs() ? null : downtime;
  }

  badges(clusters: readonly ClusterView[]): ReadonlyMap<ClusterId, FailoverOverview> {
    return this.#badges.of(clusters, this.#service, this.#clock.nowMs());
  }

  errantGtids(server: Server): string {
    return this.#errant.of(server, this.placement(server), this.#service, this.index());
  }

  facts(server: Server): InstanceFacts {
    return {
      server,
      placement: this.placement(server),
      sighting: this.sighting(server),
      downtime: this.downtime(server),
      errantGtids: this.errantGtids(server),
      copies: copiesOf(server.id, this.#service.state),
      unresolvedName: this.#service.state.unresolves.get(server.address.host)?.name ?? '',
      settings: this.#service.settings,
      nowMs: this.#clock.wallMs(),
    };
  }

  /** JSON of one server. */
  instance(server: Server): Buffer {
    return this.#instances.bytes(this.facts(server));
  }

  /** JSON list of servers, in the given order. */
  instances(servers: readonly Server[]): Buffer {
    return jsonList(servers.map((server) => this.instance(server)));
  }

  /** `key` names the question with everything it depends on beside state and time. */
  answer(key: string, build: () => Buffer): Buffer {
    this.#takeSightings();
    const second = Math.floor(this.#clock.wallMs() / 1000);
    return this.#memo.answer({ stateIndex: this.#service.state.index, events: this.#events, second }, key, build);
  }

  /** Of a thousand servers there is a new look each millisecond: answers would be written anew for every one of them. */
  #takeSightings(): void {
    const nowMs = this.#clock.nowMs();
    if (!this.#newSightings || nowMs - this.#sightingsTakenMs < HTTP_LIMITS.sightingsTogetherMs) return;
    this.#newSightings = false;
    this.#sightingsTakenMs = nowMs;
    this.#events += 1;
  }
}

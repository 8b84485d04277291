/**
 * The eyes of a node: it looks at servers itself, at those that it was assigned, hears what the other nodes saw, and tells
 * them what it saw. Whatever anybody sees comes in at one place, and goes on from here to the diagnosis and the doors.
 */
import { randomInt } from 'node:crypto';
import { createRng } from '../../core/base/rng.js';
import { type Address, addressText } from '../../core/topology/address.js';
import type { ProbeResult } from '../../core/topology/report.js';
import type { ServerId } from '../../core/topology/server.js';
import { NodeSites } from '../../runtime/diagnosis/node-sites.js';
import type { Clock } from '../../runtime/ports/clock.js';
import type { PeerFeed, Peers } from '../../runtime/ports/peers.js';
import type { Sighting } from '../../runtime/ports/service.js';
import { MetricsKeeper } from '../../runtime/probing/metrics.js';
import { ProbeLog } from '../../runtime/probing/probe-log.js';
import { ProbingLoop } from '../../runtime/probing/probing-loop.js';
import { Sharing } from '../../runtime/probing/sharing.js';
import { type News, SightingStore } from '../../runtime/probing/sightings.js';
import type { ReplicatedLedger } from '../../runtime/replicated-ledger.js';
import type { LiveConfig } from '../config/live.js';
import type { Log } from '../log.js';
import type { Care } from './care.js';
import { probingPace } from './settings.js';

/** A leader is elected and heard within this; a node that starts into a cluster that runs need not ask every server. */
const ROSTER_GRACE_MS = 2000;

export interface EyesParts {
  readonly live: LiveConfig;
  readonly log: Log;
  readonly peers: Peers;
  readonly ledger: ReplicatedLedger;
  readonly clock: Clock;
  readonly care: Care;
  /** Others hang on it: every node looks at it. */
  isForAll(server: ServerId): boolean;
  /** This node was not held up since then. */
  ranSince(atMs: number): boolean;
  onNews(news: News): void;
}

export class Eyes {
  readonly sightings: SightingStore;
  readonly metrics: MetricsKeeper;
  readonly #parts: EyesParts;
  readonly #probeLog: ProbeLog;
  readonly #sites: NodeSites;
  readonly #probing: ProbingLoop;
  readonly #sharing: Sharing;

  constructor(parts: EyesParts) {
    const { live, log, clock } = parts;
    const { config } = live;
    this.#parts = parts;
    this.#probeLog = new ProbeLog(log, () => config.probing.logDead);
    this.#sites = new NodeSites(clock);
    this.sightings = new SightingStore({ self: config.raft.id, clock });
    this.#probing = this.#composeProbing();
    this.#sharing = this.#composeSharing();
    this.metrics = new MetricsKeeper({
      clock,
      retentionMs: () => config.probing.metricsRetentionMs,
      queues: () => this.#probing.queues,
    });
  }

  /** What the other nodes are told by this one. */
  get feed(): PeerFeed {
    return this.#sharing.feed;
  }

  start(): void {
    this.#probing.start();
    this.#sharing.start();
    this.metrics.start();
  }

  stop(): void {
    this.metrics.stop();
    this.#sharing.stop();
    this.#probing.stop();
  }

  lead(term: number): void {
    this.#probing.lead(term);
    this.#sharing.lead(term);
  }

  follow(): void {
    this.#probing.follow();
    this.#sharing.follow();
  }

  sighting(address: Address): Sighting | null {
    return this.#probing.sightings.sighting(address);
  }

  /** In which data centre the node is, as far as it was heard. */
  siteOf(node: string): string | null {
    return this.#sites.siteOf(node);
  }

  /** A look of its own, now. */
  async look(address: Address): Promise<ProbeResult> {
    const [result] = await this.#probing.probeNow([address]);
    if (result === undefined) throw new Error(`no probe of ${addressText(address)}`);
    return result;
  }

  /** What the diagnosis saw when it looked for itself. */
  accept(result: ProbeResult): void {
    this.#probing.accept(result);
  }

  noticeApplied(): void {
    this.#probing.noticeApplied();
  }

  /** Another node's step on it has ended. */
  noticeStep(server: ServerId): void {
    this.#probing.noticeStep(server);
  }

  /** A step of ours changed the server: what was seen up to now is how it was. */
  forgetBeforeNow(server: ServerId): void {
    this.#probing.invalidateBefore(server, this.#parts.clock.nowMs());
  }

  /** The state shows them as they were seen after the last step on each. */
  seeAnew(servers: readonly ServerId[]): Promise<void> {
    return this.#probing.seeAnew(servers);
  }

  #composeProbing(): ProbingLoop {
    const { live, log, clock, care, ledger, isForAll, onNews } = this.#parts;
    return new ProbingLoop({
      self: live.config.raft.id,
      clock,
      prober: care.prober,
      rng: createRng(randomInt(2 ** 32)),
      pace: live.following(probingPace),
      ledger,
      sightings: this.sightings,
      isIgnored: (address, as) => care.isIgnored(address, as),
      admits: (report) => care.admits(report),
      hostName: (host) => care.names.resolve(host),
      isForAll,
      onNews: (news) => {
        care.noticeLook(news.result);
        if (news.isOwn) {
          this.#probeLog.note(news.result);
          this.metrics.note(news.result);
        }
        this.#sharing.noticeNews(news);
        onNews(news);
      },
      onForgotten: (address) => {
        this.#sharing.forget(address);
        care.forgetAddress(address);
      },
      log: (level, text) => {
        log[level](text);
      },
    });
  }

  #composeSharing(): Sharing {
    const { live, log, clock, peers, ranSince } = this.#parts;
    const { raft, probing } = live.config;
    return new Sharing({
      self: { id: raft.id, dataCenter: probing.dataCenter },
      clock,
      peers,
      startGraceMs: raft.enabled ? ROSTER_GRACE_MS : 0,
      ranSince,
      assign: (nodes) => {
        this.#sites.hear(nodes);
        this.#probing.assign(nodes);
      },
      hear: (result, by) => {
        this.#probing.hear(result, by);
      },
      log: (level, text) => {
        log[level](text);
      },
    });
  }
}

/**
 * The suspicions of a leader, from the first doubt to the answer that ends it: an inquest is opened, fed with every look
 * that tells of its server, judged the moment something is heard, and closed when the server answers. What changed is told
 * in the same turn, and nothing here waits for a poll.
 */
import { concernsReach } from '../../core/analysis/diagnose.js';
import { sightOfServer } from '../../core/analysis/sight.js';
import type { NodeOpinion } from '../../core/analysis/vote.js';
import { addressText } from '../../core/topology/address.js';
import type { ProbeResult } from '../../core/topology/report.js';
import type { Server, ServerId } from '../../core/topology/server.js';
import type { CanaryRunner } from './canary-runner.js';
import type { DerivedState } from './derived-state.js';
import type { Diagnostician } from './diagnostician.js';
import type { FindingsBoard } from './findings-board.js';
import type { IncidentKeeper } from './incident-keeper.js';
import { Inquest, type Suspicion } from './inquest.js';
import { Inquests } from './inquests.js';
import type { LoopParts } from './loop-parts.js';
import type { SiteWatch } from './site-watch.js';
import { linksToldBy } from './whose-look.js';

export interface EmergencyParts {
  readonly outside: Pick<
    LoopParts,
    'self' | 'clock' | 'prober' | 'peers' | 'pace' | 'ledger' | 'sightings' | 'onProbed' | 'log'
  >;
  readonly derived: DerivedState;
  readonly diagnostician: Diagnostician;
  readonly board: FindingsBoard;
  readonly keeper: IncidentKeeper;
  readonly canaries: CanaryRunner;
  readonly siteWatch: SiteWatch;
  /** Before every conclusion from silence: did we run? */
  checkPause(): void;
  /** Another problem is shown now. */
  onChanged(): void;
  /** An emergency is over: what was held back by it may be told. */
  onClosed(): void;
}

export class Emergencies {
  readonly #parts: EmergencyParts;
  readonly #inquests: Inquests;
  /** Null while this node does not lead: nobody is suspected then. */
  #ledSinceMs: number | null = null;

  constructor(parts: EmergencyParts) {
    this.#parts = parts;
    this.#inquests = new Inquests(parts.outside.pace.inquiriesMax);
  }

  get servers(): readonly ServerId[] {
    return this.#inquests.servers;
  }

  of(server: ServerId): Inquest | null {
    return this.#inquests.of(server);
  }

  /** Suspected, or waiting for a place among those who are. */
  isAwaited(server: ServerId): boolean {
    return this.#inquests.isAwaited(server);
  }

  /** A leader's clocks begin with its term: what it saw before as a follower is no part of its silence. */
  lead(): void {
    const { clock, ledger } = this.#parts.outside;
    this.drop();
    this.#ledSinceMs = clock.nowMs();
    this.#parts.siteWatch.forgetAll();
    const { incidents, servers } = ledger.state;
    for (const incident of incidents.values()) {
      const server = servers.get(incident.server);
      if (server !== undefined) this.suspect(server, this.#ledSinceMs, `an earlier leader found ${incident.code}`);
    }
  }

  /** Nobody is suspected any more, and nobody will be before `lead`. */
  drop(): void {
    this.#ledSinceMs = null;
    this.#inquests.drop();
  }

  /** What was taken for silence so far may have been our own; everything is asked anew. */
  restart(reason: string): void {
    const { clock, log } = this.#parts.outside;
    if (this.servers.length > 0) log('warn', `the clocks of silence start anew: ${reason}`);
    if (this.#ledSinceMs !== null) this.#ledSinceMs = clock.nowMs();
    this.#inquests.restartAll();
    for (const id of this.servers) this.#parts.board.disarm(id);
  }

  /** Silence counts from `sinceMs`. Does nothing when the server is suspected already. */
  suspect(server: Server, sinceMs: number, why: string): void {
    if (this.#ledSinceMs === null) return;
    const { ledger, log } = this.#parts.outside;
    const canary = ledger.state.incidents.get(server.id)?.canary ?? null;
    const suspicion: Suspicion = { atMs: Math.max(sinceMs, this.#ledSinceMs), why, canary };
    const inquest = this.#inquests.open(server.id, suspicion, () => this.#newInquest(server.id, suspicion));
    if (inquest === null) return;
    log('debug', `${addressText(server.address)}: looking at it now, because ${why}`);
    inquest.setPaused(this.#isUnderRecovery(server.id));
    inquest.begin();
  }

  /** As `suspect`, and an inquest that has become slow is hurried. */
  alarm(server: Server, why: string): void {
    const open = this.of(server.id);
    if (open === null) this.suspect(server, this.#parts.outside.clock.nowMs(), why);
    else open.hurry();
  }

  /** A look of this node's own. */
  see(server: Server, result: ProbeResult): void {
    const own = this.of(server.id);
    const answered = result.ok || result.failure.kind === 'alive';
    if (own !== null && answered && result.startedAtMs >= own.inquiry.beganAtMs) this.#close(server.id, 'it answers');
    for (const link of linksToldBy(server, this.servers, this.#parts.derived.now.links)) {
      this.of(link.source.id)?.see(link, result);
    }
  }

  hear(server: ServerId, opinion: NodeOpinion): void {
    this.of(server)?.hear(opinion);
  }

  /** What is believed has changed. */
  weighAll(): void {
    for (const id of this.servers) this.#weigh(id);
  }

  #isUnderRecovery(id: ServerId): boolean {
    return this.#parts.derived.now.underRecovery.has(id);
  }

  #newInquest(id: ServerId, suspicion: Suspicion): Inquest {
    const { outside, diagnostician } = this.#parts;
    const { self, clock, prober, peers, pace, ledger } = outside;
    return new Inquest(id, suspicion, {
      self,
      clock,
      prober,
      peers,
      pace,
      subject: () => {
        const server = ledger.state.servers.get(id);
        return server === undefined ? null : { server, replicas: diagnostician.replicasOf(id) };
      },
      neighbours: () => this.#neighboursOf(id),
      channelBefore: ({ replica, channel }) => {
        const report = sightOfServer(replica, outside.sightings.newest(replica.address))?.lastGood?.report;
        return report?.facts.channels.find((one) => one.name === channel.name) ?? null;
      },
      onProbed: (result) => {
        outside.onProbed(result);
      },
      onHeard: () => {
        this.#weigh(id);
      },
    });
  }

  #neighboursOf(id: ServerId): readonly Server[] {
    const server = this.#parts.outside.ledger.state.servers.get(id);
    const inquest = this.of(id);
    return server === undefined || inquest === null ? [] : this.#parts.siteWatch.toAsk(server, inquest.inquiry);
  }

  /** Judges one suspected server anew and tells what changed, in the same turn. */
  #weigh(id: ServerId): void {
    const { outside, derived, diagnostician, canaries, keeper, board } = this.#parts;
    this.#parts.checkPause();
    const inquest = this.of(id);
    const server = outside.ledger.state.servers.get(id);
    if (inquest === null) return;
    if (server === undefined || !derived.now.dependedUpon.has(server.id)) {
      this.#close(id, 'nothing depends on it any more');
      return;
    }
    inquest.setPaused(this.#isUnderRecovery(id));
    if (inquest.isPaused) return;
    const finding = diagnostician.examine(server);
    inquest.expectAt(finding.judgement?.dueAtMs ?? null);
    canaries.consider(server, inquest, finding);
    if (finding.problem !== null && concernsReach(finding.problem.code)) {
      keeper.open(server, finding.problem.code, inquest.inquiry.beganAtMs);
    }
    if (board.take(server, finding)) this.#parts.onChanged();
  }

  #close(id: ServerId, reason: string): void {
    const { outside, diagnostician, canaries, siteWatch, keeper, board } = this.#parts;
    const inquest = this.#inquests.close(id);
    if (inquest === null) return;
    canaries.forget(id);
    siteWatch.forget(id);
    keeper.close(id, reason);
    const { servers } = outside.ledger.state;
    const server = servers.get(id);
    if (server !== undefined) {
      outside.log('debug', `${addressText(server.address)}: ${reason} (looked because ${inquest.why})`);
      if (board.take(server, diagnostician.examine(server))) this.#parts.onChanged();
    }
    this.#parts.onClosed();
    for (let next = this.#inquests.takeWaiting(); next !== null; next = this.#inquests.takeWaiting()) {
      const waiting = servers.get(next[0]);
      if (waiting !== undefined) this.suspect(waiting, next[1].atMs, next[1].why);
    }
  }
}

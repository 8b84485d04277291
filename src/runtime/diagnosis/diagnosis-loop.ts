/**
 * When to look, and what to tell. A lost connection or a failed probe of a server that others hang on is an emergency at
 * once (emergencies.ts); everything else is gathered and told a moment later. Followers tell the leader what they lost and
 * diagnose with their own eyes for display. What is right is decided in the core.
 */
import { serverAt } from '../../core/analysis/links.js';
import type { Address } from '../../core/topology/address.js';
import type { Server, ServerId } from '../../core/topology/server.js';
import type { Emergency } from '../../core/recovery/explain/doubt.js';
import type { Timer } from '../ports/clock.js';
import type { News } from '../probing/sightings.js';
import type { Findings } from './findings.js';
import { isUnreachable } from './lookout.js';
import type { LoopParts } from './loop-parts.js';
import { composeRooms, type DiagnosisRooms } from './rooms.js';
import { whoseLook } from './whose-look.js';

const TICKS_BETWEEN_CLEANINGS = 60;
/** Times as long as the last examination of all took: with very many servers it would otherwise be all that is done. */
const REST_AFTER_EXAMINATION = 9;
/** A process that was stopped meanwhile did not examine for so long. */
const REST_MAX_MS = 2000;

export class DiagnosisLoop {
  readonly #parts: LoopParts;
  readonly #rooms: DiagnosisRooms;
  #term: number | null = null;
  #gather: Timer | null = null;
  #examinationMs = 0;
  #tick: Timer | null = null;
  #ticks = 0;
  #stopped = true;

  constructor(parts: LoopParts) {
    this.#parts = parts;
    this.#rooms = composeRooms(parts, {
      leads: () => this.#term !== null,
      onPause: (pausedMs) => {
        this.restartClocks(`this node did not run for ${Math.round(pausedMs)} ms`);
      },
      onChanged: () => {
        this.#publish();
      },
      onClosed: () => {
        this.#gatherSoon();
      },
    });
  }

  start(): void {
    this.#stopped = false;
    // It may have become leader before all of its rooms were open.
    if (this.#term !== null) this.#beginTerm();
    this.#parts.prober.onConnectionLost((address, reason) => {
      this.noticeLost(address, reason);
    });
    this.#rooms.pauseWatch.start();
    this.#armTick();
  }

  stop(): void {
    this.#stopped = true;
    this.#rooms.pauseWatch.stop();
    this.#rooms.watch.stop();
    this.#tick?.cancel();
    this.#gather?.cancel();
    this.#gather = null;
    this.#rooms.emergencies.drop();
  }

  get findings(): Findings {
    return this.#rooms.board.shown;
  }

  /** Servers that others hang on, or would: every node looks at them with its own eyes. */
  get dependedUpon(): ReadonlyMap<ServerId, Server> {
    return this.#rooms.derived.now.dependedUpon;
  }

  /** What goes on about this server now, as far as this node knows; null: nobody doubts that it lives. */
  emergencyOf(id: ServerId): Emergency | null {
    const { servers, incidents } = this.#parts.ledger.state;
    const inquest = this.#rooms.emergencies.of(id);
    const server = servers.get(id);
    if (this.#term !== null) {
      const isOpen = inquest !== null && !inquest.isPaused && server !== undefined;
      const judgement = isOpen ? this.#rooms.diagnostician.examine(server).judgement : null;
      return judgement === null ? null : { kind: 'judged', judgement };
    }
    const incident = incidents.get(id);
    return incident === undefined ? null : { kind: 'told', code: incident.code, leader: this.#parts.leader() };
  }

  /** Is there a server of the replicated state at this address? */
  knows(address: Address): boolean {
    return serverAt(this.#rooms.derived.now.links, address) !== undefined;
  }

  /** Did this process run without a pause since that instant? A vote formed across a pause is no opinion. */
  ranSince(atMs: number): boolean {
    return this.#rooms.pauseWatch.ranSince(atMs);
  }

  /** This node leads and has applied everything that was committed before. Its clocks of silence start here. */
  lead(term: number): void {
    if (this.#term === term) return;
    this.#term = term;
    if (!this.#stopped) this.#beginTerm();
  }

  follow(): void {
    if (this.#term === null) return;
    this.#term = null;
    this.#rooms.watch.stop();
    this.#rooms.emergencies.drop();
    this.#gatherSoon();
  }

  /** What was taken for silence so far may have been our own; everything is asked anew. */
  restartClocks(reason: string): void {
    this.#rooms.emergencies.restart(reason);
  }

  /** Entries were applied that may concern servers, or a snapshot was restored. */
  noticeApplied(): void {
    this.#rooms.derived.invalidate();
    this.#rooms.emergencies.weighAll();
    if (this.#term === null) this.#tellIncidents();
    this.#gatherSoon();
  }

  /** What the leader has found is told by followers in the same turn: a recovery may be over before they gather. */
  #tellIncidents(): void {
    const { servers, incidents } = this.#parts.ledger.state;
    const told = [...incidents.keys()].map((id) => {
      const server = servers.get(id);
      return server !== undefined && this.#rooms.board.take(server, this.#rooms.diagnostician.examine(server));
    });
    if (told.includes(true)) this.#publish();
  }

  /** Every look that was taken in, of this node (whoever asked for it) and of its peers. */
  noticeProbe(news: News): void {
    if (this.#stopped) return;
    const { result, before } = news;
    const server = whoseLook(result, this.#parts.ledger.state.servers, this.#rooms.derived.now.links);
    if (server !== undefined && news.isOwn) {
      this.#rooms.emergencies.see(server, result);
      this.#rooms.lookout.probed(server, result, before);
    } else if (server !== undefined) this.#heedPeer(server, news);
    this.#gatherSoon();
  }

  /** A kept connection of this node ended. */
  noticeLost(address: Address, reason: string): void {
    if (!this.#stopped) this.#rooms.lookout.connectionLost(address, reason);
  }

  /** A follower lost it. */
  noticeLostBy(node: string, address: Address, reason: string): void {
    if (!this.#stopped) this.#rooms.lookout.followerLost(node, address, reason);
  }

  #beginTerm(): void {
    this.#rooms.clearerView.lead();
    this.#rooms.emergencies.lead();
    this.#rooms.watch.start();
    this.#examineAll();
  }

  /**
   * What a server said to a peer it has said, and whoever got an answer is a witness of life. That a peer got none is no
   * vote: those are asked for, of fresh connections. Nor are an inquest's replicas read through a peer, whose times are
   * known with less precision than the limits of silence are judged by.
   */
  #heedPeer(server: Server, { result, by, before }: News): void {
    if (this.#term === null) return;
    if (result.ok || result.failure.kind === 'alive') {
      const detail = 'its probe was answered';
      this.#rooms.emergencies.hear(server.id, { node: by, vote: 'alive', atMs: result.startedAtMs, detail });
    }
    if (result.ok) this.#rooms.lookout.probed(server, result, before);
  }

  #gatherSoon(): void {
    if (this.#gather !== null || this.#stopped) return;
    const { clock, pace } = this.#parts;
    const delayMs = Math.max(pace.gatherMs, Math.min(REST_MAX_MS, this.#examinationMs * REST_AFTER_EXAMINATION));
    this.#gather = clock.setTimer(delayMs, () => {
      this.#gather = null;
      const beganMs = clock.nowMs();
      this.#examineAll();
      this.#examinationMs = clock.nowMs() - beganMs;
    });
  }

  #examineAll(): void {
    this.#rooms.pauseWatch.check();
    const { servers, incidents } = this.#parts.ledger.state;
    for (const server of this.#term === null ? [] : this.#rooms.unsuspectedSources()) this.#resumeSuspicion(server);
    for (const id of this.#term === null ? [] : incidents.keys()) {
      if (!this.#rooms.emergencies.isAwaited(id)) this.#rooms.keeper.close(id, 'it is over');
    }
    const findings = this.#rooms.diagnostician.examineAll();
    for (const [id, finding] of findings) {
      const server = servers.get(id);
      if (server !== undefined) this.#rooms.board.take(server, finding);
    }
    this.#rooms.board.keepOnly(findings);
    this.#publish();
  }

  /** What could not be looked at when it failed (a recovery was at work, another node led) is looked at now. */
  #resumeSuspicion(server: Server): void {
    const sight = this.#parts.sightings.own(server.address);
    if (sight === null || !isUnreachable(sight.last)) return;
    this.#rooms.emergencies.suspect(server, sight.last.startedAtMs, 'this node cannot reach it');
  }

  #publish(): void {
    this.#parts.onProblems(this.findings);
  }

  #armTick(): void {
    this.#tick = this.#parts.clock.setTimer(this.#parts.pace.tickMs, () => {
      this.#ticks += 1;
      if (this.#ticks % TICKS_BETWEEN_CLEANINGS === 0) this.#clean();
      if (this.#term !== null) this.#rooms.clearerView.look();
      this.#gatherSoon();
      this.#armTick();
    });
  }

  #clean(): void {
    const { servers } = this.#parts.ledger.state;
    this.#rooms.lookout.keepOnly(servers);
  }
}

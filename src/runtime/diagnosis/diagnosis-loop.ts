/**
 * When to look, and what to tell. A lost connection or a failed probe of a server that others hang on opens an inquest at
 * once; every answer is judged the moment it comes; what changed is published in the same turn. Followers tell the leader
 * what they lost and diagnose with their own eyes for display. What is right is decided in the core.
 */
import { concernsReach } from '../../core/analysis/diagnose.js';
import { serverAt } from '../../core/analysis/links.js';
import { sightOfServer } from '../../core/analysis/sight.js';
import { type Address, addressText } from '../../core/topology/address.js';
import type { ProbeResult } from '../../core/topology/report.js';
import type { Server, ServerId } from '../../core/topology/server.js';
import type { Timer } from '../ports/clock.js';
import type { News } from '../probing/sightings.js';
import { CanaryRunner } from './canary-runner.js';
import { ClearerView, VIEW_PACE } from './clearer-view.js';
import { DerivedState } from './derived-state.js';
import { Diagnostician } from './diagnostician.js';
import type { Findings } from './findings.js';
import { FindingsBoard } from './findings-board.js';
import { IncidentKeeper } from './incident-keeper.js';
import { Inquest, type Suspicion } from './inquest.js';
import { Inquests } from './inquests.js';
import { isUnreachable, Lookout } from './lookout.js';
import type { LoopParts } from './loop-parts.js';
import { PauseWatch } from './pause-watch.js';
import { SiteWatch } from './site-watch.js';
import { SourceWatch } from './source-watch.js';
import { VerdictLog } from './verdict-log.js';
import { linksToldBy, whoseLook } from './whose-look.js';

const TICKS_BETWEEN_CLEANINGS = 60;
/** Times as long as the last examination of all took: with very many servers it would otherwise be all that is done. */
const REST_AFTER_EXAMINATION = 9;
/** A process that was stopped meanwhile did not examine for so long. */
const REST_MAX_MS = 2000;

export class DiagnosisLoop {
  readonly #parts: LoopParts;
  readonly #inquests: Inquests;
  readonly #board: FindingsBoard;
  readonly #derived: DerivedState;
  readonly #diagnostician: Diagnostician;
  readonly #lookout: Lookout;
  readonly #keeper: IncidentKeeper;
  readonly #canaries: CanaryRunner;
  readonly #pauseWatch: PauseWatch;
  readonly #watch: SourceWatch;
  readonly #siteWatch: SiteWatch;
  readonly #clearerView: ClearerView;
  #term: number | null = null;
  #ledSinceMs = 0;
  #gather: Timer | null = null;
  #examinationMs = 0;
  #tick: Timer | null = null;
  #ticks = 0;
  #stopped = true;

  constructor(parts: LoopParts) {
    this.#parts = parts;
    const { clock, ledger, pace, limits, settings, log } = parts;
    this.#board = new FindingsBoard({
      verdicts: new VerdictLog(clock, log),
      inquestOf: (server) => this.#inquests.of(server),
      restraintOf: (server) => this.#canaries.restraintOf(server),
    });
    this.#inquests = new Inquests(pace.inquiriesMax);
    this.#derived = new DerivedState(() => ledger.state);
    this.#siteWatch = this.#composeSiteWatch();
    this.#clearerView = this.#composeClearerView();
    this.#diagnostician = new Diagnostician({
      self: parts.self,
      rules: parts.rules,
      siteWatch: this.#siteWatch,
      clock,
      derived: this.#derived,
      limits,
      settings,
      sightings: parts.sightings,
      state: () => ledger.state,
      inquestOf: (server) => this.#inquests.of(server),
      voters: () => parts.voters(),
      leads: () => this.#term !== null,
    });
    this.#lookout = new Lookout({
      clock,
      peers: parts.peers,
      derived: this.#derived,
      reportGapMs: pace.reportGapMs,
      leads: () => this.#term !== null,
      suspect: (server, atMs, why) => {
        this.#suspect(server, atMs, why);
      },
      alarm: (server, why) => {
        this.#alarm(server, why);
      },
    });
    this.#keeper = new IncidentKeeper({
      clock,
      ledger,
      pace,
      onFailed: (what, error) => {
        log('info', `${what} was not committed: ${error instanceof Error ? error.message : String(error)}`);
      },
    });
    this.#canaries = new CanaryRunner({
      clock,
      ledger,
      limits,
      log,
      diagnostician: this.#diagnostician,
      inquestOf: (source) => this.#inquests.of(source),
      bestCandidateOf: (source) => parts.bestCandidateOf(source),
      restart: (order) => parts.restartCanary(order),
    });
    this.#pauseWatch = new PauseWatch(clock, pace, (pausedMs) => {
      this.restartClocks(`this node did not run for ${Math.round(pausedMs)} ms`);
    });
    this.#watch = this.#composeWatch();
  }

  #composeWatch(): SourceWatch {
    const { clock, pace, prober, ledger } = this.#parts;
    return new SourceWatch({
      clock,
      pace,
      prober,
      sources: () => this.#unsuspectedSources(),
      lastLookMs: ({ address }) => this.#parts.sightings.own(address)?.last.startedAtMs ?? null,
      onProbed: (result) => {
        this.#parts.onProbed(result);
      },
      onLate: (id, askedAtMs) => {
        const server = ledger.state.servers.get(id);
        if (server !== undefined) this.#suspect(server, askedAtMs, 'its answer is late');
      },
    });
  }

  #composeSiteWatch(): SiteWatch {
    const { self, ledger, sightings, voters, siteOfNode } = this.#parts;
    return new SiteWatch({
      self,
      sightings,
      servers: () => ledger.state.servers,
      links: () => this.#derived.now.links,
      voters,
      siteOfNode,
    });
  }

  #composeClearerView(): ClearerView {
    const { self, clock, peers, ledger, sightings, voters, handOverTo, log } = this.#parts;
    return new ClearerView({
      self,
      clock,
      peers,
      pace: VIEW_PACE,
      heads: () =>
        [...ledger.state.clusters.values()].flatMap(({ primary }) => ledger.state.servers.get(primary) ?? []),
      inquestOf: (server) => this.#inquests.of(server),
      reaches: ({ id, address }) => this.#inquests.of(id) === null && sightings.own(address)?.last.ok === true,
      isActing: () => this.#derived.now.underRecovery.size > 0,
      voters,
      handOverTo,
      log,
    });
  }

  start(): void {
    this.#stopped = false;
    // It may have become leader before all of its rooms were open.
    if (this.#term !== null) this.#beginTerm();
    this.#parts.prober.onConnectionLost((address, reason) => {
      this.noticeLost(address, reason);
    });
    this.#pauseWatch.start();
    this.#armTick();
  }

  stop(): void {
    this.#stopped = true;
    this.#pauseWatch.stop();
    this.#watch.stop();
    this.#tick?.cancel();
    this.#gather?.cancel();
    this.#gather = null;
    this.#inquests.drop();
  }

  get findings(): Findings {
    return this.#board.shown;
  }

  /** Servers that others hang on, or would: every node looks at them with its own eyes. */
  get dependedUpon(): ReadonlyMap<ServerId, Server> {
    return this.#derived.now.dependedUpon;
  }

  /** Is there a server of the replicated state at this address? */
  knows(address: Address): boolean {
    return serverAt(this.#derived.now.links, address) !== undefined;
  }

  /** Did this process run without a pause since that instant? A vote formed across a pause is no opinion. */
  ranSince(atMs: number): boolean {
    return this.#pauseWatch.ranSince(atMs);
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
    this.#watch.stop();
    this.#inquests.drop();
    this.#gatherSoon();
  }

  /** What was taken for silence so far may have been our own; everything is asked anew. */
  restartClocks(reason: string): void {
    if (this.#inquests.servers.length > 0) this.#parts.log('warn', `the clocks of silence start anew: ${reason}`);
    this.#ledSinceMs = this.#parts.clock.nowMs();
    this.#inquests.restartAll();
    for (const id of this.#inquests.servers) this.#board.disarm(id);
  }

  /** Entries were applied that may concern servers, or a snapshot was restored. */
  noticeApplied(): void {
    this.#derived.invalidate();
    for (const id of this.#inquests.servers) this.#weigh(id);
    if (this.#term === null) this.#tellIncidents();
    this.#gatherSoon();
  }

  /** What the leader has found is told by followers in the same turn: a recovery may be over before they gather. */
  #tellIncidents(): void {
    const { servers, incidents } = this.#parts.ledger.state;
    const told = [...incidents.keys()].map((id) => {
      const server = servers.get(id);
      return server !== undefined && this.#board.take(server, this.#diagnostician.examine(server));
    });
    if (told.includes(true)) this.#publish();
  }

  /** Every look that was taken in, of this node (whoever asked for it) and of its peers. */
  noticeProbe(news: News): void {
    if (this.#stopped) return;
    const { result, before } = news;
    const server = whoseLook(result, this.#parts.ledger.state.servers, this.#derived.now.links);
    if (server !== undefined && news.isOwn) {
      this.#feedInquests(server, result);
      this.#lookout.probed(server, result, before);
    } else if (server !== undefined) this.#heedPeer(server, news);
    this.#gatherSoon();
  }

  /** A kept connection of this node ended. */
  noticeLost(address: Address, reason: string): void {
    if (!this.#stopped) this.#lookout.connectionLost(address, reason);
  }

  /** A follower lost it. */
  noticeLostBy(node: string, address: Address, reason: string): void {
    if (!this.#stopped) this.#lookout.followerLost(node, address, reason);
  }

  #beginTerm(): void {
    this.#ledSinceMs = this.#parts.clock.nowMs();
    this.#inquests.drop();
    this.#siteWatch.forgetAll();
    this.#clearerView.lead();
    const { incidents, servers } = this.#parts.ledger.state;
    for (const incident of incidents.values()) {
      const server = servers.get(incident.server);
      if (server !== undefined) this.#suspect(server, this.#ledSinceMs, `an earlier leader found ${incident.code}`);
    }
    this.#watch.start();
    this.#examineAll();
  }

  #feedInquests(server: Server, result: ProbeResult): void {
    const own = this.#inquests.of(server.id);
    const answered = result.ok || result.failure.kind === 'alive';
    if (own !== null && answered && result.startedAtMs >= own.inquiry.beganAtMs) {
      this.#close(server.id, 'it answers');
    }
    for (const link of linksToldBy(server, this.#inquests.servers, this.#derived.now.links)) {
      this.#inquests.of(link.source.id)?.see(link, result);
    }
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
      this.#inquests.of(server.id)?.hear({ node: by, vote: 'alive', atMs: result.startedAtMs, detail });
    }
    if (result.ok) this.#lookout.probed(server, result, before);
  }

  #alarm(server: Server, why: string): void {
    const open = this.#inquests.of(server.id);
    if (open === null) this.#suspect(server, this.#parts.clock.nowMs(), why);
    else open.hurry();
  }

  /** A leader's clocks begin with its term: what it saw before as a follower is no part of its silence. */
  #suspect(server: Server, sinceMs: number, why: string): void {
    if (this.#term === null) return;
    const canary = this.#parts.ledger.state.incidents.get(server.id)?.canary ?? null;
    const suspicion: Suspicion = { atMs: Math.max(sinceMs, this.#ledSinceMs), why, canary };
    const inquest = this.#inquests.open(server.id, suspicion, () => this.#newInquest(server.id, suspicion));
    if (inquest === null) return;
    this.#parts.log('debug', `${addressText(server.address)}: looking at it now, because ${why}`);
    inquest.setPaused(this.#derived.now.underRecovery.has(server.id));
    inquest.begin();
  }

  #newInquest(id: ServerId, suspicion: Suspicion): Inquest {
    const { self, clock, prober, peers, pace, ledger } = this.#parts;
    return new Inquest(id, suspicion, {
      self,
      clock,
      prober,
      peers,
      pace,
      subject: () => {
        const server = ledger.state.servers.get(id);
        return server === undefined ? null : { server, replicas: this.#diagnostician.replicasOf(id) };
      },
      neighbours: () => this.#neighboursOf(id),
      channelBefore: ({ replica, channel }) => {
        const report = sightOfServer(replica, this.#parts.sightings.newest(replica.address))?.lastGood?.report;
        return report?.facts.channels.find((one) => one.name === channel.name) ?? null;
      },
      onProbed: (result) => {
        this.#parts.onProbed(result);
      },
      onHeard: () => {
        this.#weigh(id);
      },
    });
  }

  #neighboursOf(id: ServerId): readonly Server[] {
    const { servers } = this.#parts.ledger.state;
    const server = servers.get(id);
    const inquest = this.#inquests.of(id);
    return server === undefined || inquest === null ? [] : this.#siteWatch.toAsk(server, inquest.inquiry);
  }

  /** Judges one suspected server anew and tells what changed, in the same turn. */
  #weigh(id: ServerId): void {
    this.#pauseWatch.check();
    const inquest = this.#inquests.of(id);
    const server = this.#parts.ledger.state.servers.get(id);
    if (inquest === null) return;
    if (server === undefined || !this.#derived.now.dependedUpon.has(server.id)) {
      this.#close(id, 'nothing depends on it any more');
      return;
    }
    inquest.setPaused(this.#derived.now.underRecovery.has(id));
    if (inquest.isPaused) return;
    const finding = this.#diagnostician.examine(server);
    this.#canaries.consider(server, inquest, finding);
    if (finding.problem !== null && concernsReach(finding.problem.code)) {
      this.#keeper.open(server, finding.problem.code, inquest.inquiry.beganAtMs);
    }
    if (this.#board.take(server, finding)) this.#publish();
  }

  #close(id: ServerId, reason: string): void {
    const inquest = this.#inquests.close(id);
    if (inquest === null) return;
    this.#canaries.forget(id);
    this.#siteWatch.forget(id);
    this.#keeper.close(id, reason);
    const { servers } = this.#parts.ledger.state;
    const server = servers.get(id);
    if (server !== undefined) {
      this.#parts.log('debug', `${addressText(server.address)}: ${reason} (looked because ${inquest.why})`);
      if (this.#board.take(server, this.#diagnostician.examine(server))) this.#publish();
    }
    this.#gatherSoon();
    for (let next = this.#inquests.takeWaiting(); next !== null; next = this.#inquests.takeWaiting()) {
      const waiting = servers.get(next[0]);
      if (waiting !== undefined) this.#suspect(waiting, next[1].atMs, next[1].why);
    }
  }

  /** Who is suspected is asked anyway; who is under recovery is left in peace. */
  #unsuspectedSources(): readonly Server[] {
    const { dependedUpon, underRecovery } = this.#derived.now;
    return [...dependedUpon.values()].filter(({ id }) => !this.#inquests.isAwaited(id) && !underRecovery.has(id));
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
    this.#pauseWatch.check();
    const { servers, incidents } = this.#parts.ledger.state;
    for (const server of this.#term === null ? [] : this.#unsuspectedSources()) this.#resumeSuspicion(server);
    for (const id of this.#term === null ? [] : incidents.keys()) {
      if (!this.#inquests.isAwaited(id)) this.#keeper.close(id, 'it is over');
    }
    const findings = this.#diagnostician.examineAll();
    for (const [id, finding] of findings) {
      const server = servers.get(id);
      if (server !== undefined) this.#board.take(server, finding);
    }
    this.#board.keepOnly(findings);
    this.#publish();
  }

  /** What could not be looked at when it failed (a recovery was at work, another node led) is looked at now. */
  #resumeSuspicion(server: Server): void {
    const sight = this.#parts.sightings.own(server.address);
    if (sight === null || !isUnreachable(sight.last)) return;
    this.#suspect(server, sight.last.startedAtMs, 'this node cannot reach it');
  }

  #publish(): void {
    this.#parts.onProblems(this.findings);
  }

  #armTick(): void {
    this.#tick = this.#parts.clock.setTimer(this.#parts.pace.tickMs, () => {
      this.#ticks += 1;
      if (this.#ticks % TICKS_BETWEEN_CLEANINGS === 0) this.#clean();
      if (this.#term !== null) this.#clearerView.look();
      this.#gatherSoon();
      this.#armTick();
    });
  }

  #clean(): void {
    const { servers } = this.#parts.ledger.state;
    this.#lookout.keepOnly(servers);
  }
}

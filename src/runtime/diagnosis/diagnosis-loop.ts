/**
 * When to look, and what to tell. A lost connection or a failed probe of a server that others hang on opens an inquest at
 * once; every answer is judged the moment it comes; what changed is published in the same turn. Followers tell the leader
 * what they lost and diagnose with their own eyes for display. What is right is decided in the core.
 */
import { decideCanary } from '../../core/analysis/canary.js';
import { byGravity } from '../../core/analysis/diagnose.js';
import { isNetworkError } from '../../core/analysis/inquiry.js';
import { serverAt } from '../../core/analysis/links.js';
import type { Problem, StructureCode } from '../../core/analysis/problem.js';
import type { Sight } from '../../core/analysis/sight.js';
import { type Address, addressText } from '../../core/topology/address.js';
import type { ProbeResult } from '../../core/topology/report.js';
import type { Channel, Server, ServerId } from '../../core/topology/server.js';
import type { Timer } from '../ports/clock.js';
import { CanaryRunner } from './canary-runner.js';
import { Diagnostician, type Finding } from './diagnostician.js';
import type { Findings } from './findings.js';
import { IncidentKeeper } from './incident-keeper.js';
import { Inquest, type Suspicion } from './inquest.js';
import type { LoopParts } from './loop-parts.js';
import { PauseWatch } from './pause-watch.js';
import { Sightings } from './sightings.js';
import { VerdictLog } from './verdict-log.js';

const TICKS_BETWEEN_CLEANINGS = 60;

export class DiagnosisLoop {
  readonly #parts: LoopParts;
  readonly #sightings = new Sightings();
  readonly #inquests = new Map<ServerId, Inquest>();
  readonly #waiting = new Map<ServerId, Suspicion>();
  readonly #reportedAtMs = new Map<ServerId, number>();
  readonly #restraints = new Map<ServerId, string>();
  readonly #findings = new Map<ServerId, Finding>();
  readonly #diagnostician: Diagnostician;
  readonly #keeper: IncidentKeeper;
  readonly #canaries: CanaryRunner;
  readonly #pauseWatch: PauseWatch;
  readonly #verdicts: VerdictLog;
  #term: number | null = null;
  #ledSinceMs = 0;
  #gather: Timer | null = null;
  #tick: Timer | null = null;
  #ticks = 0;
  #stopped = true;

  constructor(parts: LoopParts) {
    this.#parts = parts;
    const { clock, ledger, pace, limits, settings, log } = parts;
    this.#verdicts = new VerdictLog(clock, log);
    this.#diagnostician = new Diagnostician({
      clock,
      limits,
      settings,
      sightings: this.#sightings,
      state: () => ledger.state,
      inquestOf: (server) => this.#inquests.get(server) ?? null,
      voters: () => parts.voters(),
      leads: () => this.#term !== null,
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
      ledger,
      log,
      restart: (order) => parts.restartCanary(order),
      stillWanted: (source, canary) => this.#isCanaryStillWanted(source, canary),
      onRestarted: (source, canary) => {
        this.#inquests.get(source)?.canaryRestarted(canary);
        this.#inquests.get(source)?.hurry();
      },
    });
    this.#pauseWatch = new PauseWatch(clock, pace, (pausedMs) => {
      this.restartClocks(`this node did not run for ${Math.round(pausedMs)} ms`);
    });
  }

  start(): void {
    this.#stopped = false;
    this.#parts.prober.onConnectionLost((address, reason) => {
      this.noticeLost(address, reason);
    });
    this.#pauseWatch.start();
    this.#armTick();
  }

  stop(): void {
    this.#stopped = true;
    this.#pauseWatch.stop();
    this.#tick?.cancel();
    this.#gather?.cancel();
    this.#gather = null;
    this.#dropInquests();
  }

  get findings(): Findings {
    const problems: Problem[] = [];
    const structure = new Map<ServerId, readonly StructureCode[]>();
    for (const [id, finding] of this.#findings) {
      if (finding.problem !== null) problems.push(this.#withRestraint(finding.problem));
      if (finding.structure.length > 0) structure.set(id, finding.structure);
    }
    return { problems: problems.sort(byGravity), structure };
  }

  /** Is there a server of the replicated state at this address? */
  knows(address: Address): boolean {
    return serverAt(this.#diagnostician.links, address) !== undefined;
  }

  /** Did this process run without a pause since that instant? A vote formed across a pause is no opinion. */
  ranSince(atMs: number): boolean {
    return this.#pauseWatch.ranSince(atMs);
  }

  /** This node leads and has applied everything that was committed before. Its clocks of silence start here. */
  lead(term: number): void {
    if (this.#stopped || this.#term === term) return;
    this.#term = term;
    this.#ledSinceMs = this.#parts.clock.nowMs();
    this.#dropInquests();
    for (const incident of this.#parts.ledger.state.incidents.values()) {
      const server = this.#parts.ledger.state.servers.get(incident.server);
      if (server !== undefined) this.#suspect(server, this.#ledSinceMs, `an earlier leader found ${incident.code}`);
    }
    this.#examineAll();
  }

  follow(): void {
    if (this.#term === null) return;
    this.#term = null;
    this.#dropInquests();
    this.#gatherSoon();
  }

  /** What was taken for silence so far may have been our own; everything is asked anew. */
  restartClocks(reason: string): void {
    if (this.#inquests.size > 0) this.#parts.log('warn', `the clocks of silence start anew: ${reason}`);
    this.#ledSinceMs = this.#parts.clock.nowMs();
    for (const inquest of this.#inquests.values()) inquest.restart();
  }

  /** Entries were applied, or a snapshot restored. */
  noticeApplied(): void {
    for (const id of [...this.#inquests.keys()]) this.#weigh(id);
    this.#gatherSoon();
  }

  /** Every probe that this node does, whoever asked for it. */
  noticeProbe(result: ProbeResult): void {
    const { before, isNews } = this.#sightings.record(result);
    if (!isNews || this.#stopped) return;
    const address = result.ok ? result.report.address : result.address;
    const server = serverAt(this.#diagnostician.links, address);
    if (server !== undefined) {
      this.#feedInquests(server, result);
      this.#noticeFailure(server, result, before);
      this.#noticeLostLinks(server, result, before);
    }
    this.#gatherSoon();
  }

  /** A kept connection of this node ended. */
  noticeLost(address: Address, reason: string): void {
    const server = serverAt(this.#diagnostician.links, address);
    if (server === undefined || this.#stopped || !this.#diagnostician.isDependedUpon(server)) return;
    if (this.#term === null) this.#report(server, `lost its connection: ${reason}`);
    else this.#alarm(server, `this node lost its connection: ${reason}`);
  }

  /** A follower lost it. */
  noticeLostBy(node: string, address: Address, reason: string): void {
    const server = serverAt(this.#diagnostician.links, address);
    if (server === undefined || this.#term === null || !this.#diagnostician.isDependedUpon(server)) return;
    this.#alarm(server, `${node} ${reason}`);
  }

  #feedInquests(server: Server, result: ProbeResult): void {
    const own = this.#inquests.get(server.id);
    const answered = result.ok || result.failure.kind === 'alive';
    if (own !== undefined && answered && result.startedAtMs >= own.inquiry.beganAtMs) {
      this.#close(server.id, 'it answers');
    }
    for (const link of this.#diagnostician.links.sourcesOf.get(server.id) ?? []) {
      this.#inquests.get(link.source.id)?.see(link, result);
    }
  }

  #noticeFailure(server: Server, result: ProbeResult, before: Sight | null): void {
    if (!isUnreachable(result) || !this.#diagnostician.isDependedUpon(server)) return;
    const why = `this node's probe failed (${result.failure.code})`;
    if (this.#term !== null) {
      // Refused now; silent since the question was put.
      const atMs = result.failure.kind === 'silent' ? result.startedAtMs : this.#parts.clock.nowMs();
      this.#suspect(server, Math.max(atMs, this.#ledSinceMs), why);
    } else if (before === null || !isUnreachable(before.last)) {
      this.#report(server, `could not reach it (${result.failure.code})`);
    }
  }

  /** A replica that lost its source is as good a reason to look as a connection of our own. */
  #noticeLostLinks(replica: Server, result: ProbeResult, before: Sight | null): void {
    if (!result.ok) return;
    const known = before?.lastGood?.report.facts.channels ?? [];
    for (const channel of result.report.facts.channels) {
      const was = known.find((one) => one.name === channel.name);
      if (was?.ioThread !== 'running' || channel.ioThread === 'running' || !hasNetworkError(channel)) continue;
      const source = serverAt(this.#diagnostician.links, channel.source);
      if (source === undefined) continue;
      const name = addressText(replica.address);
      if (this.#term === null) this.#report(source, `saw that ${name} lost it`);
      else this.#suspect(source, this.#parts.clock.nowMs(), `its replica ${name} lost it`);
    }
  }

  /** To the leader, so that it need not wait for its own next look. */
  #report(server: Server, reason: string): void {
    const nowMs = this.#parts.clock.nowMs();
    const lastMs = this.#reportedAtMs.get(server.id) ?? Number.NEGATIVE_INFINITY;
    if (nowMs - lastMs < this.#parts.pace.reportGapMs) return;
    this.#reportedAtMs.set(server.id, nowMs);
    this.#parts.peers.reportLost(server.address, reason);
  }

  #alarm(server: Server, why: string): void {
    const open = this.#inquests.get(server.id);
    if (open === undefined) this.#suspect(server, this.#parts.clock.nowMs(), why);
    else open.hurry();
  }

  #suspect(server: Server, atMs: number, why: string): void {
    if (this.#term === null || this.#inquests.has(server.id)) return;
    const canary = this.#parts.ledger.state.incidents.get(server.id)?.canary ?? null;
    const suspicion: Suspicion = { atMs, why, canary };
    if (this.#inquests.size >= this.#parts.pace.inquiriesMax) {
      this.#waiting.set(server.id, suspicion);
      return;
    }
    this.#waiting.delete(server.id);
    this.#parts.log('info', `${addressText(server.address)}: looking at it now, because ${why}`);
    const inquest = this.#newInquest(server.id, suspicion);
    this.#inquests.set(server.id, inquest);
    inquest.setPaused(this.#isUnderRecovery(server.id));
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
      channelBefore: ({ replica, channel }) => {
        const report = this.#sightings.at(replica.address)?.lastGood?.report;
        return report?.facts.channels.find((one) => one.name === channel.name) ?? null;
      },
      onProbed: (result) => {
        this.noticeProbe(result);
        this.#parts.onProbed(result);
      },
      onHeard: () => {
        this.#weigh(id);
      },
    });
  }

  /** Judges one suspected server anew and tells what changed, in the same turn. */
  #weigh(id: ServerId): void {
    this.#pauseWatch.check();
    const inquest = this.#inquests.get(id);
    const server = this.#parts.ledger.state.servers.get(id);
    if (inquest === undefined) return;
    if (server === undefined || !this.#diagnostician.isDependedUpon(server)) {
      this.#close(id, 'nothing depends on it any more');
      return;
    }
    inquest.setPaused(this.#isUnderRecovery(id));
    if (inquest.isPaused) return;
    const finding = this.#diagnostician.examine(server);
    this.#considerCanary(server, inquest, finding);
    if (finding.problem !== null) this.#keeper.open(server, finding.problem.code, inquest.inquiry.beganAtMs);
    const before = this.#findings.get(id);
    this.#findings.set(id, finding);
    this.#verdicts.tell(server, finding, this.#restraints.get(id) ?? null);
    if (before?.problem?.code !== finding.problem?.code) this.#publish();
  }

  #considerCanary(source: Server, inquest: Inquest, finding: Finding): void {
    const { ledger, clock, limits } = this.#parts;
    this.#restraints.delete(source.id);
    // Recoveries are switched off: nothing would come of knowing, and a replica would be touched for nothing.
    if (finding.judgement === null || !ledger.state.recoveriesEnabled) return;
    const decision = decideCanary(
      {
        inquiry: inquest.inquiry,
        judgement: finding.judgement,
        links: this.#diagnostician.replicasOf(source.id),
        best: this.#parts.bestCandidateOf(source.id),
        incident: ledger.state.incidents.get(source.id) ?? null,
        nowMs: clock.nowMs(),
      },
      limits,
    );
    if (decision.kind === 'no') this.#restraints.set(source.id, decision.reason);
    if (decision.kind === 'restart') this.#canaries.send(source.id, decision.canary);
  }

  #isCanaryStillWanted(source: ServerId, canary: ServerId): boolean {
    const server = this.#parts.ledger.state.servers.get(source);
    const inquest = this.#inquests.get(source);
    if (this.#term === null || server === undefined || inquest === undefined || inquest.isPaused) return false;
    if (inquest.inquiry.reachedBy !== null || this.#parts.bestCandidateOf(source) === canary) return false;
    const { judgement } = this.#diagnostician.examine(server);
    return judgement?.verdict === 'unproven' && judgement.nodes.verdict === 'unreachable';
  }

  #close(id: ServerId, reason: string): void {
    const inquest = this.#inquests.get(id);
    if (inquest === undefined) return;
    inquest.close();
    this.#inquests.delete(id);
    this.#restraints.delete(id);
    this.#keeper.close(id, reason);
    const server = this.#parts.ledger.state.servers.get(id);
    if (server !== undefined) {
      this.#parts.log('info', `${addressText(server.address)}: ${reason} (looked because ${inquest.why})`);
    }
    this.#gatherSoon();
    for (const [waiting, suspicion] of this.#waiting) {
      const next = this.#parts.ledger.state.servers.get(waiting);
      this.#waiting.delete(waiting);
      if (next === undefined) continue;
      this.#suspect(next, Math.max(suspicion.atMs, this.#ledSinceMs), suspicion.why);
      return;
    }
  }

  #dropInquests(): void {
    for (const inquest of this.#inquests.values()) inquest.close();
    this.#inquests.clear();
    this.#waiting.clear();
    this.#restraints.clear();
  }

  #isUnderRecovery(id: ServerId): boolean {
    for (const recovery of this.#parts.ledger.state.recoveries.values()) {
      if (recovery.closedAtMs === null && recovery.failed === id) return true;
    }
    return false;
  }

  #gatherSoon(): void {
    if (this.#gather !== null || this.#stopped) return;
    this.#gather = this.#parts.clock.setTimer(this.#parts.pace.gatherMs, () => {
      this.#gather = null;
      this.#examineAll();
    });
  }

  #examineAll(): void {
    const { servers, incidents } = this.#parts.ledger.state;
    for (const server of this.#term === null ? [] : servers.values()) this.#resumeSuspicion(server);
    for (const id of this.#term === null ? [] : incidents.keys()) {
      if (!this.#inquests.has(id) && !this.#waiting.has(id)) this.#keeper.close(id, 'it is over');
    }
    const findings = this.#diagnostician.examineAll();
    for (const id of this.#findings.keys()) if (!findings.has(id)) this.#findings.delete(id);
    for (const [id, finding] of findings) {
      // While a recovery is at work the finding that called for it stands.
      if (this.#inquests.get(id)?.isPaused === true && this.#findings.has(id)) continue;
      this.#findings.set(id, finding);
      const server = servers.get(id);
      if (server !== undefined) this.#verdicts.tell(server, finding, this.#restraints.get(id) ?? null);
    }
    this.#verdicts.keepOnly(findings);
    this.#publish();
  }

  /** What could not be looked at when it failed (a recovery was at work, another node led) is looked at now. */
  #resumeSuspicion(server: Server): void {
    const sight = this.#sightings.at(server.address);
    if (sight === null || !isUnreachable(sight.last) || this.#inquests.has(server.id)) return;
    if (!this.#diagnostician.isDependedUpon(server)) return;
    this.#suspect(server, Math.max(sight.last.startedAtMs, this.#ledSinceMs), 'this node cannot reach it');
  }

  #publish(): void {
    this.#parts.onProblems(this.findings);
  }

  #withRestraint(problem: Problem): Problem {
    const restraint = this.#restraints.get(problem.server);
    return restraint === undefined ? problem : { ...problem, because: [...problem.because, restraint] };
  }

  #armTick(): void {
    this.#tick = this.#parts.clock.setTimer(this.#parts.pace.tickMs, () => {
      this.#ticks += 1;
      if (this.#ticks % TICKS_BETWEEN_CLEANINGS === 0) this.#clean();
      this.#gatherSoon();
      this.#armTick();
    });
  }

  #clean(): void {
    const { servers } = this.#parts.ledger.state;
    this.#sightings.keepOnly(new Set(this.#diagnostician.links.byAddress.keys()), new Set(servers.keys()));
    for (const id of this.#reportedAtMs.keys()) if (!servers.has(id)) this.#reportedAtMs.delete(id);
  }
}

type FailedProbe = Extract<ProbeResult, { ok: false }>;

function isUnreachable(result: ProbeResult): result is FailedProbe {
  return !result.ok && (result.failure.kind === 'refused' || result.failure.kind === 'silent');
}

function hasNetworkError(channel: Channel): boolean {
  return channel.ioError !== null && isNetworkError(channel.ioError.number);
}

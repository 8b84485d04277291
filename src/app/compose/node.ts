/**
 * A node, wired: the loops, what each hears of the others, and the order in which they start and stop. What happens here
 * is only who is told what; when to act and what is right is decided in the rooms.
 */
import { randomBytes } from 'node:crypto';
import { JUDGEMENT_LIMITS } from '../../core/analysis/limits.js';
import { votersWarning } from '../../core/analysis/votes.js';
import type { Applied } from '../../core/ledger/ledger.js';
import { LeaderAuthority } from '../../runtime/authority.js';
import { GrpcLeaderCalls } from '../../adapters/grpc/key-value/leader-calls.js';
import { DiagnosisLoop } from '../../runtime/diagnosis/diagnosis-loop.js';
import type { HappeningLog } from '../../runtime/happenings/happening-log.js';
import { PACE } from '../../runtime/diagnosis/limits.js';
import { handOver, handOverTo } from '../../runtime/membership/hand-over.js';
import { NodeKeyValue } from '../../runtime/key-value/key-value.js';
import { type Clock, systemClock } from '../../runtime/ports/clock.js';
import type { Leadership } from '../../runtime/ports/consensus.js';
import type { ClusterMembership } from '../../runtime/ports/membership.js';
import type { PeerFeed, Peers } from '../../runtime/ports/peers.js';
import type { Analysis, PublicSettings } from '../../runtime/ports/service.js';
import { touchedBy } from '../../runtime/probing/touched.js';
import { RecoveryDriver } from '../../runtime/recovery/recovery-driver.js';
import { ReplicatedLedger } from '../../runtime/replicated-ledger.js';
import { NodeView } from '../../runtime/service/node-view.js';
import { NodeService } from '../../runtime/service/service.js';
import type { Config } from '../config/config.js';
import type { LiveConfig } from '../config/live.js';
import type { Log } from '../log.js';
import { programVersion } from '../version.js';
import { openActing } from './acting.js';
import { Announcer } from './announcer.js';
import { Care } from './care.js';
import { Eyes } from './eyes.js';
import { composeHappenings } from './happenings.js';
import { MembershipSide } from './membership.js';
import type { MysqlSide } from './mysql.js';
import { NodeSights } from './node-sights.js';
import type { RaftSide } from './raft.js';
import { recoveryTimes } from './recovery-times.js';
import { clusterRules, diagnosisSettings, publicSettings, recoveryPolicy } from './settings.js';
import { tellFacts } from './told-facts.js';

export interface NodeParts {
  readonly live: LiveConfig;
  readonly log: Log;
  readonly raft: RaftSide;
  readonly mysql: MysqlSide;
  readonly peers: Peers;
  /** Cuts every known secret out of a text. */
  readonly conceal: (text: string) => string;
  /** The node cannot go on. */
  readonly onFatal: (error: Error) => void;
}

export class ComposedNode {
  readonly ledger: ReplicatedLedger;
  readonly service: NodeService;
  readonly diagnosis: DiagnosisLoop;
  readonly keyValue: NodeKeyValue;
  readonly happenings: HappeningLog;
  readonly #parts: NodeParts;
  /** Always that of the moment. */
  readonly #config: Config;
  readonly #clock: Clock = systemClock;
  readonly #care: Care;
  readonly #eyes: Eyes;
  readonly #recovery: RecoveryDriver;
  readonly #announcer: Announcer;
  readonly #membership: MembershipSide;
  readonly #view: NodeView;
  readonly #leaderCalls: GrpcLeaderCalls;
  readonly #settings: PublicSettings;
  readonly #startedAtMs = Date.now();

  constructor(parts: NodeParts) {
    this.#parts = parts;
    const { raft, live } = parts;
    const { config } = live;
    this.#config = config;
    this.ledger = new ReplicatedLedger(raft.consensus, this.#clock);
    this.#care = new Care({
      live,
      log: parts.log,
      ledger: this.ledger,
      clock: this.#clock,
      prober: parts.mysql.prober,
      sighting: (address) => this.#eyes.sighting(address),
    });
    this.#settings = live.following((now) => publicSettings(now, () => this.ledger.state));
    this.#view = new NodeView({
      id: config.raft.id,
      version: programVersion(),
      raftEnabled: config.raft.enabled,
      consensus: raft.consensus,
      clock: this.#clock,
      state: () => this.ledger.state,
    });
    this.#leaderCalls = new GrpcLeaderCalls({
      nodeId: config.raft.id,
      clock: this.#clock,
      credentials: raft.credentials.client,
    });
    this.keyValue = new NodeKeyValue({
      ledger: this.ledger,
      consensus: raft.consensus,
      clock: this.#clock,
      leaderCalls: this.#leaderCalls,
    });
    this.#membership = new MembershipSide(raft, this.ledger, parts.log);
    this.#announcer = new Announcer(this.ledger, raft.consensus, () => config.probing.seeds, parts.log);
    this.#eyes = this.#composeEyes();
    this.diagnosis = this.#composeDiagnosis();
    this.#recovery = this.#composeRecovery();
    this.service = this.#composeService();
    const sources = {
      clock: this.#clock,
      startedAtMs: this.#startedAtMs,
      state: () => this.ledger.state,
      analysis: () => this.#analysis(),
      leader: () => raft.consensus.leadership().leader ?? '',
    };
    this.happenings = composeHappenings(sources, this.service);
    // Whoever holds a value of before asks again at its next turn; these would not have one.
    live.subscribe(() => {
      this.#announcer.noticeSeeds();
      this.#eyes.noticeApplied();
      this.#recovery.noticeApplied();
      this.service.publish({ kind: 'node' });
      this.service.publish({ kind: 'analysis' });
    });
  }

  #composeService(): NodeService {
    const { mysql } = this.#parts;
    return new NodeService({
      ledger: this.ledger,
      clock: this.#clock,
      lifetimes: this.#care.lifetimes,
      names: this.#care.names,
      isIgnored: (address) => this.#care.isIgnored(address, 'server'),
      believes: (report) => this.#care.believes(report),
      settings: this.#settings,
      node: () => this.#view.view(),
      analysis: () => this.#analysis(),
      sighting: (address) => this.#eyes.sighting(address),
      probingMetrics: this.#eyes.metrics,
      probe: (address) => this.#eyes.look(address),
      knock: (address) => mysql.prober.knock(address, this.#config.mysql.connectTimeoutMs),
      binaryLogs: mysql.binaryLogs,
      recover: (request) => this.#recovery.requests.ask(request),
      plan: (request) => this.#recovery.requests.plan(request),
      waysBack: () => this.#recovery.waysBack,
      switches: () => this.#recovery.switches,
      moves: () => this.#recovery.moves,
      explain: (clusterId) => this.#recovery.explain(clusterId),
      submitPrimaries: (clusterId) => this.#recovery.submitPrimaries(clusterId),
    });
  }

  /** What the other nodes are told by this one. */
  get feed(): PeerFeed {
    return this.#eyes.feed;
  }

  async start(): Promise<void> {
    const { log, onFatal } = this.#parts;
    await this.ledger.start({
      onApplied: (applied) => {
        this.#onApplied(applied);
      },
      onRestored: () => {
        this.keyValue.onRestored();
        this.#onApplied([]);
      },
      onLeadershipChange: (leadership) => {
        this.#onLeadershipChange(leadership);
      },
      onTermReady: (term) => {
        log.info({ term }, 'this node leads and has caught up');
        this.#announcer.announce();
        this.#membership.notice();
        this.#eyes.lead(term);
        this.diagnosis.lead(term);
        this.#recovery.lead();
        this.service.publish({ kind: 'node' });
      },
      onPeersChange: () => {
        this.#announcer.announce();
        this.#membership.notice();
        this.service.publish({ kind: 'node' });
      },
      onEvent: ({ level, kind, text }) => {
        log[level]({ raft: kind }, text);
      },
      onFatal,
    });
    await this.#view.refresh();
    const warning = votersWarning(this.#view.voters().length);
    if (warning !== null) log.warn(warning);
    this.#eyes.start();
    this.#care.start();
    this.diagnosis.start();
    this.#care.prober.onConnectionLost((address) => {
      this.#recovery.noticeLost(address);
    });
  }

  get membership(): ClusterMembership {
    return this.#membership.membership;
  }

  /** Before the doors are shut: those who ask here are told of the next leader. */
  async handOver(): Promise<void> {
    const told = await handOver(this.#parts.raft.consensus, this.#clock);
    if (told !== null) this.#parts.log.info(told);
  }

  /** Acting ends first: a step that is under way ends in its own time or is taken up by the next leader. */
  async stop(): Promise<void> {
    this.#recovery.follow();
    this.diagnosis.stop();
    this.#eyes.stop();
    this.#care.stop();
    this.#leaderCalls.close();
    this.#membership.stop();
    await this.#parts.peers.close();
    await this.#parts.mysql.prober.close();
    await this.#parts.raft.consensus.close();
  }

  #composeEyes(): Eyes {
    const { live, log, peers } = this.#parts;
    return new Eyes({
      live,
      log,
      peers,
      ledger: this.ledger,
      clock: this.#clock,
      care: this.#care,
      isForAll: (server) => this.diagnosis.dependedUpon.has(server),
      ranSince: (atMs) => this.diagnosis.ranSince(atMs),
      onNews: (news) => {
        this.diagnosis.noticeProbe(news);
        this.service.publish({ kind: 'sighting' });
      },
    });
  }

  #composeDiagnosis(): DiagnosisLoop {
    const { log, peers, live } = this.#parts;
    const config = this.#config;
    return new DiagnosisLoop({
      self: config.raft.id,
      clock: this.#clock,
      prober: this.#care.prober,
      peers,
      ledger: this.ledger,
      sightings: this.#eyes.sightings,
      settings: live.following(diagnosisSettings),
      limits: JUDGEMENT_LIMITS,
      pace: PACE,
      rules: live.following((now) => clusterRules(now, () => this.ledger.state)),
      voters: () => this.#view.voters(),
      leader: () => this.#parts.raft.consensus.leadership().leader,
      siteOfNode: (node) => this.#eyes.siteOf(node),
      handOverTo: (nodes) => handOverTo(this.#parts.raft.consensus, this.#clock, nodes),
      bestCandidateOf: (source) => this.#recovery.bestCandidateOf(source),
      observesOnly: () => config.observesOnly,
      restartCanary: ({ canary }) => this.#recovery.restartCanary(canary),
      onProblems: ({ problems }) => {
        this.#recovery.noticeProblems(problems);
        this.service.publish({ kind: 'analysis' });
      },
      onProbed: (result) => {
        this.#eyes.accept(result);
      },
      log: (level, text) => {
        log[level](text);
      },
    });
  }

  #composeRecovery(): RecoveryDriver {
    const { log, raft, live } = this.#parts;
    const config = this.#config;
    const sights = new NodeSights(this.ledger, (address) => this.#eyes.sighting(address));
    const acting = openActing(this.#parts, this.#settings, this.ledger, this.#clock);
    const rules = live.following((now) => clusterRules(now, () => this.ledger.state));
    return new RecoveryDriver({
      self: config.raft.id,
      clock: this.#clock,
      ledger: this.ledger,
      sessions: acting.sessions,
      prober: this.#care.prober,
      policy: live.following(recoveryPolicy),
      times: live.following(recoveryTimes),
      log,
      soft: sights.soft,
      sights: (id) => sights.lastLook(id),
      orchestrators: () => this.#view.orchestrators(),
      hooks: acting.hooks,
      publishing: acting.publishing,
      emergencyOf: (server) => this.diagnosis.emergencyOf(server),
      recoversSilentSite: (cluster) => rules.recoversSilentSite(cluster),
      authorityFor: (term) => new LeaderAuthority(term, raft.consensus, this.#clock),
      leadership: () => raft.consensus.leadership(),
      hasQuorum: () => raft.consensus.leadership().leader !== null,
      randomHex: () => randomBytes(4).toString('hex'),
      onTouched: (server) => {
        this.#eyes.forgetBeforeNow(server);
      },
      seeAnew: (servers) => this.#eyes.seeAnew(servers),
      onRestraint: () => {
        this.service.publish({ kind: 'analysis' });
      },
    });
  }

  #analysis(): Analysis {
    const { findings } = this.diagnosis;
    return { ...findings, restraint: this.#recovery.restraintsOf(findings.problems) };
  }

  #onApplied(applied: readonly Applied[]): void {
    tellFacts(this.#parts.log, applied, this.#startedAtMs);
    this.keyValue.onApplied(applied);
    if (applied.length > 0 && applied.every(({ keyValue }) => keyValue !== undefined)) return;
    // The leader knows of its own steps before they are committed.
    if (this.ledger.readyTerm === null) for (const server of touchedBy(applied)) this.#eyes.noticeStep(server);
    // The diagnosis first: whom others hang on, the probing asks it.
    this.diagnosis.noticeApplied();
    this.#care.noticeApplied();
    this.#eyes.noticeApplied();
    this.#recovery.noticeApplied();
    this.service.publish({ kind: 'state', index: this.ledger.state.index });
  }

  #onLeadershipChange({ role, term, leader }: Leadership): void {
    this.#parts.log.info({ role, term }, leader === null ? 'no leader is known' : `the leader is ${leader}`);
    if (role !== 'leader') {
      this.#recovery.follow();
      this.diagnosis.follow();
      this.#eyes.follow();
    }
    this.keyValue.onLeadershipChange();
    void this.#view.refresh();
    this.#membership.notice();
    this.service.publish({ kind: 'node' });
  }
}

/** Plays a scenario: a topology, what was seen and heard of it in time, and what is found in the end. */
import { judge, type Judgement } from '../../../src/core/analysis/corroborate.js';
import { byGravity, diagnose, structureWarnings } from '../../../src/core/analysis/diagnose.js';
import { foldEvidence } from '../../../src/core/analysis/evidence.js';
import type { EvidenceSources } from '../../../src/core/analysis/evidence-sources.js';
import { tallySite } from '../../../src/core/analysis/ground.js';
import {
  beginInquiry,
  canaryRestarted,
  hearOpinion,
  type Inquiry,
  rememberBefore,
  restartClocks,
  seeReplica,
} from '../../../src/core/analysis/inquiry.js';
import { JUDGEMENT_LIMITS } from '../../../src/core/analysis/limits.js';
import type { Links } from '../../../src/core/analysis/links.js';
import { callsForRecovery, type Problem, type RecoveryReaction } from '../../../src/core/analysis/problem.js';
import type { GoodProbe, Sight } from '../../../src/core/analysis/sight.js';
import type { ProbeResult } from '../../../src/core/topology/report.js';
import { decide } from '../../../src/core/recovery/decision.js';
import type { RecoveryId } from '../../../src/core/recovery/recovery.js';
import type { Channel, ServerFacts, ServerId } from '../../../src/core/topology/server.js';
import { addressOf, channelTo, observed, serverId } from '../facts.js';
import { FedLedger } from '../ledger.js';
import { policyOf } from '../policy.js';
import { channelVitals, failedProbe, goodProbe } from '../probes.js';
import { channelSchema, factsAs, type Scenario, type ScenarioEvent } from './scenario-form.js';
import { sightsOf } from '../sights.js';
import { type Believed, believe, linksOf } from '../topology.js';

export interface Outcome {
  readonly problems: readonly Problem[];
  readonly structure: Readonly<Record<string, readonly string[]>>;
  /** Whose problem calls for a recovery. */
  readonly recovers: readonly string[];
  /** Codes of what keeps a leader from recovering those that call for it. */
  readonly refused: readonly string[];
}

export function play(scenario: Scenario): Outcome {
  const stage = new Stage(scenario);
  for (const event of scenario.events) stage.happen(event);
  return stage.look(scenario.now);
}

/** The node whose eyes the probes are. */
const SELF = 'n1';

class Stage {
  readonly #scenario: Scenario;
  readonly #beliefs: Believed;
  readonly #links: Links;
  readonly #sights = new Map<ServerId, Sight>();
  #inquiry: Inquiry | null = null;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    const facts = Object.entries(scenario.servers).map(([name, source]) => [
      name,
      this.#facts(name, source === null ? [] : [this.#channel(name, source)]),
    ]);
    this.#beliefs = believe(scenario.servers, Object.fromEntries(facts) as Record<string, object>);
    for (const name of scenario.operators.downtime) this.#beliefs.downtimes.set(serverId(name), {});
    this.#links = linksOf(this.#beliefs);
  }

  happen(event: ScenarioEvent): void {
    if ('probe' in event) this.#probed(event.probe, this.#resultOf(event.probe, event.result, event.at));
    else if ('suspect' in event) this.#suspect(event.suspect, event.at, event.canary);
    else if ('node' in event) this.#heard(event.node, event.votes, event.at);
    else if ('canary' in event) this.#inquiry = canaryRestarted(this.#suspected(), serverId(event.canary), event.at);
    else this.#inquiry = restartClocks(this.#suspected(), event.at);
  }

  look(nowMs: number): Outcome {
    const problems: Problem[] = [];
    const structure: Record<string, readonly string[]> = {};
    for (const server of this.#beliefs.servers.values()) {
      const evidence = foldEvidence(server, this.#sources(nowMs));
      const problem = diagnose(evidence);
      const warnings = structureWarnings(evidence);
      if (problem !== null) problems.push(problem);
      if (warnings.length > 0) structure[server.id] = warnings;
    }
    problems.sort(byGravity);
    const calling = problems.filter(callsForRecovery);
    return { problems, structure, recovers: calling.map(({ server }) => server), refused: this.#refusedFor(calling) };
  }

  #suspected(): Inquiry {
    if (this.#inquiry === null) throw new Error('nobody is suspected yet');
    return this.#inquiry;
  }

  #suspect(name: string, atMs: number, canary: string | undefined): void {
    let inquiry = beginInquiry(serverId(name), atMs, canary === undefined ? null : serverId(canary));
    for (const link of this.#links.replicasOf.get(serverId(name)) ?? []) {
      const before = this.#sights.get(link.replica.id)?.lastGood?.report.facts.channels[0];
      if (before !== undefined) inquiry = rememberBefore(inquiry, link.replica.id, before);
    }
    this.#inquiry = inquiry;
  }

  #heard(node: string, vote: 'alive' | 'refused' | 'silent' | 'none', atMs: number): void {
    this.#inquiry = hearOpinion(this.#suspected(), { node, vote, atMs, detail: '' });
  }

  #probed(name: string, result: ProbeResult): void {
    const before = this.#sights.get(serverId(name));
    const lastGood: GoodProbe | null = result.ok ? result : (before?.lastGood ?? null);
    this.#sights.set(serverId(name), { last: result, lastGood });
    for (const link of this.#links.sourcesOf.get(serverId(name)) ?? []) {
      if (this.#inquiry?.server === link.source.id) this.#inquiry = seeReplica(this.#inquiry, link, result);
    }
  }

  #resultOf(name: string, result: Extract<ScenarioEvent, { probe: string }>['result'], atMs: number): ProbeResult {
    const source = this.#scenario.servers[name];
    if (typeof result === 'string' && result !== 'ok') return failedProbe(name, result, atMs);
    const { semiSyncClients = 0 } = this.#scenario.facts[name] ?? {};
    if (source === null || source === undefined) {
      return goodProbe(name, { atMs, facts: this.#facts(name, []), vitals: { semiSyncClients } });
    }
    const seen = channelSchema.parse(result === 'ok' ? {} : result);
    const changes = {
      ioThread: seen.io,
      sqlThread: seen.sql,
      ioError: seen.error === undefined ? null : { number: seen.error, text: '' },
      sqlError: seen.sqlError === undefined ? null : { number: seen.sqlError, text: '' },
    };
    const read = { file: 'binlog.000001', position: seen.position };
    const channels = [channelVitals({ quietMs: seen.quietMs, read })];
    return goodProbe(name, {
      atMs,
      facts: this.#facts(name, [this.#channel(name, source, changes)]),
      vitals: { channels, lagSeconds: seen.lagSeconds, semiSyncClients },
    });
  }

  #facts(name: string, channels: readonly Channel[]): Partial<ServerFacts> {
    const given = this.#scenario.facts[name];
    return given === undefined ? { channels } : { channels, ...factsAs(given) };
  }

  #channel(name: string, source: string, changes: Partial<Channel> = {}): Channel {
    return channelTo(source, {
      source: addressOf(source),
      heartbeatIntervalMs: this.#scenario.heartbeatMs,
      autoPosition: this.#scenario.facts[name]?.autoPosition ?? true,
      delaySeconds: this.#scenario.delayed.includes(name) ? 3600 : 0,
      ...changes,
    });
  }

  #sources(nowMs: number): EvidenceSources {
    return {
      beliefs: this.#beliefs,
      links: this.#links,
      nowMs,
      settings: {
        reasonableLagSeconds: 10,
        staleSightMs: 30_000,
        lockedSemiSyncMs: 10_000,
        enforceExactSemiSyncReplicas: this.#scenario.operators.enforceExactSemiSyncReplicas,
        recoverNonWriteablePrimary: this.#scenario.operators.recoverNonWriteablePrimary,
      },
      sightOf: (server) => this.#sights.get(server.id) ?? null,
      judgementOf: (server) => this.#judge(server, nowMs),
      ownOpinion: (server) => (this.#inquiry?.server === server ? (this.#inquiry.opinions.get(SELF) ?? null) : null),
      binlogStillMs: (server) => this.#scenario.facts[server]?.binlogStillMs ?? null,
      errantGtids: ({ replica }) => this.#scenario.facts[replica.id]?.errant ?? '',
      closedByRestart: () => false,
      isSinceLastStep: () => true,
    };
  }

  #judge(server: ServerId, nowMs: number): Judgement | null {
    if (this.#inquiry?.server !== server) return null;
    const links = this.#links.replicasOf.get(server) ?? [];
    const { site, operators } = this.#scenario;
    const others = Object.entries(site?.others ?? {}).map(([name, said]) => ({ name, said }));
    const ground = {
      self: SELF,
      graceMs: operators.graceMs,
      site: site === undefined ? null : tallySite(site.name, others),
    };
    return judge(this.#inquiry, links, this.#scenario.voters, nowMs, JUDGEMENT_LIMITS, ground);
  }

  #refusedFor(problems: readonly (Problem & { readonly reaction: RecoveryReaction })[]): readonly string[] {
    const { servers } = this.#scenario;
    const { downtime, maintenance, recoveries, covered } = this.#scenario.operators;
    const fed = new FedLedger();
    const facts = new Map([...this.#beliefs.servers.values()].map((server) => [server.id, server.facts]));
    for (const [name, source] of Object.entries(servers)) {
      fed.feed({ kind: 'topology-observed', servers: [observed(name, source, facts.get(serverId(name)))] });
    }
    if (recoveries === 'disabled') fed.feed({ kind: 'recoveries-switched', enabled: false, by: 'me' });
    const until = { owner: 'me', reason: 'known', durationMs: 3_600_000 };
    for (const name of maintenance) fed.feed({ kind: 'maintenance-begun', server: serverId(name), ...until });
    for (const name of downtime) {
      const beganAtMs = fed.state.nowMs;
      const { owner, reason } = until;
      const endsAtMs = beganAtMs + until.durationMs;
      fed.feed({ kind: 'downtime-begun', downtime: { server: serverId(name), owner, reason, beganAtMs, endsAtMs } });
    }
    const policy = policyOf(covered ? {} : { primaryFilters: [], intermediateFilters: [] });
    const context = { id: '1:a' as RecoveryId, openedBy: SELF, requestedBy: SELF };
    return problems.flatMap((problem) => {
      const clusterId = fed.clusterOf(problem.server);
      if (clusterId === undefined) throw new Error(`${problem.server} is in no cluster`);
      const asked = { belief: fed.state, policy, sights: sightsOf(), hasQuorum: true };
      return decide({ ...asked, problem: { ...problem, clusterId } }, context).refusals.map(({ code }) => code);
    });
  }
}

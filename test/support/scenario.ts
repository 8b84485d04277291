/**
 * Plays a scenario: a topology, what was seen and heard of it in time, and what must be found in the end. The files in
 * test/scenarios are written by hand and read by people; an unknown key in one is an error, so that a misspelt condition
 * cannot pass for a met one.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { judge, type Judgement } from '../../src/core/analysis/corroborate.js';
import { byGravity, diagnose, structureWarnings } from '../../src/core/analysis/diagnose.js';
import { foldEvidence } from '../../src/core/analysis/evidence.js';
import type { EvidenceSources } from '../../src/core/analysis/evidence-sources.js';
import {
  beginInquiry,
  canaryRestarted,
  hearOpinion,
  type Inquiry,
  rememberBefore,
  restartClocks,
  seeReplica,
} from '../../src/core/analysis/inquiry.js';
import { JUDGEMENT_LIMITS } from '../../src/core/analysis/limits.js';
import type { Links } from '../../src/core/analysis/links.js';
import type { Problem } from '../../src/core/analysis/problem.js';
import type { GoodProbe, Sight } from '../../src/core/analysis/sight.js';
import type { ProbeResult } from '../../src/core/topology/report.js';
import type { Channel, ServerId } from '../../src/core/topology/server.js';
import { addressOf, channelTo, serverId } from './facts.js';
import { failedProbe, goodProbe, replicaProbe } from './probes.js';
import { type Believed, believe, linksOf } from './topology.js';

const channelSchema = z.strictObject({
  io: z.enum(['running', 'connecting', 'stopped']).default('running'),
  sql: z.enum(['running', 'stopped']).default('running'),
  error: z.number().optional(),
  quietMs: z.number().nullable().default(100),
  position: z.number().default(157),
  lagSeconds: z.number().default(0),
});

const eventSchema = z.union([
  /** A probe by this node of any server. A replica is described by its channel. */
  z.strictObject({
    at: z.number(),
    probe: z.string(),
    result: z.union([z.literal('ok'), z.enum(['refused', 'silent', 'alive', 'none']), channelSchema]),
  }),
  z.strictObject({ at: z.number(), suspect: z.string(), canary: z.string().optional() }),
  z.strictObject({ at: z.number(), node: z.string(), votes: z.enum(['alive', 'refused', 'silent', 'none']) }),
  z.strictObject({ at: z.number(), canary: z.string() }),
  z.strictObject({ at: z.number(), pause: z.literal(true) }),
]);

const scenarioSchema = z.strictObject({
  /** Why this must be so. */
  because: z.string(),
  servers: z.record(z.string(), z.string().nullable()),
  /** Milliseconds between heartbeats, of all channels. */
  heartbeatMs: z.number().nullable().default(1000),
  delayed: z.array(z.string()).default([]),
  voters: z.array(z.string()).default(['n1', 'n2', 'n3']),
  events: z.array(eventSchema),
  now: z.number(),
  expect: z.strictObject({
    problems: z.record(z.string(), z.string()),
    structure: z.record(z.string(), z.array(z.string())).default({}),
    recovers: z.array(z.string()).default([]),
    says: z.array(z.string()).default([]),
  }),
});

export type Scenario = z.infer<typeof scenarioSchema>;
type ScenarioEvent = z.infer<typeof eventSchema>;

export interface Outcome {
  readonly problems: readonly Problem[];
  readonly structure: Readonly<Record<string, readonly string[]>>;
}

export function loadScenarios(folder: string): readonly { readonly name: string; readonly scenario: Scenario }[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => {
      const text = readFileSync(join(folder, entry.name, 'scenario.json'), 'utf8');
      return { name: entry.name.replaceAll('-', ' '), scenario: scenarioSchema.parse(JSON.parse(text)) };
    });
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
      source === null ? {} : { channels: [this.#channel(name, source)] },
    ]);
    this.#beliefs = believe(scenario.servers, Object.fromEntries(facts) as Record<string, object>);
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
    return { problems: problems.sort(byGravity), structure };
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
    if (source === null || source === undefined) return goodProbe(name, { atMs });
    const seen = channelSchema.parse(result === 'ok' ? {} : result);
    const changes = {
      ioThread: seen.io,
      sqlThread: seen.sql,
      ioError: seen.error === undefined ? null : { number: seen.error, text: '' },
    };
    const read = { file: 'binlog.000001', position: seen.position };
    const probe = replicaProbe(name, this.#channel(name, source, changes), atMs, { quietMs: seen.quietMs, read });
    if (!probe.ok) return probe;
    return { ...probe, report: { ...probe.report, vitals: { ...probe.report.vitals, lagSeconds: seen.lagSeconds } } };
  }

  #channel(name: string, source: string, changes: Partial<Channel> = {}): Channel {
    return channelTo(source, {
      source: addressOf(source),
      heartbeatIntervalMs: this.#scenario.heartbeatMs,
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
        enforceExactSemiSyncReplicas: false,
        recoverNonWriteablePrimary: false,
      },
      sightOf: (server) => this.#sights.get(server.id) ?? null,
      judgementOf: (server) => this.#judge(server, nowMs),
      ownOpinion: (server) => (this.#inquiry?.server === server ? (this.#inquiry.opinions.get(SELF) ?? null) : null),
      binlogStillMs: () => null,
      errantGtids: () => '',
    };
  }

  #judge(server: ServerId, nowMs: number): Judgement | null {
    if (this.#inquiry?.server !== server) return null;
    const links = this.#links.replicasOf.get(server) ?? [];
    return judge(this.#inquiry, links, this.#scenario.voters, nowMs, JUDGEMENT_LIMITS);
  }
}

/**
 * Brings together what the cluster believes, what this node sees and what inquests heard, and lets the core name what is
 * wrong. On a follower nobody collects votes: what the leader has found is told from the replicated state, and the rest
 * is marked as the view of one node.
 */
import { type Judgement, judge } from '../../core/analysis/corroborate.js';
import { diagnose, problemByCode, structureWarnings } from '../../core/analysis/diagnose.js';
import { type Evidence, foldEvidence } from '../../core/analysis/evidence.js';
import type { EvidenceSources } from '../../core/analysis/evidence-sources.js';
import type { ClusterRules, Ground } from '../../core/analysis/ground.js';
import type { DiagnosisSettings, JudgementLimits } from '../../core/analysis/limits.js';
import type { Link } from '../../core/analysis/links.js';
import type { Problem, StructureCode } from '../../core/analysis/problem.js';
import { isClosedByRestart } from '../../core/analysis/restart.js';
import type { LedgerState } from '../../core/ledger/state.js';
import type { Server, ServerId } from '../../core/topology/server.js';
import type { Clock } from '../ports/clock.js';
import { type Sight, sightOfServer } from '../../core/analysis/sight.js';
import type { DerivedState } from './derived-state.js';
import { ErrantGtids } from './errant-gtids.js';
import type { Inquest } from './inquest.js';
import type { SiteWatch } from './site-watch.js';
import type { Sightings } from '../probing/sightings.js';

export interface DiagnosticianParts {
  /** This node's id. */
  readonly self: string;
  readonly clock: Clock;
  readonly derived: DerivedState;
  readonly sightings: Sightings;
  readonly settings: DiagnosisSettings;
  readonly limits: JudgementLimits;
  readonly rules: ClusterRules;
  readonly siteWatch: Pick<SiteWatch, 'tally'>;
  state(): LedgerState;
  inquestOf(server: ServerId): Inquest | null;
  /** Of all configured voters, this node included if it is one. */
  voters(): readonly string[];
  leads(): boolean;
}

export interface Finding {
  readonly problem: Problem | null;
  readonly structure: readonly StructureCode[];
  readonly judgement: Judgement | null;
}

const ALONE = 'seen by this node alone; the leader collects the votes of all';

export class Diagnostician {
  readonly #parts: DiagnosticianParts;
  readonly #errant = new ErrantGtids();

  constructor(parts: DiagnosticianParts) {
    this.#parts = parts;
  }

  replicasOf(server: ServerId): readonly Link[] {
    return this.#parts.derived.now.links.replicasOf.get(server) ?? [];
  }

  examine(server: Server): Finding {
    const evidence = foldEvidence(server, this.#sources());
    return this.#name(evidence);
  }

  examineAll(): ReadonlyMap<ServerId, Finding> {
    const sources = this.#sources();
    const findings = new Map<ServerId, Finding>();
    for (const server of sources.beliefs.servers.values()) {
      findings.set(server.id, this.#name(foldEvidence(server, sources)));
    }
    this.#errant.keepOnly(new Set(findings.keys()));
    return findings;
  }

  #name(evidence: Evidence): Finding {
    const structure = structureWarnings(evidence);
    const { judgement } = evidence;
    if (this.#parts.leads()) return { problem: diagnose(evidence), structure, judgement };
    const incident = this.#parts.state().incidents.get(evidence.server.id);
    const told = incident === undefined ? null : problemByCode(incident.code, evidence, ['found by the leader']);
    if (told !== null) return { problem: { ...told, reaction: 'none' }, structure, judgement };
    const own = diagnose(evidence);
    if (own === null) return { problem: null, structure, judgement };
    return { problem: { ...own, reaction: 'none', because: [...own.because, ALONE] }, structure, judgement };
  }

  #sources(): EvidenceSources {
    const { clock, sightings, settings } = this.#parts;
    const nowMs = clock.nowMs();
    return {
      beliefs: this.#parts.state(),
      links: this.#parts.derived.now.links,
      nowMs,
      settings,
      sightOf: (server) => this.#sightOf(server),
      judgementOf: (server) => this.#judge(server, nowMs),
      ownOpinion: (server) => this.#parts.inquestOf(server)?.ownOpinion ?? null,
      binlogStillMs: (server) => sightings.binlogStillMs(server, nowMs),
      errantGtids: (link) => this.#errantOf(link),
      closedByRestart: (server) => this.#isClosedByRestart(server),
      isSinceLastStep: (server, startedAtMs) => sightings.isValid(server, startedAtMs),
    };
  }

  /** That a server which others hang on cannot be reached is told by own eyes alone; of the rest whoever probes them tells. */
  #sightOf(server: Server): Sight | null {
    const { id, address } = server;
    const { derived, sightings } = this.#parts;
    return sightOfServer(server, derived.now.dependedUpon.has(id) ? sightings.own(address) : sightings.newest(address));
  }

  #judge(server: ServerId, nowMs: number): Judgement | null {
    const inquest = this.#parts.inquestOf(server);
    if (inquest === null) return null;
    const { voters, limits } = this.#parts;
    return judge(inquest.inquiry, this.replicasOf(server), voters(), nowMs, limits, this.#groundOf(server, inquest));
  }

  #groundOf(id: ServerId, { inquiry }: Inquest): Ground {
    const { self, rules, siteWatch } = this.#parts;
    const { servers, clusters } = this.#parts.state();
    const server = servers.get(id);
    if (server === undefined) return { self, graceMs: 0, site: null };
    const isHead = clusters.get(server.clusterId)?.primary === id;
    return {
      self,
      graceMs: isHead ? rules.restartGraceMs(server.clusterId) : 0,
      site: rules.recoversSilentSite(server.clusterId) ? null : siteWatch.tally(server, inquiry),
    };
  }

  #isClosedByRestart(server: Server): boolean {
    const { clock, rules, sightings } = this.#parts;
    const cluster = this.#parts.state().clusters.get(server.clusterId);
    // Epoch 0: nobody ever promoted it, so that it takes no writes may be meant.
    if (cluster?.primary !== server.id || cluster.epoch === 0) return false;
    const answer = sightOfServer(server, sightings.newest(server.address))?.lastGood ?? null;
    const agoMs = answer === null ? 0 : clock.nowMs() - answer.finishedAtMs;
    return isClosedByRestart({
      server,
      seen:
        answer === null ? null : { atMs: clock.wallMs() - agoMs, uptimeSeconds: answer.report.vitals.uptimeSeconds },
      graceMs: rules.restartGraceMs(server.clusterId),
    });
  }

  /** What came by any of its channels is no surplus, whichever of its sources is looked at. */
  #errantOf({ replica }: Link): string {
    const { sightings, derived } = this.#parts;
    const { sourcesOf } = derived.now.links;
    const gtidsOf = (server: Server): string | undefined =>
      sightOfServer(server, sightings.newest(server.address))?.lastGood?.report.vitals.executedGtids;
    const own = gtidsOf(replica);
    const links = sourcesOf.get(replica.id) ?? [];
    const known = links.flatMap(({ source }) => gtidsOf(source) ?? []);
    if (own === undefined || known.length === 0) return '';
    const above = new Set<string>();
    for (const { source } of links) {
      above.add(source.id);
      for (const link of sourcesOf.get(source.id) ?? []) above.add(link.source.id);
    }
    // Of a source that nobody knows there is its uuid.
    for (const { name, sourceId } of replica.facts.channels) {
      if (sourceId !== null && !links.some(({ channel }) => channel.name === name)) above.add(sourceId);
    }
    return this.#errant.of(replica.id, own, known, above);
  }
}

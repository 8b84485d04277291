/**
 * All that is known about one server, folded once into counts and booleans, so that a rule of the catalogue is a line of
 * logic about plain facts and never asks anybody anything. Whatever was not seen counts on neither side: a replica that
 * was never read is neither valid nor dead (invariant 8).
 */
import { addressKey, addressText } from '../topology/address.js';
import { isReplicating, type Server, type ServerFacts } from '../topology/server.js';
import type { Judgement } from './corroborate.js';
import { countReplicas, isFailingToConnect, openedApart, type ReplicaCounts } from './evidence-replicas.js';
import type { EvidenceSources } from './evidence-sources.js';
import type { DiagnosisSettings } from './limits.js';
import { latestFacts, type Reach, reachOf, type Sight } from './sight.js';

/** Recoveries that take a primary's role away, by their kinds. */
const REPLACES: ReadonlySet<string> = new Set(['graceful-takeover', 'dead-primary', 'dead-co-primary']);

export interface Evidence {
  readonly server: Server;
  readonly name: string;
  readonly facts: ServerFacts;
  /** The head of its cluster. A head that replicates from outside is an intermediate: promoting below it would cut it off. */
  readonly isPrimary: boolean;
  /** Replicates from one of its own replicas. */
  readonly isCoPrimary: boolean;
  /** Another server that it replicated with, each from the other, was promoted in its place, and it is not back yet. */
  readonly wasCoPrimary: boolean;
  /** It was promoted by us and is closed because it was restarted; see restart.ts. */
  readonly closedByRestart: boolean;
  /**
   * Its last report was begun after the last step on it that this node knows of, and no recovery is taking its role away:
   * what it says of its flags is so now, and is not our doing.
   */
  readonly isCurrent: boolean;
  readonly isBinlogServer: boolean;
  /** Replicates directly from the head of the cluster. */
  readonly isFirstTier: boolean;
  readonly isFailingToConnect: boolean;
  readonly reach: Reach;
  /** With what error it answers; null when it was read, or does not answer. */
  readonly error: string | null;
  readonly judgement: Judgement | null;
  readonly replicas: ReplicaCounts;
  /** Of the head of a cluster: names of those in it that take writes and follow nobody. */
  readonly openedApart: readonly string[];
  readonly semiSyncClients: number;
  readonly binlogStillMs: number | null;
  readonly settings: DiagnosisSettings;
}

export function foldEvidence(server: Server, sources: EvidenceSources): Evidence {
  const { links, settings } = sources;
  const sight = sources.sightOf(server);
  const facts = latestFacts(server, sight);
  const up = links.sourcesOf.get(server.id) ?? [];
  const down = links.replicasOf.get(server.id) ?? [];
  const isCoPrimary = up.some((link) => down.some((other) => other.replica.id === link.source.id));
  return {
    server,
    name: addressText(server.address),
    facts,
    isPrimary: isHead(server, sources) && !isCoPrimary && !replicatesFromOutside(server, sources),
    isCoPrimary,
    wasCoPrimary: wasCoPrimary(server, sources),
    closedByRestart: sources.closedByRestart(server),
    isCurrent:
      sight?.lastGood != null &&
      sources.isSinceLastStep(server.id, sight.lastGood.startedAtMs) &&
      !isBeingReplaced(server, sources),
    isBinlogServer: /maxscale/i.test(`${facts.version.text} ${facts.versionComment}`),
    isFirstTier: up.some((link) => isHead(link.source, sources)),
    isFailingToConnect: facts.channels.some(isFailingToConnect),
    reach: reachOf(sight, sources.ownOpinion(server.id), sources.nowMs, settings.staleSightMs),
    error: errorOf(sight),
    judgement: sources.judgementOf(server.id),
    replicas: countReplicas(down, sources),
    openedApart: isHead(server, sources) ? openedApart(server.clusterId, sources) : [],
    semiSyncClients: sight?.lastGood?.report.vitals.semiSyncClients ?? 0,
    binlogStillMs: sources.binlogStillMs(server.id),
    settings,
  };
}

function errorOf(sight: Sight | null): string | null {
  if (sight === null || sight.last.ok) return null;
  const { kind, message } = sight.last.failure;
  return kind === 'alive' ? message : null;
}

function wasCoPrimary({ id }: Server, { beliefs }: EvidenceSources): boolean {
  const demotion = beliefs.demotions.get(id);
  return demotion !== undefined && beliefs.recoveries.get(demotion.recoveryId)?.kind === 'dead-co-primary';
}

/** A takeover closes the primary before another is open, and what a leader that takes it up then finds is no problem. */
function isBeingReplaced(server: Server, sources: EvidenceSources): boolean {
  if (!isHead(server, sources)) return false;
  return [...sources.beliefs.recoveries.values()].some(
    ({ kind, failed, closedAtMs }) => closedAtMs === null && failed === server.id && REPLACES.has(kind),
  );
}

function isHead(server: Server, { beliefs }: EvidenceSources): boolean {
  return beliefs.clusters.get(server.clusterId)?.primary === server.id;
}

/** A channel that works, to a source that we do not know. One left over from before a promotion leads to a known server. */
function replicatesFromOutside(server: Server, { links }: EvidenceSources): boolean {
  return server.facts.channels.some(
    (channel) => isReplicating(channel) && !links.byAddress.has(addressKey(channel.source)),
  );
}

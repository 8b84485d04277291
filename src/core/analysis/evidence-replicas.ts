/** The direct replicas of one server, counted in the ways that the catalogue asks for. */
import { type Channel, isGroupMember, isWritable, type Server, type ServerFacts } from '../topology/server.js';
import type { EvidenceSources } from './evidence-sources.js';
import { type Link, LOST_REASON } from './links.js';
import { latestFacts, reachOf } from './sight.js';

export interface ReplicaCounts {
  readonly known: number;
  /** Seen by this node's last look. */
  readonly valid: number;
  /** Refused or silent at this node's last look. */
  readonly dead: number;
  /** MySQL answers there, and could not be read. */
  readonly unreadable: number;
  /** Valid, and both threads run. */
  readonly replicating: number;
  /** Valid, applying, and trying to connect in vain. */
  readonly failingToConnect: number;
  readonly lagging: number;
  readonly delayed: number;
  /** Have a binary log with what they apply: they could feed others. */
  readonly logging: number;
  readonly loggingFormats: ReadonlySet<string>;
  readonly loggingVersions: ReadonlySet<string>;
  readonly gtidModes: ReadonlySet<string>;
  /** Would find their place below another server by GTID. */
  readonly autoPosition: number;
  /** Names of those that have transactions which this server lacks. */
  readonly errant: readonly string[];
  /** Names of those that anybody may write to, and that this server does not follow in turn. */
  readonly writable: readonly string[];
}

interface Counting {
  known: number;
  valid: number;
  dead: number;
  unreadable: number;
  replicating: number;
  failingToConnect: number;
  lagging: number;
  delayed: number;
  logging: number;
  autoPosition: number;
  readonly loggingFormats: Set<string>;
  readonly loggingVersions: Set<string>;
  readonly gtidModes: Set<string>;
  readonly errant: string[];
  readonly writable: string[];
}

export function isFailingToConnect(channel: Channel): boolean {
  return channel.ioThread !== 'running' && channel.sqlThread === 'running' && channel.ioError !== null;
}

export function countReplicas(links: readonly Link[], sources: EvidenceSources): ReplicaCounts {
  const counts: Counting = {
    known: links.length,
    valid: 0,
    dead: 0,
    unreadable: 0,
    replicating: 0,
    failingToConnect: 0,
    lagging: 0,
    delayed: 0,
    logging: 0,
    autoPosition: 0,
    loggingFormats: new Set(),
    loggingVersions: new Set(),
    gtidModes: new Set(),
    errant: [],
    writable: [],
  };
  for (const link of links) countOne(counts, link, sources);
  return counts;
}

function countOne(counts: Counting, link: Link, sources: EvidenceSources): void {
  const sight = sources.sightOf(link.replica);
  const facts = latestFacts(link.replica, sight);
  const channel = facts.channels.find((one) => one.name === link.channel.name) ?? link.channel;
  const reach = reachOf(sight, null, sources.nowMs, sources.settings.staleSightMs);
  if (reach === 'reachable') countValid(counts, channel);
  if (reach === 'unreachable') counts.dead += 1;
  if (reach === 'answering') counts.unreadable += 1;
  const lag = sight?.lastGood?.report.vitals.lagSeconds ?? null;
  if (lag !== null && lag > sources.settings.reasonableLagSeconds) counts.lagging += 1;
  if (channel.delaySeconds > 0) counts.delayed += 1;
  if (channel.autoPosition) counts.autoPosition += 1;
  countTraits(counts, facts);
  if (reach !== 'unreachable') countOpened(counts, link, facts, sources);
  countErrant(counts, link, sources);
}

/** Not of one that is dead: a former co-primary was open when it was last seen, and takes nothing since. */
function countOpened(counts: Counting, link: Link, facts: ServerFacts, sources: EvidenceSources): void {
  if (isOpened(link, facts, sources) && !isHushed(link.replica, sources))
    counts.writable.push(link.replica.address.host);
}

function countErrant(counts: Counting, link: Link, sources: EvidenceSources): void {
  if (sources.beliefs.downtimes.has(link.replica.id)) return;
  if (sources.errantGtids(link) !== '') counts.errant.push(link.replica.address.host);
}

/** By a person. The downtime of one that a failover has set apart hides nothing: clients may write to both. */
function isHushed({ id }: Server, { beliefs }: EvidenceSources): boolean {
  const downtime = beliefs.downtimes.get(id);
  return downtime !== undefined && downtime.reason !== LOST_REASON;
}

/**
 * Names of those of the cluster that follow nobody, and that anybody may write to: set apart, or detached and opened. Only
 * what they say themselves counts, since the last step on them: what is believed of a former primary is of its former time.
 */
export function openedApart(cluster: string, sources: EvidenceSources): readonly string[] {
  return (sources.links.loose.get(cluster) ?? [])
    .filter((server) => {
      const sight = sources.sightOf(server);
      if (sight?.lastGood == null || isHushed(server, sources)) return false;
      if (reachOf(sight, null, sources.nowMs, sources.settings.staleSightMs) !== 'reachable') return false;
      const facts = latestFacts(server, sight);
      if (!isWritable(facts) || isGroupMember(facts)) return false;
      return sources.isSinceLastStep(server.id, sight.lastGood.startedAtMs);
    })
    .map(({ address }) => address.host);
}

/** By somebody's hand: of co-primaries either may take writes, and a group opens its primary itself. */
function isOpened({ source, replica }: Link, facts: ServerFacts, { links }: EvidenceSources): boolean {
  if (!isWritable(facts) || isGroupMember(facts)) return false;
  const below = links.replicasOf.get(replica.id) ?? [];
  return !below.some((link) => link.replica.id === source.id);
}

function countValid(counts: Counting, channel: Channel): void {
  counts.valid += 1;
  if (channel.ioThread === 'running' && channel.sqlThread === 'running') counts.replicating += 1;
  if (isFailingToConnect(channel)) counts.failingToConnect += 1;
}

function countTraits(counts: Counting, facts: ServerFacts): void {
  counts.gtidModes.add(facts.gtidMode);
  if (!facts.binlogEnabled || !facts.logReplicaUpdates) return;
  counts.logging += 1;
  counts.loggingFormats.add(facts.binlogFormat.toUpperCase());
  counts.loggingVersions.add(`${facts.version.major}.${facts.version.minor}`);
}

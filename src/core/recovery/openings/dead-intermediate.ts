/**
 * Opens the recovery of a source in the middle of the tree. Its replicas may go to servers beside it, to those that it
 * followed itself, or one of them takes its place. Those of its own data centre come first: whoever built a branch there
 * wanted the traffic to stay there.
 */
import type { Problem } from '../../analysis/problem.js';
import { addressText } from '../../topology/address.js';
import { isReplicating, mainChannel, type Server, type ServerId } from '../../topology/server.js';
import { indexServers, sourceOf } from '../../topology/sources.js';
import { type Belief, directReplicasOf, followersOf, inMaintenanceOf, refusal, replicaCounts } from '../belief.js';
import type { RecoveryPolicy } from '../policy.js';
import type { Sights } from '../sights.js';
import { type Opening, type OpeningContext, refused, unknownServer } from './opening.js';
import { openOrphans, type PlaceFor } from './orphans.js';

export interface LostSourceRequest {
  readonly problem: Pick<Problem, 'server' | 'clusterId' | 'code' | 'description'>;
  readonly sights: Sights;
}

/** Each costs a session; the best few are enough, and further up there is always the primary. */
const BESIDE_MAX = 4;
const ELSEWHERE_MAX = 3;
const ANCESTORS_MAX = 3;

export function openDeadIntermediate(
  belief: Belief,
  policy: RecoveryPolicy,
  { problem, sights }: LostSourceRequest,
  context: OpeningContext,
): Opening {
  const failed = belief.servers.get(problem.server);
  const cluster = belief.clusters.get(problem.clusterId);
  if (failed === undefined || cluster === undefined) {
    return refused(unknownServer(problem));
  }
  if (cluster.primary === failed.id) {
    const mend = 'it heads its cluster and replicates from outside: promote a replica by force, or bring it back';
    return refused(refusal('is-primary', `${addressText(failed.address)} is the primary of its cluster`, mend));
  }
  // Of two that replicate from each other, the one that is the primary has nobody to follow.
  const orphans = followersOf(belief, failed).filter(({ id }) => id !== cluster.primary);
  const places = placesFor(belief, policy, failed, orphans, sights);
  return openOrphans(belief, policy, { kind: 'dead-intermediate', problem, failed, orphans, places, sights }, context);
}

function placesFor(
  belief: Belief,
  policy: RecoveryPolicy,
  failed: Server,
  orphans: readonly Server[],
  sights: Sights,
): readonly PlaceFor[] {
  const ancestors = ancestorsOf(belief, failed);
  const taken = new Set([failed, ...orphans, ...ancestors].map(({ id }) => id));
  const feeds = replicaCounts(belief, failed.clusterId);
  const siblings = [...new Set(ancestors.flatMap((ancestor) => directReplicasOf(belief, ancestor)))]
    .filter(
      (server) => !taken.has(server.id) && isFitPlace(belief, policy, server, failed) && sights(server.id).answers,
    )
    .sort((one, other) => compareSiblings(feeds, one, other, failed));
  const isNear = ({ facts }: Server): boolean => facts.dataCenter === failed.facts.dataCenter;
  const above = ancestors.filter(({ id }) => sights(id).answers && !isOutOfUse(belief, id));
  const beyond = [
    ...above.filter(isNear),
    ...siblings.filter((server) => !isNear(server)).slice(0, ELSEWHERE_MAX),
    ...above.filter((server) => !isNear(server)),
  ];
  return [
    ...siblings
      .filter(isNear)
      .slice(0, BESIDE_MAX)
      .map((server): PlaceFor => ({ server, tier: 0 })),
    ...beyond.map((server): PlaceFor => ({ server, tier: 1 })),
  ];
}

/** Those above it, nearest first; and always the primary, because what stood between may be a former one. */
function ancestorsOf(belief: Belief, failed: Server): readonly Server[] {
  const index = indexServers(belief.servers.values());
  const found: Server[] = [];
  for (let below = failed; found.length < ANCESTORS_MAX; ) {
    const source = sourceOf(index, below);
    if (source === null || source.id === failed.id || found.includes(source) || belief.demotions.has(source.id)) break;
    found.push(source);
    below = source;
  }
  const primary = belief.servers.get(belief.clusters.get(failed.clusterId)?.primary ?? failed.id);
  const isMissing = primary !== undefined && primary.id !== failed.id && !found.some(({ id }) => id === primary.id);
  return isMissing ? [...found, primary] : found;
}

function isOutOfUse(belief: Belief, id: Server['id']): boolean {
  return belief.demotions.has(id) || inMaintenanceOf(belief, id) !== null;
}

/** It gets all that the lost source got, and may feed others. */
function isFitPlace(belief: Belief, policy: RecoveryPolicy, server: Server, failed: Server): boolean {
  const { facts, address } = server;
  const channel = mainChannel(facts);
  const filtered = facts.channels.some(({ hasFilters }) => hasFilters);
  return (
    channel !== null &&
    isReplicating(channel) &&
    channel.delaySeconds === 0 &&
    facts.binlogEnabled &&
    facts.logReplicaUpdates &&
    facts.isBinlogServer === failed.facts.isBinlogServer &&
    filtered === failed.facts.channels.some(({ hasFilters }) => hasFilters) &&
    facts.promotionRule !== 'must_not' &&
    !policy.neverPromote.some((pattern) => pattern.test(address.host)) &&
    !isOutOfUse(belief, server.id)
  );
}

/** Whom operators named as candidates, then where the lost source stood, then who feeds others already. */
function compareSiblings(feeds: ReadonlyMap<ServerId, number>, one: Server, other: Server, failed: Server): number {
  const isNamed = ({ facts }: Server): boolean => facts.promotionRule === 'must' || facts.promotionRule === 'prefer';
  const isUnwanted = ({ facts }: Server): boolean => facts.promotionRule === 'prefer_not';
  const isThere = ({ facts }: Server): boolean => facts.environment === failed.facts.environment;
  return (
    Number(isNamed(other)) - Number(isNamed(one)) ||
    Number(isUnwanted(one)) - Number(isUnwanted(other)) ||
    Number(isThere(other)) - Number(isThere(one)) ||
    (feeds.get(other.id) ?? 0) - (feeds.get(one.id) ?? 0) ||
    (addressText(one.address) < addressText(other.address) ? -1 : 1)
  );
}

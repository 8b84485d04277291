/**
 * Why nothing is done about a problem although something could be: every reason at once, each with its name and with what
 * mends it. "Failover did not happen and nobody can tell why" is what operators suffered from most.
 *
 * What an operator asked for passes the guards that protect them from automation (filters, the global switch, downtime,
 * the block after a recent failover), and none of those that protect their data.
 */
import { callsForRecovery, type Problem } from '../../analysis/problem.js';
import { remedyFor } from '../../analysis/remedies.js';
import type { ClusterId, ServerId } from '../../topology/server.js';
import {
  type Belief,
  type BelievedCluster,
  inMaintenanceOf,
  LOST_REASON,
  openPlansOn,
  openRecoveryOf,
  refusal,
  type Refusal,
  serverName,
  unfencedFormer,
} from '../belief.js';
import { blockRefusals } from './blocks.js';
import { brakeReason } from './brake.js';
import { type ClusterFilter, matchesCluster } from './filters.js';
import type { RecoveryPolicy } from '../policy.js';
import { familyOf, givesWay, isFailover } from '../kinds.js';
import type { Recovery, RecoveryKind } from '../recovery.js';
import { underWay } from './under-way.js';

export interface GuardQuestion {
  readonly belief: Belief;
  readonly policy: RecoveryPolicy;
  readonly clusterId: ClusterId;
  /** What is to be opened. */
  readonly kind: RecoveryKind;
  /** The server that failed, or is to give its role away. */
  readonly server: ServerId;
  /** An operator asked for it. */
  readonly forced: boolean;
  /** Nobody waits for it: what has begun in the cluster is let end. */
  readonly planned?: boolean;
  /** This node leads with a quorum that it has heard of just now. */
  readonly hasQuorum: boolean;
}

/** A problem that calls for an action, or not: the first thing that is looked at. */
export function reactionRefusals(belief: Belief, problem: Problem): readonly Refusal[] {
  if (callsForRecovery(problem)) return [];
  const mend = remedyFor(problem.code, serverName(belief, problem.server));
  return [refusal('not-actionable', `${problem.code} is not answered with a recovery`, mend)];
}

export const OBSERVE_ONLY = 'observe-only';

export function guardRefusals(question: GuardQuestion): readonly Refusal[] {
  const always = [
    ...observing(question),
    ...withoutQuorum(question),
    ...clusterUnknown(question),
    ...openRecovery(question),
  ];
  return question.forced
    ? always
    : [
        ...always,
        ...switchedOff(question),
        ...filteredOut(question),
        ...ignored(question),
        ...inDowntime(question),
        ...inMaintenance(question),
        ...braked(question),
        ...crowded(question),
        ...blockRefusals(question),
      ];
}

function observing({ policy }: GuardQuestion): readonly Refusal[] {
  if (!policy.observesOnly) return [];
  const mend = 'take ObserveOnly out of the configuration of every node, and reload it';
  return [refusal(OBSERVE_ONLY, 'this node only observes (ObserveOnly)', mend)];
}

function withoutQuorum({ hasQuorum }: GuardQuestion): readonly Refusal[] {
  if (hasQuorum) return [];
  return [
    refusal(
      'no-quorum',
      'the orchestrator nodes have no quorum, so none of them may act',
      'bring a majority of them back',
    ),
  ];
}

function clusterUnknown({ belief, clusterId }: GuardQuestion): readonly Refusal[] {
  if (belief.clusters.has(clusterId)) return [];
  const mend = 'discover one of its servers: orchestrator-client -c discover -i HOST:PORT';
  return [refusal('unknown-cluster', `there is no cluster ${clusterId}`, mend)];
}

/**
 * A returning former primary's recovery is no obstacle to a failover: it gives way, the failover fences that server itself,
 * and it is taken up again afterwards. A planned takeover has the time to let it be fenced first.
 */
function openRecovery({ belief, clusterId, kind, planned }: GuardQuestion): readonly Refusal[] {
  // It looks at the servers that it touches; see plansOnItsServers.
  if (kind === 'switch') return [];
  const open = openRecoveryOf(belief, clusterId);
  if (open === null) return [];
  if (givesWay(open.kind, kind) && !(planned === true && unfencedFormer(belief, clusterId) !== null)) return [];
  return [underWay(belief, open, 'in this cluster')];
}

/** Of a plan that could be opened: what goes on on the servers that it would touch and does not give way to it. */
export function plansOnItsServers(belief: Belief, { kind, inputs }: Recovery): readonly Refusal[] {
  return openPlansOn(belief, new Set(inputs.participants.map(({ id }) => id)))
    .filter((open) => (kind === 'switch' || open.kind === 'switch') && !givesWay(open.kind, kind))
    .map((open) => underWay(belief, open, 'there'));
}

function switchedOff({ belief }: GuardQuestion): readonly Refusal[] {
  if (belief.recoveriesEnabled) return [];
  return [
    refusal(
      'recoveries-disabled',
      'recoveries are disabled for all clusters',
      'orchestrator-client -c enable-global-recoveries',
    ),
  ];
}

/** Which keys hold for the kind; the other kinds have a key of their own that switches them on. */
function filtersFor(policy: RecoveryPolicy, kind: RecoveryKind): readonly [string, readonly ClusterFilter[]] | null {
  switch (familyOf(kind)) {
    case 'primary':
      return ['RecoverMasterClusterFilters', policy.primaryFilters];
    case 'intermediate':
      return ['RecoverIntermediateMasterClusterFilters', policy.intermediateFilters];
    default:
      return null;
  }
}

function filteredOut({ belief, policy, clusterId, kind }: GuardQuestion): readonly Refusal[] {
  const cluster = belief.clusters.get(clusterId);
  const filters = filtersFor(policy, kind);
  if (cluster === undefined || filters === null || matchesFilters(belief, filters[1], cluster)) return [];
  const [key, set] = filters;
  const why =
    set.length === 0
      ? `automatic recovery is off: ${key} is not set`
      : `automatic recovery is off for ${serverName(belief, cluster.primary)}: ${key} does not match it`;
  return [refusal('not-covered', why, `set ${key}, for example to ["*"], on every node`)];
}

/** A cluster that was covered under the name of a former primary stays covered: a failover renames it. */
export function matchesFilters(belief: Belief, filters: readonly ClusterFilter[], cluster: BelievedCluster): boolean {
  const names = [serverName(belief, cluster.primary), ...cluster.formerNames];
  return names.some((name) => matchesCluster(filters, { name, alias: cluster.alias }));
}

/** One that was lost with a primary is in downtime by our own doing; its replicas are to be helped all the same. */
function inDowntime({ belief, server, kind }: GuardQuestion): readonly Refusal[] {
  const downtime = belief.downtimes.get(server);
  if (downtime === undefined || downtime.endsAtMs <= belief.nowMs) return [];
  if (downtime.reason === LOST_REASON && familyOf(kind) === 'intermediate') return [];
  const name = serverName(belief, server);
  return [
    refusal(
      'downtime',
      `${name} is in downtime (${downtime.owner}: ${downtime.reason})`,
      `orchestrator-client -c end-downtime -i ${name}`,
    ),
  ];
}

function ignored({ belief, policy, server }: GuardQuestion): readonly Refusal[] {
  const host = belief.servers.get(server)?.address.host ?? '';
  if (!policy.ignoredHosts.some((pattern) => pattern.test(host))) return [];
  return [refusal('ignored-host', `${host} matches RecoveryIgnoreHostnameFilters`, 'change that filter on every node')];
}

function inMaintenance({ belief, server }: GuardQuestion): readonly Refusal[] {
  const maintenance = inMaintenanceOf(belief, server);
  if (maintenance === null) return [];
  const name = serverName(belief, server);
  return [
    refusal(
      'maintenance',
      `${name} is in maintenance (${maintenance.owner}: ${maintenance.reason})`,
      `orchestrator-client -c end-maintenance -i ${name}`,
    ),
  ];
}

function braked({ belief, policy, clusterId, kind }: GuardQuestion): readonly Refusal[] {
  const reason = belief.brake?.reason ?? (isFailover(kind) ? brakeReason(belief, policy.brake, clusterId) : null);
  if (reason === null) return [];
  return [refusal('brake', `automatic recovery has stopped itself: ${reason}`, 'orchestrator-client -c release-brake')];
}

/**
 * It waits for its turn: many at once would wait for each other, and for the servers that all of them read. Dead primaries
 * do not wait for lesser things.
 */
function crowded({ belief, policy, kind }: GuardQuestion): readonly Refusal[] {
  const open = [...belief.recoveries.values()].filter(
    (other) => other.closedAtMs === null && (isFailover(kind) ? isFailover(other.kind) : familyOf(other.kind) !== null),
  );
  if (open.length < policy.concurrentMax) return [];
  const text = `${String(open.length)} recoveries are under way, as many as may be (RecoveryConcurrencyMax)`;
  return [refusal('crowded', text)];
}

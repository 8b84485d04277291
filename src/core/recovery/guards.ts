/**
 * Why nothing is done about a problem although something could be: every reason at once, each with its name and with what
 * mends it. "Failover did not happen and nobody can tell why" is what operators suffered from most.
 *
 * What an operator asked for passes the guards that protect them from automation (filters, the global switch, downtime,
 * the block after a recent failover), and none of those that protect their data.
 */
import type { Problem } from '../analysis/problem.js';
import { REMEDIES } from '../analysis/remedies.js';
import { isoTime } from '../base/iso-time.js';
import type { ClusterId, ServerId } from '../topology/server.js';
import {
  type Belief,
  type BelievedCluster,
  openRecoveryOf,
  refusal,
  type Refusal,
  serverName,
  unfencedFormer,
} from './belief.js';
import { brakeReason } from './brake.js';
import { type ClusterFilter, matchesCluster } from './filters.js';
import type { RecoveryPolicy } from './policy.js';
import type { Recovery } from './recovery.js';

export interface GuardQuestion {
  readonly belief: Belief;
  readonly policy: RecoveryPolicy;
  readonly clusterId: ClusterId;
  /** The server that failed, or is to give its role away. */
  readonly server: ServerId;
  /** An operator asked for it. */
  readonly forced: boolean;
  /** This node leads with a quorum that it has heard of just now. */
  readonly hasQuorum: boolean;
}

/** A problem that calls for an action, or not: the first thing that is looked at. */
export function reactionRefusals(problem: Problem): readonly Refusal[] {
  if (problem.reaction === 'recover-dead-primary') return [];
  return [refusal('not-actionable', `${problem.code} is not answered with a recovery`, REMEDIES[problem.code])];
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
        ...blocked(question),
        ...justFailed(question),
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
function openRecovery({ belief, clusterId, forced }: GuardQuestion): readonly Refusal[] {
  const open = openRecoveryOf(belief, clusterId);
  if (open === null) return [];
  const givesWay = open.kind === 'former-primary' && !(forced && unfencedFormer(belief, clusterId) !== null);
  if (givesWay) return [];
  return [
    refusal('open-recovery', `recovery ${open.id} of ${serverName(belief, open.failed)} is under way in this cluster`),
  ];
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

function filteredOut({ belief, policy, clusterId }: GuardQuestion): readonly Refusal[] {
  const cluster = belief.clusters.get(clusterId);
  if (cluster === undefined || coveredByFilters(belief, policy, cluster)) return [];
  const why =
    policy.primaryFilters.length === 0
      ? 'automatic recovery is off: RecoverMasterClusterFilters is not set'
      : `automatic recovery is off for ${serverName(belief, cluster.primary)}: RecoverMasterClusterFilters does not match it`;
  return [refusal('not-covered', why, 'set RecoverMasterClusterFilters, for example to ["*"], on every node')];
}

/** A cluster that was covered under the name of a former primary stays covered: a failover renames it. */
export function coveredByFilters(belief: Belief, policy: RecoveryPolicy, cluster: BelievedCluster): boolean {
  return matchesFilters(belief, policy.primaryFilters, cluster);
}

export function matchesFilters(belief: Belief, filters: readonly ClusterFilter[], cluster: BelievedCluster): boolean {
  const names = [serverName(belief, cluster.primary), ...cluster.formerNames];
  return names.some((name) => matchesCluster(filters, { name, alias: cluster.alias }));
}

function inDowntime({ belief, server }: GuardQuestion): readonly Refusal[] {
  const downtime = belief.downtimes.get(server);
  if (downtime === undefined || downtime.endsAtMs <= belief.nowMs) return [];
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
  const maintenance = belief.maintenances.get(server);
  if (maintenance === undefined || maintenance.endsAtMs <= belief.nowMs) return [];
  const name = serverName(belief, server);
  return [
    refusal(
      'maintenance',
      `${name} is in maintenance (${maintenance.owner}: ${maintenance.reason})`,
      `orchestrator-client -c end-maintenance -i ${name}`,
    ),
  ];
}

function braked({ belief, policy, clusterId }: GuardQuestion): readonly Refusal[] {
  const reason = belief.brake?.reason ?? brakeReason(belief, policy.brake, clusterId);
  if (reason === null) return [];
  return [refusal('brake', `automatic recovery has stopped itself: ${reason}`, 'orchestrator-client -c release-brake')];
}

/** It waits for its turn: many at once would wait for each other, and for the servers that all of them read. */
function crowded({ belief, policy }: GuardQuestion): readonly Refusal[] {
  const open = [...belief.recoveries.values()].filter(
    ({ kind, closedAtMs }) => kind === 'dead-primary' && closedAtMs === null,
  );
  if (open.length < policy.concurrentMax) return [];
  const text = `${String(open.length)} recoveries are under way, as many as may be (RecoveryConcurrencyMax)`;
  return [refusal('crowded', text)];
}

function blocked({ belief, policy, clusterId }: GuardQuestion): readonly Refusal[] {
  const block = blockingRecoveryOf(belief, policy, clusterId);
  if (block === null) return [];
  const untilMs = block.openedAtMs + policy.blockMs;
  const leftSeconds = Math.ceil((untilMs - belief.nowMs) / 1000);
  return [
    refusal(
      'blocked',
      `the cluster had a failover not long ago (recovery ${block.id} of ${serverName(belief, block.failed)}); the next automatic one is blocked until ${isoTime(untilMs)}, for ${leftSeconds} s more (RecoveryPeriodBlockSeconds)`,
      `orchestrator-client -c ack-cluster-recoveries -a ${clusterName(belief, clusterId)} -r checked`,
    ),
  ];
}

function clusterName(belief: Belief, clusterId: ClusterId): string {
  const cluster = belief.clusters.get(clusterId);
  return cluster === undefined ? clusterId : cluster.alias || serverName(belief, cluster.primary);
}

/** An attempt that came to nothing is made again, and less often the more of them there were. */
function justFailed({ belief, clusterId }: GuardQuestion): readonly Refusal[] {
  const failures = failuresInARow(belief, clusterId);
  const [last] = failures;
  if (last?.closedAtMs == null) return [];
  const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (failures.length - 1), LONGEST_PAUSE_MS);
  const leftMs = last.closedAtMs + pauseMs - belief.nowMs;
  if (leftMs <= 0) return [];
  const why = last.verdict === null || last.verdict.kind === 'succeeded' ? '' : `: ${last.verdict.reason}`;
  return [
    refusal(
      'just-failed',
      `recovery ${last.id} came to nothing${why}; the next attempt is due in ${Math.ceil(leftMs / 1000)} s`,
    ),
  ];
}

const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;

/** Recoveries of dead primaries that promoted nobody, back to the last that did; the latest first. */
function failuresInARow(belief: Belief, clusterId: ClusterId): readonly Recovery[] {
  const own = [...belief.recoveries.values()]
    .filter(
      (recovery) =>
        recovery.clusterId === clusterId && recovery.kind !== 'former-primary' && recovery.closedAtMs !== null,
    )
    .sort((one, other) => other.openedAtMs - one.openedAtMs);
  const lastPromotion = own.findIndex(({ promotion }) => promotion !== null);
  const since = lastPromotion < 0 ? own : own.slice(0, lastPromotion);
  return since.filter(({ kind, verdict }) => kind === 'dead-primary' && verdict?.kind !== 'succeeded');
}

/**
 * The automatic failover that forbids another one for a while. Only one that put a new primary to work counts: what was
 * never promoted changed nothing that could flap, and what an operator asked for is not flapping.
 */
export function blockingRecoveryOf(belief: Belief, policy: RecoveryPolicy, clusterId: ClusterId): Recovery | null {
  let latest: Recovery | null = null;
  for (const recovery of belief.recoveries.values()) {
    if (recovery.clusterId !== clusterId || !blocks(recovery)) continue;
    if (recovery.openedAtMs + policy.blockMs <= belief.nowMs) continue;
    if (latest === null || recovery.openedAtMs > latest.openedAtMs) latest = recovery;
  }
  return latest;
}

function blocks(recovery: Recovery): boolean {
  return (
    recovery.kind === 'dead-primary' &&
    !recovery.inputs.forced &&
    recovery.closedAtMs !== null &&
    recovery.verdict?.kind === 'succeeded' &&
    recovery.promotion !== null &&
    recovery.acknowledged === null
  );
}

/**
 * Anti-flapping: what has just been done is not done again at once. One that succeeded blocks the next automatic one of its
 * family in the cluster for a while, unless an operator acknowledges it; one that came to nothing is tried again, and less
 * often the more of them there were. Families are apart: a primary that was replaced does not keep the replicas of an
 * intermediate source from getting another, nor the other way round.
 */
import { isoTime } from '../../base/iso-time.js';
import type { ClusterId, ServerId } from '../../topology/server.js';
import { type Belief, refusal, type Refusal, serverName } from '../belief.js';
import { gaveWay } from '../interrupted.js';
import { type Family, familyOf, hasChanged } from '../kinds.js';
import type { RecoveryPolicy } from '../policy.js';
import type { Recovery, RecoveryKind } from '../recovery.js';

export interface BlockQuestion {
  readonly belief: Belief;
  readonly policy: Pick<RecoveryPolicy, 'blockMs'>;
  readonly clusterId: ClusterId;
  readonly server: ServerId;
  readonly kind: RecoveryKind;
}

export function blockRefusals(question: BlockQuestion): readonly Refusal[] {
  return [...blocked(question), ...justFailed(question)];
}

const WHAT_WAS: Readonly<Record<Family, string>> = {
  primary: 'the cluster had a failover not long ago',
  intermediate: 'replicas of the cluster were given another source not long ago',
  'read-only': 'the primary was opened for writes not long ago',
  'semi-sync': 'who acknowledges in the cluster was changed not long ago',
};

function blocked({ belief, policy, clusterId, kind }: BlockQuestion): readonly Refusal[] {
  const family = familyOf(kind);
  const block = family === null ? null : blockingRecoveryOf(belief, policy, clusterId, family);
  if (family === null || block === null) return [];
  const untilMs = block.openedAtMs + policy.blockMs;
  const leftSeconds = Math.ceil((untilMs - belief.nowMs) / 1000);
  return [
    refusal(
      'blocked',
      `${WHAT_WAS[family]} (recovery ${block.id} of ${serverName(belief, block.failed)}); the next automatic one is blocked until ${isoTime(untilMs)}, for ${leftSeconds} s more (RecoveryPeriodBlockSeconds)`,
      `orchestrator-client -c ack-cluster-recoveries -a ${clusterName(belief, clusterId)} -r checked`,
    ),
  ];
}

function clusterName(belief: Belief, clusterId: ClusterId): string {
  const cluster = belief.clusters.get(clusterId);
  return cluster === undefined ? clusterId : cluster.alias || serverName(belief, cluster.primary);
}

/**
 * The automatic recovery that forbids another one of its family for a while. Only one that did something counts: what was
 * never promoted, moved or opened changed nothing that could flap, and what an operator asked for is not flapping.
 */
export function blockingRecoveryOf(
  belief: Pick<Belief, 'recoveries' | 'nowMs'>,
  policy: Pick<RecoveryPolicy, 'blockMs'>,
  clusterId: ClusterId,
  family: Family,
): Recovery | null {
  let latest: Recovery | null = null;
  for (const recovery of belief.recoveries.values()) {
    if (recovery.clusterId !== clusterId || familyOf(recovery.kind) !== family) continue;
    if (!isBlocking(recovery, policy, belief.nowMs)) continue;
    if (latest === null || recovery.openedAtMs > latest.openedAtMs) latest = recovery;
  }
  return latest;
}

/** Until its time is over or somebody has acknowledged it. */
export function isBlocking(recovery: Recovery, { blockMs }: Pick<RecoveryPolicy, 'blockMs'>, nowMs: number): boolean {
  if (recovery.inputs.forced || recovery.closedAtMs === null || recovery.acknowledged !== null) return false;
  if (recovery.openedAtMs + blockMs <= nowMs) return false;
  return recovery.verdict?.kind === 'succeeded' && familyOf(recovery.kind) !== null && hasChanged(recovery);
}

function justFailed(question: BlockQuestion): readonly Refusal[] {
  const failures = failuresInARow(question);
  const [last] = failures;
  if (last?.closedAtMs == null) return [];
  const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (failures.length - 1), LONGEST_PAUSE_MS);
  const leftMs = last.closedAtMs + pauseMs - question.belief.nowMs;
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

/** Recoveries that came to nothing, back to the last that did not; the latest first. */
function failuresInARow(question: BlockQuestion): readonly Recovery[] {
  const own = [...question.belief.recoveries.values()]
    .filter((recovery) => isLike(recovery, question) && recovery.closedAtMs !== null && !gaveWay(recovery))
    .sort((one, other) => other.openedAtMs - one.openedAtMs);
  const lastGood = own.findIndex(({ kind, promotion, verdict }) =>
    concernsRole(kind) ? promotion !== null : verdict?.kind === 'succeeded',
  );
  const since = lastGood < 0 ? own : own.slice(0, lastGood);
  return since.filter(({ kind, verdict }) => familyOf(kind) !== null && verdict?.kind !== 'succeeded');
}

/** A cluster has one primary; of other servers each is its own story. */
function isLike({ clusterId, kind, failed }: Recovery, question: BlockQuestion): boolean {
  if (clusterId !== question.clusterId) return false;
  if (concernsRole(question.kind)) return concernsRole(kind);
  return familyOf(kind) === familyOf(question.kind) && failed === question.server;
}

/** It moves the primary's role, by itself or as an operator wished. */
function concernsRole(kind: RecoveryKind): boolean {
  return familyOf(kind) === 'primary' || kind === 'graceful-takeover';
}

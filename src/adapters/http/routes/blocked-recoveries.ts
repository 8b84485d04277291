/**
 * Failures that are not answered because a recovery of their kind was not long ago: which, until when, and what lets the
 * next one happen at once. The incumbent's list, with that added. Any node answers: what a follower knows of a failure is
 * what the leader has put into the log.
 */
import { CATALOGUE } from '../../../core/analysis/catalogue.js';
import { callsForRecovery, type Problem, type RecoveryReaction } from '../../../core/analysis/problem.js';
import { blockingRecoveryOf } from '../../../core/recovery/guards/blocks.js';
import { blockableKind } from '../../../core/recovery/decision.js';
import { familyOf } from '../../../core/recovery/kinds.js';
import type { Recovery } from '../../../core/recovery/recovery.js';
import { recoveryNumber } from '../legacy/recovery.js';
import { instanceKey, timestamp } from '../legacy/values.js';
import { bare, refused } from '../reply.js';
import { type Call, type Door, type Route, read } from '../route.js';
import type { ClusterView } from '../views/topology-index.js';
import { byHint } from './clusters.js';

export const BLOCKED_RECOVERY_ROUTES: readonly Route[] = [
  read('/api/blocked-recoveries', (call, door) => bare(blocked(null, call, door))),
  read('/api/blocked-recoveries/cluster/:hint', (call, door) => {
    const found = byHint(call, door);
    return found.ok ? bare(blocked(found.value, call, door)) : refused(found.error);
  }),
];

const REACTIONS = new Map(CATALOGUE.map(({ code, reaction }) => [code, { reaction }]));

function blocked(only: ClusterView | null, call: Call, door: Door): readonly unknown[] {
  return door.service
    .analysis()
    .problems.filter((problem) => only === null || problem.clusterId === only.cluster.id)
    .flatMap((problem) => {
      const reaction = reactionTo(problem, door);
      const blocker = reaction === null ? null : blockerOf(problem, reaction, call.nowMs, door);
      return blocker === null ? [] : [row(problem, blocker, call.nowMs, door)];
    });
}

/** On a follower all problems come without one, and those that the leader has found stand in the log. */
function reactionTo(problem: Problem, { service }: Door): RecoveryReaction | null {
  if (callsForRecovery(problem)) return problem.reaction;
  if (service.state.incidents.get(problem.server)?.code !== problem.code) return null;
  const rule = REACTIONS.get(problem.code);
  return rule !== undefined && callsForRecovery(rule) ? rule.reaction : null;
}

function blockerOf(
  { clusterId }: Problem,
  reaction: RecoveryReaction,
  nowMs: number,
  { service }: Door,
): Recovery | null {
  const kind = blockableKind(reaction);
  const family = kind === null ? null : familyOf(kind);
  if (family === null) return null;
  const { recoveries } = service.state;
  return blockingRecoveryOf({ recoveries, nowMs }, { blockMs: service.settings.recoveryBlockMs }, clusterId, family);
}

function row({ server, clusterId, code }: Problem, blocker: Recovery, nowMs: number, door: Door): object {
  const { servers } = door.service.state;
  const cluster = door.views.index().clusters.get(clusterId)?.name ?? '';
  return {
    FailedInstanceKey: instanceKey(servers.get(server)?.address),
    ClusterName: cluster,
    Analysis: code,
    LastBlockedTimestamp: timestamp(nowMs),
    BlockingRecoveryId: recoveryNumber(blocker.id),
    // Not there in the incumbent's.
    BlockingRecoveryUID: blocker.id,
    BlockingFailedInstanceKey: instanceKey(servers.get(blocker.failed)?.address),
    BlockedUntilTimestamp: timestamp(blocker.openedAtMs + door.service.settings.recoveryBlockMs),
    Acknowledge: `orchestrator-client -c ack-cluster-recoveries -i ${cluster} -r checked`,
  };
}

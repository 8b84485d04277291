/** Opens the recovery of a dead primary: who takes part, and who of them may be promoted. */
import type { Problem } from '../../analysis/problem.js';
import { addressText } from '../../topology/address.js';
import type { Server, ServerId } from '../../topology/server.js';
import { type Belief, directReplicasOf, refusal, unfencedFormer } from '../belief.js';
import {
  type Candidacy,
  formerParticipant,
  judgeCandidates,
  participantsOf,
  primaryParticipant,
  promotableOf,
} from '../candidates.js';
import type { RecoveryPolicy } from '../policy.js';
import { semiSyncDuty } from '../semi-sync.js';
import { opened, type Opening, type OpeningContext, refused } from './opening.js';

export interface DeadPrimaryRequest {
  readonly problem: Pick<Problem, 'server' | 'clusterId' | 'code' | 'description'>;
  readonly requestedCandidate: ServerId | null;
  readonly forced: boolean;
}

export function openDeadPrimary(
  belief: Belief,
  policy: RecoveryPolicy,
  request: DeadPrimaryRequest,
  context: OpeningContext,
): Opening {
  const { problem, requestedCandidate } = request;
  const cluster = belief.clusters.get(problem.clusterId);
  const failed = belief.servers.get(problem.server);
  if (cluster === undefined || failed === undefined) {
    return refused(refusal('unknown-server', `server ${problem.server} of cluster ${problem.clusterId} is not known`));
  }
  if (cluster.primary !== failed.id) {
    return refused(refusal('not-primary', `${addressText(failed.address)} is not the primary of its cluster`));
  }
  const candidacies = judgeCandidates(belief, failed, directReplicasOf(belief, failed), policy);
  const objection = objectionTo(candidacies, requestedCandidate);
  if (objection !== null) return refused(objection);
  const told = { kind: 'dead-primary', clusterId: cluster.id, failed: failed.id } as const;
  const servers = candidacies.map(({ server }) => server);
  const former = unfencedFormer(belief, cluster.id);
  return opened(
    context,
    { ...told, code: problem.code, description: problem.description },
    {
      participants: [
        primaryParticipant(failed, servers),
        ...participantsOf(candidacies, failed),
        ...(former === null ? [] : [formerParticipant(former)]),
      ],
      epoch: cluster.epoch + 1,
      requestedCandidate,
      startFormerPrimary: true,
      applyLimitMs: policy.applyLimitMs,
      semiSync: semiSyncDuty(failed, servers),
      forced: request.forced,
    },
  );
}

/** Whom a failover would most likely promote, were it to happen now; null when nobody could be. Says nothing of data. */
export function likelySuccessor(belief: Belief, policy: RecoveryPolicy, failed: Server): ServerId | null {
  return promotableOf(judgeCandidates(belief, failed, directReplicasOf(belief, failed), policy))[0] ?? null;
}

function objectionTo(candidacies: readonly Candidacy[], requested: ServerId | null): ReturnType<typeof refusal> | null {
  if (requested !== null && !candidacies.some(({ server }) => server.id === requested)) {
    return refusal('not-a-replica', 'the candidate that was asked for is no direct replica of the failed primary');
  }
  const asked = candidacies.filter(({ server }) => requested === null || server.id === requested);
  if (asked.some(({ refusals }) => refusals.length === 0)) return null;
  if (asked.length === 0) return refusal('no-replicas', 'the failed primary has no replica that could take over');
  const reasons = asked.map(({ server, refusals }) => {
    const text = refusals.map(({ message }) => message).join(' and ');
    return `${addressText(server.address)} ${text}`;
  });
  const mends = asked.flatMap(({ refusals }) => refusals.map(({ mend }) => mend)).filter((mend) => mend !== '');
  return refusal('no-candidate', `no replica may be promoted: ${reasons.join('; ')}`, [...new Set(mends)].join('; '));
}

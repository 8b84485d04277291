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
import { durabilityPolicyOf, durabilityTerms, shortfalls } from '../durability.js';
import type { DurabilityTerms } from '../durability-terms.js';
import type { RecoveryPolicy } from '../policy.js';
import { withPromotionLimits } from '../promotion-limits.js';
import type { RecoveryInputs } from '../recovery.js';
import { followsByPlace } from '../seen-progress.js';
import { semiSyncDuty } from '../semi-sync.js';
import type { Sights } from '../sights.js';
import { opened, type Opening, type OpeningContext, refused } from './opening.js';

export interface DeadPrimaryRequest {
  readonly problem: Pick<Problem, 'server' | 'clusterId' | 'code' | 'description'>;
  readonly requestedCandidate: ServerId | null;
  readonly forced: boolean;
  readonly sights: Sights;
  /** Absent: dead-primary. One of two that replicated from each other need not be the one that the cluster is named after. */
  readonly kind?: 'dead-co-primary';
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
    const what = `server ${problem.server} of cluster ${problem.clusterId} is not known`;
    return refused(refusal('unknown-server', what, 'discover it: orchestrator-client -c discover -i HOST:PORT'));
  }
  if (cluster.primary !== failed.id && request.kind === undefined) {
    const mend = 'name the cluster by its primary: orchestrator-client -c which-cluster-master -i CLUSTER';
    return refused(refusal('not-primary', `${addressText(failed.address)} is not the primary of its cluster`, mend));
  }
  const { candidacies, terms, reached } = judgeReplicas(belief, policy, failed, request);
  const objections = [objectionTo(candidacies, requestedCandidate), undurable(terms, reached, failed)];
  const standing = objections.filter((objection) => objection !== null);
  if (standing.length > 0) return refused(...standing);
  const told = { kind: request.kind ?? 'dead-primary', clusterId: cluster.id, failed: failed.id } as const;
  const servers = candidacies.map(({ server }) => server);
  const former = unfencedFormer(belief, cluster.id);
  return opened(
    context,
    { ...told, code: problem.code, description: problem.description },
    {
      participants: [
        primaryParticipant(failed, servers, policy.replication),
        ...participantsOf(candidacies, failed, [], policy.replication),
        ...(former === null ? [] : [formerParticipant(former)]),
      ],
      epoch: cluster.epoch + 1,
      requestedCandidate,
      startFormerPrimary: true,
      applyLimitMs: policy.applyLimitMs,
      semiSync: semiSyncDuty(failed, servers),
      forced: request.forced,
      durability: terms,
      ...endsSeen(servers, request.sights),
      ...(policy.promotesAppliedOnly ? { promotesAppliedOnly: true } : {}),
      ...(policy.detachesLost ? { detachesLost: true } : {}),
      ...(policy.lostDowntimeMs > 0 ? { lostDowntimeMs: policy.lostDowntimeMs } : {}),
    },
  );
}

/** Nothing where they follow by GTID. */
function endsSeen(servers: readonly Server[], sights: Sights): Pick<RecoveryInputs, 'seenEnds'> {
  const ends = servers.flatMap(({ id, facts }) => {
    const at = followsByPlace(facts) ? (sights(id).vitals?.binlog ?? null) : null;
    return at === null ? [] : [{ server: id, at }];
  });
  return ends.length === 0 ? {} : { seenEnds: ends };
}

export interface JudgedReplicas {
  /** Best first, those who may not be promoted last. */
  readonly candidacies: readonly Candidacy[];
  readonly terms: DurabilityTerms;
  /** Replicas that answer, as far as is known. */
  readonly reached: ReadonlySet<ServerId>;
}

export function judgeReplicas(
  belief: Belief,
  policy: RecoveryPolicy,
  failed: Server,
  { sights, forced }: Pick<DeadPrimaryRequest, 'sights' | 'forced'>,
): JudgedReplicas {
  const replicas = directReplicasOf(belief, failed);
  const cluster = belief.clusters.get(failed.clusterId);
  const labels = {
    names: [addressText(failed.address), ...(cluster?.formerNames ?? [])],
    alias: cluster?.alias ?? '',
  };
  const wanted = durabilityPolicyOf(policy.durability, labels);
  const terms = durabilityTerms(belief, wanted, failed, replicas, sights, forced);
  const reached = new Set(replicas.map(({ id }) => id).filter((id) => sights(id).answers));
  const judged = judgeCandidates(belief, failed, replicas, policy);
  return { candidacies: withPromotionLimits(judged, policy, terms, sights, forced), terms, reached };
}

/** What is refused before anybody is touched: the same is asked again when it is known who was reached. */
function undurable(
  terms: DurabilityTerms,
  reached: ReadonlySet<ServerId>,
  failed: Server,
): ReturnType<typeof refusal> | null {
  const reasons = terms.enforced ? shortfalls(terms, reached) : [];
  if (reasons.length === 0) return null;
  return refusal(
    'durability',
    `the cluster's durability policy is ${terms.policy}, and a failover of ${addressText(failed.address)} might lose what was acknowledged: ${reasons.join('; ')}`,
    'bring the replicas back, set semi-sync up as the policy needs it, or promote one yourself and accept the loss',
  );
}

/** Whom a failover would most likely promote, were it to happen now; null when nobody could be. Says nothing of data. */
export function likelySuccessor(belief: Belief, policy: RecoveryPolicy, failed: Server): ServerId | null {
  return promotableOf(judgeCandidates(belief, failed, directReplicasOf(belief, failed), policy))[0] ?? null;
}

function objectionTo(candidacies: readonly Candidacy[], requested: ServerId | null): ReturnType<typeof refusal> | null {
  if (requested !== null && !candidacies.some(({ server }) => server.id === requested)) {
    const message = 'the candidate that was asked for is no direct replica of the failed primary';
    return refusal('not-a-replica', message, 'name one of its direct replicas, or none');
  }
  const asked = candidacies.filter(({ server }) => requested === null || server.id === requested);
  if (asked.some(({ refusals }) => refusals.length === 0)) return null;
  if (asked.length === 0) {
    return refusal('no-replicas', 'the failed primary has no replica that could take over', 'add a replica');
  }
  const reasons = asked.map(({ server, refusals }) => {
    const text = refusals.map(({ message }) => message).join(' and ');
    return `${addressText(server.address)} ${text}`;
  });
  const mends = asked.flatMap(({ refusals }) => refusals.map(({ mend }) => mend)).filter((mend) => mend !== '');
  return refusal('no-candidate', `no replica may be promoted: ${reasons.join('; ')}`, [...new Set(mends)].join('; '));
}

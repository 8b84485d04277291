/** Opens the recovery of a dead primary: who takes part, and who of them may be promoted. */
import type { Problem } from '../../analysis/problem.js';
import { addressText } from '../../topology/address.js';
import type { Server, ServerId } from '../../topology/server.js';
import {
  type Belief,
  directReplicasOf,
  followersOf as allFollowersOf,
  refusal,
  type Refusal,
  strandedReplicasOf,
  unfencedFormer,
} from '../belief.js';
import {
  type Candidacy,
  formerParticipant,
  judgeCandidates,
  participantsOf,
  primaryParticipant,
  promotableOf,
} from '../choice/candidates.js';
import { durabilityPolicyOf, durabilityTerms, shortfalls } from '../durability/durability.js';
import type { DurabilityTerms } from '../durability/durability-terms.js';
import type { RecoveryPolicy } from '../policy.js';
import { withPromotionLimits } from '../choice/promotion-limits.js';
import type { Participant } from '../recovery.js';
import { endsSeen } from '../progress/seen-progress.js';
import { dutyOfDead } from '../durability/semi-sync.js';
import type { Sights } from '../sights.js';
import { opened, type Opening, type OpeningContext, refused } from './opening.js';
import { replicasOfFellows } from './replication-group.js';

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
    const name = addressText(failed.address);
    const mend = `name the cluster by its primary: orchestrator-client -c which-cluster-master -i ${name}`;
    return refused(refusal('not-primary', `${name} is not the primary of its cluster`, mend));
  }
  const { candidacies, terms, reached } = judgeReplicas(belief, policy, failed, request);
  const follows = new Map(followersOf(belief, failed, request.forced).map((one) => [one.server.id, one.follows]));
  const heard = request.forced ? reached : null;
  const objections = [...objectionsTo(candidacies, requestedCandidate, heard), ...undurable(terms, reached, failed)];
  if (objections.length > 0) return refused(...objections);
  const told = { kind: request.kind ?? 'dead-primary', clusterId: cluster.id, failed: failed.id } as const;
  const servers = candidacies.map(({ server }) => server);
  const former = unfencedFormer(belief, cluster.id);
  return opened(
    context,
    { ...told, code: problem.code, description: problem.description },
    {
      participants: [
        primaryParticipant(failed, servers, policy.replication),
        ...participantsOf(candidacies, failed, [], policy.replication).map((one) => withSource(one, follows)),
        ...(former === null ? [] : [formerParticipant(former)]),
      ],
      epoch: cluster.epoch + 1,
      requestedCandidate,
      startFormerPrimary: true,
      applyLimitMs: policy.applyLimitMs,
      semiSync: dutyOfDead(belief, cluster, failed, servers),
      forced: request.forced,
      ...(request.forced ? { fencesFirst: true } : {}),
      durability: terms,
      ...endsSeen(servers, request.sights),
      ...(policy.promotesAppliedOnly ? { promotesAppliedOnly: true } : {}),
      ...(policy.detachesLost ? { detachesLost: true } : {}),
      ...(policy.leavesClosed ? { leavesClosed: true } : {}),
      ...(policy.lostDowntimeMs > 0 ? { lostDowntimeMs: policy.lostDowntimeMs } : {}),
    },
  );
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
  const replicas = followersOf(belief, failed, forced).map(({ server }) => server);
  const cluster = belief.clusters.get(failed.clusterId);
  const labels = {
    names: [addressText(failed.address), ...(cluster?.formerNames ?? [])],
    alias: cluster?.alias ?? '',
  };
  const wanted = durabilityPolicyOf(policy.durability, labels);
  const terms = durabilityTerms(belief, wanted, failed, replicas, sights, forced);
  const reached = new Set(replicas.map(({ id }) => id).filter((id) => sights(id).answers));
  const judged = judgeCandidates(belief, failed, replicas, policy);
  return { candidacies: withPromotionLimits(judged, policy, terms, sights), terms, reached };
}

interface Follower {
  readonly server: Server;
  /** Null: the failed primary. */
  readonly follows: ServerId | null;
}

/**
 * The direct replicas, and where the word of a person is needed anyhow, those of the other members of its group. Of a primary
 * that was promoted and gone before anybody was pointed at it there are none, and the cluster has no way out by itself: who
 * is to be promoted instead is for a person to say.
 */
function followersOf(belief: Belief, failed: Server, forced: boolean): readonly Follower[] {
  const direct = allFollowersOf(belief, failed).map((server): Follower => ({ server, follows: null }));
  if (!forced) return direct;
  const known = [...direct, ...followersBy(belief, replicasOfFellows(belief, failed))];
  return known.length > 0 ? known : followersBy(belief, strandedReplicasOf(belief, failed));
}

function followersBy(belief: Belief, sources: ReadonlyMap<ServerId, ServerId>): readonly Follower[] {
  return [...sources].flatMap(([id, follows]): readonly Follower[] => {
    const server = belief.servers.get(id);
    return server === undefined ? [] : [{ server, follows }];
  });
}

function withSource(participant: Participant, follows: ReadonlyMap<ServerId, ServerId | null>): Participant {
  const source = follows.get(participant.id) ?? null;
  return source === null ? participant : { ...participant, follows: source };
}

/** What is refused before anybody is touched: the same is asked again when it is known who was reached. */
function undurable(terms: DurabilityTerms, reached: ReadonlySet<ServerId>, failed: Server): readonly Refusal[] {
  const reasons = terms.enforced ? shortfalls(terms, reached) : [];
  if (reasons.length === 0) return [];
  return [
    refusal(
      'durability',
      `the cluster's durability policy is ${terms.policy}, and a failover of ${addressText(failed.address)} might lose what was acknowledged: ${reasons.join('; ')}`,
      'bring the replicas back, set semi-sync up as the policy needs it, or promote one yourself and accept the loss',
    ),
  ];
}

/** Whom a failover would most likely promote, were it to happen now; null when nobody could be. Says nothing of data. */
export function likelySuccessor(belief: Belief, policy: RecoveryPolicy, failed: Server): ServerId | null {
  return promotableOf(judgeCandidates(belief, failed, directReplicasOf(belief, failed), policy))[0] ?? null;
}

/** `heard`: those that answer; null where that is not asked before, because the plan finds out faster. */
function objectionsTo(
  candidacies: readonly Candidacy[],
  requested: ServerId | null,
  heard: ReadonlySet<ServerId> | null,
): readonly Refusal[] {
  const judged =
    heard === null ? candidacies : candidacies.map((one) => (heard.has(one.server.id) ? one : unheard(one)));
  if (requested !== null) return objectionsToRequested(judged, requested);
  if (judged.some(({ refusals }) => refusals.length === 0)) return [];
  if (judged.length === 0) {
    return [refusal('no-replicas', 'the failed primary has no replica that could take over', 'add a replica')];
  }
  const reasons = judged.map(({ server, refusals }) => {
    const text = refusals.map(({ message }) => message).join(' and ');
    return `${addressText(server.address)} ${text}`;
  });
  const mends = judged.flatMap(({ refusals }) => refusals.map(({ mend }) => mend)).filter((mend) => mend !== '');
  return [refusal('no-candidate', `no replica may be promoted: ${reasons.join('; ')}`, [...new Set(mends)].join('; '))];
}

function unheard(one: Candidacy): Candidacy {
  const silent = refusal('does-not-answer', 'does not answer', 'bring it back');
  return { ...one, refusals: [...one.refusals, silent] };
}

/** It is promoted or nobody is: every reason under its own code. */
function objectionsToRequested(candidacies: readonly Candidacy[], requested: ServerId): readonly Refusal[] {
  const asked = candidacies.find(({ server }) => server.id === requested);
  if (asked === undefined) {
    const message = 'the candidate that was asked for is no direct replica of the failed primary';
    return [refusal('not-a-replica', message, 'name one of its direct replicas, or none')];
  }
  const name = addressText(asked.server.address);
  return asked.refusals.map(({ code, message, mend }) => refusal(code, `${name} ${message}`, mend));
}

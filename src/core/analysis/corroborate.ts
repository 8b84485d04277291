/**
 * From votes to a verdict: the table of docs/failover-invariants.md, "Is it dead?". Death needs a majority of the nodes,
 * at least one replica that lost it, and nobody with a fresh sign of life; whatever is missing is named, because "no
 * failover, and I cannot tell why" is what users complain about first.
 */
import type { ServerId } from '../topology/server.js';
import { BARE_GROUND, type Ground, isolationIn } from './ground.js';
import type { Inquiry } from './inquiry.js';
import type { JudgementLimits } from './limits.js';
import type { Link } from './links.js';
import { type ReplicaOpinion, voteOfReplica } from './replica-vote.js';
import type { ReplicaVote } from './vote.js';
import { type NodesVerdict, type NodeTally, tallyNodes } from './votes.js';
import { joinWords, seconds } from './words.js';

export type DeathVerdict =
  | 'dead'
  | 'dead-and-some-replicas'
  /** More likely that we are cut off. */
  | 'dead-and-replicas'
  | 'dead-without-replicas'
  | 'unproven';

/** What a death lacks to be proven, for whoever says what mends it. */
export type Lack =
  | 'reached'
  | 'too-young'
  | 'disagreement'
  | 'grace'
  | 'isolated-site'
  | 'site-unread'
  | 'receiving'
  | 'undecided-replica'
  | 'stopped-replicas';

export interface Judgement {
  readonly verdict: DeathVerdict;
  readonly nodes: NodeTally;
  readonly replicas: readonly ReplicaOpinion[];
  /** Old enough to be told: most suspicions are answered before. */
  readonly settled: boolean;
  /** Why it is not proven; null when it is. Always the same words for the same lack. */
  readonly missing: string | null;
  /** The name of what `missing` says; null when it is proven. */
  readonly lack: Lack | null;
  /** This node judges, cannot reach the server, and others can: a sentence; null when that is not so. */
  readonly blindness: string | null;
  /** When time alone may have changed the verdict, on the inquiry's clock: a look then is worth more than one a moment before. */
  readonly dueAtMs: number | null;
  /** What the verdict rests on, and for `unproven` what is missing. */
  readonly because: readonly string[];
}

export function judge(
  inquiry: Inquiry,
  links: readonly Link[],
  voters: readonly string[],
  nowMs: number,
  limits: JudgementLimits,
  ground: Ground = BARE_GROUND,
): Judgement {
  const window = { sinceMs: inquiry.sinceMs, nowMs };
  const nodes = tallyNodes(voters, inquiry.opinions.values(), window, withGrace(limits, ground.graceMs));
  const replicas = links.map((link) => voteOfReplica(inquiry, link, limits));
  const blindness = blindnessIn(inquiry, nodes, ground.self);
  const { verdict, missing, lack } = heedGround(weigh(nodes, replicas, inquiry.canary?.server ?? null), nodes, ground);
  return {
    verdict,
    nodes,
    replicas,
    settled: nowMs - inquiry.beganAtMs >= limits.settleMs,
    missing,
    lack,
    blindness,
    dueAtMs: dueOf(nodes, replicas),
    because: [
      nodes.words,
      ...(missing === null ? [] : [missing]),
      ...(blindness === null ? [] : [blindness]),
      ...replicas.map((replica) => replica.why),
    ],
  };
}

function dueOf({ dueAtMs }: NodeTally, replicas: readonly ReplicaOpinion[]): number | null {
  const dues = [dueAtMs, ...replicas.map(({ tellsAtMs }) => tellsAtMs)].filter((due) => due !== null);
  return dues.length === 0 ? null : Math.min(...dues);
}

/** For the nodes' votes alone: how long a replica's silence means nothing does not depend on it. */
function withGrace(limits: JudgementLimits, graceMs: number): JudgementLimits {
  const { refusalMs, silenceMs } = limits;
  return { ...limits, refusalMs: Math.max(refusalMs, graceMs), silenceMs: Math.max(silenceMs, graceMs) };
}

/** One refusal proves that the way to it is open. */
function heedGround(weighed: Weighed, nodes: NodeTally, { graceMs, site }: Ground): Weighed {
  if (nodes.verdict === 'waiting' && graceMs > 0) {
    const why = `it may be restarting, which this cluster allows ${seconds(graceMs)} for (PrimaryRestartGraceSeconds)`;
    return unproven('grace', why);
  }
  const calledDead = weighed.verdict === 'dead' || weighed.verdict === 'dead-and-some-replicas';
  const objection = calledDead && nodes.refused.length === 0 ? isolationIn(site) : null;
  if (objection === null) return weighed;
  return unproven(site?.verdict === 'silent' ? 'isolated-site' : 'site-unread', objection);
}

/**
 * A leader that is cut off from what others reach is in the wrong place, and says so. Its own vote is older than theirs,
 * because silence takes its time to be noticed; as a vote it counts no more, and it tells all the same.
 */
function blindnessIn(inquiry: Inquiry, { alive }: NodeTally, self: string): string | null {
  const own = inquiry.opinions.get(self)?.vote;
  if (alive.length === 0 || (own !== 'silent' && own !== 'refused')) return null;
  return `${self}, which leads, cannot reach it, and ${joinWords(alive)} can`;
}

interface Weighed {
  readonly verdict: DeathVerdict;
  readonly missing: string | null;
  readonly lack: Lack | null;
}

function unproven(lack: Lack, why: string): Weighed {
  return { verdict: 'unproven', missing: `no failover: ${why}`, lack };
}

function proven(verdict: Exclude<DeathVerdict, 'unproven'>): Weighed {
  return { verdict, missing: null, lack: null };
}

function weigh(nodes: NodeTally, replicas: readonly ReplicaOpinion[], canary: ServerId | null): Weighed {
  if (nodes.verdict !== 'unreachable') return unproven(...LACKS[nodes.verdict]);
  if (replicas.length === 0) return proven('dead-without-replicas');
  const count = (vote: ReplicaVote): number => replicas.filter((replica) => replica.vote === vote).length;
  if (count('unreachable') === replicas.length) return proven('dead-and-replicas');
  if (count('receiving') > 0) return unproven('receiving', 'a replica still receives from it');
  // A fresh connection was tried from the canary's place and failed: who merely has not noticed yet does not contradict it.
  const canaryBroke = replicas.some((replica) => replica.server === canary && replica.disconnected);
  const inDoubt = replicas.filter((replica) => replica.vote === 'unknown' && !(canaryBroke && replica.unnoticed));
  if (inDoubt.length > 0) return unproven('undecided-replica', 'a replica cannot tell yet whether it lost it');
  if (count('broken') === 0) {
    return unproven('stopped-replicas', 'no replica lost it: their IO threads are stopped, which proves nothing');
  }
  return proven(count('unreachable') > 0 ? 'dead-and-some-replicas' : 'dead');
}

const LACKS: Readonly<Record<Exclude<NodesVerdict, 'unreachable'>, readonly [Lack, string]>> = {
  alive: ['reached', 'a node reaches it, so those who do not may be cut off themselves'],
  waiting: ['too-young', 'it has not been silent for long enough'],
  divided: ['disagreement', 'too few nodes agree'],
};

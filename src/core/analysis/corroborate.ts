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

export interface Judgement {
  readonly verdict: DeathVerdict;
  readonly nodes: NodeTally;
  readonly replicas: readonly ReplicaOpinion[];
  /** Old enough to be told: most suspicions are answered before. */
  readonly settled: boolean;
  /** Why it is not proven; null when it is. Always the same words for the same lack. */
  readonly missing: string | null;
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
  const { verdict, missing } = heedGround(weigh(nodes, replicas, inquiry.canary?.server ?? null), nodes, ground);
  return {
    verdict,
    nodes,
    replicas,
    settled: nowMs - inquiry.beganAtMs >= limits.settleMs,
    missing,
    dueAtMs: dueOf(nodes, replicas),
    because: [
      nodes.words,
      ...(missing === null ? [] : [missing]),
      ...blindness(inquiry, nodes, ground.self),
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
    return { verdict: 'unproven', missing: `no failover: ${why}` };
  }
  const calledDead = weighed.verdict === 'dead' || weighed.verdict === 'dead-and-some-replicas';
  const objection = calledDead && nodes.refused.length === 0 ? isolationIn(site) : null;
  return objection === null ? weighed : { verdict: 'unproven', missing: `no failover: ${objection}` };
}

/**
 * A leader that is cut off from what others reach is in the wrong place, and says so. Its own vote is older than theirs,
 * because silence takes its time to be noticed; as a vote it counts no more, and it tells all the same.
 */
function blindness(inquiry: Inquiry, { alive }: NodeTally, self: string): readonly string[] {
  const own = inquiry.opinions.get(self)?.vote;
  if (alive.length === 0 || (own !== 'silent' && own !== 'refused')) return [];
  return [`${self}, which leads, cannot reach it, and ${joinWords(alive)} can`];
}

interface Weighed {
  readonly verdict: DeathVerdict;
  readonly missing: string | null;
}

function weigh(nodes: NodeTally, replicas: readonly ReplicaOpinion[], canary: ServerId | null): Weighed {
  const unproven = (missing: string): Weighed => ({ verdict: 'unproven', missing: `no failover: ${missing}` });
  if (nodes.verdict !== 'unreachable') return unproven(LACK[nodes.verdict]);
  if (replicas.length === 0) return { verdict: 'dead-without-replicas', missing: null };
  const count = (vote: ReplicaVote): number => replicas.filter((replica) => replica.vote === vote).length;
  if (count('unreachable') === replicas.length) return { verdict: 'dead-and-replicas', missing: null };
  if (count('receiving') > 0) return unproven('a replica still receives from it');
  // A fresh connection was tried from the canary's place and failed: who merely has not noticed yet does not contradict it.
  const canaryBroke = replicas.some((replica) => replica.server === canary && replica.disconnected);
  const inDoubt = replicas.filter((replica) => replica.vote === 'unknown' && !(canaryBroke && replica.unnoticed));
  if (inDoubt.length > 0) return unproven('a replica cannot tell yet whether it lost it');
  if (count('broken') === 0) return unproven('no replica lost it: their IO threads are stopped, which proves nothing');
  return { verdict: count('unreachable') > 0 ? 'dead-and-some-replicas' : 'dead', missing: null };
}

const LACK: Readonly<Record<Exclude<NodesVerdict, 'unreachable'>, string>> = {
  alive: 'a node reaches it, so those who do not may be cut off themselves',
  waiting: 'it has not been silent for long enough',
  divided: 'too few nodes agree',
};

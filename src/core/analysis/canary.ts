/**
 * Replicas of a frozen source do not notice before their heartbeats are overdue, which may take a minute. Then the IO
 * thread of ONE replica may be restarted to find out: if it cannot connect, the source takes nobody. It is not harmless:
 * a source at max_connections lives, and would refuse the canary, which then has lost its link. So: never the best
 * candidate, once for each incident, and never after anyone reached the source.
 */
import type { Server, ServerId } from '../topology/server.js';
import type { Judgement } from './corroborate.js';
import type { Inquiry } from './inquiry.js';
import type { JudgementLimits } from './limits.js';
import type { Link } from './links.js';

export interface CanaryQuestion {
  readonly inquiry: Inquiry;
  readonly judgement: Judgement;
  readonly links: readonly Link[];
  /** Who would be promoted; null when nobody can say, and then there is no canary. */
  readonly best: ServerId | null;
  /** The committed incident; null while it is not committed. `canary` not null: it had its one already. */
  readonly incident: { readonly canary: ServerId | null } | null;
  readonly nowMs: number;
}

/** `not-needed` is silent; a `no` is told to people. */
export type CanaryDecision =
  | { readonly kind: 'restart'; readonly canary: ServerId }
  | { readonly kind: 'not-needed' }
  | { readonly kind: 'no'; readonly reason: string };

const NOT_NEEDED: CanaryDecision = { kind: 'not-needed' };

/** Who is missed least if its link is lost, first. */
const EXPENDABLE: readonly Server['facts']['promotionRule'][] = ['must_not', 'prefer_not', 'neutral', 'prefer', 'must'];

export function decideCanary(question: CanaryQuestion, limits: JudgementLimits): CanaryDecision {
  const { inquiry, judgement, incident, nowMs } = question;
  if (judgement.verdict !== 'unproven' || judgement.nodes.verdict !== 'unreachable') return NOT_NEEDED;
  if (judgement.replicas.some((replica) => replica.vote === 'receiving')) return NOT_NEEDED;
  const unnoticed = judgement.replicas.filter((replica) => replica.vote === 'unknown' && replica.unnoticed);
  if (unnoticed.length === 0) return NOT_NEEDED;
  const soon = unnoticed.every(
    (replica) => replica.tellsAtMs !== null && replica.tellsAtMs - nowMs <= limits.canaryPatienceMs,
  );
  if (soon || incident === null || incident.canary !== null) return NOT_NEEDED;
  if (inquiry.reachedBy !== null) return no(`${inquiry.reachedBy} reached it since the suspicion arose`);
  // Asked last: whoever knows may have to weigh all servers for it, and nearly always it does not matter.
  const { best } = question;
  if (best === null) return no('it is not known which replica would be promoted, and that one must not be touched');
  const eligible = question.links
    .filter((link) => unnoticed.some((replica) => replica.server === link.replica.id))
    .filter((link) => link.replica.id !== best && keepsRelayLog(link))
    .sort(byExpendability);
  const chosen = eligible[0];
  if (chosen === undefined) return no('no replica but the best candidate could be asked');
  return { kind: 'restart', canary: chosen.replica.id };
}

function no(reason: string): CanaryDecision {
  return { kind: 'no', reason: `no canary: ${reason}` };
}

/** Seen on MariaDB with GTID: threads that start anew may throw relay log away that was not applied. */
function keepsRelayLog({ replica, channel }: Link): boolean {
  return !(replica.facts.flavor === 'MariaDB' && channel.autoPosition);
}

function byExpendability(one: Link, other: Link): number {
  const rank = (link: Link): number => EXPENDABLE.indexOf(link.replica.facts.promotionRule);
  return rank(one) - rank(other) || (one.replica.id < other.replica.id ? -1 : 1);
}

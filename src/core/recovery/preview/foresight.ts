/**
 * What would be done about a server without being asked? About one that is ill, what its problem calls for; about a demoted
 * primary, what is done when it answers; about any other, what would be done if it died now.
 */
import { callsForRecovery, type Problem } from '../../analysis/problem.js';
import type { ClusterId, ServerId } from '../../topology/server.js';
import { type Belief, refusal, serverName } from '../belief.js';
import { type Decision, decide, type ProblemToRecover } from '../decision.js';
import { otherCoPrimaryOf } from '../openings/dead-co-primary.js';
import { openFormerPrimary } from '../openings/former-primary.js';
import type { OpeningContext } from '../openings/opening.js';
import type { RecoveryPolicy } from '../policy.js';
import type { Sights } from '../sights.js';

export interface ForesightQuestion {
  readonly belief: Belief;
  readonly policy: RecoveryPolicy;
  readonly sights: Sights;
  readonly problems: readonly Problem[];
  readonly hasQuorum: boolean;
  readonly clusterId: ClusterId;
  /** Null: the primary of the cluster. */
  readonly server: ServerId | null;
}

export interface Foresight {
  readonly decision: Decision;
  /** The server is taken for dead, whatever it says. */
  readonly isDead: boolean;
}

export function foresee(question: ForesightQuestion, context: OpeningContext): Foresight {
  const { belief, clusterId, problems } = question;
  const server = question.server ?? belief.clusters.get(clusterId)?.primary ?? null;
  if (server === null) return { decision: unknown(clusterId), isDead: false };
  if (belief.demotions.has(server)) {
    const opening = openFormerPrimary(belief, server, context);
    return { decision: { refusals: opening.ok ? [] : opening.refusals, opening }, isDead: false };
  }
  const problem = problems.find((one) => one.server === server && callsForRecovery(one));
  const foreseen = problem !== undefined && callsForRecovery(problem) ? problem : whatIf(belief, clusterId, server);
  const isDead = foreseen.reaction.startsWith('recover-dead-');
  return { decision: decide({ ...question, problem: foreseen }, context), isDead };
}

/** What it would be called if it died. */
function whatIf(belief: Belief, clusterId: ClusterId, id: ServerId): ProblemToRecover {
  const told = { server: id, clusterId, description: `what if ${serverName(belief, id)} died now` };
  const server = belief.servers.get(id);
  if (server !== undefined && otherCoPrimaryOf(belief, server) !== null) {
    return { ...told, code: 'DeadCoMaster', reaction: 'recover-dead-co-primary' };
  }
  return belief.clusters.get(clusterId)?.primary === id
    ? { ...told, code: 'DeadMaster', reaction: 'recover-dead-primary' }
    : { ...told, code: 'DeadIntermediateMaster', reaction: 'recover-dead-intermediate' };
}

function unknown(clusterId: ClusterId): Decision {
  const mend = 'discover one of its servers: orchestrator-client -c discover -i HOST:PORT';
  const refusals = [refusal('unknown-cluster', `there is no cluster ${clusterId}`, mend)];
  return { refusals, opening: { ok: false, refusals } };
}

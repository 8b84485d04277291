/** What may be asked to be shown: what a request would do, or what would be done about a server without being asked. */
import type { ClusterId, ServerId } from '../../topology/server.js';
import { foresee } from './foresight.js';
import { decideRequest, type OperatorRequest, type RequestQuestion } from '../requests/operator-request.js';
import type { OpeningContext } from '../openings/opening.js';
import { planOf, type PlanQuestion, type RecoveryPlan } from './plan.js';

export type PlanRequest =
  | OperatorRequest
  /** Null: about the primary. */
  | { readonly command: 'automatic'; readonly clusterId: ClusterId; readonly server: ServerId | null };

/** Nothing of the context is committed; it says how the record would begin. */
export function planFor(
  question: Omit<RequestQuestion, 'request'>,
  request: PlanRequest,
  context: OpeningContext,
  equipped: PlanQuestion['equipped'],
): RecoveryPlan {
  const { belief, sights } = question;
  const { command, clusterId } = request;
  const { decision, isDead } =
    request.command === 'automatic'
      ? foresee({ ...question, clusterId, server: request.server }, context)
      : { decision: decideRequest({ ...question, request }, context), isDead: false };
  const candidate = request.command === 'automatic' ? null : request.candidate;
  return planOf({ belief, sights, command, clusterId, candidate, decision, isDead, equipped });
}

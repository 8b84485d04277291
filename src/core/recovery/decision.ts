/**
 * Is the primary of this cluster to be replaced now, without being asked? One answer for whoever acts and for whoever
 * explains what would be done, so that the two cannot differ. All reasons against it at once.
 */
import type { Belief, Refusal } from './belief.js';
import { guardRefusals } from './guards.js';
import { type DeadPrimaryRequest, openDeadPrimary } from './openings/dead-primary.js';
import type { Opening, OpeningContext } from './openings/opening.js';
import type { RecoveryPolicy } from './policy.js';
import type { Sights } from './sights.js';

export interface DecisionQuestion {
  readonly belief: Belief;
  readonly policy: RecoveryPolicy;
  readonly problem: DeadPrimaryRequest['problem'];
  readonly sights: Sights;
  /** This node leads with a quorum that it has heard of just now, or hears such a leader. */
  readonly hasQuorum: boolean;
}

export interface Decision {
  /** Empty: it is to be opened. */
  readonly refusals: readonly Refusal[];
  readonly opening: Opening;
}

export function decide(question: DecisionQuestion, context: OpeningContext): Decision {
  const { belief, policy, problem, sights, hasQuorum } = question;
  const { clusterId, server } = problem;
  const guards = guardRefusals({ belief, policy, clusterId, server, forced: false, hasQuorum });
  const opening = openDeadPrimary(
    belief,
    policy,
    { problem, requestedCandidate: null, forced: false, sights },
    context,
  );
  return { refusals: [...guards, ...(opening.ok ? [] : opening.refusals)], opening };
}

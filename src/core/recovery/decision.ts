/**
 * Is this problem to be answered with a recovery now, without being asked? One answer for whoever acts and for whoever
 * explains what would be done, so that the two cannot differ. All reasons against it at once.
 */
import type { Problem, RecoveryReaction } from '../analysis/problem.js';
import type { ServerId } from '../topology/server.js';
import { type Belief, refusal, type Refusal, serverName } from './belief.js';
import { guardRefusals } from './guards/guards.js';
import { isFailover } from './kinds.js';
import { openDeadCoPrimary } from './openings/dead-co-primary.js';
import { openDeadGroupMember } from './openings/dead-group-member.js';
import { openDeadIntermediate } from './openings/dead-intermediate.js';
import { openDeadPrimary } from './openings/dead-primary.js';
import { openReadOnlyPrimary } from './openings/read-only-primary.js';
import { openSemiSync } from './openings/semi-sync.js';
import type { Opening, OpeningContext } from './openings/opening.js';
import type { RecoveryPolicy } from './policy.js';
import type { Recovery, RecoveryKind } from './recovery.js';
import type { Sights } from './sights.js';

export type ProblemToRecover = Pick<Problem, 'server' | 'clusterId' | 'code' | 'description'> & {
  readonly reaction: RecoveryReaction;
};

export interface DecisionQuestion {
  readonly belief: Belief;
  readonly policy: RecoveryPolicy;
  readonly problem: ProblemToRecover;
  readonly sights: Sights;
  /** This node leads with a quorum that it has heard of just now, or hears such a leader. */
  readonly hasQuorum: boolean;
  /** An operator asked for it. */
  readonly forced?: boolean;
  /** Whom the operator wants in the place of the failed server. */
  readonly requestedCandidate?: ServerId | null;
}

export interface Decision {
  /** Empty: it is to be opened. */
  readonly refusals: readonly Refusal[];
  readonly opening: Opening;
}

interface Answer {
  /** What is opened as a rule. */
  readonly kind: RecoveryKind;
  readonly ignoresBlock?: true;
  readonly open: (question: DecisionQuestion, context: OpeningContext) => Opening;
}

const ANSWERS: Readonly<Record<RecoveryReaction, Answer>> = {
  'recover-dead-primary': {
    kind: 'dead-primary',
    open: ({ belief, policy, problem, sights, forced = false, requestedCandidate = null }, context) =>
      openDeadPrimary(belief, policy, { problem, requestedCandidate, forced, sights }, context),
  },
  'recover-dead-co-primary': {
    kind: 'dead-co-primary',
    open: ({ belief, policy, ...request }, context) => openDeadCoPrimary(belief, policy, request, context),
  },
  'recover-dead-intermediate': {
    kind: 'dead-intermediate',
    open: ({ belief, policy, ...request }, context) => openDeadIntermediate(belief, policy, request, context),
  },
  'recover-dead-group-member': {
    kind: 'dead-group-member',
    open: ({ belief, policy, ...request }, context) => openDeadGroupMember(belief, policy, request, context),
  },
  'open-primary': {
    kind: 'read-only-primary',
    open: ({ belief, policy, ...request }, context) => openReadOnlyPrimary(belief, policy, request, context),
  },
  // It was restarted, which is no flapping: nothing that was done before keeps it closed.
  'reopen-primary': {
    kind: 'read-only-primary',
    ignoresBlock: true,
    open: ({ belief, policy, ...request }, context) => openReadOnlyPrimary(belief, policy, request, context),
  },
  'repair-semi-sync': {
    kind: 'semi-sync',
    open: ({ belief, policy, ...request }, context) => openSemiSync(belief, policy, request, context),
  },
};

/** What would be opened, as a rule; one of two co-primaries that took no writes is recovered as a lesser thing. */
export function kindFor(reaction: RecoveryReaction): RecoveryKind {
  return ANSWERS[reaction].kind;
}

/** As `kindFor`; null where nothing that was done before keeps it back. */
export function blockableKind(reaction: RecoveryReaction): RecoveryKind | null {
  const { kind, ignoresBlock } = ANSWERS[reaction];
  return ignoresBlock === true ? null : kind;
}

export function decide(question: DecisionQuestion, context: OpeningContext): Decision {
  const { belief, policy, problem, hasQuorum } = question;
  const { clusterId, server } = problem;
  const answer = ANSWERS[problem.reaction];
  const opening = answer.open(question, context);
  const kind = opening.ok ? opening.recovery.kind : answer.kind;
  const guards = guardRefusals({
    belief,
    policy,
    clusterId,
    kind,
    server,
    forced: question.forced === true,
    hasQuorum,
  });
  const standing = answer.ignoresBlock === true ? guards.filter(({ code }) => code !== 'blocked') : guards;
  const own = opening.ok ? unwantedCandidate(question, opening.recovery) : opening.refusals;
  return { refusals: [...standing, ...own], opening };
}

/** A candidate that was asked for is promoted or the request refused, also where nobody is there to be chosen. */
function unwantedCandidate({ belief, requestedCandidate = null }: DecisionQuestion, opened: Recovery): Refusal[] {
  const { participants, requestedCandidate: taken } = opened.inputs;
  if (requestedCandidate === null || taken === requestedCandidate) return [];
  const only = participants.filter(({ promotable }) => promotable);
  if (isFailover(opened.kind) && only.length === 1 && only[0]?.id === requestedCandidate) return [];
  const name = serverName(belief, requestedCandidate);
  const message = `${name} was asked for, and a recovery of this kind (${opened.kind}) leaves nobody to choose`;
  return [refusal('no-choice', message, 'ask again without a candidate; what would be done is shown by a dry run')];
}

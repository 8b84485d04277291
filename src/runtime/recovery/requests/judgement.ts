/**
 * What an operator's request comes to at this moment: how it would begin, and all that speaks against it. One answer for the plan that is shown and for the request that is carried out, so that the two cannot differ; and one way
 * to say no, whatever was asked for.
 */
import type { Belief, Refusal } from '../../../core/recovery/belief.js';
import { guardRefusals, plansOnItsServers } from '../../../core/recovery/guards/guards.js';
import type { Opening } from '../../../core/recovery/openings/opening.js';
import { planOf, type PlanQuestion, type RecoveryPlan } from '../../../core/recovery/preview/plan.js';
import type { Recovery, RecoveryKind } from '../../../core/recovery/recovery.js';
import type { ClusterId, ServerId } from '../../../core/topology/server.js';
import { NotLeader } from '../../ports/consensus-errors.js';
import type { Answer } from '../../ports/service.js';
import type { RecoveryParts } from '../recovery-parts.js';

export interface Judgement {
  readonly belief: Belief;
  readonly opening: Opening;
  readonly refusals: readonly Refusal[];
}

interface Asked {
  readonly clusterId: ClusterId;
  readonly kind: RecoveryKind;
  readonly server: ServerId;
}

/** The guards first, then what the opening itself or the plans that are open say against it. */
export function judgementOf(parts: RecoveryParts, belief: Belief, opening: Opening, asked: Asked): Judgement {
  const question = { belief, policy: parts.policy, ...asked, forced: true, hasQuorum: parts.hasQuorum() };
  const own = opening.ok ? plansOnItsServers(belief, opening.recovery) : opening.refusals;
  return { belief, opening, refusals: [...guardRefusals(question), ...own] };
}

/** Of what touches servers and no primary's role: nobody is dead, nobody a candidate, and no hook is run. */
export function planShown(
  { sights }: RecoveryParts,
  { belief, opening, refusals }: Judgement,
  { command, clusterId }: Pick<PlanQuestion, 'command' | 'clusterId'>,
): RecoveryPlan {
  const decision = { opening, refusals };
  const asked = { belief, sights, command, clusterId, decision, isDead: false, candidate: null };
  return planOf({ ...asked, equipped: (recovery) => recovery });
}

export function assertLeads(parts: Pick<RecoveryParts, 'ledger' | 'leadership'>): void {
  if (parts.ledger.readyTerm === null) throw new NotLeader(parts.leadership().leader);
}

/** Every reason with what mends it, under the code of the first. */
export function refused(refusals: readonly Refusal[]): Answer<Recovery> {
  const [first] = refusals;
  const message = refusals.map(({ message, mend }) => (mend === '' ? message : `${message} (${mend})`)).join('; ');
  return { ok: false, refusal: { code: first?.code ?? 'refused', message } };
}

/**
 * What keeps a replica from being promoted after a death although it could be promoted in peace: it was far behind, or the
 * durability policy could not be kept with it as the primary. An operator who forces a failover is kept back by the first,
 * which is a constraint of their own configuration, and accepts the loss that the second would have prevented.
 */
import { refusal, type Refusal } from '../belief.js';
import type { Candidacy } from './candidates.js';
import { whyNotUnder } from '../durability/durability.js';
import type { DurabilityTerms } from '../durability/durability-terms.js';
import type { RecoveryPolicy } from '../policy.js';
import type { Sights } from '../sights.js';

/** In the same order, but those who are refused by now stand last. */
export function withPromotionLimits(
  candidacies: readonly Candidacy[],
  policy: RecoveryPolicy,
  terms: DurabilityTerms,
  sights: Sights,
): readonly Candidacy[] {
  const reached = new Set(candidacies.map(({ server }) => server.id).filter((id) => sights(id).answers));
  const limited = candidacies.map((one): Candidacy => {
    const under = whyNotUnder(terms, { id: one.server.id, zone: one.server.facts.dataCenter }, reached);
    const more = [
      ...farBehind(one, policy, sights),
      ...(under === null ? [] : [refusal('durability', under, 'bring more replicas that acknowledge')]),
    ];
    return more.length === 0 ? one : { ...one, refusals: [...one.refusals, ...more] };
  });
  return [
    ...limited.filter(({ refusals }) => refusals.length === 0),
    ...limited.filter(({ refusals }) => refusals.length > 0),
  ];
}

/** Where the lag is not known, as when its IO thread has lost the dead primary, the last that was known is gone: no bar. */
function farBehind({ server }: Candidacy, { promotionLagMs }: RecoveryPolicy, sights: Sights): readonly Refusal[] {
  const lagSeconds = sights(server.id).vitals?.lagSeconds ?? null;
  if (promotionLagMs === 0 || lagSeconds === null || lagSeconds * 1000 < promotionLagMs) return [];
  return [
    refusal(
      'lag',
      `is ${String(lagSeconds)} s behind, and ${String(promotionLagMs / 60_000)} min is too much (FailMasterPromotionOnLagMinutes)`,
      'wait until it has caught up',
    ),
  ];
}

/**
 * Opens the recovery of one of two servers that replicate from each other. If it took writes, its role goes to the other one
 * by a new epoch, as with any dead primary; the other stops following it, because whatever it wrote alone is looked at when
 * it returns and not fetched unseen. If it took none, the other is the primary already and stays it, and only those who
 * followed the dead one are given another source.
 *
 * Two in different data centres were set up so that either may be the primary: what geography and lag say of promotions is
 * not asked of the other one.
 */
import { addressText } from '../../topology/address.js';
import { isWritable, mainChannel, type Server } from '../../topology/server.js';
import { indexServers, sourceOf } from '../../topology/sources.js';
import { type Belief, directReplicasOf, refusal } from '../belief.js';
import type { RecoveryPolicy } from '../policy.js';
import { type LostSourceRequest, openDeadIntermediate } from './dead-intermediate.js';
import { openDeadPrimary } from './dead-primary.js';
import { type Opening, type OpeningContext, refused } from './opening.js';

export function openDeadCoPrimary(
  belief: Belief,
  policy: RecoveryPolicy,
  request: LostSourceRequest,
  context: OpeningContext,
): Opening {
  const { problem, sights } = request;
  const failed = belief.servers.get(problem.server);
  const other = failed === undefined ? null : otherCoPrimaryOf(belief, failed);
  if (failed === undefined || other === null) {
    const what = 'the failed server replicates from none of its replicas';
    return refused(
      refusal('no-co-primary', what, 'look at what replicates from what: orchestrator-client -c topology'),
    );
  }
  const name = addressText(failed.address);
  if (belief.clusters.get(failed.clusterId)?.primary !== failed.id && !isWritable(failed.facts)) {
    if (directReplicasOf(belief, failed).some(({ id }) => id !== other.id)) {
      return openDeadIntermediate(belief, policy, request, context);
    }
    const keeps = `${addressText(other.address)}, which alone followed ${name}, is the primary and stays it`;
    return refused(refusal('nothing-to-do', keeps, `bring ${name} back, or end the replication from it`));
  }
  const mustBeOther = policy.promotesOtherCoPrimary || isWritable(other.facts);
  const geography = { preventCrossDataCenter: false, preventCrossRegion: false, promotionLagMs: 0 };
  return openDeadPrimary(
    belief,
    mustBeOther ? { ...policy, ...geography } : policy,
    {
      problem,
      sights,
      requestedCandidate: mustBeOther ? other.id : null,
      forced: false,
      kind: 'dead-co-primary',
    },
    context,
  );
}

/** Who replicates from the server and is replicated from by it; null when nobody. */
export function otherCoPrimaryOf(belief: Belief, server: Server): Server | null {
  if (mainChannel(server.facts) === null) return null;
  const source = sourceOf(indexServers(belief.servers.values()), server);
  if (source === null || source.id === server.id) return null;
  return directReplicasOf(belief, server).some(({ id }) => id === source.id) ? source : null;
}

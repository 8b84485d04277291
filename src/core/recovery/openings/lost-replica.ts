/** Opens the return of a replica that was away when its primary was replaced, and answers again. */
import { addressText } from '../../topology/address.js';
import { type Belief, refusal } from '../belief.js';
import { participantsOf, primaryParticipant } from '../choice/candidates.js';
import { channelLeftBehind, type LostReplica, lostReplicasOf, whyLeftAlone } from '../ways-back/lost-replicas.js';
import { handedOver } from '../progress/handover.js';
import type { RecoveryPolicy } from '../policy.js';
import { opened, type Opening, type OpeningContext, refused } from './opening.js';

export function openLostReplica(
  belief: Belief,
  policy: RecoveryPolicy,
  { server: id, clusterId }: Pick<LostReplica, 'server' | 'clusterId'>,
  context: OpeningContext,
): Opening {
  const lost = lostReplicasOf(belief).find((one) => one.server === id && one.clusterId === clusterId);
  const server = belief.servers.get(id);
  if (lost === undefined || server === undefined) {
    return refused(refusal('not-lost', `server ${id} was not left behind by a failover`, 'name one that was'));
  }
  const name = addressText(server.address);
  const alone = lost.state === 'apart' ? `it is set apart: ${lost.reason}` : whyLeftAlone(belief, lost);
  if (alone !== null) {
    return refused(refusal('left-alone', `${name} is left alone: ${alone}`, 'point it at the primary yourself'));
  }
  const primary = belief.servers.get(belief.clusters.get(clusterId)?.primary ?? id);
  if (primary === undefined || primary.id === id) {
    return refused(refusal('no-primary', `the cluster of ${name} has no other primary`, 'discover the primary'));
  }
  return opened(
    context,
    {
      kind: 'lost-replica',
      clusterId,
      code: 'LostReplica',
      description: `${name} was left behind by recovery ${lost.recovery} (${lost.reason}) and answers again`,
      failed: id,
    },
    {
      participants: [
        primaryParticipant(primary, [server], policy.replication),
        ...participantsOf(
          [{ server, keptStopped: false, refusals: [NO_CANDIDATE] }],
          primary,
          [],
          policy.replication,
          () => channelLeftBehind(belief, lost),
        ),
      ],
      epoch: (belief.clusters.get(clusterId)?.epoch ?? 0) + 1,
      requestedCandidate: null,
      startFormerPrimary: false,
      applyLimitMs: policy.applyLimitMs,
      semiSync: null,
      forced: false,
      ...handedOver(belief.recoveries.get(lost.recovery), primary.id),
      ...(policy.detachesLost ? { detachesLost: true } : {}),
    },
  );
}

const NO_CANDIDATE = refusal('returns', 'comes back as a replica', 'wait until it replicates');

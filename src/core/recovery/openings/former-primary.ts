/** Opens the recovery of a demoted primary that answers again: it is to be fenced, and to follow the primary of today. */
import { addressText } from '../../topology/address.js';
import type { ServerId } from '../../topology/server.js';
import { type Belief, refusal } from '../belief.js';
import { type ReplicationRules, USUAL_RULES } from '../choice/can-replicate.js';
import { participantsOf, primaryParticipant } from '../choice/candidates.js';
import { handoverBetween } from '../progress/handover.js';
import { replacedBy } from '../durability/unacknowledged.js';
import { opened, type Opening, type OpeningContext, refused } from './opening.js';

const DEMOTED = refusal('demoted', 'was demoted', 'let it rejoin');

export function openFormerPrimary(
  belief: Belief,
  server: ServerId,
  context: OpeningContext,
  rules: ReplicationRules = USUAL_RULES,
): Opening {
  const demotion = belief.demotions.get(server);
  const former = belief.servers.get(server);
  if (demotion === undefined || former === undefined) {
    return refused(refusal('not-demoted', `server ${server} is not a demoted primary`, 'nothing is to be done for it'));
  }
  const cluster = belief.clusters.get(demotion.clusterId);
  if (cluster === undefined || cluster.primary === server) {
    const message = `${addressText(former.address)} is the primary of its cluster`;
    return refused(refusal('no-primary', message, 'nothing is to be done for it'));
  }
  // Without one (it was forgotten, say) the former primary is fenced all the same.
  const primary = belief.servers.get(cluster.primary) ?? null;
  const successor = primary === null ? 'a server that is not known any more' : addressText(primary.address);
  const candidacy = { server: former, keptStopped: demotion.keepStopped, refusals: [DEMOTED] };
  const handover = primary === null ? null : handoverBetween(belief, server, primary.id);
  const replaced = replacedBy(belief.recoveries.get(demotion.recoveryId), server);
  return opened(
    context,
    {
      kind: 'former-primary',
      clusterId: cluster.id,
      code: 'FormerPrimary',
      description: `${addressText(former.address)} was replaced by ${successor} and answers again`,
      failed: server,
    },
    {
      participants: [
        ...(primary === null ? [] : [primaryParticipant(primary, [former], rules)]),
        ...participantsOf([candidacy], primary ?? former, [], rules),
      ],
      epoch: cluster.epoch + 1,
      requestedCandidate: null,
      startFormerPrimary: !demotion.keepStopped,
      applyLimitMs: 0,
      semiSync: null,
      forced: false,
      ...(handover === null ? {} : { handover }),
      ...(replaced === null ? {} : { replaced }),
    },
  );
}

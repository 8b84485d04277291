/** Opens the recovery of a demoted primary that answers again: it is to be fenced, and to follow the primary of today. */
import { addressText } from '../../topology/address.js';
import type { ServerId } from '../../topology/server.js';
import { type Belief, refusal } from '../belief.js';
import { participantsOf, primaryParticipant } from '../candidates.js';
import { opened, type Opening, type OpeningContext, refused } from './opening.js';

const DEMOTED = refusal('demoted', 'was demoted');

export function openFormerPrimary(belief: Belief, server: ServerId, context: OpeningContext): Opening {
  const demotion = belief.demotions.get(server);
  const former = belief.servers.get(server);
  if (demotion === undefined || former === undefined) {
    return refused(refusal('not-demoted', `server ${server} is not a demoted primary`));
  }
  const cluster = belief.clusters.get(demotion.clusterId);
  const primary = cluster === undefined ? undefined : belief.servers.get(cluster.primary);
  if (cluster === undefined || primary === undefined || primary.id === server) {
    return refused(
      refusal('no-primary', `the cluster of ${addressText(former.address)} has no other primary to follow`),
    );
  }
  return opened(
    context,
    {
      kind: 'former-primary',
      clusterId: cluster.id,
      code: 'FormerPrimary',
      description: `${addressText(former.address)} was replaced by ${addressText(primary.address)} and answers again`,
      failed: server,
    },
    {
      participants: [
        primaryParticipant(primary, [former]),
        ...participantsOf([{ server: former, keptStopped: demotion.keepStopped, refusals: [DEMOTED] }], primary),
      ],
      epoch: cluster.epoch + 1,
      requestedCandidate: null,
      startFormerPrimary: !demotion.keepStopped,
      applyLimitMs: 0,
      semiSync: null,
      forced: false,
    },
  );
}

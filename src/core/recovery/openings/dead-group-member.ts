/**
 * Opens the recovery of a member of a replication group that replicas outside the group hung on. Who is the group's primary
 * is the group's own affair; any member that lives has all transactions, so the replicas go to one of those. The members'
 * own word counts, not the list that the dead one had of them.
 */
import { addressText } from '../../topology/address.js';
import type { Server } from '../../topology/server.js';
import { type Belief, followersOf } from '../belief.js';
import type { RecoveryPolicy } from '../policy.js';
import type { LostSourceRequest } from './dead-intermediate.js';
import { type Opening, type OpeningContext, refused, unknownServer } from './opening.js';
import { openOrphans, type PlaceFor } from './orphans.js';

const MEMBERS_MAX = 4;

export function openDeadGroupMember(
  belief: Belief,
  policy: RecoveryPolicy,
  { problem, sights }: LostSourceRequest,
  context: OpeningContext,
): Opening {
  const failed = belief.servers.get(problem.server);
  if (failed === undefined) {
    return refused(unknownServer(problem));
  }
  const places = [...belief.servers.values()]
    .filter((server) => isLiveFellow(server, failed) && sights(server.id).answers)
    .sort((one, other) => compareMembers(one, other, failed))
    .slice(0, MEMBERS_MAX)
    .map((server): PlaceFor => ({ server, tier: 0 }));
  const orphans = followersOf(belief, failed);
  return openOrphans(belief, policy, { kind: 'dead-group-member', problem, failed, orphans, places, sights }, context);
}

function isLiveFellow({ id, facts }: Server, failed: Server): boolean {
  const { group } = facts;
  return id !== failed.id && group !== null && group.name === failed.facts.group?.name && group.state === 'ONLINE';
}

/** Near ones first; and a secondary before the primary, which has enough to do. */
function compareMembers(one: Server, other: Server, failed: Server): number {
  const isNear = ({ facts }: Server): boolean => facts.dataCenter === failed.facts.dataCenter;
  const leads = ({ facts }: Server): boolean => facts.group?.role === 'PRIMARY';
  return (
    Number(isNear(other)) - Number(isNear(one)) ||
    Number(leads(one)) - Number(leads(other)) ||
    (addressText(one.address) < addressText(other.address) ? -1 : 1)
  );
}

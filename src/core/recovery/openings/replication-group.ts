/**
 * A takeover within a replication group is for the group itself: its members have no source that could be changed, and it
 * says alone who takes the writes. It can be told, though, and whoever asks here is told how.
 */
import { addressText } from '../../topology/address.js';
import { isGroupMember, type Server, type ServerId } from '../../topology/server.js';
import { isAtLeast } from '../../topology/version.js';
import { type Belief, directReplicasOf, refusal, type Refusal } from '../belief.js';

export interface GroupQuestion {
  readonly belief: Pick<Belief, 'servers'>;
  readonly primary: Server;
  /** Whom somebody named; null: nobody. */
  readonly candidate: ServerId | null;
  /** How to go out of the group all the same; '' where nobody outside of it could be promoted. */
  readonly leaving: string;
  /** Before the sentence, as its command has it. */
  readonly prefix: string;
}

/**
 * Null: the primary is in no group, or somebody outside of it is named. Nobody is taken out of a group by default: its other
 * members would elect a primary of their own beside the one that was promoted.
 */
export function withinGroup({ belief, primary, candidate, leaving, prefix }: GroupQuestion): Refusal | null {
  if (!isGroupMember(primary.facts)) return null;
  const fellows = fellowsOf(belief, primary);
  const named = fellows.find(({ id }) => id === candidate);
  if (named === undefined && candidate !== null) return null;
  const name = addressText(primary.address);
  const who = named === undefined ? '' : `, and ${addressText(named.address)} is a member of it`;
  const text = `${prefix} ${name} is of the replication group ${primary.facts.group?.name ?? ''}${who}: the group itself says which member is its primary`;
  const within = howToTell(primary, named === undefined ? fellows : [named]);
  const without = leaving === '' || named !== undefined ? '' : `; to leave the group, name who takes over: ${leaving}`;
  return refusal('group', text, `${within}${without}`);
}

function fellowsOf({ servers }: Pick<Belief, 'servers'>, { id, facts: { group } }: Server): readonly Server[] {
  return [...servers.values()].filter((other) => other.id !== id && other.facts.group?.name === group?.name);
}

/**
 * Outside of the group of `primary`: who follows another member of it, by whom. Any member has all transactions, so when the
 * whole group is dead they can take over as well as the replicas of its primary.
 */
export function replicasOfFellows(belief: Belief, primary: Server): ReadonlyMap<ServerId, ServerId> {
  if (!isGroupMember(primary.facts)) return new Map();
  const fellows = fellowsOf(belief, primary);
  const members = new Set([primary.id, ...fellows.map(({ id }) => id)]);
  const below = fellows.flatMap((fellow) =>
    directReplicasOf(belief, fellow).map(({ id }): readonly [ServerId, ServerId] => [id, fellow.id]),
  );
  return new Map(below.filter(([id]) => !members.has(id)));
}

function howToTell(primary: Server, fellows: readonly Server[]): string {
  const { group, version } = primary.facts;
  if (group?.singlePrimary === false) return 'every member takes writes: send them to another one';
  if (!isAtLeast(version, 8, 0, 13)) {
    return `STOP GROUP_REPLICATION on ${addressText(primary.address)}: the group elects another one`;
  }
  const tell = (id: string): string => `SELECT group_replication_set_as_primary('${id}')`;
  const [only] = fellows;
  if (only !== undefined && fellows.length === 1) return `on a member of the group: ${tell(only.id)}`;
  const members = fellows.map(({ id, address }) => `${addressText(address)} is ${id}`).join(', ');
  return `on a member of the group: ${tell('UUID')}${members === '' ? '' : ` (${members})`}`;
}

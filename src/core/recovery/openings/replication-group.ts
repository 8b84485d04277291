/**
 * A takeover within a replication group is for the group itself: its members have no source that could be changed, and it
 * says alone who takes the writes. It can be told, though, and whoever asks here is told how.
 */
import { addressText } from '../../topology/address.js';
import type { Server, ServerId } from '../../topology/server.js';
import { isAtLeast } from '../../topology/version.js';
import { type Belief, refusal, type Refusal } from '../belief.js';

export interface GroupQuestion {
  readonly belief: Pick<Belief, 'servers'>;
  readonly primary: Server;
  /** Whom somebody named; null: nobody. */
  readonly candidate: ServerId | null;
  /** Somebody outside of the group could be promoted. */
  readonly hasReplicas: boolean;
  /** Before the sentence, as its command has it. */
  readonly prefix: string;
}

/**
 * Null: the primary is in no group, or somebody outside of it is named. Nobody is taken out of a group by default: its other
 * members would elect a primary of their own beside the one that was promoted.
 */
export function withinGroup({ belief, primary, candidate, hasReplicas, prefix }: GroupQuestion): Refusal | null {
  const { group } = primary.facts;
  if (group === null) return null;
  const fellows = [...belief.servers.values()].filter(
    ({ id, facts }) => id !== primary.id && facts.group?.name === group.name,
  );
  const named = fellows.find(({ id }) => id === candidate);
  if (named === undefined && candidate !== null) return null;
  const name = addressText(primary.address);
  const who = named === undefined ? '' : `, and ${addressText(named.address)} is a member of it`;
  const text = `${prefix} ${name} is of the replication group ${group.name}${who}: the group itself says which member is its primary`;
  const within = howToTell(primary, named === undefined ? fellows : [named]);
  const leaving = hasReplicas && named === undefined ? '; to leave the group, name who takes over: -d HOST:PORT' : '';
  return refusal('group', text, `${within}${leaving}`);
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

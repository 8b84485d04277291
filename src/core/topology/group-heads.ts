/**
 * Which member of a replication group takes the writes? After an election some members were read before it and some after,
 * and one that died says for ever what it said last: so the members are heard, and most of them are right. A member that
 * calls itself primary knows who is left in the group; the others are not heard, or the last words of the dead would
 * outvote the survivors of a small group.
 */
import type { Address } from './address.js';
import type { Server, ServerId } from './server.js';
import { primaryOfGroup, type ServerIndex, serverAt } from './sources.js';

/** Of every single-primary group with a known primary: its primary, for each member of it. `favoured` win a draw. */
export function groupHeads(index: ServerIndex, favoured: (id: ServerId) => boolean): ReadonlyMap<ServerId, ServerId> {
  const groups = new Map<string, Server[]>();
  for (const server of index.byId.values()) {
    const { group } = server.facts;
    if (group === null || !group.singlePrimary || group.name === '') continue;
    const known = groups.get(group.name);
    if (known === undefined) groups.set(group.name, [server]);
    else known.push(server);
  }
  const heads = new Map<ServerId, ServerId>();
  for (const members of groups.values()) {
    const head = electedBy(index, members, favoured);
    if (head !== null) for (const { id } of members) heads.set(id, head);
  }
  return heads;
}

function electedBy(
  index: ServerIndex,
  members: readonly Server[],
  favoured: (id: ServerId) => boolean,
): ServerId | null {
  const ids = new Set(members.map(({ id }) => id));
  const votes = new Map<ServerId, number>();
  for (const member of heard(index, members)) {
    const choice = isClaimant(member) ? member.id : primaryOfGroup(index, member)?.id;
    if (choice !== undefined && ids.has(choice)) votes.set(choice, (votes.get(choice) ?? 0) + 1);
  }
  const [first] = [...votes].sort(
    ([one, ones], [other, others]) =>
      others - ones || Number(favoured(other)) - Number(favoured(one)) || (one < other ? -1 : 1),
  );
  return first?.[0] ?? null;
}

/** All of them when each claimant has given up the other's side: then nobody is known to be gone. */
function heard(index: ServerIndex, members: readonly Server[]): readonly Server[] {
  const claimants = members.filter(isClaimant);
  const left = members.filter((member) => claimants.every((claimant) => knows(index, claimant, member)));
  return left.length > 0 ? left : members;
}

function knows(index: ServerIndex, claimant: Server, member: Server): boolean {
  const others: readonly Address[] = claimant.facts.group?.others ?? [];
  return claimant.id === member.id || others.some((other) => serverAt(index, other)?.id === member.id);
}

function isClaimant({ facts: { group } }: Server): boolean {
  return group?.role === 'PRIMARY';
}

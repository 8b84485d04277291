/** Memberships to change to: any size from one voter to all, with and without learners. */
import type { Rng } from '../../../src/core/base/rng.js';
import type { Membership, NodeId } from '../../../src/core/raft/message.js';

export function randomMembership(rng: Rng, ids: readonly NodeId[], fewestVoters: number): Membership {
  const shuffled = ids.map((id) => ({ id, lot: rng.next() })).sort((left, right) => left.lot - right.lot);
  const count = fewestVoters + rng.integer(ids.length - fewestVoters + 1);
  const voters = shuffled.slice(0, count).map(({ id }) => id);
  const learners = shuffled.slice(count).flatMap(({ id }) => (rng.next() < 0.4 ? [id] : []));
  return membershipOf(voters, learners);
}

export function membershipOf(voters: readonly NodeId[], learners: readonly NodeId[]): Membership {
  const addresses = Object.fromEntries([...voters, ...learners].map((id) => [id, `${id}:1`]));
  return { voters, outgoing: [], learners, addresses };
}

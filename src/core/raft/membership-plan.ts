/**
 * What a membership becomes when somebody is added, promoted, removed, replaced, or has moved; and whether the voters that
 * answer would be a majority of it. A change that leaves none stops the cluster at once, because a membership counts from
 * the moment it is in the log: only the return of the dead could commit it, or undo it.
 */
import type { Membership, NodeId } from './message.js';

export function withLearner(current: Membership, id: NodeId, address: string): Membership {
  return settled({
    ...current,
    learners: [...current.learners.filter((learner) => learner !== id), id],
    addresses: { ...current.addresses, [id]: address },
  });
}

export function promoted(current: Membership, id: NodeId): Membership {
  return settled({
    ...current,
    voters: [...current.voters, id],
    learners: current.learners.filter((learner) => learner !== id),
  });
}

export function without(current: Membership, id: NodeId): Membership {
  const addresses = Object.fromEntries(Object.entries(current.addresses).filter(([member]) => member !== id));
  return settled({
    ...current,
    voters: current.voters.filter((voter) => voter !== id),
    learners: current.learners.filter((learner) => learner !== id),
    addresses,
  });
}

/** `id`, a learner, takes the place of `old`. */
export function replaced(current: Membership, old: NodeId, id: NodeId): Membership {
  return without(promoted(current, id), old);
}

export function moved(current: Membership, addresses: Readonly<Record<string, string>>): Membership {
  return settled({ ...current, addresses: { ...current.addresses, ...addresses } });
}

/** Voters that a majority of `next` lacks, when only those for which `isLive` holds answer; 0 when there is a majority. */
export function votersMissing(next: Membership, isLive: (id: NodeId) => boolean): number {
  const needed = Math.floor(next.voters.length / 2) + 1;
  return Math.max(0, needed - next.voters.filter(isLive).length);
}

function settled(membership: Membership): Membership {
  return { ...membership, outgoing: [] };
}

/** Votes on the wire. */
import type { NodeVote } from '../../../core/analysis/vote.js';

const WIRE_VOTES: Readonly<Record<NodeVote, string>> = {
  none: 'VOTE_NONE',
  alive: 'VOTE_ALIVE',
  refused: 'VOTE_REFUSED',
  silent: 'VOTE_SILENT',
};

export function toWireVote(vote: NodeVote): string {
  return WIRE_VOTES[vote];
}

/** A vote that a newer node has and this one does not know is no opinion. */
export function fromWireVote(wire: string): NodeVote {
  const votes: readonly NodeVote[] = ['alive', 'refused', 'silent'];
  return votes.find((vote) => WIRE_VOTES[vote] === wire) ?? 'none';
}

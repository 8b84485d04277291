/** What nodes ask of each other beside Raft: to look at a server now, to start a check, to do a write on behalf of a user. */
import type { NodeVote } from '../../core/analysis/vote.js';
import type { Address } from '../../core/topology/address.js';

export interface PeerOpinion {
  readonly node: string;
  readonly vote: NodeVote;
  readonly detail: string;
  /** How long ago, by the peer's own clock, the look that this rests on began; milliseconds. */
  readonly ageMs: number;
}

export interface Peers {
  /**
   * Asks every other member to knock at the server now. Each answer is told as it comes, because a peer that is down
   * must not delay a majority of others; one that does not answer by the deadline is absent. Never rejects.
   */
  examine(
    address: Address,
    timeoutMs: number,
    onOpinion: (opinion: PeerOpinion) => void,
  ): Promise<readonly PeerOpinion[]>;
  /** A follower tells the leader that it lost its connection to a server. Best effort. */
  reportLost(address: Address, reason: string): void;
  close(): Promise<void>;
}

/** The other end: what a node answers when it is asked. */
export interface PeerDuties {
  examine(
    address: Address,
    timeoutMs: number,
  ): Promise<{ readonly vote: NodeVote; readonly detail: string; readonly ageMs: number }>;
  lost(from: string, address: Address, reason: string): void;
}

/** The votes of SAFETY.md, "Is it dead?", as values. Every vote carries when it was formed: an old one is no opinion. */
export type NodeVote = 'alive' | 'refused' | 'silent' | 'none';

/** What one of our nodes saw when it tried the server, on the clock of the node that collects the votes. */
export interface NodeOpinion {
  readonly node: string;
  readonly vote: NodeVote;
  readonly atMs: number;
  readonly detail: string;
}

/**
 * receiving: bytes or a heartbeat after the incident began. broken: network error, or connecting beyond the limit, or
 * heartbeats overdue. stopped: IO thread No without an error. unknown: cannot tell yet. unreachable: the replica does not answer.
 */
export type ReplicaVote = 'receiving' | 'broken' | 'stopped' | 'unknown' | 'unreachable';

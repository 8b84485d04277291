/**
 * Who the nodes of the cluster are, for people: seen, and changed. A change is asked of the leader (elsewhere it rejects
 * with NotLeader, and a door passes it on), goes on from where an earlier try of the same change stood, and ends when its
 * time is over with what is still missing; so it is asked again until it says that it is done.
 */
import type { LogIndex } from '../../core/raft/message.js';
import type { Answer } from './service.js';

/** leaving: a voter until the change that is under way is complete. */
export type MemberKind = 'voter' | 'learner' | 'leaving';

export interface ClusterMember {
  readonly id: string;
  readonly kind: MemberKind;
  readonly isLeader: boolean;
  readonly isSelf: boolean;
  readonly raftAddress: string;
  /** '' while nobody has heard of it. */
  readonly httpAddress: string;
  readonly grpcAddress: string;
  readonly version: string;
  /** Why it cannot be reached from the node that answers; null when it can. */
  readonly trouble: string | null;
  /** Known to the leader alone, as are the next three. */
  readonly matchIndex: LogIndex | null;
  /** Entries that it lacks. */
  readonly behind: number | null;
  readonly lastHeardMs: number | null;
  /** probe: being looked for. */
  readonly sending: 'probe' | 'replicate' | 'snapshot' | null;
  /** Of a voter: false while its disk lost something that is not yet made good. Null: not known here. */
  readonly votes?: boolean | null;
}

/**
 * voter, learner: as the log says. waiting: new, and not added yet. recovering: its disk was lost, and it votes again
 * once the leader has brought it up to date. removed: no part of the cluster any more.
 */
export type Standing = 'voter' | 'learner' | 'waiting' | 'recovering' | 'removed';

export interface ClusterStatus {
  readonly clusterId: string;
  /** The node that answers. */
  readonly node: string;
  readonly standing: Standing;
  readonly role: string;
  readonly term: number;
  readonly leader: string | null;
  readonly commit: LogIndex;
  readonly firstIndex: LogIndex;
  readonly lastIndex: LogIndex;
  readonly snapshotIndex: LogIndex;
  readonly logBytes: number;
  readonly storageTrouble: string | null;
  /** A change of voters is under way: majorities of the old and of the new ones are needed. */
  readonly joint: boolean;
  readonly transferringTo: string | null;
  readonly members: readonly ClusterMember[];
  /** Nodes that call the one that answers and are refused: of another cluster, a given-up one, another founding. */
  readonly turnedAway?: readonly { readonly caller: string; readonly from: string; readonly reason: string }[];
}

/** `despiteDeadVoters`: though there would be no majority of voters that answer. */
export type MembershipChange =
  | {
      readonly verb: 'add';
      /** Null: whoever answers at the address. */
      readonly id: string | null;
      readonly address: string;
      /** Stays a learner. */
      readonly learner: boolean;
      readonly despiteDeadVoters: boolean;
    }
  | { readonly verb: 'promote'; readonly id: string; readonly despiteDeadVoters: boolean }
  | { readonly verb: 'remove'; readonly id: string; readonly despiteDeadVoters: boolean }
  | {
      readonly verb: 'replace';
      readonly old: string;
      readonly id: string | null;
      readonly address: string;
      readonly despiteDeadVoters: boolean;
    }
  /** Null: to the voter that is furthest along. */
  | { readonly verb: 'transfer'; readonly to: string | null };

export interface ChangeOutcome {
  /** False: the time was over; the same change goes on from here when it is asked for again. */
  readonly done: boolean;
  /** A sentence. */
  readonly message: string;
  /** Of a learner that catches up. */
  readonly progress: CatchUp | null;
}

export interface CatchUp {
  readonly id: string;
  readonly matchIndex: LogIndex;
  readonly lastIndex: LogIndex;
  readonly sending: ClusterMember['sending'];
}

export interface ClusterMembership {
  /** Of this node, as it last was. */
  standing(): Standing;
  status(): Promise<ClusterStatus>;
  /** Rejects with NotLeader (nothing was done), or as the log does. */
  change(change: MembershipChange, deadlineMs: number): Promise<Answer<ChangeOutcome>>;
  /** Of this node. Resolves with the index up to which its log is now a snapshot. */
  snapshot(deadlineMs: number): Promise<LogIndex>;
}

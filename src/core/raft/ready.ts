/**
 * What the shell owes the core, in order. The core decides and never waits: it collects duties, the shell carries them
 * out, and `advance` reports back. Every promise that a message makes rests on what is on disk before it is sent; the
 * comments below say which. Modelled on the Ready of etcd-io/raft.
 */
import type { Entry, LogIndex, Membership, Message, NodeId, SnapshotMark, Term } from './message.js';

/** What a node must never forget: forgetting a vote lets it vote twice in a term, and two leaders win. */
export interface HardState {
  readonly term: Term;
  readonly vote: NodeId | null;
  readonly commit: LogIndex;
}

export type Role = 'follower' | 'pre-candidate' | 'candidate' | 'leader' | 'learner';

export interface SoftState {
  readonly role: Role;
  readonly leader: NodeId | null;
}

/** Everything the core wants done since the last Ready; empty parts are null or have length 0. */
export interface Ready {
  /** Number of this Ready; `advance` names it. Several may be out at once only if their numbers go up one by one. */
  readonly number: number;
  /** On disk, in one synced batch together with `entries`, BEFORE `messagesAfterSync` are sent. */
  readonly hardState: HardState | null;
  /**
   * An installed snapshot replaces the log: in that same batch, BEFORE `entries`, ALL entries on disk are deleted (those
   * beyond the snapshot too: they belong to another history) and the log starts after this mark. The state machine is
   * replaced by the snapshot's contents before it is given `committed`, unless it is past the mark already (the same reset
   * comes again when a disk failed on the first). Null after `snapshotInstalled` means that the
   * log already held the snapshot's last entry: nothing is to be replaced, and the file may be dropped.
   */
  readonly logReset: SnapshotMark | null;
  /** Appended to the log; an entry with an index the disk already has replaces it and cuts everything after it. */
  readonly entries: readonly Entry[];
  /** May be sent at once, in parallel with the write: a leader's own disk is only one vote of the quorum. */
  readonly messages: readonly Message[];
  /**
   * Votes asked for, votes granted and appends accepted: sent only when `hardState` and `entries` of this Ready AND of
   * every Ready before it are synced; dropped for good if that write fails.
   */
  readonly messagesAfterSync: readonly Message[];
  /** Committed: handed to the state machine, each exactly once, in order. Membership entries are in it too. */
  readonly committed: readonly Entry[];
  /** The membership that the log now says is in force, when it changed. The transport connects to these addresses. */
  readonly membership: Membership | null;
  readonly softState: SoftState | null;
  /** Linearizable reads that may be answered once the state machine has applied `index`; index null means "ask again". */
  readonly reads: readonly { readonly context: number; readonly index: LogIndex | null }[];
  /** The shell fetches this snapshot from `from` and calls `snapshotInstalled` or `snapshotFailed`. */
  readonly fetchSnapshot: { readonly from: NodeId; readonly snapshot: SnapshotMark } | null;
  /** One line each for the log of a person: elections, refusals, transfers. */
  readonly events: readonly RaftEvent[];
}

export interface RaftEvent {
  readonly kind: string;
  readonly text: string;
}

/**
 * The leader's right to act alone. The shell publishes it BEFORE it sends the messages of a Ready: the message that hands
 * leadership over must not overtake the news that the lease is gone. `until` is on the same monotonic clock as `now`, milliseconds; 0 means none. */
export interface Lease {
  readonly term: Term;
  readonly until: number;
}

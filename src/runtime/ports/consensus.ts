/**
 * What the rest of a node needs from Raft: put a command into the log, learn what was committed, know who leads and
 * whether this node may act alone right now. Raft itself lives in a worker thread; nothing here waits for the disk or the
 * network except where a Promise says so.
 *
 * Order of events: listeners are registered, then `start`. A snapshot, if there is one, is restored first, then every
 * committed entry after it follows, each exactly once and in order. A proposal resolves only after its entry was given
 * to `onCommitted`, so its effect can be read at once.
 *
 * Every `deadlineMs` is an instant of `monotonicNowMs()`, not a duration.
 */
import type { Entry, LogIndex, Membership, NodeId, Term } from '../../core/raft/message.js';
import type { ProgressState } from '../../core/raft/progress.js';
import type { Lease, Role } from '../../core/raft/ready.js';
import type { Greeting, NodeInfo, TurnedAway } from './peer-transport.js';

/** Of all kinds: the `empty` entry tells that a term began, `membership` who takes part. */
export type CommittedEntry = Entry;

/** Where an entry stands in the log. */
export interface LogPosition {
  readonly index: LogIndex;
  readonly term: Term;
}

export interface Leadership {
  readonly role: Role;
  readonly term: Term;
  readonly leader: NodeId | null;
}

export interface StateSnapshot {
  readonly bytes: Uint8Array;
  /** The last entry whose effect is in `bytes`. */
  readonly index: LogIndex;
}

export interface PeerStatus {
  readonly id: NodeId;
  readonly address: string;
  /** Where it is looked for: elsewhere than the log says when it has moved. */
  readonly foundAt: string;
  readonly connected: boolean;
  /** Why the last connection failed or was refused; null while all is well. */
  readonly trouble: string | null;
  /** Of the leader's view only: what this peer's log is known to match, and the age of its last word. */
  readonly matchIndex: LogIndex | null;
  readonly lastHeardMs: number | null;
  /** How it is fed: looked for, with entries, with a snapshot. */
  readonly sending: ProgressState | null;
  /** False: its disk lost something, and it gives no vote until that is made good. The leader's view only. */
  readonly votes?: boolean | null;
}

export interface ConsensusStatus extends Leadership {
  readonly id: NodeId;
  readonly commit: LogIndex;
  readonly firstIndex: LogIndex;
  readonly lastIndex: LogIndex;
  readonly membership: Membership;
  readonly membershipIndex: LogIndex;
  /** False: not (yet) added, or removed. Such a node votes for nobody and stands for nothing. */
  readonly member: boolean;
  /** False: it is new, or its disk lost something, and it gives no vote until a leader has brought it up to date. */
  readonly votes: boolean;
  readonly transferringTo: NodeId | null;
  readonly snapshotIndex: LogIndex;
  readonly logBytes: number;
  /** Null while the disk works; otherwise what it said. A node with a failed disk neither votes nor leads. */
  readonly storageTrouble: string | null;
  readonly peers: readonly PeerStatus[];
  /** Who calls this node in vain, of late. */
  readonly turnedAway?: readonly TurnedAway[];
}

/** A line for the log of a person. */
export interface ConsensusEvent {
  readonly level: 'info' | 'warn' | 'error';
  readonly kind: string;
  readonly text: string;
}

export interface ConsensusListeners {
  /** In order, each once. Must not throw: an entry that cannot be applied ends the process. */
  onCommitted(entries: readonly CommittedEntry[]): void;
  /** Replaces the whole state. Comes before any entry, and again when this node fell so far behind that it was sent one. */
  onSnapshotRestore(bytes: Uint8Array, index: LogIndex): void;
  /** Called when the log has grown enough to be cut; the bytes are handed over, not shared. */
  provideSnapshot(): StateSnapshot;
  onLeadershipChange(leadership: Leadership): void;
  onPeersChange(peers: ReadonlyMap<NodeId, NodeInfo>): void;
  onEvent(event: ConsensusEvent): void;
  /** The Raft thread died or refused to start. Nothing works from here on; the process must end with a failure. */
  onFatal(error: Error): void;
}

export interface Consensus {
  /** Resolves when the disk was read and peers are being contacted; no leader is waited for. */
  start(listeners: ConsensusListeners): Promise<void>;

  /** Resolves when committed and delivered here. Rejects with NotLeader, Overloaded, ProposalDropped, FateUnknown. */
  propose(command: Uint8Array, deadlineMs: number): Promise<LogPosition>;

  /** An index confirmed by a quorum after this call: whoever has applied it reads nothing stale. Any node may ask. */
  readIndex(deadlineMs: number): Promise<LogIndex>;

  /** Right to act alone, until an instant of `monotonicNowMs()`. Read it in the same turn as the act itself. */
  lease(): Lease;

  /** Latest known here, without asking anyone. */
  leadership(): Leadership;

  /** Learnt from the peers themselves; this node is in it. */
  peers(): ReadonlyMap<NodeId, NodeInfo>;

  status(): Promise<ConsensusStatus>;

  transferLeadership(to: NodeId, deadlineMs: number): Promise<void>;

  /** Resolves when `next` is in force (joint consensus entered and left). */
  changeMembership(next: Membership, deadlineMs: number): Promise<void>;

  /** Who answers at `address`? Rejects with DEADLINE when nobody does in time. */
  meet(address: string, deadlineMs: number): Promise<Greeting>;

  /** The applied log says which founding of the cluster it goes back to: peers of another are turned away from now on. */
  founded(founding: string): void;

  /** Cuts the log now, whatever its size. */
  takeSnapshot(deadlineMs: number): Promise<LogIndex>;

  close(): Promise<void>;
}

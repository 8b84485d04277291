/**
 * What Raft nodes say to each other, as values. The names are those of the Raft paper; the transport turns them into
 * protobuf and back and understands nothing but `to`. A payload is opaque here: Raft knows no MySQL.
 */
import type { Brand } from '../base/brand.js';

/** Names a member for life. Addresses are data beside it and may change; an id never does, and is never used again. */
export type NodeId = Brand<string, 'NodeId'>;

/** 0 before the first election. */
export type Term = number;

/** Position in the log, from 1; 0 means "before the first entry". */
export type LogIndex = number;

export type EntryKind = 'command' | 'membership' | 'empty';

export interface Entry {
  readonly index: LogIndex;
  readonly term: Term;
  readonly kind: EntryKind;
  /** A command's bytes, an encoded Membership, or nothing for the entry a leader opens its term with. */
  readonly payload: Uint8Array;
}

/**
 * Who takes part. While a change runs (joint consensus, Raft paper section 6) `outgoing` is the old set of voters and
 * every decision needs a majority of both; otherwise it is empty.
 */
export interface Membership {
  readonly voters: readonly NodeId[];
  readonly outgoing: readonly NodeId[];
  readonly learners: readonly NodeId[];
  /** Where to reach each member's Raft transport, `host:port`; data for the transport, opaque to consensus. */
  readonly addresses: Readonly<Record<string, string>>;
}

interface Envelope {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly term: Term;
}

export interface VoteRequest extends Envelope {
  readonly type: 'vote-request';
  /** A pre-vote asks "would you vote for me?" and changes nothing at either end (Raft dissertation 9.6). */
  readonly preVote: boolean;
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
  /** The leader itself asked this node to take over, so stickiness and promises do not stand in the way. */
  readonly transfer: boolean;
}

export interface VoteResponse extends Envelope {
  readonly type: 'vote-response';
  readonly preVote: boolean;
  readonly granted: boolean;
}

/** What a node says to the leader it follows. */
interface Answer extends Envelope {
  /** Its disk lost something that is not yet made good (recovering-voter.ts): its word counts towards no quorum. */
  readonly recovering?: true;
}

export interface AppendRequest extends Envelope {
  readonly type: 'append-request';
  readonly previousIndex: LogIndex;
  readonly previousTerm: Term;
  readonly entries: readonly Entry[];
  readonly commit: LogIndex;
  /** Number of the leader's round this was sent in; the answer repeats it. Dates leases and ReadIndex confirmations. */
  readonly round: number;
}

export interface AppendResponse extends Answer {
  readonly type: 'append-response';
  readonly accepted: boolean;
  /** Accepted: the last index known to match. Rejected: the request's previousIndex. */
  readonly index: LogIndex;
  /** Rejected: where the leader may look next, so that a whole conflicting term costs one round trip. */
  readonly hintIndex: LogIndex;
  readonly hintTerm: Term;
  readonly round: number;
}

/** Carries no log: keeps the follower's election timer and the lease alive and moves its commit index. */
export interface HeartbeatRequest extends Envelope {
  readonly type: 'heartbeat-request';
  readonly commit: LogIndex;
  readonly round: number;
}

export interface HeartbeatResponse extends Answer {
  readonly type: 'heartbeat-response';
  readonly round: number;
}

/** Tells the shell of `to` to fetch a snapshot: the entries it needs are compacted away. Its chunks travel on a stream of their own. */
export interface SnapshotRequest extends Envelope {
  readonly type: 'snapshot-request';
  readonly snapshot: SnapshotMark;
  readonly round: number;
}

export interface SnapshotResponse extends Answer {
  readonly type: 'snapshot-response';
  readonly installed: boolean;
  readonly index: LogIndex;
}

/** Leadership transfer: campaign at once (Raft dissertation 3.10). */
export interface TimeoutNow extends Envelope {
  readonly type: 'timeout-now';
}

/** A follower passes on a linearizable read to the leader; `context` is the asker's own number for it. */
export interface ReadIndexRequest extends Envelope {
  readonly type: 'read-index-request';
  readonly context: number;
}

export interface ReadIndexResponse extends Envelope {
  readonly type: 'read-index-response';
  readonly context: number;
  readonly index: LogIndex;
  /** The leader's last entry. A voter that lost part of its log votes again only once it holds this much (recovering-voter.ts). */
  readonly lastIndex: LogIndex;
  /** False: this node does not lead, or lost its quorum; ask again. */
  readonly confirmed: boolean;
}

export type Message =
  | VoteRequest
  | VoteResponse
  | AppendRequest
  | AppendResponse
  | HeartbeatRequest
  | HeartbeatResponse
  | SnapshotRequest
  | SnapshotResponse
  | TimeoutNow
  | ReadIndexRequest
  | ReadIndexResponse;

/** What a snapshot covers; its bytes are the ledger's and pass through the shell only. */
export interface SnapshotMark {
  readonly index: LogIndex;
  readonly term: Term;
  readonly membership: Membership;
}

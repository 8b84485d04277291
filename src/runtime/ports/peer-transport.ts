/**
 * How Raft messages reach other nodes. The transport may lose, delay and repeat messages (Raft sends again), so it drops
 * rather than waits when a peer is slow; what it must not do is to deliver a message from a stranger, or to stay silent
 * when a stream breaks: a leader whose process died is noticed by that first.
 */
import type { LogIndex, Message, NodeId, SnapshotMark, Term } from '../../core/raft/message.js';

/** What a node tells others about itself when they meet. Addresses are `host:port` or URLs as its users reach it. */
export interface NodeInfo {
  readonly id: NodeId;
  readonly raftAddress: string;
  readonly httpAddress: string;
  readonly grpcAddress: string;
  /** Of the software. */
  readonly version: string;
  /** The highest schema version of commands that it can read. */
  readonly schema: number;
}

/** First words on every stream. */
export interface Introduction {
  readonly info: NodeInfo;
  /** Whether its log holds any entry. A node with an empty disk asks this before it dares to vote. */
  readonly hasLog: boolean;
  /** Drawn at each start of a process: it tells two that call themselves by one id apart. */
  readonly instance: string;
  /** False: its disk was lost, or it is new, and it gives no vote until a leader has brought it up to date. */
  readonly votes: boolean;
  /** Which founding of the cluster its log goes back to (core/ledger/founding.ts); absent where it knows none yet. */
  readonly founding?: string;
  /** The newest membership that it knows to be committed. */
  readonly cluster: KnownCluster;
}

export interface KnownCluster {
  /** Of the entry that set the membership; 0 where none is known. */
  readonly index: LogIndex;
  /** All members, and where the speaker finds them: a node that moved is found by asking the others. */
  readonly addresses: Readonly<Record<string, string>>;
}

/** What a node answers to anybody who asks who it is; nothing comes of the question. */
export interface Greeting {
  readonly clusterId: string;
  readonly introduction: Introduction;
}

export interface PeerState {
  readonly connected: boolean;
  readonly trouble: string | null;
}

export interface SnapshotChunk {
  readonly offset: number;
  readonly totalBytes: number;
  readonly bytes: Uint8Array;
}

export interface PeerHandlers {
  /** Said to peers at each new connection. */
  introduce(): Introduction;
  onMessages(messages: readonly Message[]): void;
  /** A peer introduced itself, on a stream opened by either side. */
  onIntroduced(introduction: Introduction): void;
  /** A stream that worked broke. Evidence, not proof: the peer may be well behind a cut cable. */
  onDisconnected(peer: NodeId): void;
  /** A peer was refused or refused us; once per change of the reason. */
  onRefused(who: string, reason: string): void;
  /** The bytes of a stored snapshot from `offset` on, or null when it is gone. */
  readSnapshot(index: LogIndex, term: Term, offset: number): Promise<AsyncIterable<SnapshotChunk> | null>;
}

/** A caller that was refused. */
export interface TurnedAway {
  /** The node that it says it is; '' when it does not say. */
  readonly caller: string;
  readonly from: string;
  readonly reason: string;
}

export interface PeerTransport {
  /** That of every peer which is let in. */
  readonly clusterId: string;

  /** Listens; resolves with the address it is bound to. Rejects when the address cannot be had. */
  start(handlers: PeerHandlers): Promise<{ readonly address: string }>;

  /** Connects to these peers and drops all others. An address that changed is reconnected. */
  setPeers(addresses: ReadonlyMap<NodeId, string>): void;

  /** From now on peers whose log goes back to another founding of the cluster are turned away, and those connected dropped. */
  setFounding(founding: string): void;

  /** Never waits, never throws. */
  send(messages: readonly Message[]): void;

  peerState(peer: NodeId): PeerState;

  /** Those that still try. */
  turnedAway(): readonly TurnedAway[];

  /** Asks whoever answers at `address` (`host:port`) who it is. Rejects with DEADLINE when nobody answers in time. */
  meet(address: string, timeoutMs: number): Promise<Greeting>;

  /** Throws when the stream breaks or the peer no longer has it; what was received so far can be resumed from `offset`. */
  fetchSnapshot(from: NodeId, snapshot: SnapshotMark, offset: number): AsyncIterable<SnapshotChunk>;

  close(): Promise<void>;
}

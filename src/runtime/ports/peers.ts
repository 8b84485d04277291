/**
 * What nodes ask of each other beside Raft: to look at a server now, to start a check, and to tell continually what they
 * see. The last is soft state: a watch that breaks is begun anew, with everything.
 */
import type { NodeVote } from '../../core/analysis/vote.js';
import type { Address } from '../../core/topology/address.js';
import type { Roster } from '../../core/topology/assignment.js';
import type { ProbeFailure } from '../../core/topology/report.js';

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
  /** Ids of the other members whose address is known. */
  others(): readonly string[];
  /** Asks one peer to tell what it sees, from the first ping on. Null when it is not known where it is. */
  watch(node: string, listener: WatchListener): Watch | null;
  close(): Promise<void>;
}

export interface WatchListener {
  onFrame(frame: WatchFrame): void;
  /** Once, and never after `close`. */
  onEnded(reason: string): void;
}

export interface Watch {
  /** Our own clock, which the peer gives back beside its own. */
  ping(sentAtMs: number): void;
  close(): void;
}

/** A part that has nothing to say is null or empty. */
export interface WatchFrame {
  /** In the first frame. */
  readonly greeting: Greeting | null;
  readonly pong: Pong | null;
  /** From a leader: who takes part in the probing. */
  readonly roster: Roster | null;
  readonly looks: readonly SharedLook[];
}

export interface Greeting {
  readonly dataCenter: string;
  /** Of the reports' JSON. A node that cannot read a peer's reports goes without them. */
  readonly schema: number;
}

/** Milliseconds: the ping's own instant, and the peer's monotonic clock when it answered. */
export interface Pong {
  readonly sentAtMs: number;
  readonly clockMs: number;
}

/** One probe, with its times on the telling node's monotonic clock. */
export interface SharedLook {
  readonly address: Address;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  /** Null: it was answered. */
  readonly failure: ProbeFailure | null;
  /** JSON of the report without its vitals; null when it is as this watch was last told for the address. */
  readonly lasting: string | null;
  /** JSON; '' for a failure. */
  readonly vitals: string;
}

/** The other end: what a node answers when it is asked. */
export interface PeerDuties {
  examine(
    address: Address,
    timeoutMs: number,
  ): Promise<{ readonly vote: NodeVote; readonly detail: string; readonly ageMs: number }>;
  lost(from: string, address: Address, reason: string): void;
}

/** The other end of a watch. */
export interface PeerFeed {
  watched(by: string, sink: WatchSink): Watcher;
}

export interface WatchSink {
  /** False: it was taken, and nothing more shall be sent until `drained`. */
  send(frame: WatchFrame): boolean;
}

export interface Watcher {
  pinged(sentAtMs: number): void;
  drained(): void;
  /** The watch is over. */
  gone(): void;
}

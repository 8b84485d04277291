/**
 * The knobs of a Raft node, with the reason for each default and the relations between them that safety or liveness
 * needs. All times are milliseconds of the caller's monotonic clock.
 */
import { assert } from '../base/assert.js';
import type { NodeId } from './message.js';

export interface RaftOptions {
  readonly id: NodeId;
  /**
   * Silence after which a follower doubts its leader; drawn anew from [T, 2T) each time so that followers do not
   * stand together. Also how long a leader leads without hearing from a quorum, and how long a transfer may take.
   */
  readonly electionTimeoutMs: number;
  /** A leader with nothing to say still says so this often. Several must fit into the election timeout. */
  readonly heartbeatIntervalMs: number;
  /**
   * L: each answer to a leader promises no vote for another node for this long. It delays every election by that
   * much, and a lease lasts no longer, so a cluster with slow links needs a round trip to fit well inside it.
   * The same on every node, or a leader counts on more than was promised; so is the drift allowance.
   */
  readonly promiseMs: number;
  /** How much faster than the leader's clock a voter's may run during one promise; taken off the lease. */
  readonly driftAllowanceMs: number;
  /** Appends on the way to one peer; more hides latency, and costs as much again when the stream breaks. */
  readonly maxInflightMessages: number;
  readonly maxInflightBytes: number;
  /** One append carries no more than this, except that it always carries one entry. */
  readonly maxMessageBytes: number;
  /** Entries that are not yet committed or not yet on the leader's own disk; beyond it `propose` says 'overloaded'. */
  readonly maxUncommittedBytes: number;
  /**
   * Answer reads from the lease, without a round, while it lasts. Off by default: a process that is paused between reading
   * the clock and answering would answer from the past; a round costs one message a peer for any number of reads.
   */
  readonly leaseReads: boolean;
}

export const DEFAULT_RAFT_OPTIONS: Omit<RaftOptions, 'id'> = {
  electionTimeoutMs: 400,
  heartbeatIntervalMs: 120,
  promiseMs: 100,
  driftAllowanceMs: 10,
  maxInflightMessages: 32,
  maxInflightBytes: 4 * 1024 * 1024,
  maxMessageBytes: 256 * 1024,
  maxUncommittedBytes: 16 * 1024 * 1024,
  leaseReads: false,
};

export function assertRaftOptions(options: RaftOptions): void {
  assert(options.id.length > 0, 'a raft node needs an id');
  assert(options.heartbeatIntervalMs > 0, 'heartbeatIntervalMs must be positive');
  assert(
    options.electionTimeoutMs >= 2 * options.heartbeatIntervalMs,
    'electionTimeoutMs must hold at least two heartbeats, or one lost message deposes a leader',
  );
  assert(
    options.promiseMs > 0 && options.promiseMs <= options.electionTimeoutMs,
    'promiseMs must lie between 0 and electionTimeoutMs',
  );
  assert(
    options.driftAllowanceMs >= 0 && options.driftAllowanceMs < options.promiseMs,
    'driftAllowanceMs must be smaller than promiseMs',
  );
  assert(options.maxInflightMessages >= 1, 'maxInflightMessages must be at least 1');
  assert(options.maxMessageBytes >= 1, 'maxMessageBytes must be at least 1');
  assert(options.maxInflightBytes >= options.maxMessageBytes, 'maxInflightBytes must hold one message');
  assert(options.maxUncommittedBytes >= 1, 'maxUncommittedBytes must be at least 1');
}

/**
 * The key-value store as a door sees it, and what it needs of the other nodes. Every deadline is an instant of
 * `monotonicNowMs()`.
 */
import type {
  KeyValueEntry,
  KeyValueEvent,
  KeyValueOutcome,
  KeyValueWrite,
} from '../../core/ledger/key-value/write.js';
import type { NodeId } from '../../core/raft/message.js';
import { ConsensusError } from './consensus-errors.js';

export type Consistency = 'linearizable' | 'stale';

/** Who asks: a client, or another node that passes a client's write on, and must not be sent on again. */
export type WriteOrigin = 'client' | 'node';

export interface KeyValue {
  /** Null: there is no such key. Rejects with a ConsensusError when no quorum confirmed it in time. */
  get(key: string, consistency: Consistency, deadlineMs: number): Promise<KeyValueEntry | null>;

  /**
   * On the leader, wherever it is asked for. Waits for a leader until the deadline. Rejects with BAD_REQUEST or with a
   * ConsensusError, whose `done` says whether the write may have happened.
   */
  write(write: KeyValueWrite, origin: WriteOrigin, deadlineMs: number): Promise<KeyValueOutcome>;

  /** `wake` is called when there is more to take, at most once for each `take` that came back empty. Throws OVERLOADED. */
  watch(prefix: string, fromRevision: number, wake: () => void): KeyValueWatch;
}

/** A place in the history of changes. Nothing is kept for it but that place, however slowly it is read. */
export interface KeyValueWatch {
  /** Of the store when the watch began. */
  readonly revision: number;
  /** The next events, at most `max`; none: `wake` will say when. Throws COMPACTED when some of them are gone. */
  take(max: number): readonly KeyValueEvent[];
  close(): void;
}

export interface Leader {
  readonly id: NodeId;
  /** Of its API, `host:port`. */
  readonly grpcAddress: string;
}

/** The way to the leader for a node that does not lead. */
export interface LeaderCalls {
  /** Rejects with a ConsensusError; LeaderUnreachable when nothing was sent. */
  write(leader: Leader, write: KeyValueWrite, deadlineMs: number): Promise<KeyValueOutcome>;
  /** Another leads now, or nobody. Calls that are open to a former one are given a moment to end, and then given up. */
  leaderChanged(leader: NodeId | null): void;
}

/** Certainly not done: there was no connection to the leader, and nothing was sent. */
export class LeaderUnreachable extends ConsensusError {
  constructor({ id, grpcAddress }: Leader, detail: string) {
    super('NOT_LEADER', `the leader ${id} cannot be reached at ${grpcAddress}: ${detail}`);
  }
}

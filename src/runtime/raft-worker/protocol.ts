/**
 * What the main thread and the Raft thread say to each other. Whatever is said often is said in bulk: the proposals of a
 * turn in one message, the entries of a Ready as one buffer that changes hands without a copy.
 */
import type { LogIndex, Membership, NodeId, Term } from '../../core/raft/message.js';
import type { ErrorCode } from '../errors.js';
import type { ConsensusEvent, Leadership } from '../ports/consensus.js';
import type { NodeInfo } from '../ports/peer-transport.js';

/** Why a proposal was not done; `ConsensusError`s do not survive the way between threads, their parts do. */
export interface Refused {
  readonly code: ErrorCode;
  readonly message: string;
  /** Of NOT_LEADER. */
  readonly leader: NodeId | null;
}

/** The caller's deadline stays with the caller. */
export type Call =
  | { readonly method: 'status' }
  | { readonly method: 'transfer'; readonly to: NodeId }
  | { readonly method: 'membership'; readonly next: Membership }
  | { readonly method: 'snapshot' }
  | { readonly method: 'meet'; readonly address: string; readonly timeoutMs: number };

export type CallResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: Refused };

export type ToWorker =
  | { readonly kind: 'start' }
  /** Command number i has id `firstId + i`, its own deadline and `lengths[i]` bytes of `bytes`, one after the other. */
  | {
      readonly kind: 'propose';
      readonly firstId: number;
      readonly deadlinesMs: readonly number[];
      readonly lengths: readonly number[];
      readonly bytes: Uint8Array;
    }
  | { readonly kind: 'read'; readonly id: number; readonly deadlineMs: number }
  | { readonly kind: 'call'; readonly id: number; readonly call: Call }
  /** The main thread is through with committed entries of this many bytes. */
  | { readonly kind: 'applied'; readonly bytes: number }
  | { readonly kind: 'snapshot'; readonly index: LogIndex; readonly bytes: Uint8Array }
  /** The main thread runs; again and again. */
  | { readonly kind: 'alive' }
  /** The applied log names it. */
  | { readonly kind: 'founding'; readonly founding: string }
  | { readonly kind: 'close' };

/** A proposal of this thread that was committed. */
export interface Settled {
  readonly id: number;
  readonly index: LogIndex;
  readonly term: Term;
}

export type ToMain =
  | { readonly kind: 'started' }
  | { readonly kind: 'start-failed'; readonly error: Refused }
  /** `settled` were committed with these entries or before; their callers go on after the entries were applied. */
  | { readonly kind: 'committed'; readonly packed: Uint8Array; readonly settled: readonly Settled[] }
  | { readonly kind: 'restored'; readonly bytes: Uint8Array; readonly index: LogIndex }
  | { readonly kind: 'refused'; readonly id: number; readonly error: Refused }
  | { readonly kind: 'read'; readonly id: number; readonly index: LogIndex | null }
  | { readonly kind: 'result'; readonly id: number; readonly result: CallResult }
  | { readonly kind: 'leadership'; readonly leadership: Leadership }
  | { readonly kind: 'peers'; readonly peers: readonly NodeInfo[] }
  | { readonly kind: 'event'; readonly event: ConsensusEvent }
  | { readonly kind: 'snapshot-wanted' }
  | { readonly kind: 'closed' };

/** One end of the line between the threads; a MessagePort, a Worker or parentPort. */
export interface Line<Out, In> {
  post(message: Out, transfer?: readonly ArrayBuffer[]): void;
  onMessage(listener: (message: In) => void): void;
}

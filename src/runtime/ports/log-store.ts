/**
 * Where a node keeps what it must never forget. The store promises three things and nothing more: what `append` resolved
 * for is on disk; what comes back at `open` is contiguous and was written by this node; and when something that it once
 * acknowledged is gone, it says so (`forgot`) rather than hand out the rest as if it were all.
 *
 * `append`, `compact` and `setForgot` are called one at a time. After a rejection the store is shut: `close`, then `open`.
 */
import type { Entry, LogIndex, Term } from '../../core/raft/message.js';
import type { HardState } from '../../core/raft/ready.js';

/** One synced write, wholly on disk or not at all. */
export interface LogWrite {
  readonly hardState: HardState;
  /** Not null: all entries from before this write are void; a snapshot up to here stands in their place. */
  readonly restart: { readonly index: LogIndex; readonly term: Term } | null;
  /** An entry with an index that is already there replaces it and cuts everything after it. */
  readonly entries: readonly Entry[];
}

export interface OpenedLog {
  readonly hardState: HardState;
  /** Entries up to this index were compacted away; the first of `entries` has the next one. */
  readonly base: LogIndex;
  readonly entries: readonly Entry[];
  /** Nothing was ever written here. */
  readonly fresh: boolean;
  /**
   * Null, or what was lost, for a person to read. A node that forgot must not vote until a leader has brought it up to
   * date; it stays so over restarts until `setForgot(false)`.
   */
  readonly forgot: string | null;
}

export interface LogStore {
  /** Rejects with STORAGE when the disk fails or another process has it. */
  open(): Promise<OpenedLog>;
  append(write: LogWrite): Promise<void>;
  /** Entries below `keepFrom` may be forgotten. */
  compact(keepFrom: LogIndex): Promise<void>;
  /** False: a leader has brought this node up to date. True: something beside this store was lost. */
  setForgot(forgot: boolean): Promise<void>;
  /** Live bytes, near enough to decide when to compact. */
  bytes(): number;
  close(): Promise<void>;
}

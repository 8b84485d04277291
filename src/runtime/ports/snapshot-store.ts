/**
 * Snapshots of the state machine as whole files. One that is there was synced with its name and is whole: a checksum is
 * verified before its bytes are handed out. The one before the newest is kept as well, with the log that follows it, so
 * that a bad sector in the newest costs nothing.
 */
import type { LogIndex, SnapshotMark, Term } from '../../core/raft/message.js';
import type { SnapshotChunk } from './peer-transport.js';

export interface StoredSnapshot {
  readonly mark: SnapshotMark;
  readonly bytes: Uint8Array;
}

/** A snapshot on its way in from a peer. What was received survives a restart. */
export interface IncomingSnapshot {
  /** Where to go on. */
  readonly offset: number;
  write(chunk: SnapshotChunk): Promise<void>;
  /** Verifies, syncs and names it. Rejects with STORAGE, and forgets what was received, when the checksum is wrong. */
  finish(): Promise<StoredSnapshot>;
  /** Keeps what was received for another try. */
  pause(): Promise<void>;
}

export interface SnapshotStore {
  /** The newest that is whole, and the names of newer ones that are not. */
  newest(): Promise<{ readonly snapshot: StoredSnapshot | null; readonly damaged: readonly string[] }>;
  save(snapshot: StoredSnapshot): Promise<void>;
  receive(index: LogIndex, term: Term): Promise<IncomingSnapshot>;
  /** The stored form, from `offset` on, for a peer's `receive`; null when it is not (or no longer) here. */
  read(index: LogIndex, term: Term, offset: number): Promise<AsyncIterable<SnapshotChunk> | null>;
}

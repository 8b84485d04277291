/**
 * Snapshots as the core sees them: marks. Whose bytes they are, how they travel and where they lie is the shell's; here it
 * is decided when one replaces the log (it must not throw newer entries away: it may arrive long after the log has overtaken
 * it) and how much of the log a new one makes superfluous.
 */
import { assert } from '../base/assert.js';
import { reportSnapshot } from './follower.js';
import type { LogIndex, SnapshotMark } from './message.js';
import { leaderOf } from './state.js';
import type { RaftState } from './state.js';

/** The shell has fetched and verified the snapshot that a Ready asked for. */
export function snapshotInstalled(state: RaftState, mark: SnapshotMark): void {
  state.fetching = null;
  // Nothing can be written now: the leader offers it again.
  if (state.storageBroken) return;
  if (mark.index > state.commit) {
    if (state.log.matches(mark.index, mark.term)) state.commit = mark.index;
    else replaceLog(state, mark);
  }
  const leader = leaderOf(state);
  if (leader !== null && leader !== state.id) reportSnapshot(state, leader, true);
}

export function snapshotFailed(state: RaftState): void {
  state.fetching = null;
  const leader = leaderOf(state);
  if (leader !== null && leader !== state.id) reportSnapshot(state, leader, false);
}

/** The shell has taken a snapshot of its own state machine. */
export function snapshotTaken(state: RaftState, mark: SnapshotMark, keepFrom: LogIndex): void {
  assert(mark.index <= state.delivered, `a snapshot at ${mark.index}, but only ${state.delivered} was delivered`);
  if (mark.index <= state.snapshot.index) return;
  state.snapshot = mark;
  state.memberships.compactTo(mark.index);
  // What is not yet handed to the disk must stay: the disk would have a hole.
  state.log.compact(Math.min(keepFrom, mark.index + 1, state.disk.syncedIndex + 1));
}

function replaceLog(state: RaftState, mark: SnapshotMark): void {
  state.log.reset(mark.index, mark.term);
  state.memberships.reset(mark.index, mark.membership);
  state.disk.reset(mark.index);
  state.snapshot = mark;
  state.commit = mark.index;
  state.delivered = mark.index;
  state.unsyncedReset = { mark, number: null };
  state.outbox.resetLog(mark);
  state.outbox.tell('snapshot', `the log starts anew after the snapshot at entry ${mark.index}`);
}

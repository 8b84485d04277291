/**
 * News that comes from outside the protocol: a broken stream, a paused process, a failed disk. Each has one safe reading,
 * and the tempting one beside it has made two leaders or lost an entry.
 */
import { awaitPromise, awaitSilence } from './election-timer.js';
import { onPeerDisconnected } from './leader.js';
import { dropLease } from './lease.js';
import type { NodeId } from './message.js';
import type { RaftState } from './state.js';
import { becomeFollower, stepDown } from './step-down.js';
import { nameSuccessor } from './transfer.js';

/** The leader's process may be dead: do not wait for silence. But a cut cable looks the same, so the promise holds. */
export function peerDisconnected(state: RaftState, peer: NodeId): void {
  if (state.role.kind === 'leader') {
    onPeerDisconnected(state.role, peer);
  } else if (state.role.kind === 'follower' && state.role.leader === peer) {
    becomeFollower(state, state.term, null);
    awaitPromise(state);
  }
}

/**
 * We did not run for a while, or the clock leapt. What was measured before means nothing: the lease is gone until a new
 * round is answered, a promise is kept in full once more, and silence is counted from now (it was we who were not there).
 */
export function clockJumped(state: RaftState): void {
  const { role, now, options } = state;
  state.outbox.tell('clock', 'the clock jumped or the process was paused: lease dropped, timers start anew');
  state.promise.extend(now + options.promiseMs);
  if (role.kind === 'leader') {
    dropLease(role);
    for (const progress of role.peers.values()) progress.lastHeardMs = now;
    role.heartbeatAtMs = now;
  } else if (role.kind === 'follower') {
    if (role.leader !== null) role.leaderHeardMs = now;
    if (Number.isFinite(state.electionAtMs)) awaitSilence(state);
  } else {
    becomeFollower(state, state.term, null);
  }
}

/** A write failed. Nothing that rests on the disk is said any more; a leader hands over rather than hold everyone up. */
export function storageFailed(state: RaftState): void {
  if (state.storageBroken) return;
  state.storageBroken = true;
  state.disk.failed();
  state.outbox.dropWhatNeedsDisk();
  state.outbox.tell('storage', 'the disk failed: no votes, no proposals, no acknowledgements until it is back');
  if (state.role.kind === 'leader') {
    nameSuccessor(state, state.role);
    stepDown(state, 'its disk failed');
  } else if (state.role.kind !== 'follower') {
    becomeFollower(state, state.term, null);
  }
}

export function storageRecovered(state: RaftState): void {
  if (!state.storageBroken) return;
  state.storageBroken = false;
  if (state.unsyncedReset !== null) {
    // The disk never heard that the log starts anew: say it again, and what came after it with it.
    state.outbox.resetLog(state.unsyncedReset.mark);
    state.unsyncedReset.number = null;
  }
  awaitSilence(state);
  state.outbox.tell('storage', 'the disk is back');
}

/**
 * A voter whose disk lost something. It may have acknowledged entries that it no longer holds, and cast votes it no longer
 * knows; entries are committed on the strength of the former. If it voted now, it could elect a leader without them. So it
 * takes part like a learner until its log holds everything that the leader's log held at a moment AFTER the loss: whatever
 * it had acknowledged is in there. It asks the leader for that mark with a read, whose number proves the answer new.
 * Its vote in the term in which it recovers counts as given to that leader.
 *
 * Until then its word counts towards no quorum (`recovering` in its answers): the leader it happens to hear first may be one
 * that it helped to replace, and a mark that this leader gave on its word would prove nothing.
 */
import type { LogIndex, ReadIndexResponse } from './message.js';
import { leaderOf } from './state.js';
import type { Recovery, RaftState } from './state.js';

export function askForTarget(state: RaftState): void {
  const { recovery } = state;
  const leader = leaderOf(state);
  if (recovery === null || leader === null) return;
  if (recovery.target !== null && recovery.term === state.term) return;
  if (state.now < recovery.askAgainAtMs) return;
  recovery.askAgainAtMs = state.now + state.options.electionTimeoutMs;
  recovery.question = state.forwarded.send(recovery.askAgainAtMs);
  const { id: from, term } = state;
  state.outbox.send({ type: 'read-index-request', from, to: leader, term, context: recovery.question });
}

export function onTarget(state: RaftState, response: ReadIndexResponse): void {
  const { recovery } = state;
  if (recovery === null || response.context !== recovery.question || !response.confirmed) return;
  recovery.question = null;
  recovery.target = response.lastIndex;
  recovery.term = response.term;
  recoverIfCaughtUp(state);
}

/** Called whenever more of the log is on disk. */
export function recoverIfCaughtUp(state: RaftState): void {
  const { recovery } = state;
  const leader = leaderOf(state);
  if (recovery === null || recovery.target === null || leader === null || recovery.term !== state.term) return;
  if (state.disk.syncedIndex < recovery.target || !isOurLeadersLog(state, recovery)) return;
  state.recovery = null;
  state.vote ??= leader;
  state.outbox.tell('recovered', `holds all that was lost, up to entry ${recovery.target}: votes again`);
}

/** An append was accepted: our log is the leader's up to `index`. */
export function noteAgreement(state: RaftState, index: LogIndex): void {
  const { recovery, term } = state;
  if (recovery === null) return;
  const before = recovery.agreedTerm === term ? recovery.agreedIndex : 0;
  recovery.agreedIndex = Math.max(before, index);
  recovery.agreedTerm = term;
}

/**
 * How far a leader that only names a commit index may be believed. It names what we once acknowledged; what stands there
 * now may have come from another leader, since the loss.
 */
export function comparableIndex({ recovery, term, log }: RaftState): LogIndex {
  if (recovery === null) return log.lastIndex;
  return recovery.agreedTerm === term ? recovery.agreedIndex : 0;
}

/** Entries beyond our commit index may be another leader's that this one has not yet replaced. */
function isOurLeadersLog(state: RaftState, recovery: Recovery): boolean {
  return state.commit >= (recovery.target ?? Number.POSITIVE_INFINITY);
}

/**
 * A voter whose disk lost something. It may have acknowledged entries that it no longer holds, and cast votes it no longer
 * knows; entries are committed on the strength of the former. If it voted now, it could elect a leader without them. So it
 * takes part like a learner until its log holds everything that the leader's log held at a moment AFTER the loss: whatever
 * it had acknowledged is in there. It asks the leader for that mark with a read, whose number proves the answer new.
 * Its vote in the term in which it recovers counts as given to that leader.
 */
import type { ReadIndexResponse } from './message.js';
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

/** Entries beyond our commit index may be another leader's that this one has not yet replaced. */
function isOurLeadersLog(state: RaftState, recovery: Recovery): boolean {
  return state.commit >= (recovery.target ?? Number.POSITIVE_INFINITY);
}

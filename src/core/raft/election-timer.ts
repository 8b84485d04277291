/**
 * When to stand for election. Silence takes the full timeout, drawn at random. A broken stream to the leader is evidence,
 * and shortens the wait to what is left of the promise, never below. A campaign that failed is tried again soon, and
 * then ever less often: two survivors of a dead leader find each other quickly, a node that is cut off stays quiet.
 */
import { isSoleVoter, isVoter } from './membership.js';
import type { RaftState } from './state.js';

/** After evidence: spreads the survivors over a good part of a promise, or they all stand at once and split the vote. */
const JITTER_SHARE = 0.4;

/** May this node lead at all? */
export function mayCampaign(state: RaftState): boolean {
  return hasSay(state) && !state.storageBroken && state.recovery === null;
}

/**
 * A voter; or one that a membership has just left out, while that is not known to be committed. The latter may be the only
 * ones that hold the entry: the voters who stay would be refused for their shorter logs, and nobody could ever lead. Such
 * a leader is elected by the new voters, commits its own removal, and goes.
 */
export function hasSay(state: RaftState): boolean {
  const { memberships, commit, id } = state;
  // It was removed while it was away. Should it have been taken in again, the leader's entries will tell.
  if (isLeftOut(state)) return false;
  if (isVoter(memberships.current, id)) return true;
  return memberships.currentIndex > commit && isVoter(memberships.at(commit), id);
}

/** A later membership than any that this node has in its log is committed, without it. */
export function isLeftOut({ memberships, leftOutAt }: RaftState): boolean {
  return memberships.currentIndex < leftOutAt;
}

/** A leader was heard, or a vote given away: the full time again. A sole voter has nobody to hear. */
export function awaitSilence(state: RaftState): void {
  const { electionTimeoutMs } = state.options;
  const silenceMs = electionTimeoutMs * (1 + state.rng.next());
  state.electionAtMs = state.now + (isSoleVoter(state.memberships.current, state.id) ? 0 : silenceMs);
}

/** The leader's stream broke. */
export function awaitPromise(state: RaftState): void {
  const free = Math.max(state.now, state.promise.freeAtMs(state.id));
  const jitter = state.options.promiseMs * JITTER_SHARE * state.rng.next();
  state.electionAtMs = Math.min(state.electionAtMs, free + jitter);
}

/** A campaign has begun: how long to wait for votes. Doubles from the length of a promise up to the election timeout. */
export function awaitVotes(state: RaftState): void {
  const { electionTimeoutMs, promiseMs } = state.options;
  const patience = Math.min(electionTimeoutMs, promiseMs * 2 ** Math.min(state.campaigns - 1, 10));
  state.electionAtMs = state.now + patience * (1 + state.rng.next());
}

/** A campaign was refused outright: try again, but let the one who is ahead go first. */
export function awaitAnotherTry(state: RaftState): void {
  const { electionTimeoutMs, promiseMs } = state.options;
  const patience = Math.min(electionTimeoutMs, (promiseMs / 2) * 2 ** Math.min(state.campaigns, 10));
  state.electionAtMs = state.now + patience * (0.5 + state.rng.next());
}

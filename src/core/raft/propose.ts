/**
 * How entries come into being: the leader of a term appends them, nobody else. A proposal is only put into the log here;
 * it leaves with all others of the moment when the next Ready is taken, which is what makes one sync serve many.
 */
import type { EntryKind, LogIndex, Term } from './message.js';
import type { RaftState } from './state.js';

export type Refusal =
  | 'not-leader'
  /** Leadership is being handed over; the next leader will take it. */
  | 'transferring'
  /** Too much is on its way to the disks already: try again when some of it is committed. */
  | 'overloaded'
  /** One change at a time, and none before this term has committed something. */
  | 'membership-change-in-progress'
  | 'invalid-membership'
  /** Leadership can only go to another voter. */
  | 'invalid-target'
  /** The disk has failed. */
  | 'stopped';

export type Proposal =
  | { readonly ok: true; readonly index: LogIndex; readonly term: Term }
  | { readonly ok: false; readonly refusal: Refusal };

export function refused(refusal: Refusal): Proposal {
  return { ok: false, refusal };
}

export function propose(state: RaftState, payload: Uint8Array): Proposal {
  const refusal = refusalOf(state);
  if (refusal !== null) return refused(refusal);
  // Entries that followers have but our own disk has not count too: a slow disk must be felt by those who fill it.
  const backlog = state.log.bytesAfter(Math.min(state.commit, state.disk.syncedIndex));
  if (backlog > 0 && backlog + payload.length > state.options.maxUncommittedBytes) return refused('overloaded');
  return appendOwn(state, 'command', payload);
}

/** What stands against any proposal at all. */
export function refusalOf(state: RaftState): Refusal | null {
  if (state.storageBroken) return 'stopped';
  if (state.role.kind !== 'leader') return 'not-leader';
  return state.role.transfer === null ? null : 'transferring';
}

/** The caller has made sure that this node leads. */
export function appendOwn(state: RaftState, kind: EntryKind, payload: Uint8Array): Proposal {
  const entry = { index: state.log.lastIndex + 1, term: state.term, kind, payload };
  state.log.append([entry]);
  state.memberships.append([entry]);
  state.flushWanted = true;
  return { ok: true, index: entry.index, term: entry.term };
}

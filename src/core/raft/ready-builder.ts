/** Puts a Ready together: what changed since the last one, in the form in which the shell is to carry it out. */
import { softStateOf } from './status.js';
import { flushForwarded, confirmReads } from './read-index.js';
import type { Entry, Membership } from './message.js';
import type { HardState, Ready, SoftState } from './ready.js';
import { flush } from './replicate.js';
import type { RaftState } from './state.js';

/** Committed entries in one Ready: a node that starts with a long log hands it over in pieces. */
const MAX_COMMITTED_BYTES = 1024 * 1024;

export class ReadyBuilder {
  #toldMembership: Membership | null = null;
  #toldSoft: SoftState | null = null;

  wanted(state: RaftState): boolean {
    return (
      state.flushWanted ||
      !state.outbox.empty ||
      state.delivered < state.commit ||
      state.forwarded.hasWaiting ||
      hasUnwritten(state) ||
      state.memberships.current !== this.#toldMembership ||
      this.#newSoftState(state) !== null
    );
  }

  build(state: RaftState): Ready {
    sendOwed(state);
    const entries = takeEntries(state);
    const hardState = hardStateToWrite(state, entries);
    const number = state.disk.hand(entries.at(-1)?.index ?? state.disk.handedIndex, hardState);
    if (state.unsyncedReset !== null && !state.storageBroken) state.unsyncedReset.number ??= number;
    const softState = this.#newSoftState(state);
    this.#toldSoft = softState ?? this.#toldSoft;
    const { current } = state.memberships;
    const membership = current === this.#toldMembership ? null : current;
    this.#toldMembership = current;
    return {
      number,
      hardState,
      entries,
      membership,
      softState,
      committed: takeCommitted(state),
      ...state.outbox.take(),
    };
  }

  #newSoftState(state: RaftState): SoftState | null {
    const soft = softStateOf(state);
    const told = this.#toldSoft;
    return told?.role === soft.role && told.leader === soft.leader ? null : soft;
  }
}

function sendOwed(state: RaftState): void {
  state.flushWanted = false;
  if (state.role.kind === 'leader' && flush(state, state.role)) confirmReads(state, state.role);
  flushForwarded(state);
}

function hasUnwritten(state: RaftState): boolean {
  if (state.storageBroken) return false;
  return state.log.lastIndex > state.disk.handedIndex || state.disk.wantsHardState(state.term, state.vote);
}

function takeEntries(state: RaftState): readonly Entry[] {
  const { log, disk } = state;
  if (state.storageBroken || log.lastIndex <= disk.handedIndex) return [];
  return log.slice(disk.handedIndex + 1, log.lastIndex, Number.POSITIVE_INFINITY);
}

function hardStateToWrite(state: RaftState, entries: readonly Entry[]): HardState | null {
  const { term, vote, commit, disk } = state;
  if (state.storageBroken || (entries.length === 0 && !disk.wantsHardState(term, vote))) return null;
  return { term, vote, commit };
}

function takeCommitted(state: RaftState): readonly Entry[] {
  if (state.delivered >= state.commit) return [];
  const committed = state.log.slice(state.delivered + 1, state.commit, MAX_COMMITTED_BYTES);
  state.delivered += committed.length;
  return committed;
}

/**
 * Following: taking what the leader of the present term sends. An append is accepted only where the logs agree just before
 * it; what differs after that is cut, unless it is committed, which would mean that the protocol is broken. Every answer
 * to the leader renews the promise (promise.ts); an acceptance leaves only when the entries are on our disk.
 */
import { assert } from '../base/assert.js';
import type {
  AppendRequest,
  AppendResponse,
  Entry,
  HeartbeatRequest,
  LogIndex,
  NodeId,
  SnapshotRequest,
} from './message.js';
import { comparableIndex, noteAgreement } from './recovering-voter.js';
import type { RaftState } from './state.js';
import { becomeFollower } from './step-down.js';

/** The message is of the present term and from its leader. */
export function hearLeader(state: RaftState, leader: NodeId): void {
  assert(state.role.kind !== 'leader', `two leaders in term ${state.term}: ${state.id} and ${leader}`);
  becomeFollower(state, state.term, leader);
}

export function onAppendRequest(state: RaftState, request: AppendRequest): void {
  if (state.storageBroken) return;
  promiseTo(state, request.from);
  const { log } = state;
  if (request.previousIndex < state.commit) {
    // An old copy: all before our commit index is the same everywhere.
    accept(state, request, state.commit);
  } else if (log.matches(request.previousIndex, request.previousTerm)) {
    storeEntries(state, request.entries);
    const lastIndex = request.previousIndex + request.entries.length;
    followCommit(state, Math.min(request.commit, lastIndex));
    accept(state, request, lastIndex);
  } else {
    refuse(state, request);
  }
}

export function onHeartbeatRequest(state: RaftState, request: HeartbeatRequest): void {
  followCommit(state, Math.min(request.commit, comparableIndex(state)));
  // It says "I follow you in this term": not before the term is on disk, but it need not wait for entries.
  const termIsSafe = state.disk.syncedTerm === state.term;
  if (!termIsSafe && state.storageBroken) return;
  promiseTo(state, request.from);
  const { from, round } = request;
  const response = { type: 'heartbeat-response', ...envelopeTo(state, from), round } as const;
  if (termIsSafe) state.outbox.send(response);
  else state.outbox.sendAfterSync(response);
  // A leader never tells of a commit beyond what we acknowledged. So our disk lost it, and at rest nothing else would tell.
  if (request.commit > state.log.lastIndex && !state.storageBroken) {
    const { lastIndex: hintIndex, lastTerm: hintTerm } = state.log;
    const answer = { ...answerTo(state, request), accepted: false, index: request.commit, hintIndex, hintTerm };
    state.outbox.sendAfterSync(answer);
  }
}

export function onSnapshotRequest(state: RaftState, request: SnapshotRequest): void {
  const { snapshot } = request;
  if (state.storageBroken || state.fetching !== null) return;
  if (state.log.matches(snapshot.index, snapshot.term)) followCommit(state, snapshot.index);
  if (snapshot.index <= state.commit) {
    reportSnapshot(state, request.from, true);
    return;
  }
  state.fetching = snapshot;
  state.outbox.fetchSnapshot(request.from, snapshot);
  state.outbox.tell('snapshot', `fetches the snapshot at entry ${snapshot.index} from ${request.from}`);
}

/** Tells the leader how its snapshot fared; an installed one only when the log starts anew on our disk. */
export function reportSnapshot(state: RaftState, to: NodeId, installed: boolean): void {
  state.outbox.sendAfterSync({
    type: 'snapshot-response',
    ...envelopeTo(state, to),
    installed,
    index: state.commit,
  });
}

function promiseTo(state: RaftState, leader: NodeId): void {
  state.promise.give(leader, state.term, state.now + state.options.promiseMs);
}

function storeEntries(state: RaftState, entries: readonly Entry[]): void {
  const { log, memberships, disk } = state;
  const first = log.firstDifference(entries);
  if (first === undefined) return;
  assert(first.index > state.commit, `entry ${first.index} differs from the leader's, and is committed`);
  if (first.index <= log.lastIndex) {
    log.truncateFrom(first.index);
    memberships.truncateFrom(first.index);
    disk.cutFrom(first.index);
  }
  const fresh = entries.slice(entries.indexOf(first));
  log.append(fresh);
  memberships.append(fresh);
}

function followCommit(state: RaftState, index: LogIndex): void {
  if (index > state.commit) state.commit = index;
}

function accept(state: RaftState, request: AppendRequest, index: LogIndex): void {
  noteAgreement(state, index);
  state.outbox.sendAfterSync({ ...answerTo(state, request), accepted: true, index, hintIndex: 0, hintTerm: 0 });
}

function refuse(state: RaftState, request: AppendRequest): void {
  const hint = state.log.lastIndexNotAbove(request.previousIndex, request.previousTerm);
  const { previousIndex } = request;
  state.outbox.sendAfterSync({
    ...answerTo(state, request),
    ...{ accepted: false, index: previousIndex, hintIndex: hint.index, hintTerm: hint.term },
  });
}

function answerTo(
  state: RaftState,
  request: AppendRequest | HeartbeatRequest,
): Pick<AppendResponse, 'type' | 'from' | 'to' | 'term' | 'recovering' | 'round'> {
  return { type: 'append-response', ...envelopeTo(state, request.from), round: request.round };
}

function envelopeTo(state: RaftState, to: NodeId): Pick<AppendResponse, 'from' | 'to' | 'term' | 'recovering'> {
  const envelope = { from: state.id, to, term: state.term };
  return state.recovery === null ? envelope : { ...envelope, recovering: true };
}

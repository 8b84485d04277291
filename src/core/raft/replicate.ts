/**
 * What a leader sends, decided once per Ready: however many proposals, answers and reads came since, each peer gets its
 * entries in as few messages as fit, and only a peer that gets none and is owed a word gets a heartbeat. All of it is one
 * round (rounds.ts).
 */
import { entryBytes } from './entry-batch.js';
import type { NodeId } from './message.js';
import { becomeProbe, becomeSnapshot, mayAppend } from './progress.js';
import type { Progress } from './progress.js';
import type { LeaderRole, RaftState } from './state.js';
import { hasOpenedTerm } from './term-start.js';

/** A probe asks where the logs agree; most of what it carries would be sent twice. */
const PROBE_BYTES = 16 * 1024;

/** Sends all that is owed. True when a round went out for waiting reads. */
export function flush(state: RaftState, leader: LeaderRole): boolean {
  const beat = leader.heartbeatDue;
  const readRound =
    hasOpenedTerm(state, leader) && leader.reads.wantsRound(state.now, state.options.heartbeatIntervalMs);
  leader.heartbeatDue = false;
  let round = 0;
  const thisRound = (): number => {
    if (round === 0) round = leader.rounds.open(state.now);
    return round;
  };
  if (readRound) leader.reads.ride(thisRound(), state.commit, state.now);
  for (const [id, progress] of leader.peers) {
    const appended = sendLog(state, id, progress, thisRound);
    if (progress.state === 'snapshot' && beat) sendSnapshotRequest(state, id, thisRound());
    const owesCommit = Math.min(state.commit, progress.match) > progress.toldCommit;
    if (!appended && (beat || readRound || owesCommit)) sendHeartbeat(state, id, progress, thisRound());
  }
  return readRound;
}

/**
 * Asks with an empty append whether the pipeline still holds: what was sent may be lost, and nothing else would tell. And
 * whether what a voter acknowledged while its word did not count is there now that it does.
 */
export function nudge(state: RaftState, leader: LeaderRole, id: NodeId, progress: Progress): void {
  const unvouched = !progress.recovering && progress.vouched < progress.match;
  if (progress.state !== 'replicate' || (progress.next - 1 <= progress.match && !unvouched)) return;
  if (state.now < progress.lastAppendMs + state.options.heartbeatIntervalMs) return;
  if (state.log.termAt(progress.next - 1) === undefined) {
    // Compacted while it was under way: only a fresh start can find out what arrived.
    becomeProbe(progress, progress.match + 1);
    state.flushWanted = true;
  } else {
    sendAppend(state, id, progress, leader.rounds.open(state.now), 0);
  }
}

function sendLog(state: RaftState, id: NodeId, progress: Progress, round: () => number): boolean {
  const { options, log } = state;
  let sent = false;
  while (mayAppend(progress) && (progress.state === 'probe' || progress.next <= log.lastIndex)) {
    if (log.termAt(progress.next - 1) === undefined) {
      becomeSnapshot(progress, state.snapshot.index);
      state.outbox.tell('snapshot', `${id} needs entry ${progress.next}, which is compacted: a snapshot is offered`);
      sendSnapshotRequest(state, id, round());
      return true;
    }
    const maxBytes =
      progress.state === 'probe' ? Math.min(PROBE_BYTES, options.maxMessageBytes) : options.maxMessageBytes;
    sendAppend(state, id, progress, round(), maxBytes);
    sent = true;
  }
  return sent;
}

function sendAppend(state: RaftState, id: NodeId, progress: Progress, round: number, maxBytes: number): void {
  const { log, commit } = state;
  const previousIndex = progress.next - 1;
  const previousTerm = log.termAt(previousIndex);
  if (previousTerm === undefined) return;
  const wanted = maxBytes > 0 && progress.next <= log.lastIndex;
  const entries = wanted ? log.slice(progress.next, log.lastIndex, maxBytes) : [];
  const lastIndex = previousIndex + entries.length;
  const type = 'append-request';
  state.outbox.send({
    ...{ type, from: state.id, to: id, term: state.term },
    ...{ previousIndex, previousTerm, entries, commit, round },
  });
  progress.lastAppendMs = state.now;
  if (progress.state === 'probe') {
    progress.probeOut = true;
    return;
  }
  progress.toldCommit = Math.max(progress.toldCommit, Math.min(commit, lastIndex));
  if (entries.length === 0) return;
  progress.inflight.add(
    lastIndex,
    entries.reduce((sum, entry) => sum + entryBytes(entry), 0),
  );
  progress.next = lastIndex + 1;
}

/** Never tells of a commit beyond what the peer is known to hold: it may have other entries there. */
function sendHeartbeat(state: RaftState, id: NodeId, progress: Progress, round: number): void {
  const commit = Math.min(state.commit, progress.match);
  state.outbox.send({ type: 'heartbeat-request', from: state.id, to: id, term: state.term, commit, round });
  progress.toldCommit = commit;
}

function sendSnapshotRequest(state: RaftState, id: NodeId, round: number): void {
  const { snapshot } = state;
  state.outbox.send({ type: 'snapshot-request', from: state.id, to: id, term: state.term, snapshot, round });
}

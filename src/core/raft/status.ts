/** What a person or a metric may ask of a node. A picture of the moment; nothing is decided from it. */
import { hasSay, isLeftOut } from './election-timer.js';
import { isMember } from './membership.js';
import type { LogIndex, Membership, NodeId, Term } from './message.js';
import { contradictsItself, type Progress, type ProgressState } from './progress.js';
import type { Role, SoftState } from './ready.js';
import { leaderOf } from './state.js';
import type { RaftState } from './state.js';

export interface PeerStatus {
  readonly state: ProgressState;
  readonly matchIndex: LogIndex;
  /** Milliseconds since it last answered. */
  readonly lastHeardMs: number;
  readonly inflight: number;
  /** It says that its disk lost something; its word counts towards no quorum. */
  readonly recovering: boolean;
  /** It denies again and again what it acknowledged: it holds another history. */
  readonly contradictory: boolean;
}

export interface RaftStatus {
  readonly id: NodeId;
  readonly role: Role;
  readonly leader: NodeId | null;
  readonly term: Term;
  readonly commit: LogIndex;
  readonly firstIndex: LogIndex;
  readonly lastIndex: LogIndex;
  readonly syncedIndex: LogIndex;
  readonly snapshotIndex: LogIndex;
  readonly membership: Membership;
  readonly membershipIndex: LogIndex;
  /** False for a node that a committed membership left out: it is no part of the cluster any more. */
  readonly member: boolean;
  readonly transferringTo: NodeId | null;
  readonly storageBroken: boolean;
  /** The disk lost something; no vote until that is made good. */
  readonly recovering: boolean;
  /** Filled in at the leader only. */
  readonly peers: Readonly<Record<string, PeerStatus>>;
}

export function softStateOf(state: RaftState): SoftState {
  return { role: roleOf(state), leader: leaderOf(state) };
}

export function statusOf(state: RaftState, now: number): RaftStatus {
  const { role, log, memberships } = state;
  const peers = role.kind === 'leader' ? [...role.peers] : [];
  return {
    id: state.id,
    role: roleOf(state),
    leader: leaderOf(state),
    term: state.term,
    commit: state.commit,
    firstIndex: log.firstIndex,
    lastIndex: log.lastIndex,
    syncedIndex: state.disk.syncedIndex,
    snapshotIndex: state.snapshot.index,
    membership: memberships.current,
    membershipIndex: memberships.currentIndex,
    member: !isLeftOut(state) && (memberships.currentIndex > state.commit || isMember(memberships.current, state.id)),
    transferringTo: role.kind === 'leader' ? (role.transfer?.to ?? null) : null,
    storageBroken: state.storageBroken,
    recovering: state.recovery !== null,
    peers: Object.fromEntries(peers.map(([id, progress]) => [id, peerStatusOf(progress, now)])),
  };
}

function peerStatusOf(progress: Progress, now: number): PeerStatus {
  const { state, match, lastHeardMs, inflight, recovering } = progress;
  return {
    state,
    matchIndex: match,
    lastHeardMs: now - lastHeardMs,
    inflight: inflight.count,
    recovering,
    contradictory: contradictsItself(progress),
  };
}

function roleOf(state: RaftState): Role {
  const { role } = state;
  if (role.kind !== 'follower') return role.kind;
  return hasSay(state) && state.recovery === null ? 'follower' : 'learner';
}

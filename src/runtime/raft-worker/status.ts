/** What the core, the disk and the transport know, put together for a person. A picture of the moment. */
import { isMember, membersOf } from '../../core/raft/membership.js';
import type { LogIndex, Membership, NodeId } from '../../core/raft/message.js';
import type { RaftStatus } from '../../core/raft/node.js';
import type { ConsensusStatus, PeerStatus } from '../ports/consensus.js';
import type { PeerState, PeerTransport } from '../ports/peer-transport.js';

export interface StatusSources {
  readonly self: NodeId;
  /** Null while a new node has not yet met its peers. */
  readonly raft: RaftStatus | null;
  readonly birth: Membership;
  readonly snapshotIndex: LogIndex;
  readonly logBytes: number;
  readonly storageTrouble: string | null;
  readonly transport: PeerTransport;
}

export function consensusStatus(sources: StatusSources): ConsensusStatus {
  const { self, raft, snapshotIndex, logBytes, storageTrouble, transport } = sources;
  const membership = raft?.membership ?? sources.birth;
  return {
    id: self,
    role: raft?.role ?? 'learner',
    term: raft?.term ?? 0,
    leader: raft?.leader ?? null,
    commit: raft?.commit ?? 0,
    firstIndex: raft?.firstIndex ?? 1,
    lastIndex: raft?.lastIndex ?? 0,
    membership,
    membershipIndex: raft?.membershipIndex ?? 0,
    // Founders that have not met yet are members to be.
    member: raft?.member ?? isMember(membership, self),
    votes: raft !== null && !raft.recovering && !raft.storageBroken,
    transferringTo: raft?.transferringTo ?? null,
    snapshotIndex,
    logBytes,
    storageTrouble,
    peers: membersOf(membership)
      .filter((id) => id !== self)
      .map((id) => peerStatus(id, membership, raft, transport.peerState(id))),
  };
}

/** Voters to be that do not yet hold what is committed; at a leader. */
export function unpreparedVoters({ id: self, membership, commit, peers }: RaftStatus, next: Membership): NodeId[] {
  return next.voters.filter((id) => {
    if (id === self || membership.voters.includes(id)) return false;
    return (peers[id]?.matchIndex ?? 0) < commit;
  });
}

function peerStatus(id: NodeId, membership: Membership, raft: RaftStatus | null, state: PeerState): PeerStatus {
  const progress = raft?.peers[id];
  return {
    id,
    address: membership.addresses[id] ?? '',
    connected: state.connected,
    trouble: state.trouble,
    matchIndex: progress?.matchIndex ?? null,
    lastHeardMs: progress?.lastHeardMs ?? null,
    sending: progress?.state ?? null,
  };
}

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
  readonly foundAt: ReadonlyMap<NodeId, string>;
}

export function consensusStatus(sources: StatusSources): ConsensusStatus {
  const { self, birth, snapshotIndex, logBytes, storageTrouble, transport } = sources;
  const raft = sources.raft ?? { ...UNBORN, membership: birth, member: isMember(birth, self) };
  const { role, term, leader, commit, firstIndex, lastIndex, membership, membershipIndex, member } = raft;
  return {
    id: self,
    ...{ role, term, leader, commit, firstIndex, lastIndex, membership, membershipIndex, member },
    votes: !raft.recovering && !raft.storageBroken,
    transferringTo: raft.transferringTo,
    ...{ snapshotIndex, logBytes, storageTrouble },
    peers: membersOf(membership)
      .filter((id) => id !== self)
      .map((id) => peerStatus(id, sources, membership, transport.peerState(id))),
    turnedAway: transport.turnedAway(),
  };
}

/** While it is not known whether this node may vote: it may be about to found its cluster with the others. */
const UNBORN = {
  role: 'learner',
  ...{ term: 0, leader: null, commit: 0, firstIndex: 1, lastIndex: 0, membershipIndex: 0 },
  ...{ recovering: false, storageBroken: false, transferringTo: null },
} as const;

/** What a voter to be may lack: under load nobody ever holds everything. It is on its way there. */
const LACK_ENTRIES_MAX = 1000;

const CONTRADICTORY =
  'its log denies entries that it acknowledged, so it holds another history or its disk keeps nothing: stop it, empty its RaftDataDir and start it again';

const NOWHERE = { matchIndex: 0, state: 'probe', recovering: true } as const;

/**
 * Voters to be that do not yet hold what is committed, near enough, or whose word does not count yet; at a leader. A voter
 * that is still without its vote could cost the cluster its quorum, and nobody without a leader gets a vote back.
 */
export function unpreparedVoters({ id: self, membership, commit, peers }: RaftStatus, next: Membership): NodeId[] {
  return next.voters.filter((id) => {
    if (id === self || membership.voters.includes(id)) return false;
    const { matchIndex, state, recovering } = peers[id] ?? NOWHERE;
    return recovering || matchIndex === 0 || state !== 'replicate' || commit - matchIndex > LACK_ENTRIES_MAX;
  });
}

function peerStatus(id: NodeId, sources: StatusSources, membership: Membership, state: PeerState): PeerStatus {
  const progress = sources.raft?.peers[id];
  const address = membership.addresses[id] ?? '';
  return {
    id,
    address,
    foundAt: sources.foundAt.get(id) ?? address,
    connected: state.connected,
    trouble: progress?.contradictory === true ? CONTRADICTORY : state.trouble,
    matchIndex: progress?.matchIndex ?? null,
    lastHeardMs: progress?.lastHeardMs ?? null,
    sending: progress?.state ?? null,
    votes: progress === undefined ? null : !progress.recovering,
  };
}

/** The cluster as people see it: what the Raft thread knows, with what the nodes said of themselves. */
import { isJoint, isMember, membersOf } from '../../core/raft/membership.js';
import type { NodeId } from '../../core/raft/message.js';
import type { ConsensusStatus, PeerStatus } from '../ports/consensus.js';
import type { ClusterMember, ClusterStatus, MemberKind, Standing } from '../ports/membership.js';

/** What a node said of itself, at some time, to somebody. */
export interface SelfDescription {
  readonly httpAddress: string;
  readonly grpcAddress: string;
  readonly version: string;
}

export function standingOf(status: ConsensusStatus): Standing {
  const { membership, id, member, votes, storageTrouble } = status;
  // One that was removed while it was away has only heard of it: its own log still names it.
  if (!member) return status.membershipIndex === 0 && !isMember(membership, id) ? 'waiting' : 'removed';
  if (membership.learners.includes(id)) return 'learner';
  // A failed disk has words of its own.
  return votes || storageTrouble !== null ? 'voter' : 'recovering';
}

export function clusterStatus(
  clusterId: string,
  status: ConsensusStatus,
  describe: (id: string) => SelfDescription | undefined,
): ClusterStatus {
  const { id, membership, leader, role, term, commit, firstIndex, lastIndex, snapshotIndex, logBytes } = status;
  const peers = new Map(status.peers.map((peer) => [peer.id, peer]));
  return {
    clusterId,
    node: id,
    standing: standingOf(status),
    ...{ role, term, leader, commit, firstIndex, lastIndex, snapshotIndex, logBytes },
    storageTrouble: status.storageTrouble,
    joint: isJoint(membership),
    transferringTo: status.transferringTo,
    members: membersOf(membership).map((member) =>
      memberView(member, status, peers.get(member), describe(member) ?? UNHEARD),
    ),
    turnedAway: status.turnedAway ?? [],
  };
}

const UNHEARD: SelfDescription = { httpAddress: '', grpcAddress: '', version: '' };

function memberView(
  id: NodeId,
  status: ConsensusStatus,
  peer: PeerStatus | undefined,
  { httpAddress, grpcAddress, version }: SelfDescription,
): ClusterMember {
  const isSelf = id === status.id;
  const leads = status.role === 'leader';
  const matchIndex = isSelf && leads ? status.lastIndex : (peer?.matchIndex ?? null);
  return {
    id,
    kind: kindOf(id, status),
    isLeader: id === status.leader,
    isSelf,
    raftAddress: status.membership.addresses[id] ?? '',
    ...{ httpAddress, grpcAddress, version },
    trouble: isSelf ? status.storageTrouble : troubleOf(peer),
    matchIndex,
    behind: matchIndex === null ? null : Math.max(0, status.lastIndex - matchIndex),
    lastHeardMs: peer?.lastHeardMs ?? null,
    sending: peer?.sending ?? null,
    votes: isSelf ? status.votes : (peer?.votes ?? null),
  };
}

function kindOf(id: NodeId, { membership }: ConsensusStatus): MemberKind {
  if (membership.voters.includes(id)) return 'voter';
  return membership.learners.includes(id) ? 'learner' : 'leaving';
}

function troubleOf(peer: PeerStatus | undefined): string | null {
  if (peer === undefined || (peer.connected && peer.trouble === null)) return null;
  return peer.trouble ?? 'not connected';
}

/** What the incumbent says of its own nodes: health, Raft's state, members. */
import type { MemberStatus, NodeStatus } from '../../../runtime/ports/service.js';
import { timestamp } from './values.js';

/** A node that leads without a quorum leads nobody. */
export function isLeading(node: NodeStatus): boolean {
  return node.role === 'leader' && node.inQuorum;
}

/** Leads or follows somebody that it hears: its answers are the cluster's, not those of an island. */
export function isHealthy(node: NodeStatus): boolean {
  return node.inQuorum && node.role !== 'starting' && node.role !== 'candidate';
}

export type RaftState = 'Leader' | 'Follower' | 'Candidate' | 'Shutdown';

export function raftState(node: NodeStatus): RaftState {
  switch (node.role) {
    case 'leader':
      return 'Leader';
    case 'follower':
    case 'learner':
      return 'Follower';
    case 'candidate':
      return 'Candidate';
    case 'starting':
      return 'Shutdown';
  }
}

/** '' without a leader. */
export function leaderRaftAddress(node: NodeStatus): string {
  return node.members.find((member) => member.isLeader)?.raftAddress ?? '';
}

/** What holds automatic recovery back in all clusters; nodes that are well may be looking at servers that nobody helps. */
export interface Standstill {
  readonly recoveriesEnabled: boolean;
  /** Why automatic recovery has stopped itself; null when it has not. */
  readonly brake: string | null;
}

export function legacyHealth(node: NodeStatus, still: Standstill, nowMs: number): Readonly<Record<string, unknown>> {
  const leader = leaderRaftAddress(node);
  return {
    Healthy: isHealthy(node),
    Hostname: node.hostname,
    Token: node.id,
    IsActiveNode: isLeading(node),
    ActiveNode: nodeHealth({ Hostname: node.raftEnabled ? leader : node.hostname }),
    Error: null,
    AvailableNodes: [
      nodeHealth({
        Hostname: node.hostname,
        Token: node.id,
        AppVersion: node.version,
        Command: 'http',
        DBBackend: 'raft log',
        LastSeenActive: timestamp(nowMs),
        LastReported: new Date(nowMs).toISOString(),
      }),
    ],
    RaftLeader: leader,
    IsRaftLeader: node.raftEnabled && isLeading(node),
    RaftLeaderURI: node.leaderHttpAddress ?? '',
    RaftAdvertise: self(node)?.raftAddress ?? '',
    RaftHealthyMembers: healthyMembers(node),
    // Not there in the incumbent's.
    RecoveriesEnabled: still.recoveriesEnabled,
    Brake: still.brake,
  };
}

export function legacyRaftStatus(node: NodeStatus): Readonly<Record<string, unknown>> {
  const address = self(node)?.raftAddress ?? '';
  return {
    RaftBind: address,
    RaftAdvertise: address,
    State: raftState(node),
    Healthy: isHealthy(node),
    IsPartOfQuorum: node.inQuorum,
    Leader: leaderRaftAddress(node),
    LeaderURI: node.leaderHttpAddress ?? '',
    Peers: node.members.map((member) => member.raftAddress),
  };
}

const REPORT_VALID_MS = 20_000;

/** Known to the leader alone, as there. */
function healthyMembers(node: NodeStatus): readonly string[] | null {
  if (!isLeading(node)) return null;
  return node.members
    .filter((member) => member.id === node.id || heardLately(member))
    .map((member) => member.raftAddress);
}

function heardLately(member: MemberStatus): boolean {
  return member.lastHeardMs !== null && member.lastHeardMs <= REPORT_VALID_MS;
}

function self(node: NodeStatus): MemberStatus | undefined {
  return node.members.find((member) => member.id === node.id);
}

function nodeHealth(known: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return {
    Hostname: '',
    Token: '',
    AppVersion: '',
    FirstSeenActive: '',
    LastSeenActive: '',
    ExtraInfo: '',
    Command: '',
    DBBackend: '',
    LastReported: '0001-01-01T00:00:00Z',
    ...known,
  };
}

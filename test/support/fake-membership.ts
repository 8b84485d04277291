/** A membership that does what a test says and remembers what it was asked. */
import type {
  ChangeOutcome,
  ClusterMember,
  ClusterMembership,
  ClusterStatus,
  MembershipChange,
  Standing,
} from '../../src/runtime/ports/membership.js';
import type { Answer } from '../../src/runtime/ports/service.js';

export function memberOf(id: string, changes: Partial<ClusterMember> = {}): ClusterMember {
  return {
    id,
    kind: 'voter',
    isLeader: id === 'n1',
    isSelf: id === 'n1',
    raftAddress: `${id}.example:10008`,
    httpAddress: `http://${id}.example:3000`,
    grpcAddress: `${id}.example:3001`,
    version: '0.1.0',
    trouble: null,
    matchIndex: 42,
    behind: 0,
    lastHeardMs: id === 'n1' ? null : 20,
    sending: id === 'n1' ? null : 'replicate',
    ...changes,
  };
}

export class FakeMembership implements ClusterMembership {
  standingNow: Standing = 'voter';
  members: readonly ClusterMember[] = ['n1', 'n2', 'n3'].map((id) => memberOf(id));
  readonly asked: MembershipChange[] = [];
  answer: (change: MembershipChange) => Answer<ChangeOutcome> = () => ({
    ok: true,
    value: { done: true, message: 'as you wished', progress: null },
  });

  standing(): Standing {
    return this.standingNow;
  }

  status(): Promise<ClusterStatus> {
    return Promise.resolve({
      clusterId: 'c1',
      node: 'n1',
      standing: this.standingNow,
      role: 'leader',
      term: 3,
      leader: 'n1',
      commit: 42,
      firstIndex: 1,
      lastIndex: 42,
      snapshotIndex: 0,
      logBytes: 1000,
      storageTrouble: null,
      joint: false,
      transferringTo: null,
      members: this.members,
    });
  }

  change(change: MembershipChange): Promise<Answer<ChangeOutcome>> {
    this.asked.push(change);
    return Promise.resolve().then(() => this.answer(change));
  }

  snapshot(): Promise<number> {
    return Promise.resolve(42);
  }
}

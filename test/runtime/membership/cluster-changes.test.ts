/** Changes of the membership at a leader whose cluster is played by the test. */
import { describe, expect, it } from 'vitest';
import { SCHEMA_VERSION } from '../../../src/core/ledger/codec.js';
import type { Membership, NodeId } from '../../../src/core/raft/message.js';
import { standingOf } from '../../../src/runtime/membership/cluster-view.js';
import { handOver } from '../../../src/runtime/membership/hand-over.js';
import { NodeMembership } from '../../../src/runtime/membership/node-membership.js';
import { OperationalError } from '../../../src/runtime/errors.js';
import { systemClock } from '../../../src/runtime/ports/clock.js';
import type { ConsensusStatus, PeerStatus } from '../../../src/runtime/ports/consensus.js';
import type { MembershipChange } from '../../../src/runtime/ports/membership.js';
import type { Greeting } from '../../../src/runtime/ports/peer-transport.js';
import type { LedgerState } from '../../../src/core/ledger/state.js';
import { FakeConsensus } from '../../support/raft/fake-consensus.js';

function membershipOf(voters: string, learners = ''): Membership {
  const list = (text: string): NodeId[] => text.split(' ').filter((name) => name !== '') as NodeId[];
  const addresses = Object.fromEntries([...list(voters), ...list(learners)].map((name) => [name, `${name}:1`]));
  return { voters: list(voters), outgoing: [], learners: list(learners), addresses };
}

/** A leader n1; every other node answers unless it is named dead. */
class PlayedCluster extends FakeConsensus {
  membership: Membership;
  readonly dead = new Set<string>();
  readonly lagging = new Set<string>();
  readonly voteless = new Set<string>();
  readonly foreign = new Set<string>();
  readonly old = new Set<string>();
  readonly transfers: string[] = [];
  readonly changes: Membership[] = [];

  constructor(membership: Membership) {
    super();
    this.membership = membership;
  }

  override status(): Promise<ConsensusStatus> {
    const { voters, learners } = this.membership;
    return Promise.resolve({
      id: 'n1' as NodeId,
      role: this.leadershipNow.role,
      term: 3,
      leader: this.leadershipNow.leader,
      commit: 100,
      firstIndex: 1,
      lastIndex: 100,
      membership: this.membership,
      membershipIndex: 1,
      member: true,
      votes: true,
      transferringTo: null,
      snapshotIndex: 0,
      logBytes: 0,
      storageTrouble: null,
      peers: [...voters, ...learners].filter((id) => id !== 'n1').map((id) => this.#peer(id)),
    });
  }

  override meet(): Promise<never>;
  override meet(address: string): Promise<Greeting>;
  override meet(address = ''): Promise<Greeting> {
    const id = address.split(':')[0] as NodeId;
    if (this.dead.has(id)) return Promise.reject(new OperationalError('DEADLINE', `nobody at ${address}`));
    const schema = this.old.has(id) ? 1 : SCHEMA_VERSION;
    const info = { id, raftAddress: address, httpAddress: '', grpcAddress: '', version: '1', schema };
    return Promise.resolve({
      clusterId: this.foreign.has(id) ? 'c2' : 'c1',
      introduction: {
        info,
        hasLog: true,
        instance: id,
        votes: !this.voteless.has(id),
        cluster: { index: 0, addresses: {} },
      },
    });
  }

  override changeMembership(next: Membership): Promise<void> {
    this.changes.push(next);
    this.membership = next;
    return Promise.resolve();
  }

  override transferLeadership(to?: NodeId): Promise<void> {
    this.transfers.push(String(to));
    this.follow(4, String(to));
    return Promise.resolve();
  }

  #peer(id: NodeId): PeerStatus {
    const connected = !this.dead.has(id);
    const matchIndex = this.lagging.has(id) ? 10 : 100;
    return {
      id,
      address: `${id}:1`,
      foundAt: `${id}:1`,
      connected,
      trouble: connected ? null : 'refused',
      matchIndex,
      lastHeardMs: connected ? 20 : 60_000,
      sending: 'replicate',
    };
  }
}

function ask(cluster: PlayedCluster, change: MembershipChange, waitMs = 200): ReturnType<NodeMembership['change']> {
  const state = (): LedgerState => ({ nodes: new Map() }) as unknown as LedgerState;
  const membership = new NodeMembership({ consensus: cluster, clock: systemClock, clusterId: 'c1', state });
  return membership.change(change, systemClock.nowMs() + waitMs);
}

const add = { verb: 'add', id: null, address: 'n4:1', learner: false, despiteDeadVoters: false } as const;
const remove = (id: string, despiteDeadVoters = false): MembershipChange => ({ verb: 'remove', id, despiteDeadVoters });

describe('adding a node', () => {
  it('is refused without its port', async () => {
    const cluster = new PlayedCluster(membershipOf('n1 n2 n3'));
    for (const address of ['n4', '']) {
      expect(await ask(cluster, { ...add, address })).toMatchObject({
        ok: false,
        refusal: { code: 'BAD_REQUEST', message: expect.stringContaining('HOST:PORT') as string },
      });
    }
    expect(cluster.changes).toEqual([]);
  });

  it('makes a learner of it first, then a voter', async () => {
    const cluster = new PlayedCluster(membershipOf('n1 n2 n3'));
    expect(await ask(cluster, add)).toMatchObject({ ok: true, value: { done: true } });
    expect(cluster.changes.map(({ voters, learners }) => [voters.join(' '), learners.join(' ')])).toEqual([
      ['n1 n2 n3', 'n4'],
      ['n1 n2 n3 n4', ''],
    ]);
    expect(await ask(cluster, add)).toMatchObject({ ok: true, value: { done: true } });
    expect(cluster.changes).toHaveLength(2);
  });

  it('tells how far it is when time is over, and goes on from there', async () => {
    const cluster = new PlayedCluster(membershipOf('n1'));
    cluster.lagging.add('n4');
    const outcome = await ask(cluster, add);
    expect(outcome).toMatchObject({ value: { done: false, progress: { id: 'n4', matchIndex: 10, lastIndex: 100 } } });
    cluster.lagging.clear();
    expect(await ask(cluster, add)).toMatchObject({ value: { done: true } });
  });

  it('makes no voter of one that gives no vote yet: with it a small cluster could not elect anybody', async () => {
    const cluster = new PlayedCluster(membershipOf('n1'));
    cluster.voteless.add('n4');
    expect(await ask(cluster, add)).toMatchObject({ ok: true, value: { done: false } });
    expect(cluster.membership.voters).toEqual(['n1']);
  });

  it.each([
    ['that does not answer', (cluster: PlayedCluster) => cluster.dead.add('n4'), add, 'NOT_REACHABLE'],
    ['of another cluster', (cluster: PlayedCluster) => cluster.foreign.add('n4'), add, 'ANOTHER_CLUSTER'],
    ['with a program of before', (cluster: PlayedCluster) => cluster.old.add('n4'), add, 'TOO_OLD'],
    ['that is another one', () => undefined, { ...add, id: 'n5' }, 'ANOTHER_NODE'],
    ['under the id of a member', () => undefined, { ...add, id: 'n2', address: 'x:1' }, 'ID_TAKEN'],
  ])('refuses one %s', async (_, prepare, change, code) => {
    const cluster = new PlayedCluster(membershipOf('n1 n2'));
    prepare(cluster);
    expect(await ask(cluster, change)).toMatchObject({ ok: false, refusal: { code } });
    expect(cluster.changes).toEqual([]);
  });
});

describe('removing a node', () => {
  it('takes a dead one out, and not a live one whose loss would leave no majority', async () => {
    const cluster = new PlayedCluster(membershipOf('n1 n2 n3'));
    cluster.dead.add('n3');
    expect(await ask(cluster, remove('n2'))).toMatchObject({ ok: false, refusal: { code: 'NO_LIVE_MAJORITY' } });
    expect(await ask(cluster, remove('n3'))).toMatchObject({ ok: true, value: { done: true } });
    expect(cluster.membership.voters).toEqual(['n1', 'n2']);
  });

  it('does it all the same when told so by name', async () => {
    const cluster = new PlayedCluster(membershipOf('n1 n2 n3'));
    cluster.dead.add('n3');
    expect(await ask(cluster, remove('n2', true))).toMatchObject({ ok: true });
  });

  it('hands over first when it is the leader itself, and leaves the rest to the next one', async () => {
    const cluster = new PlayedCluster(membershipOf('n1 n2 n3'));
    await expect(ask(cluster, remove('n1'))).rejects.toMatchObject({ code: 'NOT_LEADER' });
    expect([cluster.transfers.length, cluster.changes]).toEqual([1, []]);
  });

  it('keeps the last voter, and says who is known when it knows nobody of that name', async () => {
    const cluster = new PlayedCluster(membershipOf('n1'));
    expect(await ask(cluster, remove('n1'))).toMatchObject({ refusal: { code: 'LAST_VOTER' } });
    expect(await ask(cluster, remove('n9'))).toMatchObject({ refusal: { code: 'NOT_A_MEMBER' } });
  });
});

it('replaces a dead node in one step', async () => {
  const cluster = new PlayedCluster(membershipOf('n1 n2 n3'));
  cluster.dead.add('n3');
  const change = { verb: 'replace', old: 'n3', id: null, address: 'n4:1', despiteDeadVoters: false } as const;
  expect(await ask(cluster, change)).toMatchObject({ ok: true, value: { done: true } });
  expect(cluster.changes.at(-1)?.voters).toEqual(['n1', 'n2', 'n4']);
  expect(await ask(cluster, change)).toMatchObject({ ok: true, value: { done: true } });
});

it('a leader that stops hands over to the voter that holds most, and to nobody when it is alone', async () => {
  const cluster = new PlayedCluster(membershipOf('n1 n2 n3'));
  cluster.lagging.add('n2');
  expect(await handOver(cluster, systemClock)).toContain('n3');
  expect(cluster.transfers).toEqual(['n3']);
  expect(await handOver(new PlayedCluster(membershipOf('n1')), systemClock)).toBeNull();
});

describe('the standing of a node', () => {
  it.each([
    ['voter', {}],
    ['recovering', { votes: false }],
    ['waiting', { member: false, membershipIndex: 0, membership: membershipOf('') }],
    ['removed', { member: false, membershipIndex: 7, membership: membershipOf('n2') }],
    // Its own log still names it; others have told it.
    ['removed', { member: false, membershipIndex: 0 }],
    ['learner', { membership: membershipOf('n2', 'n1') }],
  ])('%s', async (standing, changes) => {
    const status = await new PlayedCluster(membershipOf('n1 n2')).status();
    expect(standingOf({ ...status, ...changes })).toBe(standing);
  });
});

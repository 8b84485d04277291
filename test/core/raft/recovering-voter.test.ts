/**
 * A voter that comes back with an empty disk knows neither what it acknowledged nor whom it voted for. The first leader it
 * hears may be one that it helped to replace: n1 leads, n2 and n3 elect n2 and commit without it, n3 loses its disk, and
 * only n1 reaches it.
 */
import { describe, expect, test } from 'vitest';
import { Cluster, emptyDisk, id, membership } from './cluster.js';

const THREE = membership('n1 n2 n3');

/** n1 still believes that it leads, n2 does, and n3 is back without anything. */
function forgottenElection(): Cluster {
  const cluster = new Cluster(THREE, 'n1 n2 n3');
  cluster.elect('n1');
  cluster.isolate('n1');
  for (const name of ['n2', 'n3']) cluster.node(name).peerDisconnected(id('n1'), cluster.now);
  while (cluster.leader() === 'n1') cluster.pass(10);
  const next = cluster.leader();
  if (next !== 'n2') {
    cluster.node('n3').transferLeadership(id('n2'), cluster.now);
    cluster.settle();
  }
  cluster.node('n2').propose(new Uint8Array([2]), cluster.now);
  cluster.settle();
  expect(cluster.node('n2').status(cluster.now).role).toBe('leader');
  expect(cluster.node('n1').status(cluster.now).role).toBe('leader');
  cluster.crash('n3');
  cluster.boot('n3', emptyDisk(THREE), true);
  cluster.heal();
  cluster.cutBoth('n1', 'n2').cutBoth('n2', 'n3');
  return cluster;
}

describe('a voter with an empty disk', () => {
  test('lets a replaced leader commit nothing, hold no lease and answer no read', () => {
    const cluster = forgottenElection();
    const before = cluster.node('n1').status(cluster.now).commit;
    cluster.node('n1').propose(new Uint8Array([1]), cluster.now);
    cluster.node('n1').readIndex(7, cluster.now);
    cluster.settle();
    expect(cluster.node('n3').status(cluster.now)).toMatchObject({ leader: 'n1', recovering: true });
    expect(cluster.node('n1').status(cluster.now).commit).toBe(before);
    expect(cluster.node('n1').lease().until).toBeLessThan(cluster.now);
    expect(cluster.seat('n1').reads.filter(({ index }) => index !== null)).toEqual([]);
    cluster.pass(2000);
    expect(cluster.node('n1').status(cluster.now).role).not.toBe('leader');
    expect(cluster.node('n1').status(cluster.now).commit).toBe(before);
  });

  test('counts again when a leader that a quorum without it follows has brought it up to date', () => {
    const cluster = forgottenElection();
    cluster.pass(300);
    cluster.heal();
    cluster.pass(4000);
    const leader = cluster.leader() ?? '';
    cluster.node(leader).propose(new Uint8Array([3]), cluster.now);
    cluster.settle();
    expect(cluster.node('n3').status(cluster.now)).toMatchObject({ recovering: false, role: 'follower' });
    const values = cluster.seat('n3').applied.filter(({ kind }) => kind === 'command');
    expect(values.map(({ payload }) => payload[0])).toEqual([2, 3]);
    // With another follower away it is needed, and enough.
    const other = [...cluster.seats.keys()].find((name) => name !== 'n3' && name !== leader) ?? '';
    cluster.isolate(other);
    const { commit } = cluster.node(leader).status(cluster.now);
    cluster.node(leader).propose(new Uint8Array([4]), cluster.now);
    cluster.settle();
    expect(cluster.node(leader).status(cluster.now).commit).toBe(commit + 1);
  });

  test('asks for no mark before every campaign is over that may hold its forgotten vote', () => {
    const cluster = new Cluster(THREE, 'n1 n2 n3');
    cluster.elect('n1');
    cluster.crash('n3');
    cluster.boot('n3', emptyDisk(THREE), true);
    const { electionTimeoutMs } = cluster.options;
    cluster.pass(2 * electionTimeoutMs);
    expect(cluster.sent.filter(({ from, type }) => from === id('n3') && type === 'read-index-request')).toEqual([]);
    cluster.pass(electionTimeoutMs);
    expect(cluster.node('n3').status(cluster.now).recovering).toBe(false);
  });
});

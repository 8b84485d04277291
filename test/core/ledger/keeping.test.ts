import { describe, expect, it } from 'vitest';
import { addressOf, observed, serverId } from '../../support/facts.js';
import { FedLedger, recoveryOf } from '../../support/ledger.js';

const P = serverId('p');
const R = serverId('r');

function known(): FedLedger {
  const fed = new FedLedger();
  fed.feed({ kind: 'topology-observed', servers: [observed('p'), observed('r', 'p')] });
  return fed;
}

function openRecovery(fed: FedLedger, failed: string): void {
  const cluster = fed.clusterOf(failed);
  if (cluster === undefined) throw new Error(`${failed} is in a cluster`);
  const recovery = recoveryOf('1:a', cluster, failed);
  const participant = { id: serverId(failed), host: failed, port: 3306, role: 'primary', promotable: false } as const;
  const rest = { reason: '', preference: 0, tier: 0, servesOthers: true, start: true, cannotFollow: [] };
  const inputs = { ...recovery.inputs, participants: [{ ...participant, ...rest }] };
  fed.feed({ kind: 'recovery-opened', recovery: { ...recovery, inputs } });
}

describe('a forgotten server', () => {
  it('stays forgotten whoever names it, under any of its names, until somebody lifts that', () => {
    const fed = known();
    const other = { host: '10.0.0.2', port: 3306 };
    fed.feed({ kind: 'topology-observed', servers: [{ ...observed('r', 'p'), address: other }] });
    fed.feed({ kind: 'servers-forgotten', servers: [R], addresses: [], by: 'ann' });
    expect([...fed.state.servers.keys()]).toEqual(['p']);
    for (const address of [addressOf('r'), other]) {
      fed.feed({ kind: 'targets-added', targets: [{ address, origin: 'replica' }] });
      fed.feed({ kind: 'topology-observed', servers: [{ ...observed('r', 'p'), address }] });
    }
    expect(fed.state.targets.size).toBe(0);
    expect(fed.state.servers.size).toBe(1);
    fed.feed({ kind: 'forgetting-lifted', keys: [...fed.state.tombstones.keys()], by: 'ann' });
    fed.feed({ kind: 'topology-observed', servers: [observed('r', 'p')] });
    expect(fed.clusterOf('r')).toBe(fed.clusterOf('p'));
  });

  it('is forgotten under a name that it turns up with later, and comes back with all of them', () => {
    const fed = known();
    fed.feed({ kind: 'servers-forgotten', servers: [R], addresses: [], by: 'ann' });
    const late = { host: 'late', port: 3306 };
    fed.feed({ kind: 'targets-added', targets: [{ address: late, origin: 'replica' }] });
    fed.feed({ kind: 'servers-forgotten', servers: [R], addresses: [late], by: 'ann' });
    expect(fed.state.targets.size).toBe(0);
    expect([...fed.state.tombstones.keys()]).toEqual(['r']);
  });

  it('may be an address at which nobody ever answered', () => {
    const fed = new FedLedger();
    fed.feed({ kind: 'targets-added', targets: [{ address: addressOf('typo'), origin: 'seed' }] });
    fed.feed({ kind: 'servers-forgotten', servers: [], addresses: [addressOf('typo')], by: 'ann' });
    fed.feed({ kind: 'targets-added', targets: [{ address: addressOf('typo'), origin: 'seed' }] });
    expect(fed.state.targets.size).toBe(0);
  });

  it('is none while it takes part in an open recovery', () => {
    const fed = known();
    openRecovery(fed, 'p');
    const facts = fed.feed({ kind: 'servers-forgotten', servers: [P, R], addresses: [], by: 'ann' });
    expect(facts).toMatchObject([{ kind: 'rejected' }]);
    expect(fed.state.servers.size).toBe(2);
  });

  it('is remembered over a restart, and what was found since is not lost by restoring', () => {
    const fed = known();
    fed.feed({ kind: 'servers-forgotten', servers: [R], addresses: [], by: 'ann' });
    const snapshot = fed.ledger.snapshot();
    fed.feed({ kind: 'topology-observed', servers: [observed('q', 'p')] });
    // A restart: the snapshot, and then the entries that came after it.
    const again = new FedLedger();
    again.ledger.restore(snapshot);
    expect([...again.state.tombstones.keys()]).toEqual(['r']);
    expect(again.state.servers.size).toBe(1);
    expect(fed.state.servers.size).toBe(2);
  });
});

describe('a server that was not seen for long', () => {
  it('is given up without a tombstone', () => {
    const fed = known();
    fed.feed({ kind: 'silence-changed', silent: [{ server: R, sinceMs: 5 }], answering: [] });
    expect(fed.state.silences.get(R)?.sinceMs).toBe(5);
    fed.feed({ kind: 'servers-expired', servers: [R], addresses: [] });
    expect(fed.state.servers.has(R)).toBe(false);
    expect(fed.state.silences.size).toBe(0);
    fed.feed({ kind: 'topology-observed', servers: [observed('r', 'p')] });
    expect(fed.state.servers.has(R)).toBe(true);
  });

  it('is kept while it is a former primary that is not settled', () => {
    const fed = known();
    openRecovery(fed, 'p');
    const id = [...fed.state.recoveries.keys()][0];
    if (id === undefined) throw new Error('the recovery is open');
    fed.feed({ kind: 'promoting', recoveryId: id, server: R, epoch: 1 });
    fed.feed({ kind: 'recovery-closed', recoveryId: id, verdict: { kind: 'succeeded' }, lost: [] });
    fed.feed({ kind: 'servers-expired', servers: [P], addresses: [] });
    expect(fed.state.servers.has(P)).toBe(true);
  });
});

describe('addresses', () => {
  it('go to the server that moved; the old one stays its alias', () => {
    const fed = known();
    const moves = [{ server: R, address: addressOf('new'), why: 'test' }];
    fed.feed({ kind: 'servers-readdressed', moves, replaced: [] });
    expect(fed.state.servers.get(R)).toMatchObject({ address: addressOf('new'), aliases: [addressOf('r')] });
  });

  it('that two servers swapped belong to each in its turn, and are nobody else’s aliases', () => {
    const fed = known();
    const moves = [
      { server: R, address: addressOf('p'), why: 'test' },
      { server: P, address: addressOf('r'), why: 'test' },
    ];
    fed.feed({ kind: 'servers-readdressed', moves, replaced: [] });
    expect(fed.state.servers.get(R)).toMatchObject({ address: addressOf('p'), aliases: [] });
    expect(fed.state.servers.get(P)).toMatchObject({ address: addressOf('r'), aliases: [] });
  });

  it('do not change under an open recovery, whose steps know them', () => {
    const fed = known();
    openRecovery(fed, 'p');
    fed.feed({
      kind: 'servers-readdressed',
      moves: [{ server: P, address: addressOf('new'), why: 'test' }],
      replaced: [],
    });
    expect(fed.state.servers.get(P)?.address).toEqual(addressOf('p'));
  });

  it('of a server that was set up anew bring the records of the one that was there', () => {
    const fed = known();
    const cluster = fed.clusterOf('p');
    fed.feed({ kind: 'tag-put', server: P, tag: { name: 'role', value: 'a' }, by: 'ann' });
    fed.feed({ kind: 'topology-observed', servers: [{ ...observed('p2'), address: addressOf('p') }] });
    fed.feed({ kind: 'servers-readdressed', moves: [], replaced: [{ former: P, by: serverId('p2') }] });
    expect([...fed.state.clusters.values()]).toMatchObject([{ id: cluster, primary: 'p2' }]);
    expect(fed.state.tags.get(serverId('p2'))).toEqual([{ name: 'role', value: 'a' }]);
    expect(fed.state.servers.has(P)).toBe(false);
  });
});

describe('a copy under the identity of another server', () => {
  const copy = addressOf('copy');

  it('is named, is not believed, and is no alias', () => {
    const fed = known();
    fed.feed({ kind: 'topology-observed', servers: [{ ...observed('r', 'p'), address: copy }] });
    const facts = fed.feed({
      kind: 'identities-shared',
      shared: [{ server: R, address: copy, detail: 'hostname a and b' }],
      settled: [],
    });
    expect(facts).toMatchObject([
      { kind: 'identity-shared', text: expect.stringContaining('r:3306 and copy:3306 are two servers') as unknown },
    ]);
    expect(fed.state.servers.get(R)?.aliases).toEqual([]);
    fed.feed({ kind: 'topology-observed', servers: [{ ...observed('r', null, { serverNumber: 9 }), address: copy }] });
    expect(fed.state.servers.get(R)?.facts).toMatchObject({ serverNumber: 1 });
    fed.feed({ kind: 'identities-shared', shared: [], settled: [copy] });
    expect(fed.state.sharedIdentities.size).toBe(0);
  });
});

describe('pictures of the past', () => {
  it('keep who was below whom, and the newest of them within bounds', () => {
    const fed = known();
    fed.feed({ kind: 'topologies-recorded' });
    expect(fed.state.history[0]?.rows).toMatchObject([
      { address: addressOf('p'), source: null, clusterName: 'p:3306' },
      { address: addressOf('r'), source: addressOf('p'), clusterName: 'p:3306' },
    ]);
    const servers = Array.from({ length: 498 }, (_, at) => observed(`s${String(at)}`, 'p'));
    fed.feed({ kind: 'topology-observed', servers });
    for (let at = 0; at < 110; at++) fed.feed({ kind: 'topologies-recorded' });
    expect(fed.state.history).toHaveLength(100);
    expect(fed.state.history.at(-1)?.atMs).toBe(fed.state.nowMs);
  });
});

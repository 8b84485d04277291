import { describe, expect, it } from 'vitest';
import { observed, serverId } from '../../support/facts.js';
import { FedLedger } from '../../support/ledger.js';

const P = serverId('p');
const HOUR_MS = 3_600_000;

function known(...servers: ReturnType<typeof observed>[]): FedLedger {
  const fed = new FedLedger();
  fed.feed({ kind: 'topology-observed', servers: servers.length > 0 ? servers : [observed('p'), observed('r', 'p')] });
  return fed;
}

function register(fed: FedLedger, rule: 'must' | 'must_not', lifetimeMs = HOUR_MS) {
  return fed.feed({ kind: 'candidate-registered', server: P, rule, by: 'ann', lifetimeMs });
}

function later(fed: FedLedger, ms: number) {
  return fed.feed({ kind: 'time-passed' }, fed.state.nowMs + ms);
}

describe('a registered promotion rule', () => {
  it('stands over what the server says of itself, until it runs out', () => {
    const fed = known(observed('p', null, { promotionRule: 'prefer' }));
    register(fed, 'must_not');
    expect(fed.state.servers.get(P)?.facts.promotionRule).toBe('must_not');
    fed.feed({ kind: 'topology-observed', servers: [observed('p', null, { promotionRule: 'must', readOnly: true })] });
    expect(fed.state.servers.get(P)?.facts).toMatchObject({ promotionRule: 'must_not', readOnly: true });
    expect(later(fed, 2 * HOUR_MS)).toMatchObject([{ kind: 'candidate-expired' }]);
    expect(fed.state.servers.get(P)?.facts.promotionRule).toBe('must');
    expect(fed.state.candidates.size).toBe(0);
  });

  it('that is registered again stands longer, and is no news', () => {
    const fed = known();
    expect(register(fed, 'must')).toMatchObject([{ kind: 'candidate-registered' }]);
    later(fed, HOUR_MS / 2);
    expect(register(fed, 'must')).toEqual([]);
    later(fed, HOUR_MS * 0.75);
    expect(fed.state.servers.get(P)?.facts.promotionRule).toBe('must');
  });
});

describe('tags', () => {
  it('go with their server when it is forgotten', () => {
    const fed = known();
    fed.feed({ kind: 'tag-put', server: P, tag: { name: 'b', value: '' }, by: 'ann' });
    fed.feed({ kind: 'tag-put', server: P, tag: { name: 'a', value: '1' }, by: 'ann' });
    expect(fed.state.tags.get(P)?.map(({ name }) => name)).toEqual(['a', 'b']);
    fed.feed({ kind: 'servers-forgotten', servers: [P], addresses: [], by: 'ann' });
    expect(fed.state.tags.size).toBe(0);
  });

  it('are bounded for each server', () => {
    const fed = known();
    for (let at = 0; at < 256; at++) {
      fed.feed({ kind: 'tag-put', server: P, tag: { name: `t${String(at)}`, value: '' }, by: 'ann' });
    }
    const facts = fed.feed({ kind: 'tag-put', server: P, tag: { name: 'more', value: '' }, by: 'ann' });
    expect(facts).toMatchObject([{ kind: 'rejected' }]);
  });
});

describe('maintenance', () => {
  it('is one operator at a time', () => {
    const fed = known();
    const begin = { kind: 'maintenance-begun', server: P, reason: 'disk', durationMs: HOUR_MS } as const;
    fed.feed({ ...begin, owner: 'ann' });
    expect(fed.feed({ ...begin, owner: 'bob' })).toMatchObject([
      { kind: 'rejected', text: 'p:3306 is in maintenance already, by ann: disk' },
    ]);
    expect(later(fed, 2 * HOUR_MS)).toMatchObject([{ kind: 'maintenance-ended' }]);
    fed.feed({ ...begin, owner: 'bob' });
    expect(fed.state.maintenances.get(P)).toMatchObject({ number: 2, owner: 'bob' });
  });
});

describe('a pool', () => {
  it('is replaced as a whole, and runs out', () => {
    const fed = known();
    const submit = { kind: 'pool-submitted', pool: 'web', by: 'ann', lifetimeMs: HOUR_MS } as const;
    fed.feed({ ...submit, members: [{ host: 'p', port: 3306 }] });
    fed.feed({ ...submit, members: [{ host: 'r', port: 3306 }] });
    expect(fed.state.pools.get('web')?.members).toEqual([{ host: 'r', port: 3306 }]);
    later(fed, 2 * HOUR_MS);
    expect(fed.state.pools.size).toBe(0);
  });
});

describe('a cluster', () => {
  const suggest = { suggestedClusterAlias: 'shop', suggestedClusterDomain: 'shop.example' };

  it('is called what its primary suggests, and keeps name, domain and tags when the primary changes', () => {
    const fed = known(observed('p', null, suggest), observed('r', 'p'));
    const cluster = fed.clusterOf('p');
    fed.feed({ kind: 'tag-put', server: serverId('r'), tag: { name: 'role', value: 'spare' }, by: 'ann' });
    fed.feed({ kind: 'topology-observed', servers: [observed('r'), observed('p', 'r', suggest)] });
    expect([...fed.state.clusters.values()]).toMatchObject([
      { id: cluster, primary: 'r', alias: 'shop', domain: 'shop.example' },
    ]);
    expect(fed.state.tags.get(serverId('r'))).toEqual([{ name: 'role', value: 'spare' }]);
  });

  it('follows another suggestion of its primary, and not that of a replica', () => {
    const fed = known(observed('p', null, suggest), observed('r', 'p', { suggestedClusterAlias: 'other' }));
    expect([...fed.state.clusters.values()]).toMatchObject([{ alias: 'shop' }]);
    fed.feed({ kind: 'topology-observed', servers: [observed('p', null, { suggestedClusterAlias: 'store' })] });
    expect([...fed.state.clusters.values()]).toMatchObject([{ alias: 'store', domain: 'shop.example' }]);
  });

  it('keeps the name that an operator gave it, until that is taken back', () => {
    const fed = known(observed('p', null, suggest));
    const clusterId = fed.clusterOf('p');
    if (clusterId === undefined) throw new Error('p is in a cluster');
    fed.feed({ kind: 'alias-set', clusterId, alias: 'mine' });
    fed.feed({ kind: 'topology-observed', servers: [observed('p', null, { suggestedClusterAlias: 'store' })] });
    expect(fed.state.clusters.get(clusterId)).toMatchObject({ alias: 'mine' });
    fed.feed({ kind: 'alias-set', clusterId, alias: '' });
    fed.feed({
      kind: 'topology-observed',
      servers: [observed('p', null, { suggestedClusterAlias: 'store', readOnly: true })],
    });
    expect(fed.state.clusters.get(clusterId)).toMatchObject({ alias: 'store' });
  });
});

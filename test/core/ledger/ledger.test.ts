import { describe, expect, it } from 'vitest';
import { encodeCommand } from '../../../src/core/ledger/codec.js';
import { Ledger } from '../../../src/core/ledger/ledger.js';
import { observed, serverId } from '../../support/facts.js';
import { FedLedger, recoveryOf } from '../../support/ledger.js';

describe('the ledger', () => {
  it('gives the same bytes for the same entries, and for a restored snapshot', () => {
    const [one, other] = [new FedLedger(), new FedLedger()];
    for (const fed of [one, other]) {
      fed.feed({ kind: 'targets-added', targets: [{ address: { host: 'p', port: 3306 }, origin: 'seed' }] });
      fed.feed({ kind: 'topology-observed', servers: [observed('p'), observed('r1', 'p')] });
      const cluster = fed.clusterOf('p');
      if (cluster !== undefined) fed.feed({ kind: 'recovery-opened', recovery: recoveryOf('1:a', cluster, 'p') });
    }
    const bytes = one.ledger.snapshot();
    expect(Buffer.from(other.ledger.snapshot()).equals(bytes)).toBe(true);
    const restored = new Ledger();
    restored.restore(bytes);
    expect(Buffer.from(restored.snapshot()).equals(bytes)).toBe(true);
    expect(restored.state.servers.get(serverId('r1'))?.facts.channels).toHaveLength(1);
  });

  it('never lets its clock go back when a new leader stamps earlier', () => {
    const ledger = new Ledger();
    ledger.apply(1, encodeCommand({ kind: 'recoveries-switched', enabled: false, by: 'ann', atMs: 5000 }));
    ledger.apply(2, encodeCommand({ kind: 'recoveries-switched', enabled: true, by: 'ann', atMs: 4000 }));
    expect(ledger.state.nowMs).toBe(5000);
  });

  it('refuses an entry twice, and an entry of a version it does not know', () => {
    const ledger = new Ledger();
    const bytes = encodeCommand({ kind: 'recoveries-switched', enabled: false, by: 'ann', atMs: 1 });
    ledger.apply(1, bytes);
    expect(() => ledger.apply(1, bytes)).toThrow(/applied twice/);
    const later = Uint8Array.from(bytes);
    later[0] = 99;
    expect(() => ledger.apply(2, later)).toThrow(/schema version 99/);
  });

  it('takes an address off the list of targets once a server answers there', () => {
    const fed = new FedLedger();
    fed.feed({ kind: 'targets-added', targets: [{ address: { host: 'p', port: 3306 }, origin: 'seed' }] });
    expect(fed.state.targets.size).toBe(1);
    fed.feed({ kind: 'topology-observed', servers: [observed('p')] });
    expect(fed.state.targets.size).toBe(0);
    fed.feed({ kind: 'targets-added', targets: [{ address: { host: 'p', port: 3306 }, origin: 'replica' }] });
    expect(fed.state.targets.size).toBe(0);
  });

  it('ends downtime by the stamps of the log', () => {
    const fed = new FedLedger();
    fed.feed({ kind: 'topology-observed', servers: [observed('p')] });
    const downtime = {
      server: serverId('p'),
      owner: 'ann',
      reason: 'disk',
      beganAtMs: 0,
      endsAtMs: fed.state.nowMs + 1500,
    };
    fed.feed({ kind: 'downtime-begun', downtime });
    expect(fed.state.downtimes.size).toBe(1);
    fed.feed({ kind: 'recoveries-switched', enabled: false, by: 'ann' });
    expect(fed.state.downtimes.size).toBe(0);
  });

  it('uses one canary for each incident, and keeps the incident when its code sharpens', () => {
    const fed = new FedLedger();
    fed.feed({ kind: 'topology-observed', servers: [observed('p'), observed('r1', 'p'), observed('r2', 'p')] });
    const incident = {
      id: 'i1',
      server: serverId('p'),
      clusterId: fed.clusterOf('p') ?? ('' as never),
      openedAtMs: 1,
      code: 'UnreachableMaster',
      canary: null,
    };
    fed.feed({ kind: 'incident-opened', incident });
    fed.feed({ kind: 'canary-used', server: serverId('p'), canary: serverId('r2') });
    fed.feed({ kind: 'incident-opened', incident: { ...incident, id: 'i2', code: 'DeadMaster' } });
    expect(fed.state.incidents.get(serverId('p'))).toMatchObject({ id: 'i1', code: 'DeadMaster', canary: 'r2' });
    expect(fed.feed({ kind: 'canary-used', server: serverId('p'), canary: serverId('r1') })).toMatchObject([
      { kind: 'rejected' },
    ]);
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import type { RecoveryId } from '../../../src/core/recovery/recovery.js';
import type { ClusterId } from '../../../src/core/topology/server.js';
import { observed, serverId } from '../../support/facts.js';
import { FedLedger, recoveryOf } from '../../support/ledger.js';

const one = '1:a' as RecoveryId;
const stopIo = (server: string) => ({ kind: 'stop-io', server: serverId(server) }) as const;

describe('recoveries in the ledger', () => {
  let fed: FedLedger;
  let cluster: ClusterId;

  beforeEach(() => {
    fed = new FedLedger();
    fed.feed({ kind: 'topology-observed', servers: [observed('p'), observed('r1', 'p'), observed('r2', 'p')] });
    cluster = fed.clusterOf('p') as ClusterId;
    fed.feed({ kind: 'recovery-opened', recovery: recoveryOf(one, cluster, 'p') });
  });

  it('opens one recovery a cluster and no second while it is open', () => {
    expect(fed.feed({ kind: 'recovery-opened', recovery: recoveryOf('2:b', cluster, 'p') })).toMatchObject([
      { kind: 'rejected' },
    ]);
    expect(fed.state.recoveries.size).toBe(1);
  });

  it('keeps the intent beside the outcome, and counts attempts', () => {
    fed.feed({
      kind: 'steps-intended',
      recoveryId: one,
      term: 3,
      steps: [{ number: 1, attempt: 1, step: stopIo('r1') }],
    });
    fed.feed({
      kind: 'step-finished',
      recoveryId: one,
      number: 1,
      outcome: { ok: false, code: 'unreachable', error: 'gone', retriable: true },
    });
    fed.feed({
      kind: 'steps-intended',
      recoveryId: one,
      term: 4,
      steps: [{ number: 1, attempt: 2, step: stopIo('r1') }],
    });
    fed.feed({
      kind: 'step-finished',
      recoveryId: one,
      number: 1,
      outcome: { ok: true, findings: { executedGtids: 'u:1-5' } },
    });
    expect(fed.state.recoveries.get(one)?.steps).toMatchObject([
      { number: 1, attempt: 2, term: 4, outcome: { ok: true } },
    ]);
  });

  it('refuses the intent of a leader whose term has passed', () => {
    fed.feed({
      kind: 'steps-intended',
      recoveryId: one,
      term: 4,
      steps: [{ number: 1, attempt: 1, step: stopIo('r1') }],
    });
    const facts = fed.feed({
      kind: 'steps-intended',
      recoveryId: one,
      term: 3,
      steps: [{ number: 2, attempt: 1, step: stopIo('r2') }],
    });
    expect(facts).toMatchObject([{ kind: 'rejected' }]);
    expect(fed.state.recoveries.get(one)?.steps).toHaveLength(1);
  });

  it('promotes once, with the next epoch only, and demotes the failed primary in the same entry', () => {
    expect(fed.feed({ kind: 'promoting', recoveryId: one, server: serverId('r1'), epoch: 2 })).toMatchObject([
      { kind: 'rejected' },
    ]);
    fed.feed({ kind: 'promoting', recoveryId: one, server: serverId('r1'), epoch: 1 });
    expect(fed.feed({ kind: 'promoting', recoveryId: one, server: serverId('r2'), epoch: 2 })).toMatchObject([
      { kind: 'rejected' },
    ]);
    expect(fed.state.clusters.get(cluster)).toMatchObject({ primary: 'r1', epoch: 1, formerNames: ['p:3306'] });
    expect(fed.state.demotions.get(serverId('p'))).toMatchObject({ state: 'owed', epoch: 1 });
  });

  it('does not take the title back because of a report from before the promotion', () => {
    fed.feed({ kind: 'promoting', recoveryId: one, server: serverId('r1'), epoch: 1 });
    fed.feed({ kind: 'recovery-closed', recoveryId: one, verdict: { kind: 'succeeded' }, lost: [] });
    fed.feed({ kind: 'topology-observed', servers: [observed('r1', 'p'), observed('r2', 'p')] });
    expect(fed.state.clusters.get(cluster)).toMatchObject({ primary: 'r1' });
    fed.feed({ kind: 'topology-observed', servers: [observed('r1'), observed('r2', 'r1')] });
    expect([...fed.state.clusters.values()]).toMatchObject([{ id: cluster, primary: 'r1' }]);
    expect(fed.clusterOf('p')).toBe(cluster);
  });

  it('puts the dead primary in downtime as lost, and takes it out when it has rejoined', () => {
    fed.feed({ kind: 'promoting', recoveryId: one, server: serverId('r1'), epoch: 1 });
    fed.feed({ kind: 'recovery-closed', recoveryId: one, verdict: { kind: 'succeeded' }, lost: [] });
    expect(fed.state.downtimes.get(serverId('p'))).toMatchObject({ reason: 'lost-in-recovery', owner: 'orchestrator' });
    fed.feed({ kind: 'demotion-changed', server: serverId('p'), state: 'rejoined', extraGtids: '' });
    expect(fed.state.downtimes.has(serverId('p'))).toBe(false);
    expect(fed.state.demotions.has(serverId('p'))).toBe(false);
  });

  it('ends the downtime of a lost replica when it follows the primary of today, and not before', () => {
    fed.feed({ kind: 'promoting', recoveryId: one, server: serverId('r1'), epoch: 1 });
    const lost = [{ server: serverId('r2'), reason: 'it did not answer', gtids: '' }];
    fed.feed({ kind: 'recovery-closed', recoveryId: one, verdict: { kind: 'succeeded' }, lost });
    fed.feed({ kind: 'topology-observed', servers: [observed('r1'), observed('r2', 'p')] });
    expect(fed.state.downtimes.has(serverId('r2'))).toBe(true);
    fed.feed({ kind: 'topology-observed', servers: [observed('r2', 'r1')] });
    expect(fed.state.downtimes.has(serverId('r2'))).toBe(false);
  });

  it('takes no step and no promotion once it is closed', () => {
    fed.feed({
      kind: 'recovery-closed',
      recoveryId: one,
      verdict: { kind: 'undone', reason: 'no candidate' },
      lost: [],
    });
    for (const command of [
      { kind: 'promoting', recoveryId: one, server: serverId('r1'), epoch: 1 },
      { kind: 'steps-intended', recoveryId: one, term: 9, steps: [{ number: 1, attempt: 1, step: stopIo('r1') }] },
    ] as const) {
      expect(fed.feed(command)).toMatchObject([{ kind: 'rejected' }]);
    }
    expect(fed.state.clusters.get(cluster)?.primary).toBe('p');
  });

  it('forgets no server that takes part in an open recovery', () => {
    const inputs = {
      ...recoveryOf('x', cluster, 'p').inputs,
      participants: [
        {
          id: serverId('r1'),
          host: 'r1',
          port: 3306,
          role: 'replica' as const,
          promotable: true,
          reason: '',
          preference: 0,
          tier: 0,
          servesOthers: true,
          start: true,
          cannotFollow: [],
        },
      ],
    };
    fed.feed({ kind: 'recovery-closed', recoveryId: one, verdict: { kind: 'succeeded' }, lost: [] });
    fed.feed({ kind: 'recovery-opened', recovery: recoveryOf('3:c', cluster, 'p', { inputs }) });
    expect(fed.feed({ kind: 'server-forgotten', address: { host: 'r1', port: 3306 } })).toMatchObject([
      { kind: 'rejected' },
    ]);
    expect(fed.state.servers.has(serverId('r1'))).toBe(true);
  });
});

import { beforeEach, describe, expect, it } from 'vitest';
import { likelySuccessor, openDeadPrimary } from '../../../../src/core/recovery/openings/dead-primary.js';
import { openFormerPrimary } from '../../../../src/core/recovery/openings/former-primary.js';
import { openTakeover, type SoftState } from '../../../../src/core/recovery/openings/graceful-takeover.js';
import type { Opening } from '../../../../src/core/recovery/openings/opening.js';
import type { RecoveryId } from '../../../../src/core/recovery/recovery.js';
import type { ClusterId, ServerId } from '../../../../src/core/topology/server.js';
import { channelTo, factsOf, observed, serverId } from '../../../support/facts.js';
import { FedLedger, recoveryOf } from '../../../support/ledger.js';
import { policyOf } from '../../../support/policy.js';

const context = { id: '7:f' as RecoveryId, openedBy: 'n1', requestedBy: 'me' };
const unseen = () => ({ answers: true, seenAtMs: null, vitals: null });
const healthy: SoftState = { answers: () => true, lagSeconds: () => 0 };

let fed: FedLedger;
let cluster: ClusterId;

beforeEach(() => {
  fed = new FedLedger();
  fed.feed({
    kind: 'topology-observed',
    servers: [
      observed('p', null, { serverNumber: 1 }),
      observed('r1', 'p', { serverNumber: 2 }),
      observed('r2', 'p', { serverNumber: 3 }),
      observed('leaf', 'r2', { serverNumber: 4 }),
    ],
  });
  cluster = fed.clusterOf('p') as ClusterId;
});

it('an automatic takeover passes over a replica whose applier has failed, and says so when it is asked for', () => {
  const sqlError = { number: 1062, text: 'Duplicate entry' };
  const channels = [channelTo('p', { sqlThread: 'stopped', sqlError })];
  fed.feed({ kind: 'topology-observed', servers: [observed('r1', 'p', { serverNumber: 2, channels })] });
  const soft: SoftState = { answers: () => true, lagSeconds: (server) => (server === 'r1' ? null : 0) };
  const wish = { clusterId: cluster, candidate: null, auto: true };
  const opening = openTakeover(fed.state, policyOf(), wish, soft, context);
  expect(opening).toMatchObject({ ok: true, recovery: { inputs: { requestedCandidate: 'r2' } } });
  const asked = openTakeover(fed.state, policyOf(), { ...wish, candidate: serverId('r1') }, soft, context);
  expect(reasons(asked).join()).toContain('error 1062: Duplicate entry');
});

function reasons(opening: Opening): readonly string[] {
  return opening.ok ? [] : opening.refusals.map(({ message }) => message);
}

describe('the recovery of a dead primary', () => {
  const problem = { server: serverId('p'), code: 'DeadMaster', description: 'it is dead' } as const;
  const begin = (requestedCandidate: ServerId | null = null): Opening =>
    openDeadPrimary(
      fed.state,
      policyOf(),
      { problem: { ...problem, clusterId: cluster }, requestedCandidate, forced: false, sights: unseen },
      context,
    );

  it('takes in the primary and its direct replicas, best first, and fixes the epoch', () => {
    const opening = begin();
    expect(opening).toMatchObject({
      ok: true,
      recovery: { kind: 'dead-primary', failed: 'p', inputs: { epoch: 1, requestedBy: 'me' }, promotion: null },
    });
    const taken = opening.ok ? opening.recovery.inputs.participants.map(({ id, role }) => [id, role]) : [];
    expect(taken).toEqual([
      ['p', 'primary'],
      ['r1', 'replica'],
      ['r2', 'replica'],
    ]);
  });

  it('is accepted by the ledger as it is', () => {
    const opening = begin();
    if (!opening.ok) throw new Error('refused');
    fed.feed({ kind: 'recovery-opened', recovery: opening.recovery });
    expect(fed.state.recoveries.get(context.id)).toMatchObject({ failed: 'p', closedAtMs: null });
  });

  it('is refused with the reason of every candidate', () => {
    for (const name of ['r1', 'r2']) {
      fed.feed({ kind: 'topology-observed', servers: [observed(name, 'p', { logReplicaUpdates: false })] });
    }
    expect(reasons(begin())[0]).toMatch(/r1:3306 does not log.*r2:3306 does not log/);
    expect(likelySuccessor(fed.state, policyOf(), server('p'))).toBeNull();
  });

  it('is refused without replicas, for a stranger as candidate, and for a server that is no primary', () => {
    expect(reasons(begin(serverId('leaf')))[0]).toMatch(/no direct replica/);
    const leaf = { ...problem, server: serverId('leaf'), clusterId: cluster };
    expect(
      openDeadPrimary(
        fed.state,
        policyOf(),
        { problem: leaf, requestedCandidate: null, forced: false, sights: unseen },
        context,
      ),
    ).toMatchObject({
      ok: false,
      refusals: [{ code: 'not-primary' }],
    });
    for (const address of ['r1', 'r2', 'leaf'].map((host) => ({ host, port: 3306 })))
      fed.feed({ kind: 'server-forgotten', address });
    expect(reasons(begin())[0]).toMatch(/no replica/);
  });

  it('knows a replica by the uuid of its source where the address is nobody’s', () => {
    const channel = channelTo('p', { source: { host: '10.0.0.1', port: 3306 } });
    fed.feed({ kind: 'topology-observed', servers: [observed('r1', 'p', { serverNumber: 2, channels: [channel] })] });
    const opening = begin(serverId('r1'));
    expect(opening.ok).toBe(true);
  });

  it('expects the best candidate to be promoted', () => {
    fed.feed({
      kind: 'topology-observed',
      servers: [observed('r2', 'p', { serverNumber: 3, promotionRule: 'prefer' })],
    });
    expect(likelySuccessor(fed.state, policyOf(), server('p'))).toBe('r2');
  });
});

describe('a planned takeover', () => {
  const ask = (candidate: string | null, auto = false, soft: SoftState = healthy, policy = policyOf()): Opening =>
    openTakeover(
      fed.state,
      policy,
      { clusterId: cluster, candidate: candidate as ServerId | null, auto },
      soft,
      context,
    );

  it('takes the candidate that was named and looks at everybody', () => {
    const opening = ask('r1');
    expect(opening).toMatchObject({
      ok: true,
      recovery: {
        kind: 'graceful-takeover',
        inputs: { requestedCandidate: 'r1', startFormerPrimary: false, applyLimitMs: 20_000 },
      },
    });
  });

  it('chooses only when it is told to', () => {
    expect(reasons(ask(null))[0]).toBe(
      'GracefulMasterTakeover: target instance not indicated, auto=false, and master p:3306 has multiple replicas. orchestrator cannot choose where to failover to. Aborting',
    );
    expect(ask(null, true)).toMatchObject({
      ok: true,
      recovery: { inputs: { requestedCandidate: 'r1', startFormerPrimary: true } },
    });
    fed.feed({ kind: 'topology-observed', servers: [observed('r2', 'r1', { serverNumber: 3 })] });
    expect(ask(null)).toMatchObject({ ok: true, recovery: { inputs: { requestedCandidate: 'r1' } } });
  });

  it('is refused for a server that does not replicate directly from the primary', () => {
    expect(reasons(ask('leaf'))[0]).toBe(
      'GracefulMasterTakeover: indicated designated instance leaf:3306 must be directly replicating from the master p:3306',
    );
  });

  it('is refused for a candidate that lags, or of which nobody knows whether it does', () => {
    expect(reasons(ask('r1', false, { ...healthy, lagSeconds: () => 21 }))[0]).toMatch(
      /21 s behind.*ReasonableMaintenance/,
    );
    expect(reasons(ask('r1', false, { ...healthy, lagSeconds: () => null }))[0]).toMatch(/not known/);
  });

  const both = { ioThread: 'stopped', sqlThread: 'stopped' } as const;
  const startsOf = (opening: Opening): unknown =>
    opening.ok && Object.fromEntries(opening.recovery.inputs.participants.map(({ id, start }) => [id, start]));
  const stop = (how: Parameters<typeof channelTo>[1], facts: Parameters<typeof observed>[2] = {}): void => {
    const gtid = { gtidMode: 'ON', channels: [channelTo('p', { autoPosition: true, ...how })] };
    fed.feed({ kind: 'topology-observed', servers: [observed('r2', 'p', { serverNumber: 3, ...gtid, ...facts })] });
  };

  it('leaves a replica stopped that somebody had stopped, wholly or in what it fetches, and starts whose applier stood', () => {
    const restsOf = (opening: Opening): unknown =>
      opening.ok && opening.recovery.inputs.participants.map(({ rests = '' }) => rests);
    stop(both);
    expect(startsOf(ask('r1'))).toEqual({ p: true, r1: true, r2: false });
    stop({ ioThread: 'stopped' });
    expect(startsOf(ask('r1'))).toEqual({ p: true, r1: true, r2: true });
    expect(restsOf(ask('r1'))).toEqual(['', '', 'io']);
    stop({ sqlThread: 'stopped' });
    expect(startsOf(ask('r1'))).toEqual({ p: true, r1: true, r2: true });
    expect(restsOf(ask('r1'))).toEqual(['', '', '']);
    stop({ ...both, sqlError: { number: 1062, text: 'Duplicate entry' } });
    expect(startsOf(ask('r1'))).toEqual({ p: true, r1: true, r2: true });
  });

  it('starts a replica that somebody had stopped where the new primary needs its acknowledgement', () => {
    const { semiSync } = factsOf();
    const acks = { semiSync: { ...semiSync, replicaEnabled: true } };
    const source = { ...semiSync, sourceEnabled: true, sourceActive: true, waitCount: 1, timeoutMs: 10_000 };
    const feed = (replicaEnabled: boolean): void => {
      fed.feed({
        kind: 'topology-observed',
        servers: [
          observed('p', null, { serverNumber: 1, semiSync: { ...source, replicaEnabled } }),
          observed('r1', 'p', { serverNumber: 2, ...acks }),
        ],
      });
    };
    stop(both, acks);
    feed(false);
    expect(startsOf(ask('r1', true))).toMatchObject({ r2: true });
    feed(true);
    expect(startsOf(ask('r1', true))).toMatchObject({ r2: false });
    expect(startsOf(ask('r1', false))).toMatchObject({ r2: true });
  });

  it('is refused when the only one who acknowledges would be the former primary, whose replication is left stopped', () => {
    const { semiSync } = factsOf();
    const source = { ...semiSync, sourceEnabled: true, sourceActive: true, waitCount: 1, timeoutMs: 1e12 };
    const acks = { ...semiSync, replicaAvailable: true, replicaEnabled: true };
    const feed = (timeoutMs: number, secondAcknowledges: boolean): void => {
      fed.feed({
        kind: 'topology-observed',
        servers: [
          observed('p', null, { serverNumber: 1, semiSync: { ...source, replicaEnabled: true, timeoutMs } }),
          observed('r1', 'p', { serverNumber: 2, semiSync: acks }),
          observed('r2', 'p', { serverNumber: 3, semiSync: { ...acks, replicaEnabled: secondAcknowledges } }),
        ],
      });
    };
    feed(1e12, false);
    expect(reasons(ask('r1'))).toEqual([expect.stringContaining('r1:3306 would wait for 1 acknowledgements')]);
    expect(ask('r1', true).ok).toBe(true);
    feed(1e12, true);
    expect(ask('r1').ok).toBe(true);
    feed(10_000, false);
    expect(ask('r1').ok).toBe(true);
  });

  it('is refused before anything moves when it would cross a border, with the key in the text', () => {
    fed.feed({ kind: 'topology-observed', servers: [observed('r1', 'p', { serverNumber: 2, region: 'us' })] });
    expect(reasons(ask('r1', false, healthy, policyOf({ preventCrossRegion: true })))[0]).toContain(
      'PreventCrossRegionMasterFailover',
    );
  });

  it('is refused when somebody does not answer, unless that one is in downtime', () => {
    const soft = { ...healthy, answers: (id: ServerId) => id !== serverId('r2') };
    expect(reasons(ask('r1', false, soft))[0]).toMatch(/r2:3306 does not answer/);
    const downtime = {
      server: serverId('r2'),
      owner: 'me',
      reason: 'away',
      beganAtMs: 0,
      endsAtMs: fed.state.nowMs + 60_000,
    };
    fed.feed({ kind: 'downtime-begun', downtime });
    const opening = ask('r1', false, soft);
    expect(opening.ok && opening.recovery.inputs.participants.map(({ id }) => id)).toEqual(['p', 'r1']);
    expect(reasons(ask('r2', false, soft))[0]).toMatch(/r2:3306 does not answer/);
  });

  it.each([
    [{ sqlThread: 'stopped' as const }, 'its applier was stopped'],
    [{ sqlThread: 'stopped' as const, sqlError: { number: 1062, text: 'Duplicate entry' } }, 'error 1062'],
    [{ delaySeconds: 3600 }, 'applies 3600 s late'],
  ])('waits without GTID for nobody who would not come along, and leaves it below the old primary: %j', (how, why) => {
    const seen = (gtidMode: string) => {
      const facts = { serverNumber: 3, gtidMode, channels: [channelTo('p', { autoPosition: false, ...how })] };
      fed.feed({ kind: 'topology-observed', servers: [observed('r2', 'p', facts)] });
    };
    seen('ON');
    expect(reasons(ask('r1'))).toEqual([]);
    seen('OFF');
    expect(reasons(ask('r1')).join()).toMatch(new RegExp(`r2:3306 .*${why}`));
    const rest = { owner: 'me', reason: 'rescue', beganAtMs: 0, endsAtMs: fed.state.nowMs + 60_000 };
    fed.feed({ kind: 'downtime-begun', downtime: { server: serverId('r2'), ...rest } });
    const opening = ask('r1');
    expect(opening.ok && opening.recovery.inputs.participants.map(({ id }) => id)).toEqual(['p', 'r1']);
    expect(reasons(ask('r2')).join()).toContain(why);
  });

  it('is refused in a cluster that is not known, or has no replicas', () => {
    expect(
      openTakeover(
        fed.state,
        policyOf(),
        { clusterId: 'x' as ClusterId, candidate: null, auto: true },
        healthy,
        context,
      ),
    ).toMatchObject({
      refusals: [{ code: 'unknown-cluster' }],
    });
    for (const address of ['r1', 'r2', 'leaf'].map((host) => ({ host, port: 3306 })))
      fed.feed({ kind: 'server-forgotten', address });
    expect(reasons(ask(null))[0]).toBe("Master p:3306 doesn't seem to have replicas");
  });
});

describe('a takeover within a replication group', () => {
  const group = { name: 'g-1', singlePrimary: true, state: 'ONLINE', others: [], primary: null } as const;
  const feed = (version: string): void => {
    const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
    const facts = { version: { text: version, major, minor, patch } };
    const servers = [
      observed('g1', null, { ...facts, serverNumber: 11, group: { ...group, role: 'PRIMARY' } }),
      observed('g2', null, {
        ...facts,
        serverNumber: 12,
        readOnly: true,
        group: { ...group, role: 'SECONDARY', primary: { host: 'g1', port: 3306 } },
      }),
    ];
    fed.feed({ kind: 'topology-observed', servers });
  };
  const ask = (candidate: string | null): Opening => {
    const clusterId = fed.clusterOf('g1') as ClusterId;
    const wish = { clusterId, candidate: candidate as ServerId | null, auto: candidate === null };
    return openTakeover(fed.state, policyOf(), wish, healthy, context);
  };

  it.each([
    ['9.7.0', "on a member of the group: SELECT group_replication_set_as_primary('g2')"],
    ['8.0.12', 'STOP GROUP_REPLICATION on g1:3306: the group elects another one'],
  ])('of %s is refused with what to do instead', (version, mend) => {
    feed(version);
    for (const candidate of ['g2', null]) {
      const message = expect.stringContaining('g1:3306 is of the replication group g-1') as string;
      expect(ask(candidate)).toMatchObject({ ok: false, refusals: [{ code: 'group', message, mend }] });
    }
  });

  it('and one to a replica outside of it is another matter, which has to be named', () => {
    feed('9.7.0');
    fed.feed({ kind: 'topology-observed', servers: [observed('r9', 'g1', { serverNumber: 19 })] });
    expect(ask('r9').ok).toBe(true);
    const mend = expect.stringMatching(/set_as_primary\('g2'\); to leave the group, name who takes over: -d/) as string;
    expect(ask(null)).toMatchObject({ ok: false, refusals: [{ code: 'group', mend }] });
  });
});

describe('the recovery of a former primary', () => {
  it('names the primary of today, and is refused for anybody else', () => {
    expect(openFormerPrimary(fed.state, serverId('p'), context)).toMatchObject({ refusals: [{ code: 'not-demoted' }] });
    fed.feed({ kind: 'recovery-opened', recovery: recoveryOf('1:a', cluster, 'p', { kind: 'graceful-takeover' }) });
    fed.feed({ kind: 'promoting', recoveryId: '1:a' as RecoveryId, server: serverId('r1'), epoch: 1 });
    const opening = openFormerPrimary(fed.state, serverId('p'), context);
    expect(opening).toMatchObject({ ok: true, recovery: { failed: 'p', inputs: { startFormerPrimary: false } } });
    const roles = opening.ok ? opening.recovery.inputs.participants.map(({ id, role }) => [id, role]) : [];
    expect(roles).toEqual([
      ['r1', 'primary'],
      ['p', 'replica'],
    ]);
  });
});

function server(name: string) {
  const found = fed.state.servers.get(serverId(name));
  if (found === undefined) throw new Error(`${name} is not known`);
  return found;
}

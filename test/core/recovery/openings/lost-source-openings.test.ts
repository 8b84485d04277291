// Who takes part when a source that is no primary is gone, and where its replicas may go, in order.
import { beforeEach, describe, expect, it } from 'vitest';
import { openDeadGroupMember } from '../../../../src/core/recovery/openings/dead-group-member.js';
import { openDeadIntermediate } from '../../../../src/core/recovery/openings/dead-intermediate.js';
import type { Opening } from '../../../../src/core/recovery/openings/opening.js';
import type { RecoveryPolicy } from '../../../../src/core/recovery/policy.js';
import type { RecoveryId } from '../../../../src/core/recovery/recovery.js';
import type { GroupMembership, ServerFacts } from '../../../../src/core/topology/server.js';
import { channelTo, observed, serverId } from '../../../support/facts.js';
import { FedLedger, recoveryOf } from '../../../support/ledger.js';
import { policyOf } from '../../../support/policy.js';
import { type Seen, sightsOf } from '../../../support/sights.js';

const context = { id: '7:f' as RecoveryId, openedBy: 'n1', requestedBy: 'me' };

let fed: FedLedger;
let number: number;

function see(name: string, source: string | null, facts: Partial<ServerFacts> = {}): void {
  number += 1;
  fed.feed({ kind: 'topology-observed', servers: [observed(name, source, { serverNumber: number, ...facts })] });
}

beforeEach(() => {
  fed = new FedLedger();
  number = 0;
});

function openFor(
  name: string,
  open: typeof openDeadIntermediate,
  seen: Readonly<Record<string, Seen>> = {},
  policy: Partial<RecoveryPolicy> = {},
): Opening {
  const clusterId = fed.clusterOf(name);
  if (clusterId === undefined) throw new Error(`${name} was not observed`);
  const problem = { server: serverId(name), clusterId, code: 'DeadIntermediateMaster', description: 'gone' } as const;
  return open(fed.state, policyOf(policy), { problem, sights: sightsOf(seen) }, context);
}

function places(opening: Opening): readonly (readonly [string, number])[] {
  if (!opening.ok) throw new Error(opening.refusals.map(({ message }) => message).join());
  return opening.recovery.inputs.participants
    .filter(({ role }) => role === 'place')
    .map(({ id, tier }) => [id, tier] as const);
}

function refusals(opening: Opening): readonly string[] {
  return opening.ok ? [] : opening.refusals.map(({ code }) => code);
}

describe('replicas of a source in the middle of the tree', () => {
  const here = { dataCenter: 'here' };
  const there = { dataCenter: 'there' };

  beforeEach(() => {
    see('p', null, there);
    see('m', 'p', here);
    see('o1', 'm', here);
    see('o2', 'm', here);
  });

  it('go to a server of its data centre, else to one of their own, else elsewhere, and to the primary last', () => {
    see('far', 'p', there);
    see('near', 'p', here);
    expect(places(openFor('m', openDeadIntermediate))).toEqual([
      ['near', 0],
      ['far', 1],
      ['p', 1],
    ]);
  });

  it('rather go up to their own data centre than across to another', () => {
    see('p', null, here);
    see('far', 'p', there);
    expect(places(openFor('m', openDeadIntermediate))).toEqual([
      ['p', 1],
      ['far', 1],
    ]);
  });

  it('prefer whom operators named, then the same environment, then who feeds others already', () => {
    const prod = { ...here, environment: 'prod' };
    see('m', 'p', prod);
    see('a-busy', 'p', prod);
    see('leaf', 'a-busy', prod);
    see('b-idle', 'p', prod);
    see('c-test', 'p', here);
    see('d-wanted', 'p', { ...here, promotionRule: 'prefer' });
    see('e-unwanted', 'p', { ...prod, promotionRule: 'prefer_not' });
    expect(places(openFor('m', openDeadIntermediate)).map(([id]) => id)).toEqual([
      'd-wanted',
      'a-busy',
      'b-idle',
      'c-test',
      'p',
    ]);
  });

  it.each<readonly [string, Partial<ServerFacts>]>([
    ['does not replicate', { channels: [channelTo('p', { ioThread: 'connecting' })] }],
    ['is delayed', { channels: [channelTo('p', { delaySeconds: 3600 })] }],
    ['has filters', { channels: [channelTo('p', { hasFilters: true })] }],
    ['writes no binary log', { binlogEnabled: false }],
    ['does not log what it replicates', { logReplicaUpdates: false }],
    ['must not be promoted', { promotionRule: 'must_not' }],
    ['is a binlog server', { isBinlogServer: true }],
  ])('never go to a server beside it that %s', (_, facts) => {
    see('near', 'p', { ...here, ...facts });
    expect(places(openFor('m', openDeadIntermediate)).map(([id]) => id)).toEqual(['p']);
  });

  it('never go to one that does not answer, that operators work on, or that they excluded', () => {
    see('near', 'p', here);
    const onlyPrimary = [['p', 1]];
    expect(places(openFor('m', openDeadIntermediate, { near: { answers: false } }))).toEqual(onlyPrimary);
    expect(places(openFor('m', openDeadIntermediate, {}, { neverPromote: [/near/] }))).toEqual(onlyPrimary);
    const work = { owner: 'me', reason: 'disk', durationMs: 3_600_000 };
    fed.feed({ kind: 'maintenance-begun', server: serverId('near'), ...work });
    expect(places(openFor('m', openDeadIntermediate))).toEqual(onlyPrimary);
  });

  it('are led by one that may be promoted, and their own data centre is no bar to leading', () => {
    see('o1', 'm', { ...here, promotionRule: 'must_not' });
    const opening = openFor('m', openDeadIntermediate, {}, { preventCrossDataCenter: true });
    const orphans = opening.ok ? opening.recovery.inputs.participants.filter(({ role }) => role === 'replica') : [];
    expect(orphans.map(({ id, promotable }) => [id, promotable])).toEqual([
      ['o2', true],
      ['o1', false],
    ]);
  });

  it('stay stopped if an operator stopped them, and are started if we did, before we gave way to a failover', () => {
    const stopped = [channelTo('m', { ioThread: 'stopped' })];
    for (const name of ['o1', 'o2']) see(name, 'm', { ...here, channels: stopped });
    const starts = (opening: Opening): readonly unknown[] =>
      opening.ok
        ? opening.recovery.inputs.participants.filter(({ role }) => role === 'replica').map(({ start }) => start)
        : [];
    expect(starts(openFor('m', openDeadIntermediate))).toEqual([false, false]);
    const [recoveryId, clusterId] = ['1:a' as RecoveryId, fed.clusterOf('m') ?? ('' as never)];
    fed.feed({
      kind: 'recovery-opened',
      recovery: recoveryOf('1:a', clusterId, 'm', { kind: 'dead-intermediate' }),
    });
    const step = { kind: 'stop-io', server: serverId('o1') } as const;
    fed.feed({ kind: 'steps-intended', recoveryId, term: 1, steps: [{ number: 1, attempt: 1, step }] });
    const verdict = { kind: 'undone', reason: 'it gives way', gaveWayTo: '2:b' as RecoveryId } as const;
    fed.feed({ kind: 'recovery-closed', recoveryId, verdict, lost: [] });
    expect(starts(openFor('m', openDeadIntermediate))).toEqual([true, false]);
  });

  it('have nowhere to go when nobody answers, and are left in peace in downtime', () => {
    expect(refusals(openFor('m', openDeadIntermediate, { p: { answers: false } }))).toEqual(['no-place']);
    const downtime = { owner: 'me', reason: 'known', beganAtMs: 0, endsAtMs: fed.state.nowMs + 3_600_000 };
    for (const name of ['o1', 'o2']) {
      expect(openFor('m', openDeadIntermediate).ok).toBe(true);
      fed.feed({ kind: 'downtime-begun', downtime: { server: serverId(name), ...downtime } });
    }
    expect(refusals(openFor('m', openDeadIntermediate))).toEqual(['downtime']);
  });

  it('are no business of this recovery when the source is the primary, or unknown', () => {
    expect(refusals(openFor('p', openDeadIntermediate))).toEqual(['is-primary']);
    expect(refusals(openFor('o1', openDeadIntermediate))).toEqual(['no-replicas']);
  });
});

describe('replicas of a member of a replication group', () => {
  const group = (changes: Partial<GroupMembership>): Partial<ServerFacts> => ({
    group: {
      name: 'aaaaaaaa-0000-0000-0000-000000000000',
      singlePrimary: true,
      state: 'ONLINE',
      role: 'SECONDARY',
      others: [],
      primary: { host: 'g1', port: 3306 },
      ...changes,
    },
  });

  beforeEach(() => {
    see('g1', null, group({ role: 'PRIMARY' }));
    see('g2', null, group({}));
    see('g3', null, group({}));
    see('g4', null, group({ state: 'ERROR' }));
    see('o1', 'g2');
  });

  it('go to members that live and say that they are online, the primary last', () => {
    expect(places(openFor('g2', openDeadGroupMember))).toEqual([
      ['g3', 0],
      ['g1', 0],
    ]);
  });

  it('do not go to one that does not answer, and stay where they are when none does', () => {
    const silent = { answers: false };
    expect(places(openFor('g2', openDeadGroupMember, { g3: silent }))).toEqual([['g1', 0]]);
    expect(refusals(openFor('g2', openDeadGroupMember, { g1: silent, g3: silent }))).toEqual(['no-place']);
  });
});

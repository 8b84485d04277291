import { beforeEach, describe, expect, it } from 'vitest';
import { decide } from '../../../../src/core/recovery/decision.js';
import {
  ackersNeeded,
  durabilityPolicyOf,
  durabilityVerdict,
} from '../../../../src/core/recovery/durability/durability.js';
import type { DurabilityPolicy } from '../../../../src/core/recovery/durability/durability-terms.js';
import { explain, type Explanation } from '../../../../src/core/recovery/explain/explain.js';
import { openDeadPrimary } from '../../../../src/core/recovery/openings/dead-primary.js';
import { preview } from '../../../../src/core/recovery/preview/preview.js';
import type { RecoveryId } from '../../../../src/core/recovery/recovery.js';
import type { ClusterId, SemiSync, ServerFacts } from '../../../../src/core/topology/server.js';
import { factsOf, observed, serverId } from '../../../support/facts.js';
import { FedLedger, recoveryOf } from '../../../support/ledger.js';
import { filters, policyOf } from '../../../support/policy.js';
import { NO_DOUBT, SEEN_AT_MS, type Seen, sightsOf } from '../../../support/sights.js';

const ids = [1, 2, 3, 4].map((digit) => `00000000-0000-0000-0000-00000000000${String(digit)}`);
const [P = '', A = '', B = '', C = ''] = ids;
const CONTEXT = { id: '7:a' as RecoveryId, openedBy: 'n1', requestedBy: 'me' };
const PROVEN: Partial<SemiSync> = {
  sourceEnabled: true,
  sourceActive: true,
  waitCount: 1,
  waitNoReplica: true,
  timeoutMs: 1e15,
  waitPoint: 'after-sync',
};

let fed: FedLedger;
let cluster: ClusterId;
let seen: Record<string, Seen>;

function semiSync(changes: Partial<SemiSync>): Pick<ServerFacts, 'semiSync'> {
  return { semiSync: { ...factsOf().semiSync, ...changes } };
}

function see(id: string, facts: Partial<ServerFacts>): void {
  const at = ids.indexOf(id);
  const source = at === 0 ? null : P;
  fed.feed({ kind: 'topology-observed', servers: [observed(id, source, { serverNumber: at + 1, ...facts })] });
}

beforeEach(() => {
  fed = new FedLedger();
  see(P, { ...semiSync(PROVEN), dataCenter: 'east' });
  for (const id of [A, B]) see(id, { ...semiSync({ replicaEnabled: true, replicaActive: true }), dataCenter: 'east' });
  cluster = fed.clusterOf(P) as ClusterId;
  seen = Object.fromEntries(ids.map((id) => [id, { executed: `${P}:1-10` }]));
});

const ruled = (policy: DurabilityPolicy) => policyOf({ durability: [{ clusters: every(), policy }] });

function every() {
  const [filter] = filters('*');
  if (filter === undefined) throw new Error('a filter that matches all');
  return filter;
}

function ask(policy: DurabilityPolicy): Explanation {
  const told = explain({
    belief: fed.state,
    policy: ruled(policy),
    clusterId: cluster,
    sights: sightsOf(seen),
    hasQuorum: true,
    orchestrators: { voters: 3, live: 3 },
    ...NO_DOUBT,
  });
  if (told === null) throw new Error('the cluster is known');
  return told;
}

const codes = ({ refusals }: Explanation): readonly string[] => refusals.map(({ code }) => code);

describe('that no acknowledged transaction is lost', () => {
  it('is guaranteed when the primary waited all along and enough of those it waited for are reached', () => {
    for (const policy of ['none', 'semi-sync'] as const) {
      expect(ask(policy)).toMatchObject({ wouldFailOver: true, durability: { policy, guaranteed: true, because: [] } });
    }
  });

  const settings: readonly (readonly [string, Partial<SemiSync>, string])[] = [
    ['semi-sync was off', { sourceEnabled: false }, 'semi-sync is off'],
    ['its status was OFF', { sourceActive: false }, 'status was OFF'],
    ['it waited for nobody', { waitCount: 0 }, 'wait_for_replica_count'],
    ['it went on alone without replicas', { waitNoReplica: false }, 'wait_no_replica'],
    ['it went on alone after a while', { timeoutMs: 10_000 }, '10000 ms'],
    ['it showed commits before a replica had them', { waitPoint: 'after-commit' }, 'AFTER_SYNC'],
  ];
  for (const [name, change, reason] of settings) {
    it(`is not when ${name}: the policy refuses, and without one the record says why`, () => {
      see(P, { ...semiSync({ ...PROVEN, ...change }), dataCenter: 'east' });
      const lax = ask('none');
      expect(lax).toMatchObject({ wouldFailOver: true, durability: { guaranteed: false } });
      expect(lax.durability.because.join()).toContain(reason);
      expect(codes(ask('semi-sync'))).toEqual(['durability']);
      expect(ask('semi-sync').refusals[0]?.message).toContain(reason);
    });
  }

  it('is at the border of a day not, and then is', () => {
    see(P, semiSync({ ...PROVEN, timeoutMs: 86_399_999 }));
    expect(ask('none').durability.guaranteed).toBe(false);
    see(P, semiSync({ ...PROVEN, timeoutMs: 86_400_000 }));
    expect(ask('none').durability.guaranteed).toBe(true);
  });

  it('is not when one of two possible ackers is not reached: it may have been the one', () => {
    seen[B] = { answers: false };
    expect(codes(ask('semi-sync'))).toEqual(['durability']);
    const lax = ask('none');
    expect(lax).toMatchObject({ wouldFailOver: true, durability: { guaranteed: false } });
    expect(lax.durability.because.join()).toMatch(/1 of 2 .* count and 2 must.*not reached/);
  });

  it('needs one less of them for each more that the primary waited for', () => {
    see(C, { ...semiSync({ replicaEnabled: true }), dataCenter: 'east' });
    see(P, semiSync({ ...PROVEN, waitCount: 2 }));
    const terms = { policy: 'none', enforced: false, primaryZone: '', doubts: [], ackers: [] } as const;
    const acker = { server: serverId(A), name: 'a', zone: '', doubt: null };
    const needed = [1, 2, 3, 4].map((waitCount) =>
      ackersNeeded({ ...terms, waitCount, ackers: [acker, acker, acker] }),
    );
    expect(needed).toEqual([3, 2, 1, 1]);
    seen[C] = { answers: false };
    expect(ask('none').durability.guaranteed).toBe(true);
    seen[B] = { answers: false };
    expect(ask('none').durability.guaranteed).toBe(false);
  });

  it('does not count one that was restarted since the primary was last seen alive', () => {
    seen[P] = { seenAtMs: SEEN_AT_MS - 60_000 };
    seen[B] = { executed: `${P}:1-10`, uptimeSeconds: 60 };
    expect(ask('none').durability.guaranteed).toBe(true);
    seen[B] = { executed: `${P}:1-10`, uptimeSeconds: 59 };
    const told = ask('none');
    expect(told.durability.because.join()).toContain('restarted');
    expect(codes(ask('semi-sync'))).toEqual(['durability']);
  });

  it('counts one that follows nobody any more, and may have acknowledged before', () => {
    fed.feed({
      kind: 'topology-observed',
      servers: [observed(C, P, { serverNumber: 4, ...semiSync({ replicaEnabled: true }) })],
    });
    seen[C] = { answers: false };
    expect(ask('none').durability.guaranteed).toBe(false);
  });
});

describe('who may be promoted', () => {
  it('nobody who would have too few that acknowledge', () => {
    see(P, semiSync({ ...PROVEN, waitCount: 2 }));
    const told = ask('semi-sync');
    expect(codes(told)).toEqual(['no-candidate']);
    expect(told.refusals[0]?.message).toContain('1 replicas that acknowledge, and 2 are asked for');
    expect(ask('none').wouldFailOver).toBe(true);
  });

  it('across zones: one that was reached and one that remains stand in another data centre', () => {
    expect(codes(ask('cross-zone'))).toEqual(['no-candidate', 'durability']);
    see(B, { ...semiSync({ replicaEnabled: true }), dataCenter: 'west' });
    expect(ask('cross-zone')).toMatchObject({ wouldFailOver: true, durability: { guaranteed: true } });
  });

  it('across zones nobody where the zone of the primary is not known', () => {
    see(P, semiSync(PROVEN));
    see(B, { ...semiSync({ replicaEnabled: true }), dataCenter: 'west' });
    expect(
      ask('cross-zone')
        .refusals.map(({ message }) => message)
        .join(),
    ).toContain('data centre');
  });
});

describe('the record', () => {
  const open = (forced: boolean) => {
    const problem = { server: serverId(P), clusterId: cluster, code: 'DeadMaster', description: '' } as const;
    const sights = sightsOf(seen);
    const request = { problem, requestedCandidate: null, forced, sights };
    const opening = openDeadPrimary(fed.state, ruled('semi-sync'), request, CONTEXT);
    if (!opening.ok) throw new Error('it was to be opened');
    return opening.recovery;
  };
  const has = { executedGtids: `${P}:1-10`, receivedGtids: '', purgedGtids: '' };

  it('of a failover that reached fewer than it hoped for: nothing is promoted, and what was stopped is put back', () => {
    const played = preview(open(false), (server) => (server === B || server === P ? null : has));
    expect(played.ending.verdict).toMatchObject({
      kind: 'undone',
      reason: expect.stringContaining('semi-sync') as string,
    });
    expect(played.steps.some(({ kind }) => kind === 'promise-promotion')).toBe(false);
  });

  it('of one that an operator forced says what it was worth', () => {
    const played = preview(open(true), (server) => (server === B || server === P ? null : has));
    expect(played.ending.verdict.kind).toBe('succeeded');
    expect(durabilityVerdict(played.record)).toMatchObject({ kind: 'not-guaranteed' });
    const whole = preview(open(true), (server) => (server === P ? null : has));
    expect(durabilityVerdict(whole.record)).toEqual({ kind: 'guaranteed' });
  });

  it('of before the question was asked has no answer', () => {
    const recovery = open(true);
    const old = Object.entries(recovery.inputs).filter(([name]) => name !== 'durability');
    const inputs = Object.fromEntries(old) as unknown as typeof recovery.inputs;
    expect(durabilityVerdict({ ...recovery, inputs })).toBeNull();
  });
});

it('the first rule that fits holds, by any name the cluster had; without one there is no policy', () => {
  const [one] = filters('alias=shop');
  const [two] = filters('db1:3306');
  if (one === undefined || two === undefined) throw new Error('two filters');
  const rules = [
    { clusters: one, policy: 'cross-zone' },
    { clusters: two, policy: 'semi-sync' },
  ] as const;
  expect(durabilityPolicyOf(rules, { names: ['db1:3306'], alias: 'shop' })).toBe('cross-zone');
  expect(durabilityPolicyOf(rules, { names: ['db2:3306', 'db1:3306'], alias: '' })).toBe('semi-sync');
  expect(durabilityPolicyOf(rules, { names: ['db2:3306'], alias: '' })).toBe('none');
});

it('the decision in earnest is the one that is explained', () => {
  seen[B] = { answers: false };
  const death = { code: 'DeadMaster', description: '', reaction: 'recover-dead-primary' } as const;
  const problem = { server: serverId(P), clusterId: cluster, ...death };
  const question = { belief: fed.state, policy: ruled('semi-sync'), problem, sights: sightsOf(seen), hasQuorum: true };
  expect(decide(question, CONTEXT).refusals).toEqual(ask('semi-sync').refusals);
});

it('a replica that we made not to acknowledge a moment ago counts as one that may have', () => {
  see(B, semiSync({}));
  seen[B] = { answers: false };
  expect(ask('none').durability.guaranteed).toBe(true);
  const recovery = recoveryOf('1:a', cluster, P, { kind: 'semi-sync' });
  fed.feed({ kind: 'recovery-opened', recovery });
  const step = { kind: 'acknowledge', server: serverId(B), on: false } as const;
  fed.feed({ kind: 'steps-intended', recoveryId: recovery.id, term: 1, steps: [{ number: 1, attempt: 1, step }] });
  fed.feed({ kind: 'step-finished', recoveryId: recovery.id, number: 1, outcome: { ok: true, findings: {} } });
  fed.feed({ kind: 'recovery-closed', recoveryId: recovery.id, verdict: { kind: 'succeeded' }, lost: [] });
  expect(ask('none').durability).toMatchObject({ guaranteed: false });
  fed.feed({ kind: 'time-passed' }, fed.state.nowMs + 61_000);
  expect(ask('none').durability.guaranteed).toBe(true);
});

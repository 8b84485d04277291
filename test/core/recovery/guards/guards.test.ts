import { beforeEach, describe, expect, it } from 'vitest';
import { isoTime } from '../../../../src/core/base/iso-time.js';
import type { Problem } from '../../../../src/core/analysis/problem.js';
import type { Belief, Refusal } from '../../../../src/core/recovery/belief.js';
import { type GuardQuestion, guardRefusals, reactionRefusals } from '../../../../src/core/recovery/guards/guards.js';
import type { RecoveryPolicy } from '../../../../src/core/recovery/policy.js';
import type { RecoveryId, Recovery } from '../../../../src/core/recovery/recovery.js';
import { addressText } from '../../../../src/core/topology/address.js';
import type { ClusterId } from '../../../../src/core/topology/server.js';
import { observed, serverId } from '../../../support/facts.js';
import { FedLedger, recoveryOf } from '../../../support/ledger.js';
import { filters, policyOf } from '../../../support/policy.js';

const HOUR = 3_600_000;

describe('what keeps a recovery from being opened', () => {
  let fed: FedLedger;
  let cluster: ClusterId;

  beforeEach(() => {
    fed = new FedLedger();
    fed.feed({ kind: 'topology-observed', servers: [observed('p'), observed('r1', 'p')] });
    cluster = fed.clusterOf('p') as ClusterId;
  });

  function refusals(policy: Partial<RecoveryPolicy>, question: Partial<GuardQuestion>): readonly Refusal[] {
    const belief: Belief = fed.state;
    const full = {
      belief,
      policy: policyOf(policy),
      clusterId: cluster,
      kind: 'dead-primary' as const,
      server: serverId('p'),
      forced: false,
      hasQuorum: true,
    };
    return guardRefusals({ ...full, ...question });
  }

  function reasons(policy: Partial<RecoveryPolicy> = {}, question: Partial<GuardQuestion> = {}): readonly string[] {
    return refusals(policy, question).map(({ code }) => code);
  }
  const texts = (question: Partial<GuardQuestion>): readonly string[] =>
    refusals({}, question).map(({ message }) => message);

  const open = (id: string, changes: Partial<Recovery> = {}): void => {
    fed.feed({ kind: 'recovery-opened', recovery: recoveryOf(id, cluster, 'p', changes) });
  };
  const close = (id: string, kind: 'succeeded' | 'undone'): void => {
    const verdict = kind === 'succeeded' ? ({ kind } as const) : ({ kind, reason: 'nobody answered' } as const);
    fed.feed({ kind: 'recovery-closed', recoveryId: id as RecoveryId, verdict, lost: [] });
  };
  const promote = (id: string): void => {
    open(id);
    fed.feed({ kind: 'promoting', recoveryId: id as RecoveryId, server: serverId('r1'), epoch: 1 });
    close(id, 'succeeded');
  };
  const later = (ms: number): Partial<GuardQuestion> => ({ belief: { ...fed.state, nowMs: fed.state.nowMs + ms } });

  it('nothing, when all is well', () => {
    expect(reasons()).toEqual([]);
  });

  it('the want of a quorum, also when it is forced', () => {
    expect(reasons({}, { hasQuorum: false })).toEqual(['no-quorum']);
    expect(reasons({}, { hasQuorum: false, forced: true })).toEqual(['no-quorum']);
  });

  it('filters that do not cover the cluster, or none at all', () => {
    expect(reasons({ primaryFilters: [] })).toEqual(['not-covered']);
    expect(reasons({ primaryFilters: filters('other') })).toEqual(['not-covered']);
    expect(reasons({ primaryFilters: filters('^p:3306$') })).toEqual([]);
    fed.feed({ kind: 'alias-set', clusterId: cluster, alias: 'shop' });
    expect(reasons({ primaryFilters: filters('alias=shop') })).toEqual([]);
  });

  it('not a filter that named the cluster before its failover renamed it', () => {
    promote('1:a');
    expect(reasons({ primaryFilters: filters('p:3306') }, { server: serverId('r1') })).toEqual([]);
  });

  it('the global switch', () => {
    fed.feed({ kind: 'recoveries-switched', enabled: false, by: 'me' });
    expect(reasons()).toEqual(['recoveries-disabled']);
  });

  it('downtime, while it lasts', () => {
    const downtime = {
      server: serverId('p'),
      owner: 'me',
      reason: 'upgrade',
      beganAtMs: 0,
      endsAtMs: fed.state.nowMs + HOUR,
    };
    fed.feed({ kind: 'downtime-begun', downtime });
    expect(reasons()).toEqual(['downtime']);
    expect(reasons({}, later(HOUR))).toEqual([]);
  });

  it('another recovery in the cluster, but not that of a former primary, which gives way', () => {
    open('1:a');
    expect(reasons()).toEqual(['open-recovery']);
    expect(reasons({}, { forced: true })).toEqual(['open-recovery']);
    close('1:a', 'succeeded');
    open('2:b', { kind: 'former-primary' });
    expect(reasons()).toEqual([]);
    // A planned takeover can wait until it is fenced.
    expect(reasons({}, { forced: true, planned: true })).toEqual(['open-recovery']);
    expect(reasons({}, { forced: true })).toEqual([]);
    const step = { kind: 'fence', server: serverId('p') } as const;
    const recoveryId = '2:b' as RecoveryId;
    fed.feed({ kind: 'steps-intended', recoveryId, term: 1, steps: [{ number: 1, attempt: 1, step }] });
    fed.feed({ kind: 'step-finished', recoveryId, number: 1, outcome: { ok: true, findings: {} } });
    expect(reasons({}, { forced: true, planned: true })).toEqual([]);
  });

  it('another recovery, told by its kind, its server, since when, for whom, and what to do about it', () => {
    const asked = { ...recoveryOf('1:a', cluster, 'p').inputs, requestedBy: 'ann' };
    const movement = { command: 'relocate-replicas', manner: 'each', moves: [], refused: [], atOnce: 1 } as const;
    open('1:a', { kind: 'move', inputs: { ...asked, movement } });
    const since = isoTime(fed.state.recoveries.get('1:a' as RecoveryId)?.openedAtMs ?? -1);
    const name = addressText(observed('p').address);
    expect(texts({ forced: true, kind: 'graceful-takeover' })).toEqual([
      `relocate-replicas of ${name} (recovery 1:a, since ${since}, asked for by ann) is under way in this cluster: ` +
        'wait until it has ended, or end it: orchestrator-client -c cancel-move -i 1:a ' +
        `(its steps: orchestrator-client -c history -i ${name})`,
    ]);
    close('1:a', 'undone');
    open('2:b');
    expect(texts({ forced: true })).toEqual([
      expect.stringMatching(/^dead-primary of .*2:b.*: wait until it has ended \(its steps: [^(]*\)$/),
    ]);
  });

  it('a recent automatic failover, until the period is over or somebody acknowledged it', () => {
    promote('1:a');
    const policy = { blockMs: HOUR };
    const server = { server: serverId('r1') };
    expect(reasons(policy, server)).toEqual(['blocked']);
    expect(reasons(policy, { ...server, forced: true })).toEqual([]);
    expect(reasons(policy, { ...server, ...later(HOUR) })).toEqual([]);
    expect(reasons({ blockMs: 0 }, server)).toEqual([]);
    fed.feed({ kind: 'recovery-acknowledged', recoveryId: '1:a' as RecoveryId, by: 'me', comment: 'seen' });
    expect(reasons(policy, server)).toEqual([]);
  });

  it('not a recovery that promoted nobody, beyond a short pause that grows', () => {
    open('1:a');
    close('1:a', 'undone');
    expect(reasons({ blockMs: HOUR })).toEqual(['just-failed']);
    expect(reasons({ blockMs: HOUR }, later(2000))).toEqual([]);
    open('2:b');
    close('2:b', 'undone');
    expect(reasons({}, later(2000))).toEqual(['just-failed']);
    expect(reasons({}, later(4000))).toEqual([]);
  });

  it('not what an operator asked for', () => {
    open('1:a', { kind: 'graceful-takeover' });
    fed.feed({ kind: 'promoting', recoveryId: '1:a' as RecoveryId, server: serverId('r1'), epoch: 1 });
    close('1:a', 'succeeded');
    expect(reasons({ blockMs: HOUR }, { server: serverId('r1') })).toEqual([]);
  });

  it('all of it at once, each with a sentence and a way out', () => {
    fed.feed({ kind: 'recoveries-switched', enabled: false, by: 'me' });
    const belief: Belief = fed.state;
    const refusals = guardRefusals({
      belief,
      policy: policyOf({ primaryFilters: [] }),
      clusterId: cluster,
      kind: 'dead-primary',
      server: serverId('p'),
      forced: false,
      hasQuorum: true,
    });
    expect(refusals.map(({ code }) => code)).toEqual(['recoveries-disabled', 'not-covered']);
    for (const { message, mend } of refusals) expect([message.length > 20, mend.length > 10]).toEqual([true, true]);
  });

  it('a problem that is not answered with a recovery', () => {
    const problem = {
      server: serverId('p'),
      clusterId: cluster,
      description: '',
      severity: 'critical',
      because: [],
    } as const;
    const refusalsOf = (told: Pick<Problem, 'code' | 'reaction'>) =>
      reactionRefusals(fed.state, { ...problem, ...told });
    expect(refusalsOf({ code: 'UnreachableMaster', reaction: 'examine' })).toMatchObject([
      { code: 'not-actionable', mend: expect.stringContaining('force-master-failover -i p:3306') as string },
    ]);
    expect(refusalsOf({ code: 'DeadMaster', reaction: 'recover-dead-primary' })).toEqual([]);
  });
});

// A primary that waits for more acknowledgements than it gets, or gets more than it waits for.
import { describe, expect, it } from 'vitest';
import { decide } from '../../../../src/core/recovery/decision.js';
import type { RecoveryPolicy } from '../../../../src/core/recovery/policy.js';
import type { Recovery, RecoveryId } from '../../../../src/core/recovery/recovery.js';
import { channelTo, factsOf, observed, serverId } from '../../../support/facts.js';
import { FedLedger } from '../../../support/ledger.js';
import { MysqlWorld, uuidOf } from '../../../support/worlds/mysql-world.js';
import { diesAt, play } from '../../../support/worlds/plan-player.js';
import { policyOf } from '../../../support/policy.js';
import { openingOf, participant } from '../../../support/worlds/recoveries.js';
import { type Seen, sightsOf } from '../../../support/sights.js';

const context = { id: '7:f' as RecoveryId, openedBy: 'n1', requestedBy: 'me' };

interface Acker {
  readonly priority?: number;
  readonly acks?: boolean;
  readonly rule?: 'must' | 'must_not' | 'prefer';
  readonly replicates?: boolean;
  readonly plugin?: boolean;
}

describe('who is to acknowledge', () => {
  /** A primary that waits for `waitCount`, and replicas by name. */
  function answer(
    mode: RecoveryPolicy['semiSync'],
    waitCount: number,
    replicas: Readonly<Record<string, Acker>>,
    seen: Readonly<Record<string, Seen>> = {},
  ) {
    const fed = new FedLedger();
    const { semiSync } = factsOf();
    const source = { ...semiSync, sourceEnabled: true, sourceActive: true, waitCount, timeoutMs: 1000 };
    const servers = Object.entries(replicas).map(([name, told], at) => {
      const { priority = 1, acks = false, rule = 'neutral', replicates = true, plugin = true } = told;
      return observed(name, 'p', {
        serverNumber: at + 2,
        promotionRule: rule,
        semiSyncPriority: priority,
        semiSync: { ...semiSync, replicaAvailable: plugin, replicaEnabled: acks, replicaActive: acks },
        channels: [channelTo('p', replicates ? {} : { ioThread: 'connecting' })],
      });
    });
    fed.feed({ kind: 'topology-observed', servers: [observed('p', null, { semiSync: source }), ...servers] });
    const clients = Object.values(replicas).filter(({ acks }) => acks === true).length;
    const { refusals, opening } = decide(
      {
        belief: fed.state,
        policy: policyOf({ semiSync: mode, primaryFilters: [] }),
        problem: {
          server: serverId('p'),
          clusterId: fed.clusterOf('p') ?? ('' as never),
          code: 'LockedSemiSyncMaster',
          description: 'it waits',
          reaction: 'repair-semi-sync',
        },
        sights: (server) => {
          const look = sightsOf(seen)(server);
          return look.vitals === null ? look : { ...look, vitals: { ...look.vitals, semiSyncClients: clients } };
        },
        hasQuorum: true,
      },
      context,
    );
    if (refusals.length > 0 || !opening.ok) return refusals.map(({ code }) => code);
    return opening.recovery.inputs.participants.flatMap(({ id, acknowledges }) =>
      acknowledges === undefined ? [] : [`${acknowledges ? '+' : '-'}${id}`],
    );
  }

  it('is changed only where operators want it changed', () => {
    expect(answer('none', 1, { a: {} })).toEqual(['semi-sync-repair-off']);
  });

  it('goes by the priority, the higher the sooner, then by the promotion rule, then by the name', () => {
    expect(answer('enough', 1, { a: { priority: 1 }, b: { priority: 5 } })).toEqual(['+b']);
    expect(answer('enough', 1, { a: {}, b: { rule: 'prefer' } })).toEqual(['+b']);
    expect(answer('enough', 1, { b: {}, a: {} })).toEqual(['+a']);
  });

  it('leaves out those that are not meant to, cannot, do not replicate, do not answer or must never be promoted', () => {
    const others = {
      a: { priority: 0 },
      b: { plugin: false },
      c: { replicates: false },
      d: {},
      e: { rule: 'must_not' },
    } as const;
    expect(answer('enough', 1, { ...others, f: {} }, { d: { answers: false } })).toEqual(['+f']);
    expect(answer('enough', 1, others, { d: { answers: false } })).toEqual(['few-ackers']);
  });

  it('is as many as are missing and no more; nobody is made not to, unless the number is to be exact', () => {
    const replicas = { a: { acks: true }, b: {}, c: {}, d: { priority: 0, acks: true } };
    expect(answer('enough', 3, replicas)).toEqual(['+b']);
    expect(answer('exact', 2, replicas)).toEqual(['+b', '-d']);
    expect(answer('exact', 1, replicas)).toEqual(['-d']);
  });

  it('is not begun where it would leave the primary waiting', () => {
    expect(answer('exact', 2, { a: { acks: true }, d: { priority: 0, acks: true } })).toEqual(['few-ackers']);
    expect(answer('enough', 3, { a: { acks: true }, b: {} })).toEqual(['few-ackers']);
  });

  it('is left as it is where all that are to acknowledge are set to', () => {
    expect(answer('exact', 1, { a: { acks: true } })).toEqual(['nothing-to-change']);
  });
});

describe('the plan', () => {
  const [P, A, B, C] = [uuidOf(1), uuidOf(2), uuidOf(3), uuidOf(4)];

  function worldOf(acking: readonly (typeof P)[]): MysqlWorld {
    const world = new MysqlWorld();
    const primary = world.add(P, { readOnly: false });
    for (const id of [A, B, C]) world.follow(world.add(id, { acks: acking.includes(id) }), primary);
    return world;
  }

  function openingFor(on: readonly (typeof P)[], off: readonly (typeof P)[], waitCount: number): Recovery {
    const changes = [...on.map((id) => [id, true] as const), ...off.map((id) => [id, false] as const)];
    const told = changes.map(([id, acknowledges]) => participant(id, 'replica', { acknowledges }));
    const semiSync = { timeoutMs: 1000, waitCount, ackers: on.length };
    return openingOf('semi-sync', P, [participant(P, 'primary'), ...told], { semiSync });
  }

  const acking = (world: MysqlWorld): readonly unknown[] => [A, B, C].filter((id) => world.get(id).acks);

  it('lets the new ones acknowledge, counts at the primary, and only then lets the others stop', () => {
    const world = worldOf([C]);
    const { record, ending } = play(openingFor([A], [C], 1), world);
    expect(ending.verdict).toEqual({ kind: 'succeeded' });
    expect(acking(world)).toEqual([A]);
    expect(record.steps.map(({ step }) => [step.kind, step.server])).toEqual([
      ['acknowledge', A],
      ['look', P],
      ['release', P],
      ['acknowledge', C],
    ]);
  });

  it('never has fewer than the primary waits for, whenever the leader dies', () => {
    for (let point = 1; ; point++) {
      const world = worldOf([B, C]);
      const { deaths, ending } = play(openingFor([A], [B], 2), world, diesAt(point), (_step, outcome) => {
        expect(acking(world).length).toBeGreaterThan(1);
        return outcome;
      });
      expect(ending.verdict).toEqual({ kind: 'succeeded' });
      expect(acking(world)).toEqual([A, C]);
      if (deaths === 0) return;
    }
  });

  it('spares none when a new one cannot be had, and says why', () => {
    const world = worldOf([C]);
    world.get(A).up = false;
    const { ending } = play(openingFor([A, B], [C], 3), world);
    expect(acking(world)).toEqual([B, C]);
    expect(ending.verdict).toMatchObject({ kind: 'failed', reason: expect.stringContaining('waits for 3') as string });
    const other = worldOf([C]);
    other.get(A).up = false;
    expect(play(openingFor([A], [C], 1), other).ending.verdict).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('cannot spare') as string,
    });
    expect(acking(other)).toEqual([C]);
  });
});

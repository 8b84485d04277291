// A primary that takes no writes: when it is opened, and when it must not be.
import { beforeEach, describe, expect, it } from 'vitest';
import { decide } from '../../../../src/core/recovery/decision.js';
import type { RecoveryPolicy } from '../../../../src/core/recovery/policy.js';
import type { RecoveryId } from '../../../../src/core/recovery/recovery.js';
import type { ServerFacts } from '../../../../src/core/topology/server.js';
import { observed, serverId } from '../../../support/facts.js';
import { FedLedger, recoveryOf } from '../../../support/ledger.js';
import { MysqlWorld, uuidOf } from '../../../support/worlds/mysql-world.js';
import { immortal, play } from '../../../support/worlds/plan-player.js';
import { policyOf } from '../../../support/policy.js';
import { openingOf, participant } from '../../../support/worlds/recoveries.js';
import { type Seen, sightsOf } from '../../../support/sights.js';

const context = { id: '7:f' as RecoveryId, openedBy: 'n1', requestedBy: 'me' };
const closed: Partial<ServerFacts> = { readOnly: true };
const P = uuidOf(1);

describe('its opening', () => {
  let fed: FedLedger;

  const see = (name: string, source: string | null, facts: Partial<ServerFacts> = {}): void => {
    fed.feed({ kind: 'topology-observed', servers: [observed(name, source, facts)] });
  };

  beforeEach(() => {
    fed = new FedLedger();
    see('p', null, closed);
    see('r', 'p', { serverNumber: 2 });
  });

  function answer(
    reaction: 'open-primary' | 'reopen-primary',
    { server = 'p', seen = {}, policy = {} }: Answering = {},
  ) {
    const clusterId = fed.clusterOf('p');
    if (clusterId === undefined) throw new Error('it was observed');
    const what = { code: 'NoWriteableMasterStructureWarning', description: 'it is read-only' } as const;
    return decide(
      {
        belief: fed.state,
        policy: policyOf(policy),
        problem: { server: serverId(server), clusterId, reaction, ...what },
        sights: sightsOf(seen),
        hasQuorum: true,
      },
      context,
    );
  }

  interface Answering {
    readonly server?: string;
    readonly seen?: Readonly<Record<string, Seen>>;
    readonly policy?: Partial<RecoveryPolicy>;
  }

  const codes = (answering: Answering = {}, reaction: 'open-primary' | 'reopen-primary' = 'open-primary') =>
    answer(reaction, answering).refusals.map(({ code }) => code);

  it('is of the primary of the cluster alone, and needs no filter but its own key', () => {
    expect(codes({ policy: { primaryFilters: [] } })).toEqual([]);
    expect(codes({ server: 'r' })).toEqual(['not-primary', 'replicates']);
  });

  it('never is of a server that is to be fenced, and never makes a second one that takes writes', () => {
    const clusterId = fed.clusterOf('p') ?? ('' as never);
    fed.feed({ kind: 'recovery-opened', recovery: recoveryOf('1:a', clusterId, 'p') });
    fed.feed({ kind: 'promoting', recoveryId: '1:a' as RecoveryId, server: serverId('r'), epoch: 1 });
    const verdict = { kind: 'succeeded' } as const;
    fed.feed({ kind: 'recovery-closed', recoveryId: '1:a' as RecoveryId, verdict, lost: [] });
    see('r', null, { serverNumber: 2 });
    expect(codes()).toEqual(expect.arrayContaining(['not-primary', 'demoted', 'another-is-open']));
  });

  it('waits for its answer, and leaves members of a group to the group', () => {
    expect(codes({ seen: { p: { answers: false } } })).toEqual(['does-not-answer']);
    const group = {
      name: 'g',
      singlePrimary: true,
      state: 'ONLINE',
      role: 'PRIMARY',
      others: [],
      primary: null,
    } as const;
    see('p', null, { ...closed, group });
    expect(codes()).toEqual(['group']);
  });

  it('asks of the replicas what the promotion of its epoch asked, whatever a restart made of its settings', () => {
    const semiSync = { timeoutMs: 1000, waitCount: 1, ackers: 2 };
    const clusterId = fed.clusterOf('p') ?? ('' as never);
    const base = recoveryOf('1:a', clusterId, 'r');
    fed.feed({ kind: 'recovery-opened', recovery: { ...base, inputs: { ...base.inputs, semiSync } } });
    fed.feed({ kind: 'promoting', recoveryId: base.id, server: serverId('p'), epoch: 1 });
    fed.feed({ kind: 'recovery-closed', recoveryId: base.id, verdict: { kind: 'succeeded' }, lost: [] });
    const { opening } = answer('open-primary');
    expect(opening).toMatchObject({ ok: true, recovery: { inputs: { semiSync, epoch: 2 } } });
  });

  it('is not repeated for a while after it was done, but for a primary that was restarted', () => {
    const clusterId = fed.clusterOf('p') ?? ('' as never);
    fed.feed({ kind: 'recovery-opened', recovery: recoveryOf('1:a', clusterId, 'p', { kind: 'read-only-primary' }) });
    const verdict = { kind: 'succeeded' } as const;
    fed.feed({ kind: 'recovery-closed', recoveryId: '1:a' as RecoveryId, verdict, lost: [] });
    expect(fed.state.recoveries.get('1:a' as RecoveryId)?.successor).toBe('p');
    const policy = { blockMs: 3_600_000 };
    expect(codes({ policy })).toEqual(['blocked']);
    expect(codes({ policy }, 'reopen-primary')).toEqual([]);
    expect(codes({ policy: { blockMs: 0 } })).toEqual([]);
  });
});

describe('its plan', () => {
  const opening = openingOf('read-only-primary', P, [participant(P, 'primary')], { epoch: 3 });

  it('looks again before it opens, under the epoch that the server has', () => {
    const world = new MysqlWorld();
    world.add(P);
    const { record, ending } = play(opening, world);
    expect(record.steps.map(({ step }) => step)).toMatchObject([{ kind: 'look' }, { kind: 'open', epoch: 2 }]);
    expect(ending.verdict).toEqual({ kind: 'succeeded' });
    expect(world.get(P).readOnly).toBe(false);
  });

  it('changes nothing when the report was late and the server is open', () => {
    const world = new MysqlWorld();
    world.add(P, { readOnly: false });
    const { record, ending } = play(opening, world);
    expect(record.steps).toHaveLength(1);
    expect(ending.verdict).toEqual({ kind: 'undone', reason: 'it takes writes already' });
  });

  it('changes nothing when it would not be permitted to', () => {
    const world = new MysqlWorld();
    world.add(P);
    const { ending } = play(opening, world, immortal, (step, outcome) =>
      step.kind === 'look' ? { ok: true, findings: { readOnly: true, openError: 'access denied' } } : outcome,
    );
    expect(ending.verdict).toMatchObject({
      kind: 'undone',
      reason: expect.stringContaining('access denied') as string,
    });
    expect(world.get(P).readOnly).toBe(true);
  });
});

// ApplyMySQLPromotionAfterMasterFailover is false: a failover chooses, and others open whom it chose.
import { beforeEach, describe, expect, it } from 'vitest';
import { encodeCommand } from '../../../../src/core/ledger/codec.js';
import { openDeadPrimary } from '../../../../src/core/recovery/openings/dead-primary.js';
import { openReadOnlyPrimary } from '../../../../src/core/recovery/openings/read-only-primary.js';
import { publishableOf } from '../../../../src/core/recovery/telling/publication.js';
import { withIntents, withOutcome } from '../../../../src/core/recovery/record.js';
import type { Recovery, RecoveryId } from '../../../../src/core/recovery/recovery.js';
import type { ClusterId, ServerFacts } from '../../../../src/core/topology/server.js';
import { channelTo, observed, serverId } from '../../../support/facts.js';
import { FedLedger, recoveryOf } from '../../../support/ledger.js';
import { uuidOf } from '../../../support/worlds/mysql-world.js';
import { diesAt, play } from '../../../support/worlds/plan-player.js';
import { deadPrimaryOpening, deadPrimaryWorld } from '../../../support/worlds/plan-worlds.js';
import { policyOf } from '../../../support/policy.js';
import { sightsOf } from '../../../support/sights.js';

const [P, A, B, C] = [uuidOf(1), uuidOf(2), uuidOf(3), uuidOf(4)];
const leavesClosed = true;
const context = { id: '7:f' as RecoveryId, openedBy: 'n1', requestedBy: 'me' };

describe('the plan', () => {
  it('promotes without detaching or opening, and the others follow', () => {
    const { world, replicas } = deadPrimaryWorld([3, 5, 4]);
    const { ending, record } = play(deadPrimaryOpening(replicas, [], { leavesClosed }), world);
    expect(ending).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [] });
    expect(record.promotion).toEqual({ server: B, epoch: 1 });
    expect(world.get(B)).toMatchObject({ source: P, io: false, readOnly: true });
    for (const id of [A, C]) expect(world.get(id)).toMatchObject({ source: B, io: true });
    expect(world.taken.map(({ kind }) => kind)).not.toContain('open');
  });

  it('is the same wherever leaders die: the record says what was wanted when it was opened', () => {
    for (let point = 1; point < 40; point++) {
      const { world, replicas } = deadPrimaryWorld([5, 5]);
      const { ending } = play(deadPrimaryOpening(replicas, [], { leavesClosed }), world, diesAt(point));
      expect(ending.verdict.kind).toBe('succeeded');
      expect(world.writable).toEqual([]);
      expect(world.get(A)).toMatchObject({ source: P, io: false });
    }
  });

  it('takes away the source that a candidate caught up from, which is to follow it', () => {
    const { world, replicas } = deadPrimaryWorld([5, 2]);
    const { ending } = play(deadPrimaryOpening(replicas, [{ tier: 2 }, { tier: 0 }], { leavesClosed }), world);
    expect(ending.verdict.kind).toBe('succeeded');
    expect(world.get(B)).toMatchObject({ source: null, readOnly: true });
    expect(world.get(A)).toMatchObject({ source: B, io: true });
  });

  it('points nobody at another server that answers where the chosen one was', () => {
    const { world, replicas } = deadPrimaryWorld([5, 5]);
    const { ending } = play(deadPrimaryOpening(replicas, [], { leavesClosed }), world, undefined, (step, outcome) => {
      if (step.kind !== 'look') return outcome;
      return { ok: false, code: 'replaced', error: 'another server answers there', retriable: false };
    });
    expect(ending.verdict.kind).toBe('failed');
    expect(world.get(B).source).toBe(P);
  });
});

describe('in the ledger', () => {
  const id = '1:a' as RecoveryId;
  const verdict = { kind: 'succeeded' } as const;
  const closed: Partial<ServerFacts> = { readOnly: true };
  let fed: FedLedger;
  let cluster: ClusterId;

  const see = (name: string, source: string | null, facts: Partial<ServerFacts> = {}): void => {
    fed.feed({ kind: 'topology-observed', servers: [observed(name, source, facts)] });
  };
  const opening = (): Recovery => {
    const recovery = recoveryOf(id, cluster, 'p');
    return { ...recovery, inputs: { ...recovery.inputs, leavesClosed } };
  };
  const rejoined = (): void => {
    fed.feed({ kind: 'recovery-closed', recoveryId: id, verdict, lost: [] });
    fed.feed({ kind: 'demotion-changed', server: serverId('p'), state: 'rejoined', extraGtids: '' });
  };
  const stopped = (source: string): Partial<ServerFacts> => ({
    ...closed,
    channels: [channelTo(source, { ioThread: 'stopped' })],
  });

  beforeEach(() => {
    fed = new FedLedger();
    see('p', null);
    for (const name of ['r1', 'r2']) see(name, 'p', closed);
    cluster = fed.clusterOf('p') as ClusterId;
    fed.feed({ kind: 'recovery-opened', recovery: opening() });
    fed.feed({ kind: 'promoting', recoveryId: id, server: serverId('r1'), epoch: 1 });
  });

  it('is wanted by the policy, and no older node is asked to read it', () => {
    const unopened = new FedLedger();
    unopened.feed({ kind: 'topology-observed', servers: [observed('p'), observed('r1', 'p', closed)] });
    const problem = {
      server: serverId('p'),
      clusterId: unopened.clusterOf('p') as ClusterId,
      code: 'DeadMaster',
      description: 'it is dead',
    } as const;
    const request = { problem, requestedCandidate: null, forced: false, sights: sightsOf({}) };
    const asked = openDeadPrimary(unopened.state, policyOf({ leavesClosed }), request, context);
    expect(asked).toMatchObject({ ok: true, recovery: { inputs: { leavesClosed } } });
    if (asked.ok) expect(encodeCommand({ kind: 'recovery-opened', atMs: 1, recovery: asked.recovery })[0]).toBe(3);
  });

  it('it is no repair’s to open, until others have', () => {
    const repair = () => {
      const problem = {
        server: serverId('r1'),
        clusterId: cluster,
        code: 'NoWriteableMasterStructureWarning',
        description: 'it is read-only',
      } as const;
      return openReadOnlyPrimary(fed.state, policyOf(), { problem, sights: sightsOf({}) }, context);
    };
    fed.feed({ kind: 'recovery-closed', recoveryId: id, verdict, lost: [] });
    see('p', 'r1', closed);
    see('r1', null, closed);
    expect(repair()).toMatchObject({
      ok: false,
      refusals: [{ code: 'kept-closed', message: expect.stringContaining('left for others to open') as string }],
    });
    see('r1', null);
    see('r1', null, closed);
    expect(fed.state.servers.get(serverId('r1'))?.keptClosed).toBeUndefined();
    expect(repair()).toMatchObject({ ok: true });
  });

  it('it stays the primary when the former one has rejoined below it and it still names that as its source', () => {
    see('r1', 'p', stopped('p'));
    rejoined();
    see('p', 'r1', closed);
    expect(fed.state.clusters.get(cluster)).toMatchObject({ primary: 'r1', epoch: 1 });
    expect(fed.clusterOf('p')).toBe(cluster);
  });

  it('who opens the former one again, so that it is followed, has made it the primary', () => {
    see('r1', 'p', stopped('p'));
    rejoined();
    see('p', null);
    see('r1', 'p', closed);
    expect(fed.state.clusters.get(cluster)).toMatchObject({ primary: 'p' });
  });

  it('it is published when it was read, though it takes no writes yet', () => {
    const only = new Set([cluster]);
    expect(publishableOf(fed.state, only)).toEqual([]);
    const recovery = fed.state.recoveries.get(id);
    if (recovery === undefined) throw new Error('it was opened');
    const intended = withIntents(
      recovery,
      [{ number: 9, attempt: 1, step: { kind: 'look', server: serverId('r1') } }],
      1,
      0,
    );
    const looked = withOutcome(intended, 9, { ok: true, findings: {} }, 0);
    const state = { ...fed.state, recoveries: new Map([[id, looked]]) };
    expect(publishableOf(state, only)).toMatchObject([{ primary: 'r1', epoch: 1 }]);
  });
});

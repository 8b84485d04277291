// Two servers that replicate from each other, and one of them dies.
import { beforeEach, describe, expect, it } from 'vitest';
import { decide } from '../../../../src/core/recovery/decision.js';
import { explain } from '../../../../src/core/recovery/explain/explain.js';
import type { Opening } from '../../../../src/core/recovery/openings/opening.js';
import type { RecoveryPolicy } from '../../../../src/core/recovery/policy.js';
import type { RecoveryId } from '../../../../src/core/recovery/recovery.js';
import type { ServerFacts } from '../../../../src/core/topology/server.js';
import { observed, serverId } from '../../../support/facts.js';
import { FedLedger } from '../../../support/ledger.js';
import { MysqlWorld, uuidOf } from '../../../support/worlds/mysql-world.js';
import { diesAt, play } from '../../../support/worlds/plan-player.js';
import { policyOf } from '../../../support/policy.js';
import { NO_DOUBT, sightsOf } from '../../../support/sights.js';

const [A, B, R] = [uuidOf(1), uuidOf(2), uuidOf(3)];
const open: Partial<ServerFacts> = { readOnly: false, superReadOnly: false };
const context = { id: '7:f' as RecoveryId, openedBy: 'n1', requestedBy: 'me' };

let fed: FedLedger;

function see(name: string, source: string, facts: Partial<ServerFacts> = {}): void {
  const serverNumber = Number(name.slice(0, 8));
  fed.feed({ kind: 'topology-observed', servers: [observed(name, source, { serverNumber, ...facts })] });
}

function asked(policy: Partial<RecoveryPolicy> = {}) {
  const clusterId = fed.clusterOf(A);
  if (clusterId === undefined) throw new Error('it was observed');
  return { belief: fed.state, policy: policyOf(policy), clusterId, sights: sightsOf(), hasQuorum: true };
}

function openingFor(failed: string, policy: Partial<RecoveryPolicy> = {}): Opening {
  const question = asked(policy);
  const reaction = 'recover-dead-co-primary' as const;
  const what = { server: serverId(failed), code: 'DeadCoMaster', description: 'gone', reaction } as const;
  const { refusals, opening } = decide({ ...question, problem: { ...what, clusterId: question.clusterId } }, context);
  return refusals.length > 0 ? { ok: false, refusals } : opening;
}

/** A takes the writes, B follows it and is followed by it, R follows A. */
beforeEach(() => {
  fed = new FedLedger();
  see(B, A);
  see(A, B, open);
  see(R, A);
});

function worldOf(): MysqlWorld {
  const world = new MysqlWorld();
  const [a, b, r] = [world.add(A, { readOnly: false }), world.add(B), world.add(R)];
  world.write(a, 5);
  for (const server of [b, r]) world.follow(server, a);
  world.follow(a, b);
  world.receive(b, 3);
  world.receive(r);
  a.up = false;
  return world;
}

describe('the one that takes the writes', () => {
  it('is replaced by the other, whoever else would rank better, and the others follow that one', () => {
    see(R, A, { promotionRule: 'prefer' });
    const opening = openingFor(A);
    expect(opening).toMatchObject({
      ok: true,
      recovery: { kind: 'dead-co-primary', failed: A, inputs: { requestedCandidate: B, epoch: 1 } },
    });
    if (!opening.ok) return;
    const world = worldOf();
    const { record, ending } = play(opening.recovery, world);
    expect(ending).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [] });
    expect(record.promotion).toEqual({ server: B, epoch: 1 });
    expect(world.writable.map(({ id }) => id)).toEqual([B]);
    // What it wrote alone is looked at when it returns; until then nothing is fetched from it.
    expect([world.get(B).source, world.get(R).source]).toEqual([null, B]);
  });

  it('is replaced once, whenever the leader dies', () => {
    const opening = openingFor(A);
    if (!opening.ok) throw new Error('refused');
    for (let point = 1; ; point++) {
      const world = worldOf();
      const { deaths, ending } = play(opening.recovery, world, diesAt(point));
      expect(ending.verdict, `death at ${point}`).toEqual({ kind: 'succeeded' });
      expect(world.writable.map(({ id }) => id)).toEqual([B]);
      if (deaths === 0) return;
    }
  });

  it('may be replaced by another where operators allow it, unless the other one takes writes too', () => {
    see(R, A, { promotionRule: 'prefer' });
    const free = { promotesOtherCoPrimary: false };
    expect(openingFor(A, free)).toMatchObject({ recovery: { inputs: { requestedCandidate: null } } });
    see(B, A, open);
    expect(openingFor(A, free)).toMatchObject({ recovery: { inputs: { requestedCandidate: B } } });
  });

  it('is replaced by the other in whichever data centre that stands, but not by one that must not be', () => {
    see(A, B, { ...open, dataCenter: 'here' });
    see(B, A, { dataCenter: 'there' });
    expect(openingFor(A, { preventCrossDataCenter: true }).ok).toBe(true);
    see(B, A, { promotionRule: 'must_not' });
    expect(openingFor(A)).toMatchObject({ ok: false, refusals: [{ code: 'must-not' }] });
  });

  it('is held back by what holds back the replacement of a primary', () => {
    expect(openingFor(A, { primaryFilters: [] })).toMatchObject({ refusals: [{ code: 'not-covered' }] });
    expect(openingFor(A, { intermediateFilters: [] }).ok).toBe(true);
  });

  it('is replaced by nobody when the other is gone as well, and the record says what keeps the rest from it', () => {
    const opening = openingFor(A);
    if (!opening.ok) throw new Error('refused');
    const world = worldOf();
    world.get(B).up = false;
    const { ending } = play(opening.recovery, world);
    const reason = expect.stringContaining(`${B}:3306, the other co-primary, could not be reached`) as string;
    expect(ending.verdict).toEqual({ kind: 'undone', reason });
    expect(world.writable).toEqual([]);
  });

  it('is explained so', () => {
    const told = explain({ ...asked(), ...NO_DOUBT, orchestrators: { voters: 3, live: 3 } });
    expect(told).toMatchObject({ wouldFailOver: true, successor: { server: B } });
  });
});

describe('the one that takes no writes', () => {
  it('leaves the other as the primary, and those who followed it are given that one', () => {
    see(R, B);
    const opening = openingFor(B);
    const promotion = { kind: 'dead-intermediate', failed: B, inputs: { requestedCandidate: null } };
    expect(opening).toMatchObject({ ok: true, recovery: promotion });
    const roles = opening.ok ? opening.recovery.inputs.participants.map(({ id, role }) => [id, role]) : [];
    expect(roles).toEqual([
      [B, 'gone'],
      [R, 'replica'],
      [A, 'place'],
    ]);
  });

  it('is no reason to do anything when only the primary followed it', () => {
    expect(openingFor(B)).toMatchObject({ ok: false, refusals: [{ code: 'nothing-to-do' }] });
  });

  it('but took some besides the primary loses its role by an epoch, so that it is fenced when it returns', () => {
    see(B, A, open);
    const opening = openingFor(B);
    expect(opening).toMatchObject({
      recovery: { kind: 'dead-co-primary', failed: B, inputs: { requestedCandidate: A } },
    });
    if (!opening.ok) return;
    fed.feed({ kind: 'recovery-opened', recovery: opening.recovery });
    fed.feed({ kind: 'promoting', recoveryId: opening.recovery.id, server: serverId(A), epoch: 1 });
    expect(fed.state.clusters.get(opening.recovery.clusterId)).toMatchObject({ primary: A, epoch: 1 });
    expect([...fed.state.demotions.keys()]).toEqual([B]);
  });
});

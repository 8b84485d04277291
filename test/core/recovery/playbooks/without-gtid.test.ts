import { describe, expect, it } from 'vitest';
import { handoverBetween, handoverOf } from '../../../../src/core/recovery/progress/handover.js';
import type { Closing } from '../../../../src/core/recovery/playbooks/next.js';
import type { Recovery } from '../../../../src/core/recovery/recovery.js';
import { logMarkText } from '../../../../src/core/topology/log-marks.js';
import { uuidOf } from '../../../support/worlds/mysql-world.js';
import { PlaceWorld } from '../../../support/worlds/place-world.js';
import { diesAt, type Disturb, immortal, play } from '../../../support/worlds/plan-player.js';
import {
  deadPrimaryOpening,
  deadPrimaryWorld,
  lostSourceOpening,
  lostSourceWorld,
  takeoverOpening,
  takeoverWorld,
} from '../../../support/worlds/plan-worlds.js';
import { NO_FACTS } from '../../../support/recording-hooks.js';
import { openingOf, participant } from '../../../support/worlds/recoveries.js';

const [P, A, B, C] = [uuidOf(1), uuidOf(2), uuidOf(3), uuidOf(4)];
const placeIn = (log: typeof P, transactions: number): string =>
  logMarkText({ file: 'binlog.000001', position: transactions * 10 }, log);

describe('a primary that dies without GTID', () => {
  it('is replaced by who has received most, and who is level follows from where that one stood', () => {
    const world = new PlaceWorld();
    const { replicas } = deadPrimaryWorld([3, 5, 5], world);
    const { ending, record } = play(deadPrimaryOpening(replicas), world);
    expect(record.promotion?.server).toBe(B);
    expect(ending).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [] });
    // Who is behind goes on behind its own last transactions.
    expect(record.steps.filter(({ step }) => step.kind === 'locate').map(({ step }) => step.server)).toEqual([A]);
    for (const id of [A, C]) expect(world.get(id)).toMatchObject({ source: B, io: true });
    world.write(world.get(B), 2);
    world.settle();
    for (const id of [A, C]) expect(world.get(id).executed).toEqual(world.get(B).executed);
  });

  it('sets apart, with both places, those whose last transactions are not found, and those who received more', () => {
    const world = new PlaceWorld();
    const { replicas } = deadPrimaryWorld([3, 5, 4], world);
    const disturb: Disturb = (step, outcome) =>
      step.kind === 'locate' ? { ok: false, code: 'state', error: 'found 2 times', retriable: false } : outcome;
    const told = [{}, { promotable: false }, {}];
    const { ending, record } = play(deadPrimaryOpening(replicas, told), world, immortal, disturb);
    expect(record.promotion?.server).toBe(C);
    const reasons = new Map(ending.lost.map(({ server, reason }) => [server, reason]));
    expect(reasons.get(A)).toMatch(/:30@.*:40@.*without GTID.*found 2 times/);
    expect(reasons.get(B)).toContain('transactions that the new primary lacks');
    for (const id of [A, B]) expect(world.get(id)).toMatchObject({ source: P, io: false });
  });

  it('takes half a transaction at the end for nothing', () => {
    const world = new PlaceWorld();
    const { replicas } = deadPrimaryWorld([4, 4, 4], world);
    for (const id of [B, C]) world.receiveHalf(world.get(id));
    const { ending } = play(deadPrimaryOpening(replicas), world);
    expect(ending).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [] });
    expect([A, B, C].map((id) => world.get(id).executed.size)).toEqual([4, 4, 4]);
  });

  it('has its replicas back where they were when nobody can be promoted', () => {
    const world = new PlaceWorld();
    const { replicas } = deadPrimaryWorld([5, 5], world);
    for (const replica of replicas) Object.assign(replica, { broken: true, sql: false });
    expect(play(deadPrimaryOpening(replicas), world).ending.verdict.kind).toBe('undone');
    expect([A, B].map((id) => world.get(id).source)).toEqual([P, P]);
  });

  it('gives a better placed candidate no other to catch up from: nobody knows where it would go on', () => {
    const world = new PlaceWorld();
    const { replicas } = deadPrimaryWorld([3, 5], world);
    const { record } = play(deadPrimaryOpening(replicas, [{ tier: 0 }, { tier: 2 }]), world);
    expect(record.promotion?.server).toBe(B);
    const moved = record.steps.filter(({ step }) => step.kind === 'repoint').map(({ step }) => step.server);
    expect(moved).toEqual([A]);
    expect(world.taken.findIndex(({ kind }) => kind === 'repoint')).toBeGreaterThan(
      world.taken.findIndex(({ kind }) => kind === 'open'),
    );
  });
});

describe('a planned takeover without GTID', () => {
  it('closes nothing before the others have applied what the primary has', () => {
    const world = new PlaceWorld();
    takeoverWorld(world);
    world.get(B).slow = true;
    const { ending } = play(takeoverOpening(), world);
    expect(ending.verdict).toEqual({ kind: 'undone', reason: 'not applied in time' });
    expect(new Set(world.taken.map(({ kind }) => kind))).toEqual(new Set(['look']));
  });

  it('waits for every replica, asks the primary once more, and points all at one place', () => {
    const world = new PlaceWorld();
    takeoverWorld(world);
    const { ending } = play(takeoverOpening({ startFormerPrimary: true }), world);
    expect(ending).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [], demotion: { state: 'rejoined' } });
    expect(world.taken.map(({ kind }) => kind)).toEqual([
      ...['look', 'look', 'look', 'await-applied', 'close', 'await-applied', 'look', 'detach'],
      ...['repoint', 'repoint', 'open'],
    ]);
    world.write(world.get(A), 2);
    world.settle();
    for (const id of [P, B]) expect(world.get(id).executed).toEqual(world.get(A).executed);
  });

  it('points the old primary last, or it would lead a replica astray that still follows it', () => {
    const world = new PlaceWorld();
    takeoverWorld(world);
    const { ending } = play(takeoverOpening({ startFormerPrimary: true }), world, immortal, (_step, outcome) => {
      // Clients write to the new primary at once, and whoever is connected fetches it.
      if (!world.get(A).readOnly) world.write(world.get(A));
      world.settle();
      return outcome;
    });
    expect(ending).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [] });
    const repoints = world.taken.filter(({ kind }) => kind === 'repoint');
    expect(repoints.map(({ server }) => server)).toEqual([B, P]);
    world.settle();
    for (const id of [P, B]) expect(world.get(id).executed).toEqual(world.get(A).executed);
  });

  it('opens without waiting for one that does not answer, and the old primary follows after that one', () => {
    const world = new PlaceWorld();
    takeoverWorld(world);
    const { ending } = play(takeoverOpening({ startFormerPrimary: true }), world, immortal, (step, outcome) => {
      if (step.kind === 'detach') world.get(B).up = false;
      if (step.kind === 'open') {
        world.get(B).up = true;
        world.write(world.get(A), 2);
      }
      world.settle();
      return outcome;
    });
    expect(ending).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [] });
    const order = world.taken.slice(-4).map(({ kind, server }) => [kind, server]);
    expect(order).toEqual([
      ['detach', A],
      ['open', A],
      ['repoint', B],
      ['repoint', P],
    ]);
    world.settle();
    for (const id of [P, B]) expect(world.get(id).executed).toEqual(world.get(A).executed);
  });

  it('closes nothing when the candidate was stopped while hooks ran', () => {
    const world = new PlaceWorld();
    takeoverWorld(world);
    const hooks = { before: ['before-takeover'], after: [], facts: NO_FACTS } as const;
    const { ending } = play(takeoverOpening({ hooks }), world, immortal, (step, outcome) => {
      if (step.kind === 'hooks') {
        Object.assign(world.get(A), { slow: true });
        world.write(world.get(P));
      }
      return outcome;
    });
    expect(ending.verdict).toEqual({ kind: 'undone', reason: 'not applied in time' });
    expect(world.taken.map(({ kind }) => kind)).not.toContain('close');
  });

  it('is undone when a replica that would be left behind does not catch up with the last of it', () => {
    const world = new PlaceWorld();
    takeoverWorld(world);
    const { ending } = play(takeoverOpening(), world, immortal, (step, outcome) => {
      if (step.kind !== 'await-applied' || world.get(B).slow) return outcome;
      world.get(B).slow = true;
      world.write(world.get(P));
      return outcome;
    });
    expect(world.taken.map(({ kind }) => kind)).toContain('close');
    expect(ending.verdict).toEqual({ kind: 'undone', reason: 'not applied in time' });
    expect(world.writable.map(({ id }) => id)).toEqual([P]);
  });

  it('is undone when somebody wrote to the closed primary in spite of that', () => {
    const world = new PlaceWorld();
    takeoverWorld(world);
    const { ending } = play(takeoverOpening(), world, immortal, (step, outcome) => {
      if (step.kind === 'await-applied' && step.server === B) world.errant(world.get(P));
      return outcome;
    });
    expect(ending.verdict).toMatchObject({ kind: 'undone', reason: expect.stringContaining('written to') as string });
    expect(world.writable.map(({ id }) => id)).toEqual([P]);
  });

  it('ends the same way whenever the leader dies', () => {
    for (let point = 1; ; point++) {
      const world = new PlaceWorld();
      takeoverWorld(world);
      const { ending, deaths } = play(takeoverOpening({ startFormerPrimary: true }), world, diesAt(point));
      expect(ending, `death at point ${String(point)}`).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [] });
      if (deaths === 0) return;
    }
  });
});

describe('a replica without GTID that was away during the failover', () => {
  /** P died; A was promoted with all five transactions, and B, which had received as many as told, was away. */
  const backAfter = (received: number): { readonly world: PlaceWorld; readonly ending: Closing } => {
    const world = new PlaceWorld();
    const { replicas } = deadPrimaryWorld([5, received], world);
    world.get(B).up = false;
    const { record } = play(deadPrimaryOpening(replicas), world);
    const handover = handoverOf(record, A);
    if (handover === null) throw new Error('A was promoted with a place');
    world.write(world.get(A), 2);
    world.get(B).up = true;
    const participants = [participant(A, 'primary'), participant(B, 'replica', { promotable: false })];
    const { ending } = play(openingOf('lost-replica', B, participants, { handover }), world);
    world.settle();
    return { world, ending };
  };

  it.each([5, 3])('comes back when it had received %i of five, and goes on where it was', (received) => {
    const { world, ending } = backAfter(received);
    expect(ending).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [] });
    expect(world.get(B).executed).toEqual(world.get(A).executed);
  });
});

describe('a source without GTID that is no primary and dies', () => {
  it('is left for whoever has the last transactions of its replicas, and they go on behind those', () => {
    const world = new PlaceWorld();
    const lost = lostSourceWorld([3, 5], [4], world);
    for (const server of [...lost.siblings, ...lost.orphans]) world.apply(server);
    for (const one of lost.siblings) one.io = false;
    const { ending } = play(lostSourceOpening(lost), world);
    expect(ending).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [] });
    const [sibling] = lost.siblings;
    expect(lost.orphans.map(({ source }) => source)).toEqual([sibling?.id, lost.primary.id]);
    for (const one of lost.siblings) one.io = true;
    world.write(lost.primary, 2);
    world.settle();
    for (const { executed } of lost.orphans) expect(executed).toEqual(lost.primary.executed);
  });

  it('is still the source of one that is found nowhere, with the reason', () => {
    const world = new PlaceWorld();
    const lost = lostSourceWorld([3, 5], [], world);
    const [first] = lost.orphans;
    const { ending } = play(lostSourceOpening(lost), world, immortal, (step, outcome) =>
      step.kind === 'locate' && step.server === first?.id
        ? { ok: false, code: 'state', error: 'found 2 times', retriable: false }
        : outcome,
    );
    expect(ending.verdict).toEqual({ kind: 'succeeded' });
    expect(ending.lost).toMatchObject([{ server: first?.id, reason: 'without GTID: found 2 times' }]);
    expect(first).toMatchObject({ source: lost.lost.id, io: true });
  });

  it('ends the same way whenever the leader dies', () => {
    for (let point = 1; ; point++) {
      const world = new PlaceWorld();
      const { ending, deaths } = play(lostSourceOpening(lostSourceWorld([3, 5], [5], world)), world, diesAt(point));
      expect(ending, `death at point ${String(point)}`).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [] });
      if (deaths === 0) return;
    }
  });
});

describe('a former primary without GTID', () => {
  /** P died with five transactions, of which A had received as many as told, and A was promoted. */
  const failedOver = (received: number): { readonly world: PlaceWorld; readonly record: Recovery } => {
    const world = new PlaceWorld();
    const { replicas } = deadPrimaryWorld([received], world);
    const { record } = play(deadPrimaryOpening(replicas), world);
    world.write(world.get(A), 2);
    world.get(P).up = true;
    return { world, record };
  };
  const returnOf = (record: Recovery): Recovery => {
    const handover = handoverBetween({ recoveries: new Map([[record.id, record]]) }, P, A);
    const participants = [participant(A, 'primary'), participant(P, 'replica', { promotable: false })];
    return openingOf('former-primary', P, participants, {
      startFormerPrimary: true,
      ...(handover === null ? {} : { handover }),
    });
  };

  it('rejoins when the new primary had applied all of its log', () => {
    const { world, record } = failedOver(5);
    const { ending } = play(returnOf(record), world);
    expect(ending).toMatchObject({ verdict: { kind: 'succeeded' }, demotion: { state: 'rejoined' } });
    world.settle();
    expect(world.get(P).executed).toEqual(world.get(A).executed);
  });

  it('is set apart when its log goes on beyond that, with the places named', () => {
    const { world, record } = failedOver(4);
    const { ending } = play(returnOf(record), world);
    expect(ending.demotion).toEqual({
      server: P,
      state: 'apart',
      extraGtids: `binlog.000001:40..${placeIn(P, 5)}`,
    });
    expect(world.get(P)).toMatchObject({ source: null, readOnly: true });
  });

  it('is set apart when it lost the end of its log in its crash', () => {
    const { world, record } = failedOver(5);
    for (const transaction of [...world.get(P).executed].slice(3)) world.get(P).executed.delete(transaction);
    const { ending } = play(returnOf(record), world);
    expect(ending.demotion).toMatchObject({ state: 'apart' });
    expect(ending.lost[0]?.reason).toContain('lost the end of its own log');
  });

  it('is set apart when it was not the server of today that replaced it', () => {
    const { world, record } = failedOver(5);
    const { ending } = play(returnOf({ ...record, promotion: { server: B, epoch: 2 } }), world);
    expect(ending.demotion).toMatchObject({ state: 'apart', extraGtids: placeIn(P, 5) });
  });
});

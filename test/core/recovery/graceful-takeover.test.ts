import { describe, expect, it } from 'vitest';
import { createRng } from '../../../src/core/base/rng.js';
import type { Recovery, RecoveryInputs } from '../../../src/core/recovery/recovery.js';
import { gtidText, MysqlWorld, uuidOf } from '../../support/mysql-world.js';
import { diesAt, type Disturb, type Fate, immortal, play } from '../../support/plan-player.js';
import { openingOf, participant } from '../../support/recoveries.js';

const [P, A, B] = [uuidOf(1), uuidOf(2), uuidOf(3)];

/** A primary with five transactions and two replicas; A, the candidate, has received three of them. */
function healthyWorld(): MysqlWorld {
  const world = new MysqlWorld();
  const primary = world.add(P, { readOnly: false });
  for (const id of [A, B]) world.follow(world.add(id), primary);
  world.write(primary, 5);
  world.receive(world.get(A), 3);
  world.receive(world.get(B));
  return world;
}

function opening(inputs: Partial<RecoveryInputs> = {}): Recovery {
  const participants = [participant(P, 'primary'), participant(A, 'replica'), participant(B, 'replica')];
  return openingOf('graceful-takeover', P, participants, { requestedCandidate: A, ...inputs });
}

describe('the playbook of a planned takeover', () => {
  it('moves the role without losing a transaction and leaves the old primary pointed and stopped', () => {
    const world = healthyWorld();
    const { ending } = play(opening(), world);
    expect(ending).toEqual({
      kind: 'close',
      verdict: { kind: 'succeeded' },
      lost: [],
      demotion: { server: P, state: 'fenced', extraGtids: '' },
    });
    expect(gtidText(world.get(A).executed)).toBe(`${P}:1-5`);
    expect(world.writable.map(({ id }) => id)).toEqual([A]);
    expect(world.get(B)).toMatchObject({ source: A, io: true });
    expect(world.get(P)).toMatchObject({ source: A, io: false, readOnly: true });
  });

  it('starts the old primary as a replica when it is asked to', () => {
    const world = healthyWorld();
    const { ending } = play(opening({ startFormerPrimary: true }), world);
    expect(ending.demotion).toMatchObject({ state: 'rejoined' });
    expect(world.get(P)).toMatchObject({ source: A, io: true, readOnly: true });
  });

  it('looks at everybody before it changes anything, and clients wait for nothing but the change of role', () => {
    const world = healthyWorld();
    play(opening(), world);
    expect(world.taken.map(({ kind }) => kind)).toEqual([
      'look',
      'look',
      'look',
      'close',
      'await-applied',
      'detach',
      'open',
      'repoint',
      'repoint',
    ]);
  });

  it.each<readonly [string, (world: MysqlWorld) => void, RegExp]>([
    ['a replica that does not answer', (world) => (world.get(B).up = false), /is down/],
    [
      'a replica with transactions of its own',
      (world) => world.errant(world.get(B)),
      /transactions that the other lacks/,
    ],
    ['a candidate whose applier is broken', (world) => (world.get(A).broken = true), /cannot apply/],
    ['a candidate that has purged what another needs', (world) => purge(world), /has purged/],
  ])('changes nothing because of %s', (_what, spoil, reason) => {
    const world = healthyWorld();
    spoil(world);
    const { ending } = play(opening(), world);
    expect(ending.verdict).toMatchObject({ kind: 'undone', reason: expect.stringMatching(reason) as string });
    expect(new Set(world.taken.map(({ kind }) => kind))).toEqual(new Set(['look']));
    expect(world.get(P).readOnly).toBe(false);
  });

  it('opens the primary again when the candidate does not catch up in time', () => {
    const world = healthyWorld();
    world.get(A).slow = true;
    const { ending } = play(opening(), world);
    expect(ending).toMatchObject({ verdict: { kind: 'undone', reason: 'not applied in time' }, demotion: null });
    expect(world.writable.map(({ id }) => id)).toEqual([P]);
    expect(world.get(B)).toMatchObject({ source: P, io: true });
  });

  it('does not open a primary that was closed before it came', () => {
    const world = healthyWorld();
    Object.assign(world.get(A), { slow: true });
    world.get(P).readOnly = true;
    expect(play(opening(), world).ending.verdict.kind).toBe('undone');
    expect(world.writable).toEqual([]);
  });

  it('says so when the primary cannot be opened again', () => {
    const world = healthyWorld();
    world.get(A).slow = true;
    const { ending } = play(opening(), world, immortal, killAfter(world, 'close', P));
    expect(ending.verdict).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('could not be opened again') as string,
    });
  });

  it('finishes without a replica that dies after the promotion; the old primary is still owed', () => {
    const world = healthyWorld();
    const { ending } = play(opening(), world, immortal, killAfter(world, 'open', P));
    expect(ending).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [{ server: P }], demotion: null });
    expect(world.writable.map(({ id }) => id)).toEqual([A]);
  });

  it('ends the same wherever leaders die', () => {
    for (const spoil of [() => undefined, (world: MysqlWorld) => (world.get(A).slow = true)]) {
      const expected = outcomeOf(spoil, immortal);
      for (let point = 1; ; point++) {
        const { deaths, ...found } = outcomeOf(spoil, diesAt(point));
        expect({ point, ...found }).toEqual({ point, ...expected, deaths: undefined });
        if (deaths === 0) break;
      }
    }
  });

  it('never has two writable servers, nor none when it was undone, whatever dies and whenever', () => {
    for (let seed = 1; seed <= 2000; seed++) {
      const rng = createRng(seed);
      const world = healthyWorld();
      world.get(A).slow = rng.integer(4) === 0;
      const { ending } = play(
        opening({ startFormerPrimary: rng.integer(2) === 0 }),
        world,
        () => rng.integer(10) === 0,
        (step, outcome) => {
          if (rng.integer(25) === 0) world.get(step.server).up = false;
          if (rng.integer(15) > 0) return outcome;
          return { ok: false, code: 'late', error: 'its deadline had passed', retriable: true };
        },
      );
      expect(world.writable.length, `seed ${seed}`).toBeLessThan(2);
      if (ending.verdict.kind === 'undone' && world.get(P).up)
        expect(world.get(P).readOnly, `seed ${seed}`).toBe(false);
      if (ending.verdict.kind === 'succeeded') expect(gtidText(world.get(A).executed), `seed ${seed}`).toBe(`${P}:1-5`);
    }
  });
});

function purge(world: MysqlWorld): void {
  const candidate = world.get(A);
  world.apply(candidate);
  for (const transaction of candidate.executed) candidate.purged.add(transaction);
  world.get(B).relay.splice(0, 5);
}

function killAfter(world: MysqlWorld, kind: string, server: typeof P): Disturb {
  return (step, outcome) => {
    if (step.kind === kind) world.get(server).up = false;
    return outcome;
  };
}

function outcomeOf(spoil: (world: MysqlWorld) => unknown, fate: Fate): Record<string, unknown> {
  const world = healthyWorld();
  spoil(world);
  const { ending, record, deaths } = play(opening(), world, fate);
  const servers = [...world.servers.values()].map(({ executed, relay, ...rest }) => ({
    ...rest,
    has: gtidText([...executed, ...relay]),
  }));
  return { ending, promotion: record.promotion, servers, deaths };
}

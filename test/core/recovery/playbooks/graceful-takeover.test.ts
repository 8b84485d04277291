import { describe, expect, it } from 'vitest';
import { gtidText, type MysqlWorld, uuidOf } from '../../../support/worlds/mysql-world.js';
import { diesAt, type Disturb, type Fate, immortal, play } from '../../../support/worlds/plan-player.js';
import { takeoverOpening, takeoverWorld } from '../../../support/worlds/plan-worlds.js';

const [P, A, B] = [uuidOf(1), uuidOf(2), uuidOf(3)];

describe('the playbook of a planned takeover', () => {
  it('moves the role without losing a transaction and leaves the old primary pointed and stopped', () => {
    const world = takeoverWorld();
    const { ending } = play(takeoverOpening(), world);
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
    const world = takeoverWorld();
    const { ending } = play(takeoverOpening({ startFormerPrimary: true }), world);
    expect(ending.demotion).toMatchObject({ state: 'rejoined' });
    expect(world.get(P)).toMatchObject({ source: A, io: true, readOnly: true });
  });

  it('looks at everybody before it changes anything, and clients wait for nothing but the change of role', () => {
    const world = takeoverWorld();
    play(takeoverOpening(), world);
    expect(world.taken.map(({ kind }) => kind)).toEqual([
      'look',
      'look',
      'look',
      'await-applied',
      'close',
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
    const world = takeoverWorld();
    spoil(world);
    const { ending } = play(takeoverOpening(), world);
    expect(ending.verdict).toMatchObject({ kind: 'undone', reason: expect.stringMatching(reason) as string });
    expect(new Set(world.taken.map(({ kind }) => kind))).toEqual(new Set(['look']));
    expect(world.get(P).readOnly).toBe(false);
  });

  it('changes nothing when somebody wrote to the candidate, and names the transactions', () => {
    const world = takeoverWorld();
    world.errant(world.get(A));
    const { ending } = play(takeoverOpening(), world);
    expect(ending.verdict).toMatchObject({
      kind: 'undone',
      reason: expect.stringContaining(
        `db-00000002:3306 has transactions that db-00000001:3306 lacks: ${A}:1 (`,
      ) as string,
    });
    expect(world.taken.map(({ kind }) => kind)).toEqual(['look', 'look', 'look', 'look']);
    expect(world.get(P).readOnly).toBe(false);
  });

  it('accuses no candidate of what came to it by the primary, which was looked at a moment before', () => {
    const world = takeoverWorld();
    // Of a writer whose name is not that of the primary, as in a group.
    for (const id of [P, A, B]) world.get(id).executed.add(`${uuidOf(9)}:1`);
    const early: Disturb = (step, outcome) =>
      step.kind === 'look' && step.server === P && step.again !== true && outcome.ok
        ? { ok: true, findings: { ...outcome.findings, executedGtids: `${P}:1-5` } }
        : outcome;
    expect(play(takeoverOpening(), world, immortal, early).ending.verdict.kind).toBe('succeeded');
  });

  it('opens the primary again when it could not be closed, or closed without saying so', () => {
    const world = takeoverWorld();
    const halfClosed: Disturb = ({ kind }, outcome) =>
      kind === 'close' ? { ok: false, code: 'state', error: 'one flag of two', retriable: false } : outcome;
    const { ending } = play(takeoverOpening(), world, immortal, halfClosed);
    expect(ending.verdict).toEqual({ kind: 'undone', reason: 'one flag of two' });
    expect(world.writable.map(({ id }) => id)).toEqual([P]);
  });

  it('points a replica that somebody had stopped at the new primary and leaves it stopped, wherever the leader dies', () => {
    for (let point = 1; ; point++) {
      const world = takeoverWorld();
      Object.assign(world.get(B), { io: false, sql: false });
      const opening = takeoverOpening();
      const participants = opening.inputs.participants.map((one) => (one.id === B ? { ...one, start: false } : one));
      const { ending, deaths } = play(
        { ...opening, inputs: { ...opening.inputs, participants } },
        world,
        diesAt(point),
      );
      expect(ending).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [] });
      expect(world.get(B)).toMatchObject({ source: A, io: false, sql: false });
      if (deaths === 0) return;
    }
  });

  it('closes nothing before the candidate has applied what the primary has', () => {
    const world = takeoverWorld();
    world.get(A).slow = true;
    const { ending } = play(takeoverOpening(), world);
    expect(ending.verdict).toEqual({ kind: 'undone', reason: 'not applied in time' });
    expect(new Set(world.taken.map(({ kind }) => kind))).toEqual(new Set(['look']));
  });

  it('opens the primary again when the candidate does not catch up in time', () => {
    const world = takeoverWorld();
    const { ending } = play(takeoverOpening(), world, immortal, fallsBehind(world));
    expect(world.taken.map(({ kind }) => kind)).toContain('close');
    expect(ending).toMatchObject({ verdict: { kind: 'undone', reason: 'not applied in time' }, demotion: null });
    expect(world.writable.map(({ id }) => id)).toEqual([P]);
    expect(world.get(B)).toMatchObject({ source: P, io: true });
  });

  it('does not open a primary that was closed before it came', () => {
    const world = takeoverWorld();
    Object.assign(world.get(A), { slow: true });
    world.get(P).readOnly = true;
    expect(play(takeoverOpening(), world).ending.verdict.kind).toBe('undone');
    expect(world.writable).toEqual([]);
  });

  it('says so when the primary cannot be opened again', () => {
    const world = takeoverWorld();
    const [behind, killed] = [fallsBehind(world), killAfter(world, 'close', P)];
    const { ending } = play(takeoverOpening(), world, immortal, (step, outcome) => killed(step, behind(step, outcome)));
    expect(ending.verdict).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('could not be opened again') as string,
    });
  });

  it('finishes without a replica that dies after the promotion; the old primary is still owed', () => {
    const world = takeoverWorld();
    const { ending } = play(takeoverOpening(), world, immortal, killAfter(world, 'open', P));
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

/** Clients write on while the candidate catches up, and then it gets nowhere any more. */
function fallsBehind(world: MysqlWorld): Disturb {
  return (step, outcome) => {
    if (step.kind === 'await-applied' && !world.get(P).readOnly) {
      world.write(world.get(P));
      world.get(A).slow = true;
    }
    return outcome;
  };
}

function outcomeOf(spoil: (world: MysqlWorld) => unknown, fate: Fate): Record<string, unknown> {
  const world = takeoverWorld();
  spoil(world);
  const { ending, record, deaths } = play(takeoverOpening(), world, fate);
  const servers = [...world.servers.values()].map(({ executed, relay, ...rest }) => ({
    ...rest,
    has: gtidText([...executed, ...relay]),
  }));
  return { ending, promotion: record.promotion, servers, deaths };
}

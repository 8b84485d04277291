// The three ways back and the return of a lost replica, played upon the model of MySQL with leaders that die at every point.
import { describe, expect, it } from 'vitest';
import type { Recovery, RecoveryInputs, RecoveryKind } from '../../../../src/core/recovery/recovery.js';
import { gtidText, MysqlWorld, uuidOf } from '../../../support/worlds/mysql-world.js';
import { diesAt, immortal, play } from '../../../support/worlds/plan-player.js';
import { openingOf, participant } from '../../../support/worlds/recoveries.js';

const [P, A, B] = [uuidOf(1), uuidOf(2), uuidOf(3)];

/** P was replaced by A, which B follows; P is back, fenced, and alone has transactions 6 and 7. */
function worldWithOneApart(): MysqlWorld {
  const world = new MysqlWorld();
  const former = world.add(P, { readOnly: false });
  for (const id of [A, B]) world.follow(world.add(id), former);
  world.write(former, 5);
  world.settle();
  former.up = false;
  const primary = world.get(A);
  Object.assign(primary, { source: null, io: false, sql: false, readOnly: false });
  world.follow(world.get(B), primary);
  world.write(primary, 2);
  world.settle();
  for (const one of [6, 7]) former.executed.add(`${P}:${String(one)}`);
  Object.assign(former, { up: true, readOnly: true });
  return world;
}

function opening(kind: RecoveryKind, inputs: Partial<RecoveryInputs> = {}): Recovery {
  const participants = [
    participant(A, 'primary'),
    participant(P, 'former', { promotable: false }),
    ...(kind === 'rebuild' ? [participant(B, 'donor', { promotable: false })] : []),
  ];
  return openingOf(kind, P, participants, inputs);
}

const REJOINED = { server: P, state: 'rejoined', extraGtids: '' };

describe('a way back', () => {
  it('by empty transactions: the primary and all its replicas count them as known, and the server follows', () => {
    const world = worldWithOneApart();
    const { ending } = play(opening('inject-empty'), world);
    expect(ending).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [], demotion: REJOINED });
    world.settle();
    for (const id of [P, A, B]) expect(gtidText(world.get(id).executed)).toBe(`${P}:1-7,${A}:1-2`);
  });

  it('by a reset: what it alone had is kept aside first, and then forgotten', () => {
    const world = worldWithOneApart();
    const { ending } = play(opening('reset-gtids'), world);
    expect(ending).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [], demotion: REJOINED });
    expect([...world.kept]).toEqual([`${P}:6`, `${P}:7`]);
    world.settle();
    expect(gtidText(world.get(P).executed)).toBe(`${P}:1-5,${A}:1-2`);
    expect(gtidText(world.get(A).executed)).toBe(`${P}:1-5,${A}:1-2`);
  });

  it('by a reset waits until its relay log is applied, which would go with it', () => {
    const world = worldWithOneApart();
    Object.assign(world.get(P), { source: uuidOf(9), relay: [`${uuidOf(9)}:1`], sql: true });
    const { ending } = play(opening('reset-gtids'), world);
    expect(ending).toMatchObject({ verdict: { kind: 'succeeded' } });
    expect([...world.kept].sort()).toEqual([`${P}:6`, `${P}:7`, `${uuidOf(9)}:1`].sort());
  });

  it('by a reset changes nothing when the relay log cannot be applied', () => {
    const world = worldWithOneApart();
    Object.assign(world.get(P), { source: uuidOf(9), relay: [`${uuidOf(9)}:1`], broken: true });
    const { ending } = play(opening('reset-gtids'), world);
    expect(ending).toMatchObject({ verdict: { kind: 'undone' }, demotion: null });
    expect(gtidText(world.get(P).executed)).toBe(`${P}:1-7`);
  });

  it('by a rebuild: it has what the donor has, and follows the primary', () => {
    const world = worldWithOneApart();
    const { ending } = play(opening('rebuild'), world);
    expect(ending).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [], demotion: REJOINED });
    world.settle();
    expect(world.get(P)).toMatchObject({ source: A, io: true, readOnly: true });
    expect(gtidText(world.get(P).executed)).toBe(`${P}:1-5,${A}:1-2`);
  });

  it('by a rebuild is refused, before anything is thrown away, when the donor has what the primary lacks', () => {
    const world = worldWithOneApart();
    world.errant(world.get(B));
    const { ending } = play(opening('rebuild'), world);
    expect(ending).toMatchObject({ verdict: { kind: 'undone', reason: expect.stringContaining('donor') as string } });
    expect(gtidText(world.get(P).executed)).toBe(`${P}:1-7`);
  });

  it.each(['inject-empty', 'reset-gtids'] as const)('by %s is refused when what it lacks is purged', (kind) => {
    const world = worldWithOneApart();
    world.get(A).purged.add(`${A}:1`);
    const { ending } = play(opening(kind), world);
    expect(ending).toMatchObject({ verdict: { kind: 'undone', reason: expect.stringContaining('rebuild') as string } });
    expect(gtidText(world.get(A).executed)).toBe(`${P}:1-5,${A}:1-2`);
  });

  it.each(['inject-empty', 'reset-gtids', 'rebuild'] as const)(
    'by %s is undone when somebody does not answer',
    (kind) => {
      for (const id of [P, A]) {
        const world = worldWithOneApart();
        world.get(id).up = false;
        expect(play(opening(kind), world).ending).toMatchObject({ verdict: { kind: 'undone' }, demotion: null });
      }
    },
  );

  it.each(['inject-empty', 'reset-gtids', 'rebuild'] as const)('by %s ends the same wherever leaders die', (kind) => {
    const run = (fate: typeof immortal) => {
      const world = worldWithOneApart();
      const { ending, deaths } = play(opening(kind), world, fate);
      world.settle();
      const servers = [P, A, B].map((id) => ({ ...world.get(id), executed: gtidText(world.get(id).executed) }));
      return { ending, deaths, servers, kept: [...world.kept] };
    };
    const expected = run(immortal);
    for (let point = 1; ; point++) {
      const found = run(diesAt(point));
      expect({ point, ...found, deaths: 0 }).toEqual({ point, ...expected });
      if (found.deaths === 0) return;
    }
  });
});

describe('a replica that a failover left behind', () => {
  const lost = (inputs: Partial<RecoveryInputs> = {}): Recovery =>
    openingOf('lost-replica', B, [participant(A, 'primary'), participant(B, 'replica')], inputs);

  /** It still names P as its source. */
  function worldWithOneLost(): MysqlWorld {
    const world = worldWithOneApart();
    const replica = world.get(B);
    for (const gtid of [...replica.executed]) if (gtid.startsWith(A)) replica.executed.delete(gtid);
    replica.source = P;
    return world;
  }

  it('is pointed at the new primary when it has nothing extra', () => {
    const world = worldWithOneLost();
    expect(play(lost(), world).ending).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [], demotion: null });
    world.settle();
    expect(world.get(B)).toMatchObject({ source: A, io: true });
    expect(gtidText(world.get(B).executed)).toBe(`${P}:1-5,${A}:1-2`);
  });

  it('is set apart with what it alone has, and detached where that is configured', () => {
    const world = worldWithOneLost();
    world.get(B).relay.push(`${P}:6`);
    const { ending } = play(lost({ detachesLost: true }), world);
    expect(ending).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [{ server: B, gtids: `${P}:6` }] });
    expect(world.get(B)).toMatchObject({ source: P, io: false, severed: true });
  });

  it('ends the same wherever leaders die', () => {
    const run = (fate: typeof immortal) => {
      const world = worldWithOneLost();
      const { ending, deaths } = play(lost(), world, fate);
      return { ending, deaths, source: world.get(B).source };
    };
    const expected = run(immortal);
    for (let point = 1; ; point++) {
      const found = run(diesAt(point));
      expect({ point, ...found, deaths: 0 }).toEqual({ point, ...expected });
      if (found.deaths === 0) return;
    }
  });
});

import { describe, expect, it } from 'vitest';
import type { Recovery, RecoveryInputs } from '../../../../src/core/recovery/recovery.js';
import { gtidText, MysqlWorld, uuidOf } from '../../../support/worlds/mysql-world.js';
import { diesAt, immortal, play } from '../../../support/worlds/plan-player.js';
import { openingOf, participant } from '../../../support/worlds/recoveries.js';

const [P, A] = [uuidOf(1), uuidOf(2)];

/** P was replaced by A, which has written since; P comes back as it was, open for writes. */
function worldAfterFailover(): MysqlWorld {
  const world = new MysqlWorld();
  const former = world.add(P, { readOnly: false });
  const primary = world.add(A);
  world.follow(primary, former);
  world.write(former, 5);
  world.settle();
  former.readOnly = true;
  Object.assign(primary, { source: null, io: false, sql: false, readOnly: false });
  world.write(primary, 2);
  former.readOnly = false;
  return world;
}

function opening(inputs: Partial<RecoveryInputs> = {}): Recovery {
  const participants = [participant(A, 'primary'), participant(P, 'replica', { promotable: false })];
  return openingOf('former-primary', P, participants, { startFormerPrimary: true, ...inputs });
}

describe('the playbook of a former primary', () => {
  it('fences it before all else and lets it rejoin when it has nothing extra', () => {
    const world = worldAfterFailover();
    const { ending } = play(opening(), world);
    expect(ending).toEqual({
      kind: 'close',
      verdict: { kind: 'succeeded' },
      lost: [],
      demotion: { server: P, state: 'rejoined', extraGtids: '' },
    });
    expect(world.taken[0]).toEqual({ kind: 'fence', server: P });
    expect(world.get(P)).toMatchObject({ source: A, io: true, readOnly: true });
    world.settle();
    expect(gtidText(world.get(P).executed)).toBe(`${P}:1-5,${A}:1-2`);
  });

  it('sets it apart, fenced, with the transactions named that it alone has', () => {
    const world = worldAfterFailover();
    world.write(world.get(P), 2);
    const { ending } = play(opening(), world);
    expect(ending).toMatchObject({
      verdict: { kind: 'succeeded' },
      lost: [{ server: P, gtids: `${P}:6-7` }],
      demotion: { server: P, state: 'apart', extraGtids: `${P}:6-7` },
    });
    expect(world.get(P)).toMatchObject({ source: null, readOnly: true });
  });

  it('does not set it apart for what the new primary is committing at the moment, which it has received from there', () => {
    const world = worldAfterFailover();
    const underWay = `${A}:3`;
    world.get(P).executed.add(underWay);
    const { ending } = play(opening(), world, immortal, (step, outcome) => {
      if (step.kind !== 'look' || !outcome.ok) return outcome;
      world.get(A).executed.add(underWay);
      return {
        ok: true,
        findings: { ...outcome.findings, executedGtids: `${P}:1-5,${A}:1-2`, committingGtids: underWay },
      };
    });
    expect(ending.demotion).toMatchObject({ state: 'rejoined' });
  });

  it('counts what it fetched from a source of old times as extra', () => {
    const world = worldAfterFailover();
    Object.assign(world.get(P), { source: uuidOf(9), relay: [`${uuidOf(9)}:1`] });
    expect(play(opening(), world).ending.demotion).toMatchObject({ state: 'apart', extraGtids: `${uuidOf(9)}:1` });
  });

  it('points it and leaves it stopped where an operator wants that', () => {
    const world = worldAfterFailover();
    const { ending } = play(opening({ startFormerPrimary: false }), world);
    expect(ending.demotion).toMatchObject({ state: 'fenced' });
    expect(world.get(P)).toMatchObject({ source: A, io: false, readOnly: true });
  });

  it('is set apart, fenced, when the new primary has purged what it lacks', () => {
    const world = worldAfterFailover();
    const primary = world.get(A);
    primary.purged.add(`${A}:1`);
    const { ending } = play(opening(), world);
    expect(ending).toMatchObject({
      verdict: { kind: 'succeeded' },
      lost: [{ server: P, reason: expect.stringContaining('purged') as string, gtids: '' }],
      demotion: { state: 'apart', extraGtids: '' },
    });
  });

  it('still owes the fence when it went away again, and the rest when the new primary is away', () => {
    const world = worldAfterFailover();
    world.get(P).up = false;
    expect(play(opening(), world).ending).toMatchObject({ verdict: { kind: 'failed' }, demotion: null });
    world.get(P).up = true;
    world.get(A).up = false;
    expect(play(opening(), world).ending).toMatchObject({ verdict: { kind: 'failed' }, demotion: { state: 'fenced' } });
    expect(world.get(P).readOnly).toBe(true);
  });

  it('fences it where no primary is known that it could follow', () => {
    const world = worldAfterFailover();
    const alone = openingOf('former-primary', P, [participant(P, 'replica', { promotable: false })]);
    expect(play(alone, world).ending).toMatchObject({ verdict: { kind: 'failed' }, demotion: { state: 'fenced' } });
    expect(world.get(P).readOnly).toBe(true);
  });

  it('ends the same wherever leaders die', () => {
    const run = (fate: typeof immortal) => {
      const world = worldAfterFailover();
      const { ending, deaths } = play(opening(), world, fate);
      return { ending, deaths, former: { ...world.get(P), executed: gtidText(world.get(P).executed) } };
    };
    const expected = run(immortal);
    for (let point = 1; ; point++) {
      const found = run(diesAt(point));
      expect({ point, ...found, deaths: 0 }).toEqual({ point, ...expected });
      if (found.deaths === 0) return;
    }
  });
});

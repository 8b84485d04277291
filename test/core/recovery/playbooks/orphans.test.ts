import { describe, expect, it } from 'vitest';
import { preview } from '../../../../src/core/recovery/preview/preview.js';
import { uuidOf } from '../../../support/worlds/mysql-world.js';
import { diesAt, immortal, play, type Played } from '../../../support/worlds/plan-player.js';
import { lostSourceOpening, type LostSourceWorld, lostSourceWorld } from '../../../support/worlds/plan-worlds.js';

const [P, LOST, S1, S2] = [uuidOf(1), uuidOf(2), uuidOf(3), uuidOf(4)];
const [O1, O2, O3] = [uuidOf(10), uuidOf(11), uuidOf(12)];

function sources({ orphans }: LostSourceWorld): readonly unknown[] {
  return orphans.map(({ source }) => source);
}

function run(worlds: LostSourceWorld, told: Parameters<typeof lostSourceOpening>[1] = {}): Played {
  return play(lostSourceOpening(worlds, told), worlds.world);
}

function kinds({ record }: Played): readonly string[] {
  return record.steps.map(({ step }) => step.kind);
}

describe('replicas whose source is gone', () => {
  it('go to a server beside it that has all that they have, at once, and replicate there', () => {
    const worlds = lostSourceWorld([5, 3], [5]);
    worlds.world.apply(worlds.world.get(S1));
    const played = run(worlds);
    expect(played.ending).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [] });
    expect(sources(worlds)).toEqual([S1, S1]);
    expect(kinds(played)).toEqual(['stop-io', 'stop-io', 'look', 'look', 'repoint', 'repoint']);
    expect(worlds.orphans.every(({ io, sql }) => io && sql)).toBe(true);
  });

  it('wait for one beside it that is a moment behind', () => {
    const worlds = lostSourceWorld([5], [2]);
    const played = run(worlds);
    expect(sources(worlds)).toEqual([S1]);
    expect(kinds(played)).toEqual(['stop-io', 'look', 'look', 'await-applied', 'repoint']);
  });

  it('do not wait for longer than a limit, and go to the next place then', () => {
    const worlds = lostSourceWorld([5], [2, 5]);
    worlds.world.get(S1).slow = true;
    const played = run(worlds);
    expect(sources(worlds)).toEqual([S2]);
    expect(played.ending).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [] });
  });

  it('follow one of their own where nobody stands beside it, and that one goes further up', () => {
    const worlds = lostSourceWorld([3, 5, 5]);
    const played = run(worlds);
    expect(sources(worlds)).toEqual([P, O1, O1]);
    expect(played.ending).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [] });
    // Whoever leads has fetched what the others have before they are pointed at it.
    const order = played.record.steps.map(({ step }) => [step.kind, step.server]);
    expect(order.slice(4)).toEqual([
      ['repoint', O1],
      ['await-applied', O1],
      ['repoint', O2],
      ['repoint', O3],
    ]);
  });

  it('are led by one that may serve others, can apply what it has, and is the best of those', () => {
    const worlds = lostSourceWorld([5, 5, 5]);
    Object.assign(worlds.world.get(O2), { broken: true, sql: false });
    run(worlds, { [O1]: { servesOthers: false } });
    expect(sources(worlds)).toEqual([O3, LOST, P]);
  });

  it('go further up by themselves where nobody can lead', () => {
    const worlds = lostSourceWorld([5, 5]);
    run(worlds, { [O1]: { promotable: false }, [O2]: { servesOthers: false } });
    expect(sources(worlds)).toEqual([P, P]);
  });

  it('are not all led: who cannot follow the leader goes where the leader goes', () => {
    const worlds = lostSourceWorld([5, 5]);
    run(worlds, { [O2]: { cannotFollow: [{ source: O1, reason: 'it is older' }] } });
    expect(sources(worlds)).toEqual([P, P]);
  });

  it('stay with the lost source when they have what nobody else has, and their transactions are named', () => {
    const worlds = lostSourceWorld([5, 5], [5]);
    worlds.world.errant(worlds.world.get(O2));
    const { ending } = run(worlds);
    expect(sources(worlds)).toEqual([S1, LOST]);
    expect(ending.verdict).toEqual({ kind: 'succeeded' });
    expect(ending.lost).toMatchObject([{ server: O2, gtids: `${O2}:1` }]);
    expect(worlds.world.get(O2)).toMatchObject({ io: true, sql: true });
  });

  it('stay with it when what they lack was purged everywhere else', () => {
    const worlds = lostSourceWorld([2], []);
    for (const transaction of worlds.primary.executed) worlds.primary.purged.add(transaction);
    worlds.world.get(O1).byPlace = true;
    const { ending } = run(worlds);
    expect(ending.verdict).toMatchObject({ kind: 'undone', reason: expect.stringContaining('purged') as string });
    expect(worlds.world.get(O1)).toMatchObject({ source: LOST, io: true, byPlace: true });
  });

  it('are not taken to have what a place had that they could not stay with: elsewhere it may be purged', () => {
    const worlds = lostSourceWorld([2], [5, 5]);
    const { world, primary } = worlds;
    primary.up = false;
    for (const id of [S1, S2]) world.apply(world.get(id));
    for (const transaction of world.get(S2).executed) world.get(S2).purged.add(transaction);
    const played = play(lostSourceOpening(worlds), world, immortal, (step, outcome) => {
      if (step.kind !== 'repoint' || step.source !== S1) return outcome;
      return { ok: false, code: 'state', error: 'it cannot replicate from there', retriable: false };
    });
    expect(sources(worlds)).toEqual([LOST]);
    expect(played.ending.lost).toMatchObject([
      { server: O1, reason: expect.stringContaining('has purged from its binary logs') as string },
    ]);
  });

  it('are named when they do not answer, and the others go', () => {
    const worlds = lostSourceWorld([5, 5], [5]);
    worlds.world.get(O1).up = false;
    const { ending } = run(worlds);
    expect(ending).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [{ server: O1 }] });
    expect(worlds.orphans[1]?.source).toBe(S1);
  });

  it('go to the next place when the first dies meanwhile', () => {
    const worlds = lostSourceWorld([5, 5], [5]);
    const sibling = worlds.world.get(S1);
    const played = play(lostSourceOpening(worlds), worlds.world, immortal, (step, outcome) => {
      if (step.kind !== 'repoint' || step.source !== S1) return outcome;
      sibling.up = false;
      worlds.world.get(step.server).source = S1;
      return { ok: false, code: 'state', error: 'it cannot replicate from there', retriable: false };
    });
    expect(sources(worlds)).toEqual([P, O1]);
    expect(played.ending.lost).toEqual([]);
  });

  it('and that an operator stopped are pointed elsewhere and stay stopped', () => {
    const worlds = lostSourceWorld([5], [5]);
    run(worlds, { [O1]: { start: false } });
    expect(worlds.orphans).toMatchObject([{ source: S1, io: false }]);
  });

  it('end up the same whenever the leader dies', () => {
    const expected = lostSourceWorld([3, 5, 4]);
    run(expected);
    for (let point = 1; ; point++) {
      const worlds = lostSourceWorld([3, 5, 4]);
      const { deaths, ending } = play(lostSourceOpening(worlds), worlds.world, diesAt(point));
      expect(sources(worlds), `death at ${point}`).toEqual(sources(expected));
      expect(ending).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [] });
      if (deaths === 0) return;
    }
  });

  it('have a plan that can be shown before', () => {
    const worlds = lostSourceWorld([5], [5]);
    const findings = { executedGtids: `${P}:1-5`, receivedGtids: '', purgedGtids: '' };
    const shown = preview(lostSourceOpening(worlds), () => findings);
    expect(shown.steps.map(({ kind }) => kind)).toEqual(['stop-io', 'look', 'look', 'repoint']);
    expect(shown.ending.verdict).toEqual({ kind: 'succeeded' });
  });
});

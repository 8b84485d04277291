/**
 * Plans in many worlds: replicas that are behind, broken, slow, written to or purged; servers that die at any moment,
 * answers that get lost, leaders that die at every point. Whatever happens, the model of MySQL throws when relay log is
 * lost, a replica is pointed at a source that lacks its transactions, or two servers would take writes.
 */
import { expect, it } from 'vitest';
import { createRng, type Rng } from '../../../src/core/base/rng.js';
import { aftermathOf } from '../../../src/core/recovery/telling/aftermath.js';
import type { RecoveryInputs } from '../../../src/core/recovery/recovery.js';
import type { Closing } from '../../../src/core/recovery/playbooks/next.js';
import { gtidText, type MysqlWorld, uuidOf, type WorldServer } from '../../support/worlds/mysql-world.js';
import { type Disturb, play, type Played } from '../../support/worlds/plan-player.js';
import {
  deadPrimaryOpening,
  deadPrimaryWorld,
  lostSourceOpening,
  lostSourceWorld,
  takeoverOpening,
  takeoverWorld,
} from '../../support/worlds/plan-worlds.js';
import { NO_FACTS } from '../../support/recording-hooks.js';
import { forEachSeed } from '../../support/seeds.js';

const [P, A] = [uuidOf(1), uuidOf(2)];

/** Now and then a server dies after a step, or the answer to a step that was taken is lost. */
function disturbed(rng: Rng, world: MysqlWorld): Disturb {
  return (step, outcome) => {
    if (rng.integer(30) === 0) world.get(step.server).up = false;
    if (rng.integer(15) > 0) return outcome;
    return { ok: false, code: 'late', error: 'its deadline had passed', retriable: true };
  };
}

it('a failover never loses what a replica received without naming it, and never has two writable servers', () => {
  const endings = new Set<string>();
  forEachSeed(2000, (seed) => endings.add(failOver(createRng(seed))));
  // The worlds are varied enough to see every way it can end.
  if (process.env['SIM_SEED'] === undefined) expect([...endings].sort()).toEqual(['failed', 'succeeded', 'undone']);
});

/** In half of the worlds an operator's hooks come first; now and then they say no. */
function hooksIn(rng: Rng): Partial<RecoveryInputs> {
  if (rng.integer(2) === 0) return {};
  return {
    hooks: {
      before: ['before-takeover', 'before-failover'],
      after: ['after-success', 'after-failure'],
      facts: NO_FACTS,
    },
  };
}

function hooked(rng: Rng, disturb: Disturb): Disturb {
  const deny = rng.integer(6) === 0;
  return (step, outcome) => {
    if (step.kind !== 'hooks') return disturb(step, outcome);
    return deny ? { ok: false, code: 'hook', error: 'an operator said no', retriable: false } : outcome;
  };
}

/** Held back by a hook, nothing was changed. */
function expectHeldBack({ record, ending }: Played, world: MysqlWorld): void {
  const failed = record.steps.some(({ step, outcome }) => step.kind === 'hooks' && outcome?.ok === false);
  if (!failed) return;
  expect(ending.verdict.kind).toBe('undone');
  expect(world.taken.filter(({ kind }) => kind !== 'look')).toEqual([]);
  expect(aftermathOf({ ...record, verdict: ending.verdict })).toEqual([]);
}

function failOver(rng: Rng): string {
  const { world, replicas } = deadPrimaryWorld(Array.from({ length: 1 + rng.integer(4) }, () => rng.integer(6)));
  for (const replica of replicas) unsettle(rng, world, replica);
  const told = replicas.map(() => ({
    promotable: rng.integer(5) > 0,
    tier: rng.integer(3),
    servesOthers: rng.integer(5) > 0,
  }));
  const received = new Map(replicas.map((replica) => [replica.id, [...world.has(replica)]]));
  const played = play(
    deadPrimaryOpening(replicas, told, hooksIn(rng)),
    world,
    () => rng.integer(12) === 0,
    hooked(rng, disturbed(rng, world)),
  );
  const { ending, record } = played;
  expectHeldBack(played, world);
  expect(world.writable.length).toBeLessThan(2);
  if (record.promotion === null) {
    expect(world.writable).toEqual([]);
    return ending.verdict.kind;
  }
  const kept = keptBy(world, record.promotion.server, ending);
  for (const [server, transactions] of received) {
    const wasRead = record.steps.some(
      ({ step, outcome }) => step.kind === 'stop-io' && step.server === server && outcome?.ok === true,
    );
    // Of a replica that was not read nothing is known, but it is not forgotten.
    if (wasRead) expect(gtidText([...transactions, ...kept]), server).toBe(gtidText(kept));
    else expect(ending.lost.map((one) => one.server)).toContain(server);
  }
  // Where nothing was wrong but that some had received less than others, everything is kept.
  if (isCalm(replicas) && told.every(({ promotable }) => promotable)) {
    expect(ending.lost.filter(({ gtids }) => gtids !== '')).toEqual([]);
  }
  return ending.verdict.kind;
}

function isCalm(replicas: readonly WorldServer[]): boolean {
  const strays = replicas.flatMap(({ id, executed }) => [...executed].filter((one) => one.startsWith(id)));
  return (
    strays.length === 0 && replicas.every(({ up, broken, slow, purged }) => up && !broken && !slow && purged.size === 0)
  );
}

function unsettle(rng: Rng, world: MysqlWorld, replica: WorldServer): void {
  world.apply(replica, rng.integer(6));
  if (rng.integer(8) === 0) Object.assign(replica, { broken: true, sql: false });
  if (rng.integer(8) === 0) replica.slow = true;
  if (rng.integer(8) === 0) replica.up = false;
  if (rng.integer(8) === 0) world.errant(replica);
  if (rng.integer(8) === 0) for (const transaction of replica.executed) replica.purged.add(transaction);
}

/** What the new primary has, and what the record names of those that were set apart. */
function keptBy(world: MysqlWorld, promoted: typeof P, { lost }: Closing): readonly string[] {
  const named = lost.flatMap(({ gtids }) => (gtids === '' ? [] : gtids.split(',')));
  return [...world.has(world.get(promoted)), ...named];
}

it('a failover that leaves the opening to others opens nobody, and nobody whom it chose fetches on, whoever dies', () => {
  const endings = new Set<string>();
  forEachSeed(500, (seed) => {
    const rng = createRng(seed);
    const { world, replicas } = deadPrimaryWorld(Array.from({ length: 1 + rng.integer(3) }, () => rng.integer(6)));
    for (const replica of replicas) unsettle(rng, world, replica);
    const opening = deadPrimaryOpening(replicas, [], { leavesClosed: true, ...hooksIn(rng) });
    const { record, ending } = play(opening, world, () => rng.integer(12) === 0, hooked(rng, disturbed(rng, world)));
    endings.add(ending.verdict.kind);
    expect(world.writable).toEqual([]);
    expect(world.taken.filter(({ kind }) => kind === 'open')).toEqual([]);
    for (const { id, source, up } of replicas) {
      if (id === record.promotion?.server && up && ending.verdict.kind === 'succeeded') {
        expect(world.get(id).io, id).toBe(false);
        expect([P, null], id).toContain(source);
      }
    }
  });
  if (process.env['SIM_SEED'] === undefined) expect([...endings].sort()).toEqual(['failed', 'succeeded', 'undone']);
});

it('a planned takeover never has two writable servers, and leaves one when it is undone', () => {
  forEachSeed(1000, (seed) => {
    const rng = createRng(seed);
    const world = takeoverWorld();
    world.get(A).slow = rng.integer(4) === 0;
    const opening = takeoverOpening({ startFormerPrimary: rng.integer(2) === 0, ...hooksIn(rng) });
    const trouble = writtenTo(rng, world, hooked(rng, disturbed(rng, world)));
    const played = play(opening, world, () => rng.integer(10) === 0, trouble);
    const { ending } = played;
    expectHeldBack(played, world);
    expect(world.writable.length).toBeLessThan(2);
    if (ending.verdict.kind === 'undone' && world.get(P).up) expect(world.get(P).readOnly).toBe(false);
    if (ending.verdict.kind === 'succeeded') {
      expect(gtidText(world.get(A).executed)).toBe(gtidText(world.get(P).executed));
    }
  });
});

/** Clients write as long as the primary is open, and the candidate is now quick and now slow. */
function writtenTo(rng: Rng, world: MysqlWorld, trouble: Disturb): Disturb {
  return (step, outcome) => {
    const primary = world.get(P);
    if (primary.up && !primary.readOnly && rng.integer(3) === 0) world.write(primary);
    if (step.kind === 'await-applied') world.get(A).slow = rng.integer(6) === 0;
    return trouble(step, outcome);
  };
}

it('a forced failover of a primary that lives never has two writable servers, and gives it back when it is undone', () => {
  const endings = new Set<string>();
  forEachSeed(1000, (seed) => endings.add(forced(createRng(seed))));
  if (process.env['SIM_SEED'] === undefined) expect([...endings].sort()).toEqual(['failed', 'succeeded', 'undone']);
});

function forced(rng: Rng): string {
  const { world, replicas } = deadPrimaryWorld(Array.from({ length: 1 + rng.integer(3) }, () => rng.integer(6)));
  const primary = world.get(P);
  primary.up = rng.integer(5) > 0;
  for (const replica of replicas) unsettle(rng, world, replica);
  const opening = deadPrimaryOpening(replicas, [], { forced: true, fencesFirst: true, ...hooksIn(rng) });
  const trouble = disturbed(rng, world);
  const played = play(
    opening,
    world,
    () => rng.integer(12) === 0,
    (step, outcome) => {
      if (primary.up && !primary.readOnly && rng.integer(3) === 0) world.write(primary);
      return trouble(step, outcome);
    },
  );
  const { ending, record } = played;
  // One that could not be reached is fenced when it answers; one that answered to the end was fenced before.
  const wasMet = record.steps.some(({ step, outcome }) => step.kind === 'fence' && outcome?.ok === true);
  if (wasMet) expect(world.writable.length).toBeLessThan(2);
  if (ending.verdict.kind === 'undone' && primary.up) expect(primary.readOnly).toBe(false);
  if (record.promotion === null) expect(world.writable.every(({ id }) => id === P)).toBe(true);
  return ending.verdict.kind;
}

it('replicas that lost their source follow one that has all that they have, or stay and are named', () => {
  const endings = new Set<string>();
  forEachSeed(2000, (seed) => endings.add(rehome(createRng(seed))));
  if (process.env['SIM_SEED'] === undefined) expect([...endings].sort()).toEqual(['failed', 'succeeded', 'undone']);
});

function rehome(rng: Rng): string {
  const some = (most: number): readonly number[] => Array.from({ length: rng.integer(most) }, () => rng.integer(6));
  const worlds = lostSourceWorld([rng.integer(6), ...some(4)], some(3));
  const { world, orphans, siblings, primary, lost } = worlds;
  for (const server of [...orphans, ...siblings]) unsettle(rng, world, server);
  if (rng.integer(6) === 0) primary.up = false;
  const told = Object.fromEntries(
    [...orphans, ...siblings].map(({ id }) => [
      id,
      { promotable: rng.integer(4) > 0, servesOthers: rng.integer(4) > 0, tier: rng.integer(2) },
    ]),
  );
  const { ending } = play(lostSourceOpening(worlds, told), world, () => rng.integer(12) === 0, disturbed(rng, world));
  const left = new Set(ending.lost.map(({ server }) => server));
  for (const { id, source, up, io } of orphans) {
    // Nobody is left with a stopped thread and without a word.
    if (source === lost.id || !io) expect(left.has(id) || !up, `${id} follows ${String(source)}`).toBe(true);
    if (ending.verdict.kind !== 'succeeded') expect(left).toContain(id);
  }
  if (orphans.every(({ source }) => source === lost.id)) expect(ending.verdict.kind).not.toBe('succeeded');
  return ending.verdict.kind;
}

/**
 * Plans without GTID in many worlds. Whatever happens, the model throws when a replica would begin at a place where it
 * loses or repeats a transaction; no world ends with two writable servers, and nobody is left out without a word.
 */
import { expect, it } from 'vitest';
import { createRng, type Rng } from '../../../src/core/base/rng.js';
import { uuidOf } from '../../support/worlds/mysql-world.js';
import { PlaceWorld } from '../../support/worlds/place-world.js';
import { type Disturb, play } from '../../support/worlds/plan-player.js';
import {
  deadPrimaryOpening,
  deadPrimaryWorld,
  takeoverOpening,
  takeoverWorld,
} from '../../support/worlds/plan-worlds.js';
import { forEachSeed } from '../../support/seeds.js';

const [P, A, B] = [uuidOf(1), uuidOf(2), uuidOf(3)];

function disturbed(rng: Rng, world: PlaceWorld): Disturb {
  return (step, outcome) => {
    if (rng.integer(30) === 0) world.get(step.server).up = false;
    if (rng.integer(15) > 0) return outcome;
    return { ok: false, code: 'late', error: 'its deadline had passed', retriable: true };
  };
}

it('a failover by place keeps what its followers have, and names those who cannot follow', () => {
  const endings = new Set<string>();
  forEachSeed(2000, (seed) => endings.add(failOver(createRng(seed))));
  if (process.env['SIM_SEED'] === undefined) expect([...endings].sort()).toEqual(['failed', 'succeeded', 'undone']);
});

function failOver(rng: Rng): string {
  const world = new PlaceWorld();
  const received = Array.from({ length: 1 + rng.integer(4) }, () => 2 + rng.integer(3));
  const { replicas } = deadPrimaryWorld(received, world);
  for (const replica of replicas) {
    world.apply(replica, rng.integer(5));
    if (rng.integer(4) === 0) world.receiveHalf(replica);
    if (rng.integer(8) === 0) Object.assign(replica, { broken: true, sql: false });
    if (rng.integer(8) === 0) replica.slow = true;
    if (rng.integer(8) === 0) replica.up = false;
  }
  const told = replicas.map(() => ({ promotable: rng.integer(5) > 0, tier: rng.integer(3) }));
  const fate = (): boolean => rng.integer(12) === 0;
  const { ending, record } = play(deadPrimaryOpening(replicas, told), world, fate, disturbed(rng, world));
  expect(world.writable.length).toBeLessThan(2);
  const promoted = record.promotion?.server;
  if (promoted === undefined) return ending.verdict.kind;
  const lost = new Set(ending.lost.map(({ server }) => server));
  // Who began behind its own last transactions fetches the rest now.
  for (const server of world.servers.values()) server.slow = false;
  world.settle();
  const kept = world.get(promoted);
  for (const replica of replicas) {
    if (replica.id === promoted || lost.has(replica.id)) continue;
    expect(replica.source, replica.id).toBe(promoted);
    if (kept.up && replica.up && !replica.broken) expect(replica.executed).toEqual(kept.executed);
  }
  return ending.verdict.kind;
}

it('a takeover by place leaves one writable server, or none where one died, and all others level with it', () => {
  forEachSeed(1000, (seed) => {
    const rng = createRng(seed);
    const world = new PlaceWorld();
    takeoverWorld(world);
    for (const id of [A, B]) world.get(id).slow = rng.integer(5) === 0;
    const fate = (): boolean => rng.integer(10) === 0;
    const { ending } = play(takeoverOpening({ startFormerPrimary: true }), world, fate, disturbed(rng, world));
    expect(world.writable.length).toBeLessThan(2);
    if (ending.verdict.kind === 'undone' && world.get(P).up) expect(world.get(P).readOnly).toBe(false);
    if (ending.verdict.kind !== 'succeeded') return;
    for (const server of world.servers.values()) {
      if (server.source === A) expect(server.executed).toEqual(world.get(A).executed);
    }
  });
});

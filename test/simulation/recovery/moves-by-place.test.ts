/**
 * Moves by place in many worlds: clients write all the while, leaders die, steps fail, servers go away. The model throws when a
 * replica would begin at a place where it loses or repeats a transaction. Whoever is said to be moved follows the new source;
 * whoever is named stayed with the old one, unless the plan says that it failed.
 */
import { expect, it } from 'vitest';
import { createRng, type Rng } from '../../../src/core/base/rng.js';
import type { Leg, Movement } from '../../../src/core/recovery/requests/movement.js';
import type { ServerId } from '../../../src/core/topology/server.js';
import { uuidOf, type WorldServer } from '../../support/worlds/mysql-world.js';
import { PlaceWorld } from '../../support/worlds/place-world.js';
import { type Disturb, play } from '../../support/worlds/plan-player.js';
import { openingOf, participant } from '../../support/worlds/recoveries.js';
import { forEachSeed } from '../../support/seeds.js';

const [P, A, B, C, D] = [uuidOf(1), uuidOf(2), uuidOf(3), uuidOf(4), uuidOf(5)];
const ALL = [P, A, B, C, D];

const WAYS: readonly { readonly movers: readonly ServerId[]; readonly legs: readonly Leg[] }[] = [
  { movers: [C, D], legs: [{ kind: 'up', from: A, to: P }] },
  { movers: [B], legs: [{ kind: 'beside', from: P, to: A }] },
  {
    movers: [C, D],
    legs: [
      { kind: 'up', from: A, to: P },
      { kind: 'beside', from: P, to: B },
    ],
  },
  {
    movers: [B],
    legs: [
      { kind: 'beside', from: P, to: A },
      { kind: 'beside', from: A, to: C },
    ],
  },
];

/** P over A and B, A over C and D. */
function worldOf(): PlaceWorld {
  const world = new PlaceWorld();
  const servers = new Map(ALL.map((id): [ServerId, WorldServer] => [id, world.add(id, { readOnly: id !== P })]));
  const sources: readonly (readonly [ServerId, ServerId])[] = [
    [A, P],
    [B, P],
    [C, A],
    [D, A],
  ];
  for (const [replica, source] of sources) world.follow(world.get(replica), world.get(source));
  world.write(servers.get(P) ?? world.get(P), 5);
  world.settle();
  return world;
}

function disturbed(rng: Rng, world: PlaceWorld): Disturb {
  return (step, outcome) => {
    const primary = world.get(P);
    if (primary.up && rng.integer(2) === 0) world.write(primary, 1 + rng.integer(2));
    if (rng.integer(3) === 0) world.settle();
    if (rng.integer(60) === 0) world.get(step.server).up = false;
    if (rng.integer(40) === 0) return { ok: false, code: 'state', error: 'it was refused', retriable: false };
    return rng.integer(15) > 0 ? outcome : { ok: false, code: 'late', error: 'too late', retriable: true };
  };
}

it('a move by place loses and repeats nothing, and says where everybody is', () => {
  const endings = new Set<string>();
  forEachSeed(1500, (seed) => endings.add(moveOnce(createRng(seed))));
  if (process.env['SIM_SEED'] === undefined) expect([...endings].sort()).toEqual(['failed', 'succeeded', 'undone']);
});

function moveOnce(rng: Rng): string {
  const world = worldOf();
  const way = WAYS[rng.integer(WAYS.length)];
  if (way === undefined) throw new Error('there is a way');
  const { movers, legs } = way;
  const [from, to] = [legs[0]?.from ?? P, legs.at(-1)?.to ?? P];
  for (const id of [A, B, C, D]) if (rng.integer(10) === 0) world.get(id).slow = true;
  const participants = ALL.map((id) =>
    participant(id, id === P ? 'primary' : movers.includes(id) ? 'replica' : 'place'),
  );
  const moves = movers.map((server): Movement => ({ server, to, from, byPlace: true }));
  const terms = { command: 'relocate', manner: 'each', moves, refused: [], atOnce: 1 + rng.integer(2), legs } as const;
  const opening = openingOf('move', movers[0] ?? P, participants, { movement: terms });
  const { ending } = play(opening, world, () => rng.integer(15) === 0, disturbed(rng, world));
  const lost = new Set(ending.lost.map(({ server }) => server));
  for (const mover of movers) {
    if (!lost.has(mover)) expect(world.get(mover).source, mover).toBe(to);
    else if (ending.verdict.kind === 'undone') expect(world.get(mover).source, mover).toBe(from);
  }
  return ending.verdict.kind;
}

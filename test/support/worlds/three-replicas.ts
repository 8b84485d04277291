/** Three replicas below one primary, and plans that move them: what tests of moves begin with. */
import type { Movement, MoveTerms } from '../../../src/core/recovery/requests/movement.js';
import type { Recovery } from '../../../src/core/recovery/recovery.js';
import type { ServerId } from '../../../src/core/topology/server.js';
import { MysqlWorld, uuidOf } from './mysql-world.js';
import { openingOf, participant, type Told } from './recoveries.js';
export const [P, A, B, C] = [uuidOf(1), uuidOf(2), uuidOf(3), uuidOf(4)];

/** P is the primary with five transactions, which A, B and C below it have received and applied. */
export function world(): MysqlWorld {
  const made = new MysqlWorld();
  const primary = made.add(P, { readOnly: false });
  for (const id of [A, B, C]) made.follow(made.add(id), primary);
  made.write(primary, 5);
  made.settle();
  return made;
}

export function opening(
  moves: readonly Movement[],
  terms: Partial<MoveTerms> = {},
  told: Readonly<Record<string, Told>> = {},
): Recovery {
  const moving = new Set(moves.map(({ server }) => server));
  const roleOf = (id: ServerId) => (moving.has(id) ? 'replica' : id === P ? 'primary' : 'place');
  const participants = [P, A, B, C].map((id) => participant(id, roleOf(id), told[id]));
  const movement = { command: 'relocate', manner: 'each', moves, refused: [], atOnce: 5, ...terms } as const;
  return openingOf('move', moves[0]?.server ?? P, participants, { movement });
}

export const below = (server: ServerId, to: ServerId, from: ServerId | null = P): Movement => ({ server, to, from });

export function sourcesIn(one: MysqlWorld): Readonly<Record<string, unknown>> {
  return Object.fromEntries([...one.servers.values()].map(({ id, source, io }) => [id, [source, io]]));
}

/** Each server's source, and whether it fetches from it. */
export const UNMOVED = { [P]: [null, false], [A]: [P, true], [B]: [P, true], [C]: [P, true] };

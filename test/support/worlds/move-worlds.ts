/** Trees of servers made up by chance, and moves that somebody might ask for in them; for simulations. */
import type { Rng } from '../../../src/core/base/rng.js';
import type { Movement, MoveTerms } from '../../../src/core/recovery/requests/movement.js';
import type { Recovery } from '../../../src/core/recovery/recovery.js';
import type { Resting } from '../../../src/core/recovery/step.js';
import type { ServerId } from '../../../src/core/topology/server.js';
import { MysqlWorld, uuidOf, type WorldServer } from './mysql-world.js';
import { openingOf, participant } from './recoveries.js';

export interface MoveWorld {
  readonly world: MysqlWorld;
  readonly primary: WorldServer;
  readonly replicas: readonly WorldServer[];
}

/** A primary over two to seven replicas, each below any server before it; some are behind, stopped, broken or written to. */
export function randomTree(rng: Rng): MoveWorld {
  const world = new MysqlWorld();
  const primary = world.add(uuidOf(1), { readOnly: false });
  const servers = [primary];
  for (let at = 0; at < 2 + rng.integer(6); at += 1) {
    const replica = world.add(uuidOf(at + 2));
    world.follow(replica, servers[rng.integer(servers.length)] ?? primary);
    servers.push(replica);
  }
  world.write(primary, 5);
  world.settle();
  world.write(primary, rng.integer(4));
  const replicas = servers.slice(1);
  for (const replica of replicas) world.receive(replica, rng.integer(5));
  for (const replica of replicas) unsettle(rng, world, replica);
  return { world, primary, replicas };
}

function unsettle(rng: Rng, world: MysqlWorld, replica: WorldServer): void {
  if (rng.integer(2) === 0) world.apply(replica);
  if (rng.integer(10) === 0) Object.assign(replica, { io: false, sql: false });
  if (rng.integer(12) === 0) replica[pick(rng, ['io', 'sql'] as const)] = false;
  if (rng.integer(4) === 0) replica.byPlace = true;
  if (rng.integer(12) === 0) Object.assign(replica, { broken: true, sql: false });
  if (rng.integer(12) === 0) replica.slow = true;
  if (rng.integer(12) === 0) replica.up = false;
  if (rng.integer(12) === 0) world.errant(replica);
  if (rng.integer(12) === 0) for (const transaction of replica.executed) replica.purged.add(transaction);
}

/** What an opening would let through: nobody goes below itself or its own branch, nobody twice. */
export function randomMove(rng: Rng, { world, primary, replicas }: MoveWorld): Recovery | null {
  const manner = pick(rng, ['each', 'each', 'in-order', 'regroup', 'resume'] as const);
  const moves =
    manner === 'in-order' ? swapOf(rng, world, replicas) : manyOf(rng, { world, primary, replicas }, manner);
  if (moves.length === 0) return null;
  const moving = new Set(moves.map(({ server }) => server));
  const roleOf = ({ id, up }: WorldServer) =>
    moving.has(id) ? 'replica' : id === primary.id ? 'primary' : up ? 'place' : 'gone';
  const participants = [primary, ...replicas].map((server) => {
    const wasStopped = !server.io && !server.sql && !server.broken;
    const role = roleOf(server);
    const rests = role === 'replica' ? restingIn(server) : {};
    const start = !wasStopped && (role === 'replica' || server.id === primary.id || (server.io && server.sql));
    return participant(server.id, role, { start, ...rests, ...(wasStopped ? { wasStopped } : {}) });
  });
  const command = manner === 'regroup' ? 'regroup-replicas' : 'relocate-replicas';
  const terms: MoveTerms = { command, manner, moves, refused: [], atOnce: 1 + rng.integer(4) };
  const failed = manner === 'regroup' ? (moves[0]?.to ?? primary.id) : primary.id;
  return openingOf('move', failed, participants, { movement: terms });
}

function restingIn({ io, sql, broken }: WorldServer): { readonly rests?: Resting } {
  if (io === sql || broken) return {};
  return { rests: io ? 'sql' : 'io' };
}

function manyOf(rng: Rng, { world, primary, replicas }: MoveWorld, manner: MoveTerms['manner']): readonly Movement[] {
  if (manner === 'resume') return replicas.map(({ id }): Movement => ({ server: id, to: id, from: null }));
  const source = pick(rng, [primary, ...replicas]);
  const below = replicas.filter((one) => one.source === source.id);
  if (manner === 'regroup')
    return below
      .filter((one) => restingIn(one).rests !== 'sql')
      .map(({ id }) => ({ server: id, to: source.id, from: source.id }));
  const to = pick(rng, [primary, ...replicas]);
  return below
    .filter((one) => one.id !== to.id && !isBelow(world, to.id, one.id))
    .map((one) => ({ server: one.id, to: to.id, from: one.source }));
}

/** It goes to where its source hangs, and its source below it. */
function swapOf(rng: Rng, world: MysqlWorld, replicas: readonly WorldServer[]): readonly Movement[] {
  const server = pick(rng, replicas);
  const source = server.source === null ? null : world.get(server.source);
  if (source?.source == null) return [];
  return [
    { server: server.id, to: source.source, from: source.id },
    { server: source.id, to: server.id, from: source.source },
  ];
}

export function isBelow(world: MysqlWorld, server: ServerId, above: ServerId): boolean {
  const seen = new Set<ServerId>();
  for (let at: ServerId | null = server; at !== null && !seen.has(at); at = world.get(at).source) {
    if (at === above) return true;
    seen.add(at);
  }
  return false;
}

export function pick<T>(rng: Rng, all: readonly T[]): T {
  const found = all[rng.integer(all.length)];
  if (found === undefined) throw new Error('there is nothing to choose from');
  return found;
}

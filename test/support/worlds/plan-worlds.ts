/** The worlds in which plans are played: a primary that has died, and a healthy one whose role is to move. */
import type { Recovery, RecoveryInputs } from '../../../src/core/recovery/recovery.js';
import { MysqlWorld, uuidOf, type WorldServer } from './mysql-world.js';
import { openingOf, participant, type Told } from './recoveries.js';

const [P, A, B] = [uuidOf(1), uuidOf(2), uuidOf(3)];

export interface DeadPrimaryWorld {
  readonly world: MysqlWorld;
  readonly replicas: readonly WorldServer[];
}

/** A primary, server 1, that died with five transactions; replicas from server 2 on that received as many as told. */
export function deadPrimaryWorld(received: readonly number[], world: MysqlWorld = new MysqlWorld()): DeadPrimaryWorld {
  const primary = world.add(P, { readOnly: false });
  const replicas = received.map((_, at) => world.add(uuidOf(at + 2)));
  for (const replica of replicas) world.follow(replica, primary);
  world.write(primary, 5);
  for (const [at, replica] of replicas.entries()) world.receive(replica, received[at]);
  primary.up = false;
  return { world, replicas };
}

export function deadPrimaryOpening(
  replicas: readonly WorldServer[],
  told: readonly Told[] = [],
  inputs: Partial<RecoveryInputs> = {},
): Recovery {
  const others = replicas.map(({ id }, preference) => participant(id, 'replica', { preference, ...told[preference] }));
  return openingOf('dead-primary', P, [participant(P, 'primary'), ...others], inputs);
}

/** The same before its death. */
export function livePrimaryWorld(received: readonly number[]): MysqlWorld {
  const { world } = deadPrimaryWorld(received);
  world.get(P).up = true;
  return world;
}

/** A primary, server 1, with five transactions; server 2, the candidate, has received three of them, server 3 all. */
export function takeoverWorld(world: MysqlWorld = new MysqlWorld()): MysqlWorld {
  const primary = world.add(P, { readOnly: false });
  for (const id of [A, B]) world.follow(world.add(id), primary);
  world.write(primary, 5);
  world.receive(world.get(A), 3);
  world.receive(world.get(B));
  return world;
}

export function takeoverOpening(inputs: Partial<RecoveryInputs> = {}): Recovery {
  const participants = [participant(P, 'primary'), participant(A, 'replica'), participant(B, 'replica')];
  return openingOf('graceful-takeover', P, participants, { requestedCandidate: A, ...inputs });
}

export interface LostSourceWorld {
  readonly world: MysqlWorld;
  readonly primary: WorldServer;
  readonly lost: WorldServer;
  /** Beside the lost source, below the primary. */
  readonly siblings: readonly WorldServer[];
  readonly orphans: readonly WorldServer[];
}

/**
 * Server 1 is the primary with five transactions; server 2, which died with all of them, fed servers 10 and up, of which
 * each received as many as told; servers 3 and up stand beside it and received as many as told.
 */
export function lostSourceWorld(
  received: readonly number[],
  beside: readonly number[] = [],
  world: MysqlWorld = new MysqlWorld(),
): LostSourceWorld {
  const primary = world.add(P, { readOnly: false });
  const lost = world.add(A);
  world.follow(lost, primary);
  const siblings = beside.map((_, at) => world.add(uuidOf(at + 3)));
  for (const sibling of siblings) world.follow(sibling, primary);
  const orphans = received.map((_, at) => world.add(uuidOf(at + 10)));
  for (const orphan of orphans) world.follow(orphan, lost);
  world.write(primary, 5);
  world.receive(lost);
  world.apply(lost);
  for (const [at, sibling] of siblings.entries()) world.receive(sibling, beside[at]);
  for (const [at, orphan] of orphans.entries()) world.receive(orphan, received[at]);
  lost.up = false;
  return { world, primary, lost, siblings, orphans };
}

/** The siblings are beside the lost source, the primary is further up, unless a test says otherwise. */
export function lostSourceOpening(
  { primary, lost, siblings, orphans }: LostSourceWorld,
  told: Readonly<Record<string, Told>> = {},
): Recovery {
  const place = (server: WorldServer, tier: number, preference: number) =>
    participant(server.id, 'place', { tier, preference, ...told[server.id] });
  return openingOf('dead-intermediate', lost.id, [
    participant(lost.id, 'gone'),
    ...orphans.map(({ id }, preference) => participant(id, 'replica', { preference, ...told[id] })),
    ...siblings.map((sibling, at) => place(sibling, 0, at)),
    place(primary, 1, siblings.length),
  ]);
}

/** The worlds in which plans are played: a primary that has died, and a healthy one whose role is to move. */
import type { Recovery, RecoveryInputs } from '../../src/core/recovery/recovery.js';
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

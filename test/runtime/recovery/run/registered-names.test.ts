import { beforeEach, describe, expect, it } from 'vitest';
import type { ServerId } from '../../../../src/core/topology/server.js';
import { MysqlWorld, uuidOf } from '../../../support/worlds/mysql-world.js';
import { WorldNodes } from '../../../support/worlds/world-nodes.js';

const [P, A, B] = [uuidOf(1), uuidOf(2), uuidOf(3)];

let world: MysqlWorld;
let nodes: WorldNodes;

/** Replicas are to know A, who will be promoted, under the address of `name`. */
async function register(name: ServerId): Promise<void> {
  for (const host of [A, B]) {
    await nodes.ledger.propose({ kind: 'unresolve-registered', host, name, by: 'me', lifetimeMs: 3_600_000 });
  }
}

async function failOver(): Promise<void> {
  world.get(P).up = false;
  nodes.driver.noticeProblems([nodes.deadMaster(P)]);
  await nodes.untilClosed();
}

beforeEach(async () => {
  world = new MysqlWorld();
  const primary = world.add(P, { readOnly: false });
  for (const id of [A, B]) world.follow(world.add(id), primary);
  world.write(primary, 5);
  world.settle();
  nodes = new WorldNodes(world);
  await nodes.start();
});

describe('a name that an operator registered for a server', () => {
  it('that leads to another server is not told to anybody, and the record says why', async () => {
    const stranger = world.add(uuidOf(9));
    await register(stranger.id);
    await failOver();
    const [recovery] = nodes.recoveries;
    expect(recovery?.lost).toMatchObject([
      { reason: expect.stringContaining('deregister-hostname-unresolve') as string },
    ]);
    expect([A, B].map((id) => world.get(id).source)).not.toContain(stranger.id);
  });

  it('that leads nowhere is tried again for a while, and then given up', async () => {
    await register(uuidOf(9));
    await failOver();
    const [recovery] = nodes.recoveries;
    const repoints = recovery?.steps.filter(({ step }) => step.kind === 'repoint') ?? [];
    expect(repoints).toHaveLength(1);
    expect(repoints[0]?.attempt).toBeGreaterThan(2);
    expect(recovery?.lost).toHaveLength(1);
  });
});

import { describe, expect, it } from 'vitest';
import type { ClusterId } from '../../../src/core/topology/server.js';
import { recoveryOf } from '../../support/ledger.js';
import { MysqlWorld, uuidOf } from '../../support/worlds/mysql-world.js';
import { WorldNodes } from '../../support/worlds/world-nodes.js';

const [P, A] = [uuidOf(1), uuidOf(2)];

async function afterMany(): Promise<{ readonly nodes: WorldNodes; readonly world: MysqlWorld }> {
  const world = new MysqlWorld();
  const primary = world.add(P, { readOnly: false });
  world.follow(world.add(A), primary);
  world.write(primary, 5);
  world.settle();
  const nodes = new WorldNodes(world, { brake: { clusters: 2, withinMs: 60_000 } });
  await nodes.start();
  for (const other of ['one', 'two']) {
    const recovery = recoveryOf(`1:${other}`, other as ClusterId, other);
    await nodes.ledger.propose({ kind: 'recovery-opened', recovery });
    await nodes.ledger.propose({
      kind: 'recovery-closed',
      recoveryId: recovery.id,
      verdict: { kind: 'succeeded' },
      lost: [],
    });
  }
  world.get(P).up = false;
  nodes.driver.noticeProblems([nodes.deadMaster(P)]);
  await nodes.turns();
  return { nodes, world };
}

describe('too many clusters whose primaries die at once', () => {
  it('stop automatic recovery: in the log, and told once', async () => {
    const { nodes } = await afterMany();
    expect(nodes.ledger.state.brake?.reason).toContain('2 clusters');
    expect(nodes.recoveries.filter(({ failed }) => failed === P)).toEqual([]);
    nodes.driver.noticeProblems([nodes.deadMaster(P)]);
    await nodes.turns();
    expect(nodes.lines.filter((line) => line.includes('stops itself'))).toHaveLength(1);
    expect(nodes.driver.restraints.get(P)?.join()).toContain('release-brake');
  });

  it('do so for the next leader too, however long ago it was', async () => {
    const { nodes } = await afterMany();
    await nodes.changeLeader();
    nodes.driver.noticeProblems([nodes.deadMaster(P)]);
    await nodes.turns();
    expect(nodes.recoveries.filter(({ failed }) => failed === P)).toEqual([]);
  });

  it('and are recovered when an operator has released it, without those of before being counted again', async () => {
    const { nodes } = await afterMany();
    await nodes.ledger.propose({ kind: 'brake-released', by: 'me' });
    nodes.driver.noticeProblems([nodes.deadMaster(P)]);
    await nodes.turns();
    expect(nodes.recoveries.filter(({ failed }) => failed === P)).toMatchObject([{ verdict: { kind: 'succeeded' } }]);
  });
});

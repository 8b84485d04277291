// Rearrangements on real MySQL: chains, siblings, places that are changed, a ring, a regrouping.
import { beforeEach, describe, expect, it } from 'vitest';
import type { MoveCommand } from '../../../src/core/recovery/requests/movement.js';
import type { Recovery } from '../../../src/core/recovery/recovery.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import type { Topology } from '../../../tools/lab/topology.js';
import type { LabNodes } from '../../support/lab/lab-nodes.js';
import { follows, labStage, replicasOf } from '../../support/lab/lab-stage.js';

const stage = labStage();
let topology: Topology;
let nodes: LabNodes;

beforeEach(async () => {
  topology = await stage.topology(
    { replicas: 3 },
    'CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY)',
  );
  nodes = await stage.nodes(topology.servers);
});

async function ask(command: MoveCommand, server: LabServer, destination: LabServer | null = null): Promise<Recovery> {
  const answer = await nodes.move(command, server, destination);
  if (!answer.ok) throw new Error(answer.refusal.message);
  return answer.value;
}

async function moved(command: MoveCommand, server: LabServer, destination: LabServer | null = null): Promise<Recovery> {
  const recovery = await ask(command, server, destination);
  expect(recovery, nodes.lines.join('\n')).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [] });
  return recovery;
}

const replicas = () => replicasOf(topology, 3);

async function writeAndCatchUp(): Promise<void> {
  await topology.primary.execute('INSERT INTO shop.orders SELECT COALESCE(MAX(id), 0) + 1 FROM shop.orders');
  for (const replica of topology.replicas) await replica.catchUp(topology.primary);
}

describe('on MySQL 9.7 by GTID', () => {
  it('a chain is built and taken apart, one by one and many at once, and servers change places in it', async () => {
    const [a, b, c] = replicas();
    await moved('relocate', b, a);
    await moved('move-below', c, a);
    await follows(b, a);
    await follows(c, a);
    await writeAndCatchUp();
    await moved('take-master', b);
    await follows(b, topology.primary);
    await follows(a, b);
    await follows(c, a);
    await writeAndCatchUp();
    await moved('move-up', c);
    await follows(c, b);
    await moved('relocate-replicas', b, topology.primary);
    for (const replica of [a, b, c]) await follows(replica, topology.primary);
    await moved('take-siblings', c);
    await follows(a, c);
    await follows(b, c);
    await moved('move-up-replicas', c);
    await moved('repoint-replicas', topology.primary);
    for (const replica of [a, b, c]) await follows(replica, topology.primary);
    await writeAndCatchUp();
    expect(nodes.ledger.state.maintenances.size).toBe(0);
  });

  it('a replica is detached and reattached, and goes on where it stood', async () => {
    const [a] = replicas();
    await moved('detach-replica', a);
    expect(await a.replicaStatus()).toMatchObject({ ioRunning: 'No' });
    await topology.primary.execute('INSERT INTO shop.orders VALUES (50)');
    await moved('reattach-replica', a);
    await follows(a, topology.primary);
    await a.catchUp(topology.primary);
  });

  it('each thread and what it follows by stay as they were, wherever that is possible', async () => {
    const [a, b, c] = replicas();
    const state = async (server: LabServer): Promise<readonly unknown[]> => {
      const [row = {}] = await server.query('SHOW REPLICA STATUS');
      const names = ['Source_Port', 'Auto_Position', 'Replica_IO_Running', 'Replica_SQL_Running'];
      return names.map((name) => row[name]);
    };
    // A move may be over while the IO thread that it started is still connecting.
    const become = async (server: LabServer, ...wanted: readonly unknown[]): Promise<void> => {
      await expect.poll(() => state(server)).toEqual(wanted);
    };
    await a.execute('STOP REPLICA; CHANGE REPLICATION SOURCE TO SOURCE_AUTO_POSITION=0; START REPLICA');
    await a.waitForReplication();
    await b.execute('STOP REPLICA IO_THREAD');
    await c.execute('STOP REPLICA SQL_THREAD');
    await nodes.observe();
    const { primary } = topology;
    await moved('repoint-replicas', primary);
    await become(a, primary.port, 0, 'Yes', 'Yes');
    await become(b, primary.port, 1, 'No', 'Yes');
    await become(c, primary.port, 1, 'Yes', 'No');
    const { steps } = await moved('relocate', b, a);
    expect(steps.at(-1)?.step).toMatchObject({ kind: 'repoint', rests: 'io' });
    await moved('relocate', c, a);
    await become(b, a.port, 1, 'No', 'Yes');
    await become(c, a.port, 1, 'Yes', 'No');
    await primary.execute('INSERT INTO shop.orders VALUES (70)');
    await a.catchUp(primary);
    const has =
      `SELECT GTID_SUBSET('${await primary.gtidExecuted()}', CONCAT(RECEIVED_TRANSACTION_SET, ',', @@GLOBAL.gtid_executed)) AS has ` +
      "FROM performance_schema.replication_connection_status WHERE CHANNEL_NAME = ''";
    await expect.poll(() => c.query(has)).toEqual([{ has: 1 }]);
    const refused = await ask('relocate', c, primary);
    expect(refused.lost[0]?.reason).toMatch(/applier was stopped by somebody and has yet to apply/);
    await become(c, a.port, 1, 'Yes', 'No');
    expect(await c.query('SELECT COUNT(*) AS n FROM shop.orders')).toEqual([{ n: 0 }]);
  });

  it('one with transactions of its own is left where it is, and so is a whole swap', async () => {
    const [a, b] = replicas();
    await b.execute('SET GLOBAL super_read_only=OFF; SET GLOBAL read_only=OFF; CREATE DATABASE mine');
    const recovery = await ask('relocate', b, a);
    expect(recovery).toMatchObject({ verdict: { kind: 'undone' } });
    expect(recovery.lost[0]?.reason).toMatch(/has transactions that .* lacks/);
    await follows(b, topology.primary);
  });

  it('a replica and the primary follow each other, and the primary goes on taking writes', async () => {
    const [a] = replicas();
    await moved('make-co-master', a);
    await follows(topology.primary, a);
    await follows(a, topology.primary);
    await writeAndCatchUp();
  });

  it('replicas of a dead source are regrouped below the one with most', async () => {
    const [a, b, c] = replicas();
    await moved('relocate', b, a);
    await moved('relocate', c, a);
    await c.execute('STOP REPLICA IO_THREAD');
    await topology.primary.execute('INSERT INTO shop.orders VALUES (100)');
    await b.catchUp(topology.primary);
    await a.kill();
    await c.execute('START REPLICA IO_THREAD');
    const recovery = await moved('regroup-replicas', a);
    expect(recovery.steps.some(({ step }) => step.kind === 'repoint' && step.source === nodes.idOf(b))).toBe(true);
    await follows(c, b);
    await c.catchUp(b);
    expect(await c.query('SELECT COUNT(*) AS n FROM shop.orders')).toEqual([{ n: 1 }]);
    expect(await b.replicaStatus()).toMatchObject({ sourcePort: a.port });
  });
});

// A replica freezes (SIGSTOP) in the very moment in which it is told something, on real MySQL: a failover goes on without it,
// and so does a move of many; it replicates again when it thaws.
import { expect, it } from 'vitest';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import { NOBODY } from '../../../tools/lab/door/mysql-door.js';
import { follows, labStage, replicasOf } from '../../support/lab/lab-stage.js';

const stage = labStage();
const SOON = { timeout: 60_000, interval: 20 };

/** At the door: what is sent next of this kind is there when it thaws, and nobody waits for the answer by then. */
function freezesAt(server: LabServer, statement: string): void {
  server.door.watch = {
    ...NOBODY,
    statement: ({ text }) => {
      if (!text.includes(statement)) return;
      server.door.watch = NOBODY;
      server.pause();
    },
  };
}

it('is not waited for by a failover, and comes back by itself', async () => {
  const topology = await stage.topology({ replicas: 2, door: true });
  const nodes = await stage.nodes(topology.servers);
  const [other, frozen] = replicasOf(topology, 2);
  freezesAt(frozen, 'STOP REPLICA IO_THREAD');
  await topology.primary.kill();
  nodes.driver.noticeProblems([nodes.deadMaster(nodes.idOf(topology.primary))]);
  await nodes.until('the failover ends', () => nodes.isIdle);
  expect(nodes.recoveries, nodes.lines.join('\n')).toMatchObject([
    {
      verdict: { kind: 'succeeded' },
      successor: nodes.idOf(other),
      lost: [{ server: nodes.idOf(frozen), reason: expect.stringContaining('silent in the middle') as string }],
    },
  ]);
  frozen.resume();
  await nodes.observe();
  await nodes.until('it is pointed', () =>
    nodes.recoveries.some(({ kind, verdict }) => kind === 'lost-replica' && verdict?.kind === 'succeeded'),
  );
  await follows(frozen, other);
});

it('is not waited for by a move of many, nor is one that is broken: the others arrive, and both are named', async () => {
  const table = 'CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY)';
  const topology = await stage.topology({ replicas: 4, door: true }, table);
  const { primary } = topology;
  const [to, well, frozen, broken] = replicasOf(topology, 4);
  const nodes = await stage.nodes(topology.servers);
  await broken.execute('SET SESSION sql_log_bin = 0; INSERT INTO shop.orders VALUES (1)');
  await primary.execute('INSERT INTO shop.orders VALUES (1)');
  for (const replica of [to, well, frozen]) await replica.catchUp(primary);
  await broken.waitForApplierError(1062);
  freezesAt(frozen, 'CHANGE REPLICATION SOURCE');
  const answer = await nodes.move('relocate-replicas', primary, to);
  frozen.resume();
  const named = (server: LabServer, reason: RegExp): object =>
    expect.objectContaining({ server: nodes.idOf(server), reason: expect.stringMatching(reason) as string }) as object;
  const lost = [
    named(frozen, /(?:silent|no answer).*could not be put back/),
    named(broken, /its applier cannot go on: error 1062/),
  ];
  expect(answer, nodes.lines.join('\n')).toMatchObject({ ok: true, value: { verdict: { kind: 'failed' } } });
  expect(answer.ok ? answer.value.lost : []).toEqual(expect.arrayContaining(lost));
  await follows(well, to);
  await follows(to, primary);
  await expect
    .poll(() => broken.replicaStatus(), SOON)
    .toMatchObject({ sourcePort: primary.port, ioRunning: 'Yes', sqlRunning: 'No' });
  await nodes.until('it is started again', async () => {
    await nodes.observe();
    return (await frozen.replicaStatus())?.ioRunning === 'Yes';
  });
  await nodes.until('the plan ends', () => nodes.isIdle);
  await primary.execute('INSERT INTO shop.orders VALUES (2)');
  for (const replica of [to, well, frozen]) await replica.catchUp(primary);
  expect(nodes.ledger.state.maintenances.size).toBe(0);
  const locks = "SELECT COUNT(*) AS n FROM performance_schema.metadata_locks WHERE OBJECT_TYPE = 'USER LEVEL LOCK'";
  for (const server of topology.servers) await expect.poll(() => server.query(locks), SOON).toEqual([{ n: 0 }]);
});

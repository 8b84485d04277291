/**
 * What befalls a tree of servers that are not MySQL 9.7 with GTID, one thing after the other on the same servers while clients
 * write: a replica is detached and comes back, a source in the middle dies, the primary and a replica follow each other, one of
 * the two dies and comes back. Every row is on every server in the end.
 */
import { describe, expect, it } from 'vitest';
import type { Problem } from '../../../src/core/analysis/problem.js';
import type { MoveCommand } from '../../../src/core/recovery/requests/movement.js';
import { dialectOf } from '../../../tools/lab/dialect.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import type { TopologyOptions } from '../../../tools/lab/mysql-lab.js';
import type { LabNodes } from '../../support/lab/lab-nodes.js';
import { follows, labStage, replicasOf, writable } from '../../support/lab/lab-stage.js';

const stage = labStage();
const PATIENCE = { timeout: 60_000, interval: 20 };

const KINDS: readonly (readonly [string, Pick<TopologyOptions, 'flavor' | 'gtid'>])[] = [
  ['MariaDB', { flavor: 'mariadb' }],
  ['MariaDB whose replicas follow by place', { flavor: 'mariadb', gtid: false }],
  ['MySQL 5.6 with GTID', { flavor: 'mysql56' }],
  ['MySQL 5.6 without GTID', { flavor: 'mysql56', gtid: false }],
  ['MySQL 9.7 without GTID', { flavor: 'mysql97', gtid: false }],
];

describe.each(KINDS)('a tree of %s', (_name, kind) => {
  let nodes: LabNodes;
  let rows = 0;

  const insert = async (server: LabServer): Promise<void> => {
    rows += 1;
    await server.execute(`INSERT INTO shop.orders VALUES (${String(rows)})`);
  };
  const moved = async (command: MoveCommand, server: LabServer, to: LabServer | null = null): Promise<void> => {
    const answer = await nodes.move(command, server, to);
    expect(answer, nodes.lines.join('\n')).toMatchObject({
      ok: true,
      value: { verdict: { kind: 'succeeded' }, lost: [] },
    });
  };
  const level = async (servers: readonly LabServer[]): Promise<void> => {
    for (const server of servers) {
      const count = async (): Promise<unknown> => await server.query('SELECT COUNT(*) AS n FROM shop.orders');
      await expect
        .poll(count, PATIENCE)
        .toEqual([{ n: rows }])
        .catch(async (error: unknown) => {
          const status = JSON.stringify([server.address, await server.replicaStatus()]);
          throw new Error(`${status}\n${nodes.lines.join('\n')}`, { cause: error });
        });
    }
  };
  const dies = async (server: LabServer, code: Problem['code'], reaction: Problem['reaction']): Promise<void> => {
    const known = nodes.recoveries.length;
    await nodes.observe();
    await server.kill();
    nodes.driver.noticeProblems([nodes.problem(nodes.idOf(server), code, reaction)]);
    await nodes.until(`${code} is recovered`, () => nodes.recoveries.length > known && nodes.isIdle);
    expect(nodes.recoveries[known], nodes.lines.join('\n')).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [] });
  };

  /** The uuid of whom it has reached; of MariaDB the number. */
  const sourceOf = async (server: LabServer): Promise<string> => {
    const [row = {}] = await server.query(dialectOf(server.flavor).replicaStatus);
    return String(row['Source_UUID'] ?? row['Master_UUID'] ?? row['Master_Server_Id']);
  };

  it('survives what befalls it, with every row on every server', async () => {
    rows = 0;
    const topology = await stage.topology(
      { ...kind, replicas: 4 },
      'CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY) ENGINE=InnoDB',
    );
    const { primary, servers } = topology;
    const [middle, one, two, beside] = replicasOf(topology, 4);
    nodes = await stage.nodes(servers);
    for (let at = 0; at < 3; at++) await insert(primary);

    await moved('relocate', one, middle);
    await moved('relocate', two, middle);
    await moved('detach-replica', one);
    expect(await one.replicaStatus()).toMatchObject({ ioRunning: 'No', sqlRunning: 'Yes' });
    await insert(primary);
    await moved('reattach-replica', one);
    await follows(one, middle);
    await level(servers);

    await two.execute(kind.flavor === 'mysql97' ? 'STOP REPLICA IO_THREAD' : 'STOP SLAVE IO_THREAD');
    await insert(primary);
    await level([middle, one]);
    await two.execute(kind.flavor === 'mysql97' ? 'START REPLICA IO_THREAD' : 'START SLAVE IO_THREAD');
    await dies(middle, 'DeadIntermediateMaster', 'recover-dead-intermediate');
    await insert(primary);
    for (const orphan of [one, two]) await orphan.waitForReplication();
    await level([one, two, beside]);
    await middle.start();
    await follows(middle, primary);

    await moved('make-co-master', beside);
    await follows(primary, beside);
    await insert(primary);
    await level(servers);

    await dies(primary, 'DeadCoMaster', 'recover-dead-co-primary');
    expect(await writable(servers)).toEqual([beside.address]);
    await insert(beside);
    primary.configure(['read_only=OFF']);
    // Fenced before it knows whose log it reads it would be set apart: nothing could be proven. It says that it has connected
    // a moment before it has asked.
    nodes.atStep = async ({ kind: step }, when) => {
      if (step !== 'fence' || when !== 'before') return;
      await follows(primary, beside);
      await expect.poll(() => sourceOf(primary), PATIENCE).not.toMatch(/^0?$/);
    };
    await primary.start();
    await nodes.until('the former primary is back', () =>
      nodes.recoveries.some(({ kind: plan, verdict }) => plan === 'former-primary' && verdict?.kind === 'succeeded'),
    );
    await insert(beside);
    await level(servers);
    expect(await writable(servers)).toEqual([beside.address]);
    expect(nodes.ledger.state.demotions.size, nodes.lines.join('\n')).toBe(0);
  });
});

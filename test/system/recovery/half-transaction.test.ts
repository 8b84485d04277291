// A primary dies while it is sending one large transaction: its replicas have half of it in their relay logs, all of them or
// some. Whoever is promoted opens without waiting for the rest (a minute, by the server's own rule, which the test would not
// sit out either), nothing of the half is left, and the others follow.
import { expect, it } from 'vitest';
import { dialectOf } from '../../../tools/lab/dialect.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import type { TopologyOptions } from '../../../tools/lab/mysql-lab.js';
import type { LabNodes } from '../../support/lab/lab-nodes.js';
import { labStage, replicasOf, writable } from '../../support/lab/lab-stage.js';

const stage = labStage();

const PATIENT = { timeout: 60_000, interval: 20 };
const TABLES =
  'CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY) ENGINE=InnoDB; ' +
  'CREATE TABLE shop.texts (t VARCHAR(20000) CHARACTER SET latin1) ENGINE=InnoDB; INSERT INTO shop.orders VALUES (1)';
/** Two million bytes in a hundred events. */
const LARGE = "INSERT INTO shop.texts SELECT REPEAT('x', 20000) FROM information_schema.COLLATIONS LIMIT 100";
const TEXTS = 100;
const HALF_BYTES = 1_000_000;

type Kind = Pick<TopologyOptions, 'flavor' | 'gtid' | 'extra'>;
const KINDS: readonly (readonly [string, Kind])[] = [
  ['MySQL 9.7 with GTID', { flavor: 'mysql97', extra: ['replica_parallel_workers=4'] }],
  ['MySQL 9.7 without GTID', { flavor: 'mysql97', gtid: false, extra: ['replica_parallel_workers=4'] }],
  ['MySQL 5.6 with GTID', { flavor: 'mysql56' }],
  ['MySQL 5.6 of several workers', { flavor: 'mysql56', extra: ['slave_parallel_workers=2'] }],
  ['MariaDB', { flavor: 'mariadb' }],
];

const count = async (server: LabServer, table: string): Promise<unknown> =>
  (await server.query(`SELECT COUNT(*) AS n FROM shop.${table}`))[0]?.['n'];

/** It has all that will come to it, and its applier has read that. */
async function hasHalf(server: LabServer): Promise<void> {
  const status = async (): Promise<readonly [boolean, string]> => {
    const row = (await server.query(dialectOf(server.flavor).replicaStatus))[0] ?? {};
    const received = Number(row['Read_Source_Log_Pos'] ?? row['Read_Master_Log_Pos']);
    const state = row['Replica_SQL_Running_State'] ?? row['Slave_SQL_Running_State'];
    return [received > HALF_BYTES / 2, String(state)];
  };
  await expect.poll(status, PATIENT).toEqual([true, expect.stringMatching(/has read all relay log/)]);
  expect(await count(server, 'texts')).toBe(0);
}

interface Scene {
  readonly primary: LabServer;
  readonly first: LabServer;
  readonly second: LabServer;
  readonly nodes: LabNodes;
}

/** The first replica gets half of the transaction, the second half of it or the whole. */
async function play(kind: Kind, all: boolean, mayEndAppliers = true): Promise<Scene> {
  const topology = await stage.topology({ ...kind, replicas: 2, door: true }, TABLES);
  const { primary } = topology;
  const [first, second] = replicasOf(topology, 2);
  if (kind.flavor === 'mysql97' && mayEndAppliers) {
    const grant = "SET SESSION sql_log_bin = 0; GRANT SYSTEM_USER ON *.* TO 'orchestrator'@'%'";
    for (const server of topology.servers) await server.execute(grant);
  }
  const nodes = await stage.nodes(topology.servers);
  await nodes.ledger.propose({
    kind: 'candidate-registered',
    server: nodes.idOf(first),
    rule: 'prefer',
    by: 'me',
    lifetimeMs: 3_600_000,
  });
  for (const server of all ? [first, second] : [first]) await primary.door.ration(server.pid, HALF_BYTES);
  await primary.execute(LARGE);
  await hasHalf(first);
  if (all) await hasHalf(second);
  else await second.catchUp(primary);
  await primary.kill();
  nodes.driver.noticeProblems([nodes.deadMaster(nodes.idOf(primary))]);
  await nodes.until('the failover ends', () => nodes.isIdle);
  return { primary, first, second, nodes };
}

async function expectDone({ first, second, nodes }: Scene, texts: number): Promise<LabServer> {
  const [recovery] = nodes.recoveries;
  expect(recovery, nodes.lines.join('\n')).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [] });
  // Nothing was taken twice but what a machine that stood still had made late.
  const late = nodes.lines.filter((line) => line.includes('not run, its deadline'));
  const again = recovery?.steps.reduce((sum, { attempt }) => sum + attempt - 1, 0);
  expect(again, nodes.lines.join('\n')).toBe(late.length);
  const promoted = [first, second].find((server) => nodes.idOf(server) === recovery?.successor);
  if (promoted === undefined) throw new Error('nobody was promoted');
  expect(await writable([first, second])).toEqual([promoted.address]);
  expect(await promoted.replicaStatus()).toBeUndefined();
  expect(await count(promoted, 'texts')).toBe(texts);
  // Nobody holds a row of the half any more.
  await promoted.execute(
    "DELETE FROM shop.texts; INSERT INTO shop.texts VALUES ('y'); INSERT INTO shop.orders VALUES (2)",
  );
  const other = promoted === first ? second : first;
  await expect.poll(() => count(other, 'orders'), PATIENT).toBe(2);
  for (const server of [first, second]) expect(await count(server, 'texts')).toBe(1);
  return promoted;
}

it.each(KINDS)('%s: all have half of it, and nothing is left of that', async (_name, kind) => {
  await expectDone(await play(kind, true), 0);
});

it.each(KINDS.slice(0, 4))('%s: the preferred one has half of it, another one the whole', async (_name, kind) => {
  const scene = await play(kind, false);
  const promoted = await expectDone(scene, TEXTS);
  // By place nobody fetches from a fellow replica: who has more is promoted.
  expect(promoted).toBe(kind.gtid === false ? scene.second : scene.first);
});

it('MySQL 9.7 with GTID, without SYSTEM_USER: the new primary is rid of its half by following the other for a moment', async () => {
  const scene = await play({ flavor: 'mysql97', extra: ['replica_parallel_workers=4'] }, true, false);
  await expectDone(scene, 0);
  const [recovery] = scene.nodes.recoveries;
  const detached = recovery?.steps.find(({ step }) => step.kind === 'detach');
  expect(detached).toMatchObject({
    step: { fellow: scene.nodes.idOf(scene.second) },
    outcome: {
      findings: { text: expect.stringContaining(`it followed ${scene.second.address} for a moment`) as string },
    },
  });
});

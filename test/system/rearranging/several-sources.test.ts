// A replica of two sources on real servers: one channel is moved or switched and the other is never interrupted; and when the
// primary of either dies, the failover takes that channel along.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ServerId } from '../../../src/core/topology/server.js';
import type { Flavor } from '../../../tools/lab/dialect.js';
import type { LabServer, Row } from '../../../tools/lab/lab-server.js';
import { MySqlLab } from '../../../tools/lab/mysql-lab.js';
import type { SwitchCommand } from '../../../src/core/recovery/requests/switching.js';
import type { SwitchRequest } from '../../../src/runtime/ports/service.js';
import { LabNodes } from '../../support/lab/lab-nodes.js';
import { LabSwitches } from '../../support/lab/lab-switches.js';

let lab: MySqlLab;
let servers: readonly LabServer[];
let nodes: LabNodes;

beforeAll(async () => {
  lab = await MySqlLab.open();
});
afterAll(async () => {
  await lab.close();
});
afterEach(async () => {
  await nodes.stop();
  await Promise.all(servers.filter(({ running }) => running).map((server) => server.kill()));
});

interface Words {
  /** Each source in a domain of its own, or MariaDB could not tell them apart. */
  domain(number: number): string;
  follow(source: LabServer): string;
  readonly status: string;
  readonly name: string;
  /** For my.cnf. */
  readonly patience: string;
}

const WORDS: Readonly<Record<'mysql97' | 'mariadb', Words>> = {
  mysql97: {
    domain: () => 'DO 0',
    follow: ({ host, port }) =>
      `CHANGE REPLICATION SOURCE TO SOURCE_HOST='${host}', SOURCE_PORT=${String(port)}, SOURCE_USER='repl', ` +
      "SOURCE_PASSWORD='repl', SOURCE_AUTO_POSITION=1, SOURCE_CONNECT_RETRY=1, GET_SOURCE_PUBLIC_KEY=1 " +
      "FOR CHANNEL 'east'; START REPLICA FOR CHANNEL 'east'",
    status: 'SHOW REPLICA STATUS',
    name: 'Channel_Name',
    patience: 'replica_net_timeout=60',
  },
  mariadb: {
    domain: (number) => `SET GLOBAL gtid_domain_id = ${String(number)}`,
    follow: ({ host, port }) =>
      `CHANGE MASTER 'east' TO MASTER_HOST='${host}', MASTER_PORT=${String(port)}, MASTER_USER='repl', ` +
      "MASTER_PASSWORD='repl', MASTER_USE_GTID=slave_pos, MASTER_CONNECT_RETRY=1; START SLAVE 'east'",
    status: 'SHOW ALL SLAVES STATUS',
    name: 'Connection_name',
    patience: 'slave_net_timeout=60',
  },
};

type Both = Readonly<Record<'' | 'east', string>>;

async function stage(flavor: Flavor & keyof typeof WORDS): Promise<readonly LabServer[]> {
  // Nobody gives its source up for being silent while a busy machine holds that up: a channel runs on unless it is stopped.
  servers = await lab.servers(5, { flavor, extra: [WORDS[flavor].patience] });
  const [west, west2, east, east2, both] = servers;
  if (west === undefined || east === undefined || west2 === undefined || east2 === undefined || both === undefined) {
    throw new Error('there are five servers');
  }
  const words = WORDS[flavor];
  for (const server of [west, west2]) await server.execute(words.domain(1));
  for (const server of [east, east2]) await server.execute(words.domain(2));
  for (const primary of [west, east]) await primary.openForWrites();
  await west2.replicateFrom(west);
  await east2.replicateFrom(east);
  await both.replicateFrom(west);
  await both.execute(words.follow(east));
  await west.execute('CREATE DATABASE w; CREATE TABLE w.rows (id INT PRIMARY KEY)');
  await east.execute('CREATE DATABASE e; CREATE TABLE e.rows (id INT PRIMARY KEY)');
  nodes = new LabNodes(servers);
  await bothFollow(flavor, both, { '': west.address, east: east.address });
  await haveAllOf(west, west2, both);
  await haveAllOf(east, east2, both);
  await nodes.start();
  return servers;
}

/** They follow it, and what it has they have. */
async function haveAllOf(source: LabServer, beside: LabServer, both: LabServer): Promise<void> {
  await beside.waitForReplication();
  for (const replica of [beside, both]) await replica.catchUp(source);
}

function text(row: Row, ...names: readonly string[]): string {
  const values = names.map((one) => row[one]).filter((one) => typeof one === 'string' || typeof one === 'number');
  return String(values[0] ?? '');
}

async function bothFollow(flavor: keyof typeof WORDS, server: LabServer, wanted: Both): Promise<void> {
  const { status, name } = WORDS[flavor];
  await expect
    .poll(
      async () =>
        Object.fromEntries(
          (await server.query(status)).map((row) => {
            const running = text(row, 'Replica_IO_Running', 'Slave_IO_Running');
            const port = text(row, 'Source_Port', 'Master_Port');
            return [text(row, name), running === 'Yes' ? `127.0.0.1:${port}` : text(row, 'Last_IO_Error') || running];
          }),
        ),
      { timeout: 60_000, interval: 20 },
    )
    .toEqual(wanted);
}

function clusterOf(server: LabServer) {
  const found = nodes.ledger.state.servers.get(nodes.idOf(server));
  if (found === undefined) throw new Error(`${server.address} is not known`);
  return found.clusterId;
}

async function move(server: LabServer, destination: LabServer, channel?: string): Promise<void> {
  await nodes.observe();
  const answer = await nodes.driver.moves.ask({
    command: 'relocate',
    clusterId: clusterOf(server),
    server: nodes.idOf(server),
    destination: nodes.idOf(destination),
    pattern: null,
    requestedBy: 'test',
    ...(channel === undefined ? {} : { channel }),
  });
  const done = { ok: true, value: { verdict: { kind: 'succeeded' }, lost: [] } };
  expect(answer, nodes.lines.join('\n')).toMatchObject(done);
}

/** Its primary dies, and the replica beside it takes over. */
async function failOver(failed: LabServer, away: readonly LabServer[] = []): Promise<void> {
  await nodes.observe();
  const server = nodes.idOf(failed);
  const clusterId = clusterOf(failed);
  await failed.kill();
  nodes.driver.noticeProblems([{ ...nodes.deadMaster(server), clusterId }]);
  await nodes.until('the failover is over', () => {
    const own = nodes.recoveries.filter(({ failed: id, kind }) => id === server && kind === 'dead-primary');
    return own.some(({ closedAtMs }) => closedAtMs !== null);
  });
  const last = nodes.recoveries.find(({ failed: id }: { readonly failed: ServerId }) => id === server);
  const lost = away.map((server) => ({ server: nodes.idOf(server) }));
  expect(last, nodes.lines.join('\n')).toMatchObject({ verdict: { kind: 'succeeded' }, lost });
}

interface Over {
  readonly threads: string;
  readonly delay: number;
  readonly byGtid: boolean;
  readonly sqlErrno: number;
}

async function over(flavor: keyof typeof WORDS, server: LabServer, channel: string): Promise<Over | null> {
  const { status, name } = WORDS[flavor];
  const row = (await server.query(status)).find((one) => text(one, name) === channel);
  if (row === undefined) return null;
  const threads = [
    text(row, 'Replica_IO_Running', 'Slave_IO_Running'),
    text(row, 'Replica_SQL_Running', 'Slave_SQL_Running'),
  ];
  const byGtid = /^(?:1|Slave_Pos)$/i.test(text(row, 'Auto_Position', 'Using_Gtid'));
  const sqlErrno = Number(text(row, 'Last_SQL_Errno'));
  return { threads: threads.join(' '), delay: Number(text(row, 'SQL_Delay')), byGtid, sqlErrno };
}

/** One after the other, what is about one source; the threads of the other channel are the same all along. */
async function switchEast(flavor: keyof typeof WORDS, east: LabServer, both: LabServer): Promise<void> {
  const operator = new LabSwitches(nodes);
  const clusterId = clusterOf(both);
  const main = await receivers(both);
  const done = async (command: SwitchCommand, changes: Partial<SwitchRequest> = {}): Promise<Over | null> => {
    await operator.done(command, both, { channel: 'east', clusterId, ...changes });
    expect(await over(flavor, both, '')).toMatchObject({ threads: 'Yes Yes', delay: 0, byGtid: true });
    return await over(flavor, both, 'east');
  };
  await operator.refused('delay-replication', both, 'several-channels', { seconds: 1, clusterId });
  expect(await done('stop-replica')).toMatchObject({ threads: 'No No' });
  expect(await done('start-replica')).toMatchObject({ threads: 'Yes Yes' });
  expect(await done('stop-replica-nice')).toMatchObject({ threads: 'No No' });
  await done('start-replica');
  expect(await done('delay-replication', { seconds: 1 })).toMatchObject({ threads: 'Yes Yes', delay: 1 });
  expect(await done('delay-replication', { seconds: 0 })).toMatchObject({ threads: 'Yes Yes', delay: 0 });
  expect(await done('change-master-credentials')).toMatchObject({ threads: 'Yes Yes' });
  await both.execute('SET SESSION sql_log_bin = 0; INSERT INTO e.rows VALUES (107)');
  await east.execute('INSERT INTO e.rows VALUES (107); INSERT INTO e.rows VALUES (108)');
  // The server tells the error first, and for a moment an applier that runs.
  await expect.poll(() => over(flavor, both, 'east')).toMatchObject({ threads: 'Yes No', sqlErrno: 1062 });
  expect(await done('skip-query')).toMatchObject({ threads: 'Yes Yes' });
  const last = 'SELECT COUNT(*) AS n FROM e.rows WHERE id = 108';
  await expect.poll(() => both.query(last), { timeout: 60_000, interval: 20 }).toEqual([{ n: 1 }]);
  expect(await done('disable-gtid')).toMatchObject({ threads: 'Yes Yes', byGtid: false });
  expect(await done('enable-gtid')).toMatchObject({ threads: 'Yes Yes', byGtid: true });
  const kept = [...(await receivers(both))].filter((id) => main.has(id));
  expect(kept.length).toBeGreaterThanOrEqual(2);
  await east.execute('INSERT INTO e.rows VALUES (109)');
  expect(await done('reset-replica')).toBeNull();
  await both.execute(WORDS[flavor].follow(east));
}

/** Threads of replication that were there before and are there still. */
async function receivers(server: LabServer): Promise<ReadonlySet<unknown>> {
  const rows = await server.query("SELECT ID AS id FROM information_schema.PROCESSLIST WHERE USER = 'system user'");
  return new Set(rows.map(({ id }) => id));
}

describe.each([
  ['MySQL 9.7', 'mysql97'],
  ['MariaDB', 'mariadb'],
] as const)('on %s', (_name, flavor) => {
  it('one channel is moved while the other runs on, and each goes along with the failover of its own source', async () => {
    const [west, west2, east, east2, both] = await stage(flavor);
    if (west === undefined || east === undefined || west2 === undefined || east2 === undefined || both === undefined) {
      throw new Error('there are five servers');
    }
    const before = await receivers(both);
    await move(both, east2);
    await bothFollow(flavor, both, { '': west.address, east: east2.address });
    const kept = [...(await receivers(both))].filter((id) => before.has(id));
    // At least the two threads of the channel that was not moved.
    expect(kept.length).toBeGreaterThanOrEqual(2);
    await move(both, west2, '' as const);
    await move(both, west);
    await move(both, east, 'east');
    await bothFollow(flavor, both, { '': west.address, east: east.address });
    await switchEast(flavor, east, both);
    await bothFollow(flavor, both, { '': west.address, east: east.address });
    await east.execute('INSERT INTO e.rows VALUES (1)');
    await haveAllOf(east, east2, both);
    // It is away meanwhile, and taken up over the one channel when it is back.
    await nodes.observe();
    await both.kill();
    await failOver(east, [both]);
    await both.start();
    await nodes.until('it is back', async () => {
      await nodes.observe();
      return nodes.recoveries.some(({ kind, closedAtMs }) => kind === 'lost-replica' && closedAtMs !== null);
    });
    await bothFollow(flavor, both, { '': west.address, east: east2.address });
    await haveAllOf(west, west2, both);
    await failOver(west);
    await bothFollow(flavor, both, { '': west2.address, east: east2.address });
    await west2.execute('INSERT INTO w.rows VALUES (2)');
    await east2.execute('INSERT INTO e.rows VALUES (2)');
    const rows = 'SELECT (SELECT COUNT(*) FROM w.rows) AS w, (SELECT COUNT(*) FROM e.rows) AS e';
    await expect.poll(() => both.query(rows), { timeout: 60_000, interval: 20 }).toEqual([{ w: 1, e: 5 }]);
    expect(nodes.ledger.state.maintenances.size).toBe(0);
  });
});

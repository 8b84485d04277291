// What operators switch on single servers of MariaDB and of MySQL 5.6, in their words, with their traps: relay logs that a
// CHANGE or a START throws away, GTIDs that cannot be taken up while the server runs, counters in the place of GTIDs.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { LabServer, Row } from '../../../tools/lab/lab-server.js';
import { MySqlLab } from '../../../tools/lab/mysql-lab.js';
import type { Topology } from '../../../tools/lab/topology.js';
import { LabNodes } from '../../support/lab/lab-nodes.js';
import { LabSwitches } from '../../support/lab/lab-switches.js';

let lab: MySqlLab;
let topology: Topology;
let nodes: LabNodes;
let operator: LabSwitches;

beforeAll(async () => {
  lab = await MySqlLab.open();
});
afterAll(async () => {
  await lab.close();
});
afterEach(async () => {
  await nodes.stop();
  await Promise.all(topology.servers.map((server) => server.kill()));
});

async function open(flavor: 'mariadb' | 'mysql56', gtid: boolean): Promise<readonly [LabServer, LabServer, LabServer]> {
  topology = await lab.topology({ flavor, gtid, replicas: 2, semiSync: flavor === 'mariadb' });
  await topology.primary.execute('CREATE DATABASE shop; CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY)');
  await topology.caughtUp();
  nodes = new LabNodes(topology.servers, {}, { seesVitals: true });
  await nodes.start();
  operator = new LabSwitches(nodes);
  const [a, b] = topology.replicas;
  if (a === undefined || b === undefined) throw new Error('there are two replicas');
  return [topology.primary, a, b];
}

async function status(server: LabServer): Promise<Row> {
  return (await server.query('SHOW SLAVE STATUS'))[0] ?? {};
}

async function threads(server: LabServer): Promise<string> {
  const row = await status(server);
  return `${String(row['Slave_IO_Running'])} ${String(row['Slave_SQL_Running'])}`;
}

async function rows(server: LabServer): Promise<unknown> {
  const [row] = await server.query('SELECT COUNT(*) AS n FROM shop.orders');
  return row?.['n'];
}

async function breakAndSkip(primary: LabServer, replica: LabServer): Promise<void> {
  await replica.execute('SET SESSION sql_log_bin = 0; INSERT INTO shop.orders VALUES (107)');
  await primary.execute('INSERT INTO shop.orders VALUES (107); INSERT INTO shop.orders VALUES (108)');
  await replica.waitForApplierError(1062);
  await operator.done('skip-query', replica);
  await expect.poll(() => rows(replica)).toBe(await rows(primary));
  expect(await threads(replica)).toBe('Yes Yes');
}

/** Received and not applied: a stop, a delay and a new account must keep it or apply it. */
async function withRelayLog(primary: LabServer, replica: LabServer): Promise<void> {
  await replica.execute('STOP SLAVE SQL_THREAD');
  await primary.execute('INSERT INTO shop.orders VALUES (NULL)');
  const [row] = await primary.query('SHOW MASTER STATUS');
  await expect
    .poll(async () => Number((await status(replica))['Read_Master_Log_Pos']))
    .toBe(Number(row?.['Position'] ?? 0));
}

async function inFull(primary: LabServer, replica: LabServer): Promise<void> {
  await expect
    .poll(async () => [await threads(replica), await rows(replica)])
    .toEqual(['Yes Yes', await rows(primary)]);
}

describe('on MariaDB', () => {
  it('threads, delay, account, GTID, semi-sync, logs and skipping are switched, and relay logs kept', async () => {
    const [primary, a, b] = await open('mariadb', true);
    await operator.done('stop-replica', a);
    expect(await threads(a)).toBe('No No');
    await operator.done('start-replica', a);
    await operator.done('restart-replica', a);
    await inFull(primary, a);
    await withRelayLog(primary, a);
    await operator.done('stop-replica', a);
    // Its source has all of it: what MariaDB throws away is fetched again.
    await operator.done('start-replica', a);
    await inFull(primary, a);
    await withRelayLog(primary, a);
    await operator.done('stop-replica-nice', a);
    expect([await threads(a), await rows(a)]).toEqual(['No No', await rows(primary)]);
    await operator.done('start-replica', a);
    await operator.done('delay-replication', a, { seconds: 2 });
    expect(Number((await status(a))['SQL_Delay'])).toBe(2);
    await operator.done('delay-replication', a, { seconds: 0 });
    await operator.done('change-master-credentials', a);
    await operator.done('disable-gtid', a);
    expect((await status(a))['Using_Gtid']).toBe('No');
    await primary.execute('INSERT INTO shop.orders VALUES (NULL)');
    await inFull(primary, a);
    await operator.done('enable-gtid', a);
    expect((await status(a))['Using_Gtid']).toBe('Slave_Pos');
    await inFull(primary, a);
    await breakAndSkip(primary, b);
    await operator.done('disable-semi-sync-replica', a);
    await operator.done('enable-semi-sync-replica', a);
    await operator.done('disable-semi-sync-master', primary, { force: true });
    await operator.done('enable-semi-sync-master', primary, { force: true });
    await operator.done('flush-binary-logs', primary);
    await topology.caughtUp();
    await inFull(primary, a);
    await expect.poll(async () => (await status(a))['Relay_Master_Log_File']).toMatch(/2$/);
    await expect.poll(async () => (await status(b))['Relay_Master_Log_File']).toMatch(/2$/);
    await operator.done('purge-binary-logs', primary, { binaryLog: 'latest' });
    expect(await primary.query('SHOW BINARY LOGS')).toHaveLength(1);
    await operator.done('set-read-only', primary);
    await operator.refused('set-writeable', a, 'not-primary');
    await operator.done('set-writeable', primary);
    await operator.refused('gtid-errant-reset-master', a, 'no-gtid');
    await withRelayLog(primary, a);
    await operator.done('reset-replica', a);
    expect([await status(a), await rows(a)]).toEqual([{}, await rows(primary)]);
    // Nobody could give it that again: stopped with it in hand, MariaDB would delete it at the next start.
    await operator.done('delay-replication', b, { seconds: 3 });
    await primary.execute('INSERT INTO shop.orders VALUES (NULL)');
    const all = await rows(primary);
    const [end] = await primary.query('SELECT @@gtid_binlog_pos AS gtids');
    await expect.poll(async () => (await status(b))['Gtid_IO_Pos']).toBe(end?.['gtids']);
    await primary.kill();
    await operator.done('stop-replica', b);
    expect([await threads(b), await rows(b)]).toEqual(['No No', all]);
  });
});

describe.each([
  ['with GTID', true],
  ['without', false],
])('on MySQL 5.6 %s', (_name, gtid) => {
  it('threads, delay, account, logs and skipping are switched, and relay logs kept', async () => {
    const [primary, a, b] = await open('mysql56', gtid);
    await operator.done('stop-replica', a);
    await operator.done('start-replica', a);
    await withRelayLog(primary, a);
    await operator.done('stop-replica-nice', a);
    expect([await threads(a), await rows(a)]).toEqual(['No No', await rows(primary)]);
    await operator.done('start-replica', a);
    await operator.done('delay-replication', a, { seconds: 2 });
    expect([Number((await status(a))['SQL_Delay']), await threads(a)]).toEqual([2, 'Yes Yes']);
    await operator.done('delay-replication', a, { seconds: 0 });
    await operator.done('change-master-credentials', a);
    await inFull(primary, a);
    // An applier that somebody stopped is neither started for a change nor robbed of what it has.
    await withRelayLog(primary, a);
    const kept = await operator.ask('delay-replication', a, { seconds: 9 });
    expect(kept).toMatchObject({ ok: true, value: { verdict: { kind: 'failed' } } });
    expect(JSON.stringify(kept)).toContain('which a change would throw away');
    expect([Number((await status(a))['SQL_Delay']), await threads(a)]).toEqual([0, 'Yes No']);
    await operator.done('start-replica', a);
    await inFull(primary, a);
    await breakAndSkip(primary, b);
    await operator.refused('enable-gtid', a, gtid ? 'uses-gtid' : 'no-gtid');
    await operator.done('flush-binary-logs', primary);
    const client = await primary.connect();
    await operator.done('set-read-only', primary);
    await operator.done('set-writeable', primary);
    const [[me]] = (await client.query('SELECT CONNECTION_ID() AS id')) as unknown as [[{ id: number }]];
    const command = `SELECT COMMAND FROM information_schema.processlist WHERE ID = ${String(me.id)}`;
    await expect.poll(async () => (await primary.query(command))[0]?.['COMMAND']).toBe('Sleep');
    await operator.done('kill-query', primary, { connection: me.id });
    client.destroy();
    await operator.done('reset-replica', a);
    expect(await status(a)).toEqual({});
  });
});

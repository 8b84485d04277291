// What operators switch on single servers, on real MySQL 9.7: each leaves the server as it says, keeps relay logs, can be
// done again, and is refused where it would lose data or open two servers.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SwitchCommand } from '../../../src/core/recovery/requests/switching.js';
import type { LabServer, Row } from '../../../tools/lab/lab-server.js';
import { MySqlLab } from '../../../tools/lab/mysql-lab.js';
import type { Topology } from '../../../tools/lab/topology.js';
import { LabNodes } from '../../support/lab/lab-nodes.js';
import { LabSwitches } from '../../support/lab/lab-switches.js';

let lab: MySqlLab;
let topology: Topology;
let nodes: LabNodes;
let keep: string;
let operator: LabSwitches;

const INSERT = 'INSERT INTO shop.orders VALUES (NULL)';

// One topology for all: each case leaves it whole.
beforeAll(async () => {
  lab = await MySqlLab.open();
  keep = await mkdtemp(join(tmpdir(), 'switches-'));
  topology = await lab.topology({ replicas: 2, semiSync: true });
  await topology.primary.execute('CREATE DATABASE shop; CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY)');
  await topology.caughtUp();
  nodes = new LabNodes(topology.servers, {}, { seesVitals: true, keepDirectory: keep });
  await nodes.start();
  operator = new LabSwitches(nodes);
});
afterAll(async () => {
  await nodes.stop();
  await lab.close();
  await rm(keep, { recursive: true });
});

function pair(): readonly [LabServer, LabServer] {
  const [first, second] = topology.replicas;
  if (first === undefined || second === undefined) throw new Error('there are two replicas');
  return [first, second];
}

async function threads(server: LabServer): Promise<string> {
  const [row] = await server.query('SHOW REPLICA STATUS');
  return row === undefined ? 'none' : `${String(row['Replica_IO_Running'])} ${String(row['Replica_SQL_Running'])}`;
}

async function status(server: LabServer): Promise<Row> {
  return (await server.query('SHOW REPLICA STATUS'))[0] ?? {};
}

/** It has all of these, applied or not. */
async function received(server: LabServer, gtids: string): Promise<void> {
  const has =
    `SELECT GTID_SUBSET('${gtids}', CONCAT(RECEIVED_TRANSACTION_SET, ',', @@GLOBAL.gtid_executed)) AS has ` +
    "FROM performance_schema.replication_connection_status WHERE CHANNEL_NAME = ''";
  await expect.poll(() => server.query(has)).toEqual([{ has: 1 }]);
}

async function one(server: LabServer, sql: string): Promise<unknown> {
  const [row] = await server.query(`SELECT ${sql} AS it`);
  return row?.['it'];
}

/** A commit that waits for an acknowledgement goes on waiting when it is killed, and whoever killed it is told so. */
async function outlivesKill(): Promise<void> {
  const { primary, replicas } = topology;
  await primary.execute("CREATE USER app@'%' IDENTIFIED BY 'app'; GRANT ALL ON shop.* TO app@'%'");
  const timeout = String(await one(primary, '@@rpl_semi_sync_source_timeout'));
  await primary.execute('SET GLOBAL rpl_semi_sync_source_timeout = 3600000');
  await topology.caughtUp();
  const client = await primary.connect({ user: 'app', password: 'app', database: 'shop' });
  const [[{ id }]] = (await client.query('SELECT CONNECTION_ID() AS id')) as unknown as [[{ id: number }]];
  for (const replica of replicas) await replica.execute('STOP REPLICA IO_THREAD');
  try {
    const writing = client.query(INSERT);
    writing.catch(() => undefined);
    const state = async (): Promise<unknown> =>
      (await primary.query(`SELECT STATE FROM information_schema.processlist WHERE ID = ${String(id)}`))[0]?.['STATE'];
    await expect.poll(state, { timeout: 60_000 }).toMatch(/semi-sync ACK/i);
    const told = await operator.ask('kill-query', primary, { connection: id });
    expect(told).toMatchObject({ ok: true, value: { verdict: { kind: 'failed' } } });
    expect(JSON.stringify(told)).toContain('its commit waits for the acknowledgement of a replica, which no KILL ends');
    for (const replica of replicas) await replica.execute('START REPLICA IO_THREAD');
    await writing;
  } finally {
    for (const replica of replicas) await replica.execute('START REPLICA IO_THREAD');
    client.destroy();
  }
  await primary.execute(`SET GLOBAL rpl_semi_sync_source_timeout = ${timeout}; DROP USER app@'%'`);
  await topology.caughtUp();
}

describe('on MySQL 9.7', () => {
  it('an applier stops where it is told, a delay is set, GTID is left and taken up again, the account is given anew', async () => {
    const [a] = pair();
    await operator.done('stop-replica', a);
    const [row] = await topology.primary.query('SHOW BINARY LOG STATUS');
    const place = `${String(row?.['File'])}:${String(row?.['Position'])}`;
    await topology.primary.execute(INSERT);
    const before = await a.gtidExecuted();
    await operator.done('start-replica', a, { until: place });
    await expect.poll(() => threads(a)).toBe('Yes No');
    expect(await a.gtidExecuted()).toBe(before);
    await operator.done('start-replica', a);
    await operator.done('delay-replication', a, { seconds: 3 });
    expect([(await status(a))['SQL_Delay'], await threads(a)]).toEqual([3, 'Yes Yes']);
    await operator.refused('delay-replication', a, 'bad-seconds', { seconds: -1 });
    await operator.done('stop-replica', a);
    await a.execute('START REPLICA IO_THREAD');
    await operator.done('delay-replication', a, { seconds: 0 });
    expect([(await status(a))['SQL_Delay'], await threads(a)]).toEqual([0, 'Yes No']);
    await operator.done('start-replica', a);
    await operator.refused('enable-gtid', a, 'uses-gtid');
    await operator.done('disable-gtid', a);
    expect([(await status(a))['Auto_Position'], await threads(a)]).toEqual([0, 'Yes Yes']);
    await topology.primary.execute(INSERT);
    await a.catchUp(topology.primary);
    await operator.refused('disable-gtid', a, 'no-gtid');
    await operator.done('enable-gtid', a);
    expect([(await status(a))['Auto_Position'], await threads(a)]).toEqual([1, 'Yes Yes']);
    await topology.primary.execute(
      "CREATE USER repl2@'%' IDENTIFIED BY 'repl2'; GRANT REPLICATION SLAVE ON *.* TO repl2@'%'",
    );
    await operator.done('change-master-credentials', a);
    expect([(await status(a))['Source_User'], await threads(a)]).toEqual(['repl', 'Yes Yes']);
    expect((await status(a))['Get_Source_public_key']).toBe(1);
    await a.catchUp(topology.primary);
  });

  it('semi-sync is switched on both sides, and never where commits would hang or be acknowledged alone by a slip', async () => {
    const { primary } = topology;
    const [a, b] = pair();
    const source = '@@rpl_semi_sync_source_enabled';
    const replica = '@@rpl_semi_sync_replica_enabled';
    await operator.done('disable-semi-sync-replica', a);
    expect([await one(a, replica), await threads(a)]).toEqual([0, 'Yes Yes']);
    await operator.refused('disable-semi-sync-replica', b, 'too-few-acknowledge');
    await operator.refused('disable-semi-sync-master', primary, 'durability');
    await operator.done('disable-semi-sync-master', primary, { force: true });
    expect(await one(primary, source)).toBe(0);
    await operator.done('disable-semi-sync-replica', b);
    await operator.refused('enable-semi-sync-master', primary, 'too-few-acknowledge');
    await operator.done('enable-semi-sync-replica', a);
    expect([await one(a, replica), await threads(a)]).toEqual([1, 'Yes Yes']);
    await operator.done('enable-semi-sync-master', primary);
    expect(await one(primary, source)).toBe(1);
    await primary.execute(INSERT);
    await a.catchUp(primary);
  });

  it('of two that are switched at once, each of which semi-sync allows alone, the second is refused', async () => {
    const { primary } = topology;
    const [a, b] = pair();
    const are = async (): Promise<unknown> => [
      await one(primary, '@@rpl_semi_sync_source_enabled'),
      await one(a, '@@rpl_semi_sync_replica_enabled'),
      await one(b, '@@rpl_semi_sync_replica_enabled'),
    ];
    const atOnce = async (...asked: readonly (readonly [SwitchCommand, LabServer])[]): Promise<void> => {
      await nodes.observe();
      const requests = asked.map(([command, server]) => operator.request(command, server));
      const answers = await Promise.all(requests.map((request) => nodes.driver.switches.ask(request)));
      const refusal = { code: 'too-few-acknowledge' };
      const expected = [
        { ok: true, value: { verdict: { kind: 'succeeded' } } },
        { ok: false, refusal },
      ];
      expect(answers, nodes.lines.join('\n')).toMatchObject(expected);
    };
    await operator.done('enable-semi-sync-replica', a);
    await operator.done('enable-semi-sync-replica', b);
    await operator.done('enable-semi-sync-master', primary);
    await atOnce(['disable-semi-sync-replica', b], ['disable-semi-sync-replica', a]);
    expect(await are()).toEqual([1, 1, 0]);
    await operator.done('disable-semi-sync-master', primary, { force: true });
    await atOnce(['enable-semi-sync-master', primary], ['disable-semi-sync-replica', a]);
    expect(await are()).toEqual([1, 1, 0]);
    await operator.done('disable-semi-sync-master', primary, { force: true });
    await atOnce(['disable-semi-sync-replica', a], ['enable-semi-sync-master', primary]);
    expect(await are()).toEqual([0, 0, 0]);
    await operator.done('enable-semi-sync-replica', a);
    await operator.done('enable-semi-sync-master', primary);
    await primary.execute(INSERT);
    await a.catchUp(primary);
  });

  it('binary logs are begun and deleted, none that a replica needs; a client’s statement is ended and nothing else', async () => {
    const { primary } = topology;
    const [, b] = pair();
    const logs = async (): Promise<readonly string[]> =>
      (await primary.query('SHOW BINARY LOGS')).map((row) => String(row['Log_name']));
    const first = (await logs()).at(-1) ?? '';
    await operator.done('flush-binary-logs', primary);
    expect((await logs()).at(-1)).not.toBe(first);
    const far = first.replace(/\d+$/, (digits) => String(Number(digits) + 3).padStart(digits.length, '0'));
    await operator.done('flush-binary-logs', primary, { binaryLog: far });
    expect((await logs()).at(-1)).toBe(far);
    // It has nothing new to apply, and hears of each new log one after the other: stopped before, it needs an older one.
    for (const replica of pair()) {
      await expect.poll(async () => (await status(replica))['Relay_Source_Log_File']).toBe(far);
    }
    await b.execute('STOP REPLICA');
    await operator.done('flush-binary-logs', primary);
    await primary.execute(INSERT);
    const last = (await logs()).at(-1) ?? '';
    await operator.refused('purge-binary-logs', primary, 'needed', { binaryLog: last });
    await operator.refused('purge-binary-logs', primary, 'bad-log', { binaryLog: "x'; DROP" });
    await operator.done('purge-binary-logs', primary, { binaryLog: far });
    expect((await logs())[0]).toBe(far);
    await b.execute('START REPLICA');
    await topology.caughtUp();
    for (const replica of pair()) {
      await expect.poll(async () => (await status(replica))['Relay_Source_Log_File']).toBe(last);
    }
    await operator.done('purge-binary-logs', primary, { binaryLog: 'latest' });
    expect(await logs()).toEqual([last]);

    const client = await primary.connect();
    const [[me]] = (await client.query('SELECT CONNECTION_ID() AS id')) as unknown as [[{ id: number }]];
    const sleeping = client.query('SELECT SLEEP(60) AS ended');
    // Where the test fails first its server ends, too.
    sleeping.catch(() => undefined);
    await expect
      .poll(
        async () =>
          (await primary.query(`SELECT INFO FROM information_schema.processlist WHERE ID = ${String(me.id)}`))[0]?.[
            'INFO'
          ],
      )
      .toContain('SLEEP');
    await operator.done('kill-query', primary, { connection: me.id });
    expect(((await sleeping) as unknown as [[{ ended: number }]])[0][0].ended).toBe(1);
    expect(await client.query('SELECT 1')).toBeTruthy();
    const command = `SELECT COMMAND FROM information_schema.processlist WHERE ID = ${String(me.id)}`;
    await expect.poll(async () => (await primary.query(command))[0]?.['COMMAND'], { timeout: 60_000 }).toBe('Sleep');
    const killed = await operator.ask('kill-query', primary, { connection: me.id });
    expect(JSON.stringify(killed)).toContain('it runs nothing');
    client.destroy();
    const [dump] = await primary.query(
      "SELECT ID FROM information_schema.processlist WHERE COMMAND LIKE 'Binlog Dump%'",
    );
    const kept = await operator.ask('kill-query', primary, { connection: Number(dump?.['ID']) });
    expect(kept).toMatchObject({ ok: true, value: { verdict: { kind: 'undone' } } });
    await operator.refused('kill-query', primary, 'bad-connection', { connection: 0 });
    await outlivesKill();
  });

  it('only one server of a cluster takes writes, whoever asks; and a primary that was closed stays closed', async () => {
    const { primary } = topology;
    const [a] = pair();
    await operator.refused('set-writeable', a, 'not-primary');
    await operator.refused('set-writeable', a, 'another-is-open', { force: true });
    await operator.done('set-read-only', primary);
    expect(await one(primary, '@@read_only')).toBe(1);
    await nodes.observe();
    const problem = nodes.problem(nodes.idOf(primary), 'NoWriteableMasterStructureWarning', 'reopen-primary');
    const open = nodes.recoveries.length;
    nodes.driver.noticeProblems([problem]);
    await expect
      .poll(() => [...nodes.driver.restraints.values()].flat().join())
      .toContain('closed on purpose: ann asked for set-read-only');
    expect(nodes.recoveries).toHaveLength(open);
    // The log does not know yet that somebody opened it.
    await primary.execute('SET GLOBAL read_only = 0');
    const forced = await nodes.driver.switches.ask(operator.request('set-writeable', a, { force: true }));
    expect(JSON.stringify(forced)).toContain('takes writes');
    expect(await one(a, '@@read_only')).toBe(1);
    await operator.done('set-writeable', primary);
    expect(await one(primary, '@@read_only')).toBe(0);
    expect(nodes.ledger.state.servers.get(nodes.idOf(primary))?.keptClosed).toBeUndefined();
  });

  it('a statement that replication fails at is skipped once, by GTID and by place', async () => {
    const [a, b] = pair();
    await operator.refused('skip-query', a, 'replicates');
    await b.execute('STOP REPLICA; CHANGE REPLICATION SOURCE TO SOURCE_AUTO_POSITION=0; START REPLICA');
    await b.waitForReplication();
    for (const replica of [a, b]) {
      await replica.execute(
        'SET GLOBAL super_read_only = 0; SET SESSION sql_log_bin = 0; INSERT INTO shop.orders VALUES (107)',
      );
    }
    await topology.primary.execute('INSERT INTO shop.orders VALUES (107); INSERT INTO shop.orders VALUES (108)');
    const all = await topology.primary.gtidExecuted();
    for (const replica of [a, b]) {
      await replica.execute('SET GLOBAL super_read_only = 1');
      await replica.waitForApplierError(1062);
      await operator.done('skip-query', replica);
      await expect.poll(() => replica.gtidExecuted()).toBe(all);
      expect(await threads(replica)).toBe('Yes Yes');
      expect(await one(replica, '(SELECT COUNT(*) FROM shop.orders WHERE id > 100)')).toBe(2);
      await operator.refused('skip-query', replica, 'replicates');
    }
    const kinds = nodes.recoveries.map(({ steps }) =>
      steps.map(({ step }) => (step.kind === 'switch' ? step.action.do : step.kind)),
    );
    expect(kinds.at(-1)).toEqual(['see-failure', 'skip', 'start']);
  });

  it('errant transactions are forgotten by the replica or covered on the primary, with tags as well', async () => {
    const { primary } = topology;
    const [a, b] = pair();
    await operator.refused('gtid-errant-reset-master', a, 'no-errant');
    await operator.refused('gtid-errant-inject-empty', a, 'no-errant');
    const stray = async (server: LabServer): Promise<void> => {
      await server.execute(
        "SET GLOBAL super_read_only = 0; SET SESSION gtid_next = 'AUTOMATIC:stray'; CREATE TABLE shop.stray (id INT); " +
          "SET SESSION gtid_next = 'AUTOMATIC'; CREATE TABLE shop.other (id INT); SET GLOBAL super_read_only = 1",
      );
    };
    await stray(a);
    await operator.done('gtid-errant-reset-master', a);
    await primary.execute(INSERT);
    await a.catchUp(primary);
    expect(await a.gtidExecuted()).toBe(await primary.gtidExecuted());
    expect([await threads(a), await one(a, '@@super_read_only')]).toEqual(['Yes Yes', 1]);
    await stray(b);
    await b.execute('SET GLOBAL super_read_only = 0');
    await operator.done('gtid-errant-inject-empty', b);
    expect(await one(primary, `GTID_SUBSET('${await b.gtidExecuted()}', @@gtid_executed)`)).toBe(1);
    expect(await primary.gtidExecuted()).toContain(':stray:');
    await operator.refused('gtid-errant-inject-empty', b, 'no-errant');
    await a.catchUp(primary);
  });

  it('replication is stopped, started, restarted, drained and forgotten, each again without harm', async () => {
    const [a] = pair();
    for (let time = 0; time < 2; time++) {
      await operator.done('stop-replica', a);
      expect(await threads(a)).toBe('No No');
    }
    for (let time = 0; time < 2; time++) {
      await operator.done('start-replica', a);
      expect(await threads(a)).toBe('Yes Yes');
    }
    await operator.done('restart-replica', a);
    expect(await threads(a)).toBe('Yes Yes');
    await a.execute('STOP REPLICA SQL_THREAD');
    await topology.primary.execute(INSERT);
    const [own, all] = [await a.gtidExecuted(), await topology.primary.gtidExecuted()];
    expect(own).not.toBe(all);
    await received(a, all);
    await operator.done('stop-replica-nice', a);
    expect([await threads(a), await a.gtidExecuted()]).toEqual(['No No', all]);
    await operator.done('start-replica', a);
    await a.execute('STOP REPLICA SQL_THREAD');
    await topology.primary.execute(INSERT);
    const later = await topology.primary.gtidExecuted();
    await received(a, later);
    await operator.done('reset-replica', a);
    expect([await threads(a), await a.gtidExecuted()]).toEqual(['none', later]);
    expect(nodes.ledger.state.servers.get(nodes.idOf(a))?.keptClosed).toMatchObject({ by: 'ann' });
    await operator.refused('start-replica', a, 'not-a-replica');
  });
});

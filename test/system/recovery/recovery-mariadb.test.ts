// What is MariaDB's own: relay log that it deletes, semi-sync of a fenced primary, replicas that follow by place, and a
// former primary that begins behind what it wrote itself.
import { describe, expect, it } from 'vitest';
import type { MysqlSessionOpener } from '../../../src/adapters/mysql/session/session-opener.js';
import type { Step } from '../../../src/core/recovery/step.js';
import type { ServerSession } from '../../../src/runtime/ports/mysql.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import type { TopologyOptions } from '../../../tools/lab/mysql-lab.js';
import type { Topology } from '../../../tools/lab/topology.js';
import { TestAuthority } from '../../support/authority.js';
import { labStage, replicasOf } from '../../support/lab/lab-stage.js';
import { found, HERE, labOpener, openOn, REPLICATION_QUERY, take } from '../../support/lab/mysql-sessions.js';

const stopIo: Step = { kind: 'stop-io', server: HERE };
const fence: Step = { kind: 'fence', server: HERE };
const restartIo: Step = { kind: 'restart-io', server: HERE };
const repoint: Step = { kind: 'repoint', server: HERE, source: HERE, start: true };
const awaiting = (gtids: string): Step => ({ kind: 'await-applied', server: HERE, gtids, limitMs: 20_000 });

describe('MariaDB', () => {
  const stage = labStage();
  let topology: Topology;
  let opener: MysqlSessionOpener;

  const begin = async (options: Partial<TopologyOptions> = {}): Promise<readonly [LabServer, LabServer, LabServer]> => {
    opener = labOpener(undefined, REPLICATION_QUERY);
    topology = await stage.topology(
      { flavor: 'mariadb', replicas: 2, ...options },
      'CREATE DATABASE shop; CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY) ENGINE=InnoDB; ' +
        "CREATE USER app@'%' IDENTIFIED BY 'app'; GRANT ALL ON shop.* TO app@'%'",
    );
    return [topology.primary, ...replicasOf(topology, 2)];
  };
  const on = async (server: LabServer): Promise<ServerSession> => await openOn(opener, server, new TestAuthority());
  const status = async (server: LabServer): Promise<Readonly<Record<string, unknown>>> =>
    (await server.query('SHOW SLAVE STATUS'))[0] ?? {};
  const rows = async (server: LabServer): Promise<unknown> =>
    (await server.query('SELECT COUNT(*) AS n FROM shop.orders'))[0]?.['n'];
  const insertTwice = async (server: LabServer): Promise<void> => {
    await server.execute('INSERT INTO shop.orders VALUES (NULL); INSERT INTO shop.orders VALUES (NULL)');
  };
  /** Received, and not applied. */
  const holdBack = async (primary: LabServer, replica: LabServer): Promise<void> => {
    await replica.execute('STOP SLAVE SQL_THREAD');
    await insertTwice(primary);
    const position = await primary.gtidExecuted();
    await expect.poll(async () => (await status(replica))['Gtid_IO_Pos']).toBe(position);
  };

  it('deletes relay log that was not applied when it starts with both threads stopped', async () => {
    const [primary, replica] = await begin();
    await holdBack(primary, replica);
    await primary.kill();
    await replica.execute('STOP SLAVE; START SLAVE SQL_THREAD; STOP SLAVE SQL_THREAD');
    expect(await rows(replica)).toBe(0);
    expect((await status(replica))['Gtid_IO_Pos']).not.toBe(await primaryPosition(replica));
  });

  /** What the replica had been given: two transactions beyond what it has applied. */
  const primaryPosition = async (replica: LabServer): Promise<string> => {
    const [domain = '', writer = '', sequence = ''] = (await replica.gtidExecuted()).split('-');
    return `${domain}-${writer}-${String(Number(sequence) + 2)}`;
  };

  it('keeps its relay log when its applier is started before the IO thread stops', async () => {
    const [primary, replica] = await begin();
    await holdBack(primary, replica);
    await primary.kill();
    const session = await on(replica);
    const { receivedGtids = '' } = await found(take(session, stopIo));
    await found(take(session, awaiting(receivedGtids)));
    expect(await rows(replica)).toBe(2);
    await session.close();
  });

  it('is no candidate and is not started when it is found with both threads stopped and relay log in hand', async () => {
    const [primary, replica, other] = await begin();
    await holdBack(primary, replica);
    await replica.execute('STOP SLAVE');
    const session = await on(replica);
    const findings = await found(take(session, stopIo));
    expect(findings.applierError).toContain('MariaDB deletes');
    expect(findings.receivedGtids).not.toBe(findings.executedGtids);
    for (const step of [awaiting(findings.receivedGtids ?? ''), repoint]) {
      const outcome = await take(session, step, step === repoint ? other : null);
      expect(outcome).toMatchObject({ ok: false, code: 'state', retriable: false });
      expect(outcome).toHaveProperty('error', expect.stringContaining('MariaDB deletes'));
    }
    // Nor is it started back at its old source, which may be dead.
    expect(await take(session, repoint, primary)).toMatchObject({ ok: false, code: 'state' });
    expect(await status(replica)).toMatchObject({ Slave_IO_Running: 'No', Slave_SQL_Running: 'No' });
    expect((await status(replica))['Gtid_IO_Pos']).toBe(await primary.gtidExecuted());
    await session.close();
  });

  it('leaves the IO thread of a canary alone whose applier stands', async () => {
    const [primary, replica] = await begin();
    await holdBack(primary, replica);
    const session = await on(replica);
    expect((await found(take(session, restartIo))).text).toContain('left alone');
    expect((await status(replica))['Gtid_IO_Pos']).toBe(await primary.gtidExecuted());
    await session.close();
  });

  it('does not restart the IO thread for semi-sync either while its applier stands', async () => {
    const [primary, replica] = await begin({ semiSync: true });
    await holdBack(primary, replica);
    const session = await on(replica);
    const { text } = await found(take(session, { kind: 'acknowledge', server: HERE, on: false }));
    expect(text).toContain('left until it connects anew');
    expect((await status(replica))['Gtid_IO_Pos']).toBe(await primary.gtidExecuted());
    await session.close();
  });

  it('stops asking for acknowledgements as a replica whose applier waits for one, and acknowledges itself', async () => {
    const [primary, replica, other] = await begin({ semiSync: true });
    await replica.execute('SET GLOBAL rpl_semi_sync_master_timeout = 3600000, GLOBAL rpl_semi_sync_master_enabled = 1');
    await replica.execute('SET GLOBAL rpl_semi_sync_slave_enabled = 0; STOP SLAVE IO_THREAD; START SLAVE IO_THREAD');
    await insertTwice(primary);
    await other.catchUp(primary);
    const session = await on(replica);
    await found(take(session, { kind: 'acknowledge', server: HERE, on: true }));
    await replica.catchUp(primary);
    // It had received them before its IO thread began anew, which need not have come so far yet.
    await expect
      .poll(() => replica.query("SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_slave_status'"))
      .toMatchObject([{ Value: 'ON' }]);
    expect(await replica.query('SELECT @@rpl_semi_sync_master_enabled AS asks')).toEqual([{ asks: 0 }]);
    await session.close();
  });

  it('applies all before its source is changed, and keeps its account, its options and its way by GTID', async () => {
    const [primary, source, replica] = await begin();
    await holdBack(primary, replica);
    await source.catchUp(primary);
    const before = await status(replica);
    const session = await on(replica);
    await found(take(session, repoint, source));
    expect(await rows(replica)).toBe(2);
    await replica.waitForReplication();
    const after = await status(replica);
    expect(after).toMatchObject({ Master_Port: source.port, Slave_IO_Running: 'Yes', Slave_SQL_Running: 'Yes' });
    for (const kept of ['Master_User', 'Connect_Retry', 'Using_Gtid', 'Master_SSL_Allowed', 'SQL_Delay']) {
      expect([kept, after[kept]]).toEqual([kept, before[kept]]);
    }
    const [all] = await replica.query('SHOW ALL SLAVES STATUS');
    expect(Number(all?.['Slave_heartbeat_period'])).toBe(1);
    expect((await found(take(session, repoint, source))).text).toContain('already');
    await session.close();
  });

  it('keeps a named connection', async () => {
    const [primary, source, replica] = await begin();
    await replica.execute(
      `STOP SLAVE; RESET SLAVE ALL; CHANGE MASTER 'east' TO MASTER_HOST='127.0.0.1', MASTER_PORT=${String(primary.port)}, ` +
        "MASTER_USER='repl', MASTER_PASSWORD='repl', MASTER_USE_GTID=slave_pos; START SLAVE 'east'",
    );
    await source.catchUp(primary);
    const session = await on(replica);
    await found(take(session, stopIo));
    await found(take(session, repoint, source));
    await expect
      .poll(() => replica.query('SHOW ALL SLAVES STATUS'))
      .toMatchObject([
        { Connection_name: 'east', Master_Port: source.port, Slave_IO_Running: 'Yes', Using_Gtid: 'Slave_Pos' },
      ]);
    await session.close();
  });

  it('goes over to GTID when a replica that followed by place is pointed elsewhere', async () => {
    const [primary, source, replica] = await begin({ gtid: false });
    await insertTwice(primary);
    await topology.caughtUp();
    expect(await status(replica)).toMatchObject({ Using_Gtid: 'No' });
    const session = await on(replica);
    await found(take(session, stopIo));
    await found(take(session, repoint, source));
    expect(await status(replica)).toMatchObject({ Using_Gtid: 'Slave_Pos', Master_Port: source.port });
    await source.execute('SET GLOBAL read_only = 0; INSERT INTO shop.orders VALUES (NULL)');
    await expect.poll(() => rows(replica)).toBe(3);
    await session.close();
  });

  it('begins behind what it wrote itself when it was a primary', async () => {
    const [primary, promoted] = await begin();
    const next = await on(promoted);
    await found(take(next, stopIo));
    await found(take(next, { kind: 'detach', server: HERE }));
    const former = await on(primary);
    await found(take(former, fence));
    await found(take(former, repoint, promoted));
    await promoted.execute('SET GLOBAL read_only = 0; INSERT INTO shop.orders VALUES (NULL)');
    await expect.poll(() => rows(primary)).toBe(1);
    expect(await primary.query('SELECT @@read_only AS r')).toEqual([{ r: 1 }]);
    await former.close();
    await next.close();
  });

  describe.each(['AFTER_SYNC', 'AFTER_COMMIT'])(
    'with semi-sync (%s) whose acknowledging replicas are gone',
    (point) => {
      it('is fenced without an acknowledgement of what waits, and does not ask for any as a replica', async () => {
        const [primary, promoted] = await begin({ semiSync: true });
        await primary.execute(
          `SET GLOBAL rpl_semi_sync_master_timeout = 3600000, GLOBAL rpl_semi_sync_master_wait_point = ${point}`,
        );
        const client = await primary.connect({ user: 'app', password: 'app', database: 'shop' });
        await client.query('INSERT INTO orders VALUES (NULL)');
        const next = await on(promoted);
        const received = await found(take(next, stopIo));
        for (const replica of topology.replicas) await replica.execute('STOP SLAVE IO_THREAD');
        const doomed = client.query('INSERT INTO orders VALUES (NULL)').then(
          () => 'acknowledged',
          () => 'cut off',
        );
        await expect
          .poll(async () => (await primary.query('SHOW PROCESSLIST')).map((row) => String(row['State'])))
          .toContainEqual(expect.stringMatching(/semi-sync ACK/));
        const former = await on(primary);
        const { executedGtids } = await found(take(former, fence));
        expect(await doomed).toBe('cut off');
        expect(await primary.query('SELECT @@read_only AS r')).toEqual([{ r: 1 }]);
        // It was not acknowledged, and it is there: what sets the server apart later.
        expect(executedGtids).not.toBe(received.executedGtids);
        expect(await primary.query('SELECT @@rpl_semi_sync_master_enabled AS on_')).toEqual([{ on_: 1 }]);
        await found(take(former, { ...repoint, start: false }, promoted));
        expect(await primary.query('SELECT @@rpl_semi_sync_master_enabled AS on_')).toEqual([{ on_: 0 }]);
        client.destroy();
        await former.close();
        await next.close();
      });
    },
  );
});

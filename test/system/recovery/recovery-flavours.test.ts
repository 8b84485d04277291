// The steps of plans on real servers that are not MySQL with GTID: MariaDB, MySQL 5.6 with and without, MySQL 9.7 without.
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import type { MysqlSessionOpener } from '../../../src/adapters/mysql/session/session-opener.js';
import { isNone, minus } from '../../../src/core/recovery/progress/gtids.js';
import type { Step, StepFindings } from '../../../src/core/recovery/step.js';
import type { ServerSession } from '../../../src/runtime/ports/mysql.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import type { TopologyOptions } from '../../../tools/lab/mysql-lab.js';
import { dialectOf, type Flavor } from '../../../tools/lab/dialect.js';
import type { Topology } from '../../../tools/lab/topology.js';
import { TestAuthority } from '../../support/authority.js';
import { InsistingWriter } from '../../support/cluster/insisting-writer.js';
import { labStage, replicasOf } from '../../support/lab/lab-stage.js';
import { found, HERE, labOpener, openOn, REPLICATION_QUERY, take, takeOnce } from '../../support/lab/mysql-sessions.js';

const look: Step = { kind: 'look', server: HERE };
const stopIo: Step = { kind: 'stop-io', server: HERE };
const detach: Step = { kind: 'detach', server: HERE };
const open: Step = { kind: 'open', server: HERE, epoch: 1, semiSync: null };
const close: Step = { kind: 'close', server: HERE, limitMs: 5000 };
const fence: Step = { kind: 'fence', server: HERE };

const awaiting = (gtids: string, limitMs = 30_000): Step => ({ kind: 'await-applied', server: HERE, gtids, limitMs });

const KINDS: readonly (readonly [string, Pick<TopologyOptions, 'flavor' | 'gtid'>])[] = [
  ['MariaDB', { flavor: 'mariadb' }],
  ['MySQL 5.6 with GTID', { flavor: 'mysql56' }],
  ['MySQL 5.6 without GTID', { flavor: 'mysql56', gtid: false }],
  ['MySQL 9.7 without GTID', { flavor: 'mysql97', gtid: false }],
];

/** What nobody has by default. On the older ones TLS is off, and so a path that leads nowhere is of no consequence. */
const OPTIONS: Readonly<Record<Flavor, string>> = {
  mysql97:
    'CHANGE REPLICATION SOURCE TO SOURCE_CONNECT_RETRY=7, SOURCE_HEARTBEAT_PERIOD=1.5, SOURCE_SSL=1, ' +
    "SOURCE_TLS_VERSION='TLSv1.3', SOURCE_TLS_CIPHERSUITES='TLS_AES_256_GCM_SHA384', GET_SOURCE_PUBLIC_KEY=1",
  mysql56:
    "CHANGE MASTER TO MASTER_CONNECT_RETRY=7, MASTER_HEARTBEAT_PERIOD=1.5, MASTER_SSL_CA='/ca.pem', MASTER_SSL_CIPHER='AES256'",
  mariadb:
    "CHANGE MASTER TO MASTER_CONNECT_RETRY=7, MASTER_HEARTBEAT_PERIOD=1.5, MASTER_SSL_CA='/ca.pem', MASTER_SSL_CIPHER='AES256'",
};

/** Of a replica's status: how it reaches its source, whichever that is. */
const KEPT =
  /(?:_User|Connect_Retry|Retry_Count|SSL_|TLS|_Bind|SQL_Delay|Auto_Position|Using_Gtid|public_key|Public_Key|Channel_Name|Replicate_)/;

const stage = labStage();

describe.each(KINDS)('the steps of a plan on %s', (_name, kind) => {
  let topology: Topology;
  let opener: MysqlSessionOpener;

  const three = () => [topology.primary, ...replicasOf(topology, 2)] as const;
  const on = async (server: LabServer): Promise<ServerSession> => await openOn(opener, server, new TestAuthority());
  const status = async (server: LabServer): Promise<Readonly<Record<string, unknown>>> =>
    (await server.query(dialectOf(server.flavor).replicaStatus))[0] ?? {};
  const threads = async (server: LabServer): Promise<readonly [string, string]> => {
    const state = await server.replicaStatus();
    return [state?.ioRunning ?? '', state?.sqlRunning ?? ''];
  };
  const orders = async (server: LabServer): Promise<unknown> =>
    (await server.query('SELECT COUNT(*) AS n FROM shop.orders'))[0]?.['n'];
  const dialect = () => dialectOf(kind.flavor ?? 'mysql97');

  beforeEach(async () => {
    opener = labOpener(undefined, kind.flavor === 'mariadb' ? REPLICATION_QUERY : '');
    topology = await stage.topology(
      { ...kind, replicas: 2 },
      "CREATE DATABASE shop; CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY) ENGINE=InnoDB; CREATE USER app@'%' IDENTIFIED BY 'app'; GRANT ALL ON shop.* TO app@'%'",
    );
  });

  it('the barrier keeps a leader of the past out, and the server refuses a change past its deadline', async () => {
    const [, replica] = three();
    const authority = new TestAuthority();
    const old = await openOn(opener, replica, authority);
    const before = await threads(replica);
    authority.gate = sleep(1500);
    expect(await takeOnce(old, stopIo)).toMatchObject({ ok: false, code: 'late', retriable: true });
    authority.gate = Promise.resolve();
    const young = await on(replica);
    expect(await take(old, stopIo)).toMatchObject({ ok: false, code: 'unreachable' });
    expect(await threads(replica)).toEqual(before);
    await found(take(young, stopIo));
    expect(await threads(replica)).toEqual(['No', 'Yes']);
    await young.close();
  });

  it('stop-io says what was received, and the same again; await-applied waits for it with the applier started', async () => {
    const [primary, replica, other] = three();
    await replica.execute(`${dialect().stopReplica} SQL_THREAD`);
    await primary.execute('INSERT INTO shop.orders VALUES (NULL); INSERT INTO shop.orders VALUES (NULL)');
    await other.catchUp(primary);
    const reached = async (server: LabServer): Promise<StepFindings> => {
      const session = await on(server);
      const findings = await found(take(session, look));
      await session.close();
      return findings;
    };
    const target = (await reached(other)).executedGtids ?? '';
    await expect.poll(async () => isNone(minus(target, (await reached(replica)).receivedGtids ?? ''))).toBe(true);
    const session = await on(replica);
    const first = await found(take(session, stopIo));
    const again = await found(take(session, stopIo));
    if (kind.flavor !== 'mariadb') {
      expect(await threads(replica)).toEqual(['No', 'No']);
      expect({ ...again, text: first.text }).toEqual(first);
    }
    expect(isNone(minus(target, first.receivedGtids ?? ''))).toBe(true);
    const applied = await found(take(session, awaiting(first.receivedGtids ?? '')));
    expect(isNone(minus(target, applied.executedGtids ?? ''))).toBe(true);
    expect(await orders(replica)).toBe(2);
    expect(applied.ownEnd === undefined).toBe(kind.gtid !== false);
    await session.close();
  });

  it('await-applied says when the applier is broken, and gives up at its limit', async () => {
    const [primary, broken, late] = three();
    await broken.execute('SET GLOBAL read_only = 0; SET SESSION sql_log_bin = 0; INSERT INTO shop.orders VALUES (1)');
    await primary.execute('INSERT INTO shop.orders VALUES (1)');
    await broken.waitForApplierError(1062);
    await late.catchUp(primary);
    const waiting = await on(late);
    const reached = (await found(take(waiting, look))).executedGtids ?? '';
    const one = await on(broken);
    expect(await take(one, awaiting(reached))).toMatchObject({ ok: false, code: 'state', retriable: false });
    expect(await found(take(one, stopIo))).toMatchObject({ applierError: expect.stringContaining('1062') as string });
    const locking = await late.connect({ user: 'app', password: 'app' });
    await locking.query('LOCK TABLES shop.orders READ');
    await primary.execute('INSERT INTO shop.orders VALUES (NULL)');
    const source = await on(primary);
    const target = (await found(take(source, look))).executedGtids ?? '';
    expect(await take(waiting, awaiting(target, 300))).toMatchObject({ ok: false, code: 'limit', retriable: false });
    locking.destroy();
    await found(take(waiting, awaiting(target)));
    for (const session of [one, waiting, source]) await session.close();
  });

  it('keeps account, options, channel and heartbeat when it points a replica elsewhere, and does nothing the second time', async () => {
    const [primary, source, replica] = three();
    await replica.execute(`${dialect().stopReplica}; ${OPTIONS[replica.flavor]}; ${dialect().startReplica}`);
    await primary.execute('INSERT INTO shop.orders VALUES (NULL)');
    await topology.caughtUp();
    const before = await status(replica);
    const next = await on(source);
    const { receivedGtids = '' } = await found(take(next, stopIo));
    const { executedGtids: after = '', ownEnd } = await found(take(next, awaiting(receivedGtids)));
    await found(take(next, detach));
    await found(take(next, open));
    const session = await on(replica);
    await found(take(session, stopIo));
    const begin = ownEnd === undefined ? {} : { begin: { at: ownEnd, after } };
    const repoint: Step = { kind: 'repoint', server: HERE, source: HERE, start: true, ...begin };
    await found(take(session, repoint, source));
    const now = await status(replica);
    const kept = Object.keys(before).filter((name) => KEPT.test(name));
    expect(kept.length).toBeGreaterThan(15);
    for (const name of kept) expect([name, now[name]]).toEqual([name, before[name]]);
    expect(await heartbeatOf(replica)).toBe(1.5);
    expect((await found(take(session, repoint, source))).text).toContain('already');
    await source.execute('INSERT INTO shop.orders VALUES (NULL)');
    await expect.poll(() => orders(replica)).toBe(2);
    await next.close();
    await session.close();
  });

  const heartbeatOf = async (server: LabServer): Promise<number> => {
    const statement: Record<typeof server.flavor, string> = {
      mysql97: 'SELECT HEARTBEAT_INTERVAL AS seconds FROM performance_schema.replication_connection_configuration',
      mysql56:
        "SELECT VARIABLE_VALUE AS seconds FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'SLAVE_HEARTBEAT_PERIOD'",
      mariadb: 'SHOW ALL SLAVES STATUS',
    };
    const [row] = await server.query(statement[server.flavor]);
    return Number(row?.['seconds'] ?? row?.['Slave_heartbeat_period']);
  };

  it('makes a replica a primary, and does it again without harm', async () => {
    const [primary, replica] = three();
    const session = await on(replica);
    await found(take(session, stopIo));
    await primary.kill();
    for (const text of ['it followed', 'no source']) {
      expect((await found(take(session, detach))).text).toContain(text);
      await found(take(session, open));
    }
    expect(await replica.replicaStatus()).toBeUndefined();
    const app = await replica.connect({ user: 'app', password: 'app', database: 'shop' });
    await app.query('INSERT INTO orders VALUES (NULL)');
    app.destroy();
    await session.close();
  });

  it('closes a primary to everybody, whose place is final while the session lives, and opens it again', async () => {
    const [primary] = three();
    const session = await on(primary);
    const app = await primary.connect({ user: 'app', password: 'app', database: 'shop' });
    const closed = await found(take(session, close));
    const boss = await primary.connect({ user: 'orchestrator', password: 'orch_topology_password' });
    await boss.query('SET SESSION lock_wait_timeout = 1');
    await expect(boss.query('CREATE DATABASE late')).rejects.toThrow(/read-only|read only|lock|denied/i);
    await app.query('SET SESSION lock_wait_timeout = 1');
    await expect(app.query('INSERT INTO orders VALUES (NULL)')).rejects.toThrow(/read-only|lock/i);
    expect((await found(take(session, close))).executedGtids).toBe(closed.executedGtids);
    expect((await found(take(session, look))).executedGtids).toBe(closed.executedGtids);
    await found(take(session, open));
    await app.query('INSERT INTO orders VALUES (NULL)');
    app.destroy();
    boss.destroy();
    await session.close();
  });

  it('leaves a primary open when a client holds a table for longer than the step may wait', async () => {
    const [primary] = three();
    const locking = await primary.connect({ user: 'app', password: 'app' });
    await locking.query('LOCK TABLES shop.orders WRITE');
    const session = await on(primary);
    const kept = await take(session, { ...close, limitMs: 1000 });
    expect(kept).toMatchObject({ ok: false, code: 'limit', retriable: false });
    expect((await primary.query('SELECT @@read_only AS r'))[0]).toEqual({ r: 0 });
    await locking.query('UNLOCK TABLES');
    locking.destroy();
    await found(take(session, close));
    await session.close();
  });

  it('stays closed when the session that closed it has ended', async () => {
    const [primary] = three();
    const session = await on(primary);
    await found(take(session, close));
    await session.close();
    const app = await primary.connect({ user: 'app', password: 'app', database: 'shop' });
    await expect(app.query('INSERT INTO orders VALUES (NULL)')).rejects.toThrow(/read-only/);
    app.destroy();
  });

  it('fences a primary against clients that come back as fast as they are sent away', async () => {
    const [primary] = three();
    const writers = [new InsistingWriter(primary), new InsistingWriter(primary), new InsistingWriter(primary)];
    await expect.poll(() => Math.min(...writers.map(({ acknowledged }) => acknowledged))).toBeGreaterThan(10);
    const session = await on(primary);
    const findings = await found(take(session, fence));
    const fencedAtMs = performance.now();
    await sleep(500);
    for (const writer of writers) expect(writer.lastAcknowledgedMs).toBeLessThan(fencedAtMs);
    expect((await found(take(session, look))).executedGtids).toBe(findings.executedGtids);
    await session.close();
    await sleep(200);
    for (const writer of writers) expect(writer.lastAcknowledgedMs).toBeLessThan(fencedAtMs);
    await Promise.all(writers.map((writer) => writer.stop()));
  });
});

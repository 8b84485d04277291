// Each step of a plan on real MySQL: what it does, what it does when it is taken again, and what it must not lose.
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import type { MysqlSessionOpener } from '../../../src/adapters/mysql/session/session-opener.js';
import type { Step } from '../../../src/core/recovery/step.js';
import type { ServerId } from '../../../src/core/topology/server.js';
import type { ServerSession } from '../../../src/runtime/ports/mysql.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import type { Topology } from '../../../tools/lab/topology.js';
import { TestAuthority } from '../../support/authority.js';
import { labStage, replicasOf } from '../../support/lab/lab-stage.js';
import { found, HERE, labOpener, openOn, take } from '../../support/lab/mysql-sessions.js';

const stopIo: Step = { kind: 'stop-io', server: HERE };
const detach: Step = { kind: 'detach', server: HERE };
const open: Step = { kind: 'open', server: HERE, epoch: 1, semiSync: null };
const close: Step = { kind: 'close', server: HERE, limitMs: 5000 };
const repoint: Step = { kind: 'repoint', server: HERE, source: HERE, start: true };

async function retrieved(server: LabServer): Promise<string> {
  const [row] = await server.query('SHOW REPLICA STATUS');
  return String(row?.['Retrieved_Gtid_Set']).replaceAll('\n', '');
}

async function status(server: LabServer): Promise<Readonly<Record<string, unknown>>> {
  return (await server.query('SHOW REPLICA STATUS'))[0] ?? {};
}

describe('the steps of a plan', () => {
  const stage = labStage();
  let topology: Topology;
  let opener: MysqlSessionOpener;

  const three = () => [topology.primary, ...replicasOf(topology, 2)] as const;

  const on = async (server: LabServer): Promise<ServerSession> => await openOn(opener, server, new TestAuthority());

  beforeEach(async () => {
    opener = labOpener();
    topology = await stage.topology(
      { replicas: 2 },
      'CREATE DATABASE shop; CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY)',
    );
  });

  it('stop-io stops fetching and not applying, and finds the same when it is taken again', async () => {
    const [primary, replica] = three();
    const session = await on(replica);
    const first = await found(take(session, stopIo));
    await primary.execute('INSERT INTO shop.orders VALUES (NULL)');
    expect(await status(replica)).toMatchObject({ Replica_IO_Running: 'No', Replica_SQL_Running: 'Yes' });
    const again = await found(take(session, stopIo));
    expect({ ...again, text: first.text }).toEqual(first);
    expect(first.executedGtids).not.toBe(await primary.gtidExecuted());
    expect(first).toMatchObject({ readOnly: true, purgedGtids: '' });
    await session.close();
  });

  it('repoint keeps relay log that is not applied, account and options, and changes nothing the second time', async () => {
    const [primary, source, replica] = three();
    await replica.execute('STOP REPLICA SQL_THREAD');
    await primary.execute('INSERT INTO shop.orders VALUES (NULL); INSERT INTO shop.orders VALUES (NULL)');
    await source.catchUp(primary);
    await expect.poll(() => retrieved(replica)).toBe(await primary.gtidExecuted());
    const before = await status(replica);
    const session = await on(replica);
    await found(take(session, stopIo));
    // Both threads stand, as after a step of a leader that died: a CHANGE now would empty the relay log.
    await found(take(session, repoint, source));
    expect(await retrieved(replica)).toBe(await primary.gtidExecuted());
    await replica.waitForReplication();
    const after = await status(replica);
    expect(after).toMatchObject({ Source_Port: source.port, Replica_IO_Running: 'Yes', Replica_SQL_Running: 'Yes' });
    for (const kept of [
      'Source_User',
      'Connect_Retry',
      'Source_Retry_Count',
      'Auto_Position',
      'Get_Source_public_key',
    ]) {
      expect([kept, after[kept]]).toEqual([kept, before[kept]]);
    }
    expect(await heartbeat(replica)).toBe(1);
    expect(await found(take(session, repoint, source))).toMatchObject({
      text: expect.stringContaining('already') as string,
    });
    await session.close();
  });

  it('repoint leaves a replica alone whose applier broke with relay log in hand', async () => {
    const [primary, source, replica] = three();
    await replica.execute(
      'SET GLOBAL super_read_only = 0; SET SESSION sql_log_bin = 0; INSERT INTO shop.orders VALUES (1)',
    );
    await primary.execute('INSERT INTO shop.orders VALUES (1)');
    await replica.waitForApplierError(1062);
    // Its applier met the row before the end of its transaction was there.
    await expect.poll(() => retrieved(replica)).toBe(await primary.gtidExecuted());
    const session = await on(replica);
    const outcome = await take(session, repoint, source);
    expect(outcome).toMatchObject({ ok: false, code: 'state', retriable: false });
    expect(outcome).toHaveProperty('error', expect.stringContaining('would be lost'));
    expect(await retrieved(replica)).toBe(await primary.gtidExecuted());
    expect(await found(take(session, stopIo))).toMatchObject({
      applierError: expect.stringContaining('1062') as string,
    });
    await session.close();
  });

  it('await-received lets one that lost its link try at once, and waits for none that is refused or stands', async () => {
    const [primary, refused, late] = three();
    const isRefused = async (server: LabServer, change: string): Promise<void> => {
      await server.execute(`STOP REPLICA; CHANGE REPLICATION SOURCE TO ${change}; START REPLICA`);
      const errno = async (): Promise<unknown> => (await status(server))['Last_IO_Errno'];
      await expect.poll(errno).toBe(1045);
    };
    const own = 'SET SESSION sql_log_bin = 0; ALTER USER repl@`%` IDENTIFIED BY';
    await isRefused(refused, "SOURCE_PASSWORD = 'forgotten'");
    // This one could log in again, and would find that out tomorrow.
    await primary.execute(`${own} 'another'`);
    await isRefused(late, 'SOURCE_CONNECT_RETRY = 86400');
    await primary.execute(`${own} 'repl'`);
    await primary.execute('INSERT INTO shop.orders VALUES (NULL)');
    const wait: Step = {
      kind: 'await-received',
      server: HERE,
      gtids: (await primary.gtidExecuted()).replaceAll('\n', ''),
      limitMs: 60_000,
    };
    const [there, lost] = [await on(late), await on(refused)];
    expect(await take(there, wait)).toMatchObject({ ok: true });
    expect(await retrieved(late)).toContain(String(wait.gtids.split(':')[0]));
    expect(await take(lost, wait)).toMatchObject({ error: expect.stringContaining('error 1045') as string });
    await found(take(lost, stopIo));
    expect(await take(lost, wait)).toMatchObject({ error: expect.stringContaining('its IO thread stands') as string });
    await Promise.all([there.close(), lost.close()]);
  });

  it('await-applied starts an applier that stands still, says when it is broken, and gives up at its limit', async () => {
    const [primary, late, broken] = three();
    await late.execute('STOP REPLICA SQL_THREAD');
    await broken.execute(
      'SET GLOBAL super_read_only = 0; SET SESSION sql_log_bin = 0; INSERT INTO shop.orders VALUES (1)',
    );
    await primary.execute('INSERT INTO shop.orders VALUES (1)');
    const gtids = await primary.gtidExecuted();
    const waiting = { kind: 'await-applied', server: HERE, gtids, limitMs: 20_000 } as const;
    const one = await on(late);
    expect(await found(take(one, waiting))).toEqual({ executedGtids: gtids });
    const other = await on(broken);
    expect(await take(other, waiting)).toMatchObject({ ok: false, code: 'state', retriable: false });
    const [uuid = ''] = gtids.split(':');
    const never = { ...waiting, gtids: `${uuid}:1-1000`, limitMs: 300 };
    expect(await take(one, never)).toMatchObject({ ok: false, code: 'limit', retriable: false });
    await one.close();
    await other.close();
  });

  it('await-applied does not wait for what nobody fetches, and waits for what is in hand', async () => {
    const [primary, stopped, cut] = three();
    await stopped.execute('STOP REPLICA IO_THREAD; STOP REPLICA SQL_THREAD');
    await cut.execute('STOP REPLICA SQL_THREAD');
    await primary.execute('INSERT INTO shop.orders VALUES (1)');
    const gtids = await primary.gtidExecuted();
    await expect.poll(() => retrieved(cut)).toBe(gtids);
    await cut.execute('STOP REPLICA IO_THREAD');
    const waiting = { kind: 'await-applied', server: HERE, gtids, limitMs: 600_000 } as const;
    const one = await on(stopped);
    expect(await take(one, waiting)).toMatchObject({
      ok: false,
      code: 'state',
      error: expect.stringContaining('its IO thread has stopped') as string,
      retriable: false,
    });
    const other = await on(cut);
    expect(await found(take(other, waiting))).toEqual({ executedGtids: gtids });
    await stopped.execute('RESET REPLICA ALL');
    expect(await take(one, waiting)).toMatchObject({
      ok: false,
      code: 'state',
      error: expect.stringContaining('replicates from nobody') as string,
      retriable: false,
    });
    await one.close();
    await other.close();
  });

  it('makes a replica a primary, and does it again without harm', async () => {
    const [primary, replica] = three();
    const session = await on(replica);
    await found(take(session, stopIo));
    await primary.kill();
    for (const text of ['it followed', 'no source']) {
      expect((await found(take(session, detach))).text).toContain(text);
      await found(take(session, open));
    }
    expect(await status(replica)).toEqual({});
    await replica.execute('INSERT INTO shop.orders VALUES (NULL)');
    await session.close();
  });

  it('closes a primary, whose executed set is final from then on, and opens it again', async () => {
    const [primary] = three();
    const session = await on(primary);
    const app = await primary.connect();
    const { executedGtids } = await found(take(session, close));
    await expect(app.query('CREATE DATABASE late')).rejects.toThrow(/read-only/);
    expect(await primary.gtidExecuted()).toBe(executedGtids);
    expect(await found(take(session, close))).toMatchObject({ executedGtids });
    await found(take(session, open));
    await primary.execute('INSERT INTO shop.orders VALUES (NULL)');
    app.destroy();
    await session.close();
  });

  it('does not wait for a table lock of a client longer than it may, and leaves the primary open then', async () => {
    const [primary] = three();
    await primary.execute("CREATE USER app@'%' IDENTIFIED BY 'app'; GRANT ALL ON shop.* TO app@'%'");
    const locking = await primary.connect({ user: 'app', password: 'app' });
    await locking.query('LOCK TABLES shop.orders WRITE');
    const session = await on(primary);
    const kept = await take(session, { ...close, limitMs: 1000 });
    expect(kept).toMatchObject({ ok: false, code: 'limit', retriable: false });
    expect(await primary.query('SELECT @@read_only AS r, @@super_read_only AS s')).toEqual([{ r: 0, s: 0 }]);
    await locking.query('UNLOCK TABLES');
    locking.destroy();
    await found(take(session, close));
    await session.close();
  });

  it('fetches no more from a server that is not the one that was meant to answer there', async () => {
    const [, promoted, sibling] = three();
    const session = await on(sibling);
    const stranger = { ...repoint, source: 'f00dcafe-0000-4000-8000-000000000001' as ServerId };
    let outcome = await take(session, stranger, promoted);
    if (outcome.ok) {
      // On a busy machine it may not have heard who answers while the step listened: it says that it has connected before.
      const [named] = await promoted.query<{ uuid: string }>('SELECT @@server_uuid AS uuid');
      await expect.poll(async () => (await status(sibling))['Source_UUID']).toBe(named?.uuid);
      outcome = await take(session, stranger, promoted);
    }
    expect(outcome).toMatchObject({
      ok: false,
      code: 'state',
      error: expect.stringContaining('f00dcafe') as string,
    });
    expect(await status(sibling)).toMatchObject({ Replica_IO_Running: 'No' });
    await session.close();
  });

  it('gives a server that never had a source the account of its siblings, and leaves it stopped if told so', async () => {
    const [primary, promoted, sibling] = three();
    const session = await on(promoted);
    await found(take(session, stopIo));
    await found(take(session, detach));
    const former = await openOn(labOpener(), primary, new TestAuthority());
    const stopped: Step = { kind: 'repoint', server: HERE, source: HERE, start: false };
    await found(take(former, stopped, promoted, [sibling]));
    expect(await status(primary)).toMatchObject({
      Source_Port: promoted.port,
      Source_User: 'repl',
      Connect_Retry: 1,
      Replica_IO_Running: 'No',
      Replica_SQL_Running: 'No',
    });
    await found(take(former, repoint, promoted, [sibling]));
    await primary.waitForReplication();
    await former.close();
    await session.close();
  });

  it('carries over how the siblings connect, with TLS and its files, also where a query tells the account', async () => {
    const [primary, promoted, sibling] = three();
    const session = await on(promoted);
    await found(take(session, stopIo));
    await found(take(session, detach));
    await sibling.execute(
      "STOP REPLICA IO_THREAD; CHANGE REPLICATION SOURCE TO SOURCE_SSL=1, SOURCE_SSL_CA='/etc/ca.pem', SOURCE_SSL_VERIFY_SERVER_CERT=1",
    );
    const byQuery = labOpener(undefined, "SELECT 'other', 'secret'");
    const former = await openOn(byQuery, primary, new TestAuthority());
    const stopped: Step = { kind: 'repoint', server: HERE, source: HERE, start: false };
    await found(take(former, stopped, promoted, [sibling]));
    expect(await status(primary)).toMatchObject({
      Source_User: 'other',
      Source_SSL_Allowed: 'Yes',
      Source_SSL_CA_File: '/etc/ca.pem',
      Source_SSL_Verify_Server_Cert: 'Yes',
      Connect_Retry: 1,
    });
    await former.close();
    await session.close();
  });

  it('takes the account that the others have now, and what it remembers of a server only where no other tells', async () => {
    const [primary, promoted, sibling] = three();
    const session = await on(promoted);
    await found(take(session, detach));
    await sibling.execute("STOP REPLICA IO_THREAD; CHANGE REPLICATION SOURCE TO SOURCE_USER='changed'");
    const former = await on(primary);
    const stopped: Step = { kind: 'repoint', server: HERE, source: HERE, start: false };
    await found(take(former, stopped, promoted, [sibling]));
    expect((await status(primary))['Source_User']).toBe('changed');
    const alone = await openOn(opener, promoted, new TestAuthority());
    await found(take(alone, stopped, primary, []));
    expect((await status(promoted))['Source_User']).toBe('changed');
    const credentials: Step = {
      kind: 'switch',
      server: HERE,
      action: { do: 'credentials', running: { io: false, sql: false } },
    };
    expect(await take(alone, credentials, primary, [])).toHaveProperty(
      'error',
      expect.stringContaining('no other replica'),
    );
    await Promise.all([alone, former, session].map((one) => one.close()));
  });

  it('names the cure when nobody knows the account', async () => {
    const [primary, promoted] = three();
    const session = await on(primary);
    const outcome = await take(session, repoint, promoted, []);
    expect(outcome).toHaveProperty('error', expect.stringContaining('ReplicationCredentialsQuery'));
    await session.close();
  });

  it('answers unreachable when the server dies in the middle of a step', async () => {
    const [, replica] = three();
    const session = await on(replica);
    const waiting = take(session, {
      kind: 'await-applied',
      server: HERE,
      gtids: `${'a'.repeat(8)}-0000-4000-8000-000000000000:1`,
      limitMs: 60_000,
    });
    await sleep(200);
    await replica.kill();
    expect(await waiting).toMatchObject({ ok: false, code: 'unreachable', retriable: true });
    expect(session.alive).toBe(false);
    expect(await take(session, stopIo)).toMatchObject({ ok: false, code: 'unreachable' });
  });
});

/** Seconds; 1 in the lab, and half of replica_net_timeout (2 there) where a CHANGE has put it back. */
async function heartbeat(server: LabServer): Promise<number> {
  const [row] = await server.query<{ seconds: string }>(
    'SELECT HEARTBEAT_INTERVAL AS seconds FROM performance_schema.replication_connection_configuration',
  );
  return Number(row?.seconds);
}

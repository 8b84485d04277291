// The steps of the ways back on real MySQL: empty transactions, binary logs that are kept before they are thrown away, a
// reset that a leader died over, and a copy of another server.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import type { Topology } from '../../../tools/lab/topology.js';
import { TestAuthority } from '../../support/authority.js';
import { labStage, replicasOf } from '../../support/lab/lab-stage.js';
import { found, HERE, labConnector, labOpener, openOn, take } from '../../support/lab/mysql-sessions.js';

const stage = labStage();
let kept: string;
let topology: Topology;
let apart: LabServer;
let extra: string;
let shared: string;

/** A replica that somebody wrote to; it follows nobody any more and is closed. */
beforeEach(async () => {
  kept = mkdtempSync(join(tmpdir(), 'kept-'));
  topology = await stage.topology(
    { replicas: 2 },
    'CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY, note TEXT)',
  );
  [apart] = replicasOf(topology, 1);
  await apart.execute('STOP REPLICA; RESET REPLICA ALL; SET GLOBAL super_read_only = 0; SET GLOBAL read_only = 0');
  shared = await apart.gtidExecuted();
  await apart.execute("INSERT INTO shop.orders VALUES (1, 'of nobody else'); FLUSH BINARY LOGS");
  await apart.execute("INSERT INTO shop.orders VALUES (2, 'of nobody else either'); SET GLOBAL super_read_only = 1");
  const [row] = await apart.query<{ extra: string }>(`SELECT GTID_SUBTRACT(@@gtid_executed, '${shared}') AS extra`);
  extra = row?.extra ?? '';
});
afterEach(() => {
  rmSync(kept, { recursive: true, force: true });
});

const session = async (server: LabServer) =>
  await openOn(labOpener(labConnector(), '', kept), server, new TestAuthority());

describe('empty transactions', () => {
  it('are committed under GTIDs of others, once, and replicated', async () => {
    const on = await session(topology.primary);
    const before = await topology.primary.gtidExecuted();
    const step = { kind: 'inject-empty', server: HERE, gtids: extra } as const;
    expect((await found(take(on, step))).text).toContain('2 empty');
    expect((await found(take(on, step))).text).toContain('0 empty');
    const [row] = await topology.primary.query<{ lacks: string }>(
      `SELECT GTID_SUBTRACT('${before},${extra}', @@gtid_executed) AS lacks`,
    );
    expect(row?.lacks).toBe('');
    expect(await topology.primary.query('SELECT * FROM shop.orders')).toEqual([]);
    // Its own transactions go on under its own name.
    await topology.primary.execute("INSERT INTO shop.orders VALUES (7, 'own')");
    const [, other] = topology.replicas;
    await other?.catchUp(topology.primary);
    await on.close();
  });
});

describe('a reset', () => {
  it('is preceded by copies of the binary logs, byte for byte, and leaves what it was told', async () => {
    const logs = await apart.query<{ Log_name: string }>('SHOW BINARY LOGS');
    const files = logs.map(({ Log_name }) => Log_name).slice(-2);
    const originals = files.map((file) => readFileSync(join(apart.directory, 'data', file)));
    const on = await session(apart);
    const keeping = await found(take(on, { kind: 'keep-binary-logs', server: HERE, gtids: extra }));
    expect(keeping.text).toContain(kept);
    const [folder = ''] = readdirSync(kept);
    expect(readdirSync(join(kept, folder))).toEqual(files);
    for (const [at, file] of files.entries()) {
      const copy = readFileSync(join(kept, folder, file));
      expect(copy.length).toBe(originals[at]?.length);
      // The flag that says that a log is in use is the server's own, and so is its checksum.
      expect(copy.subarray(200).equals(originals[at]?.subarray(200) ?? Buffer.alloc(0))).toBe(true);
    }
    // As replicas usually are: nobody fenced this one.
    await apart.execute('SET GLOBAL super_read_only = 0');
    const step = { kind: 'reset-gtids', server: HERE, gtids: shared, drops: extra } as const;
    await found(take(on, step));
    expect(await apart.gtidExecuted()).toBe(shared);
    expect((await found(take(on, step))).text).toContain('already');
    expect((await apart.query('SELECT @@super_read_only AS closed'))[0]).toEqual({ closed: 1 });
    await on.close();
  });

  it('goes on where a leader died between its two halves', async () => {
    await apart.execute('RESET BINARY LOGS AND GTIDS');
    const on = await session(apart);
    await found(take(on, { kind: 'reset-gtids', server: HERE, gtids: shared, drops: extra }));
    expect(await apart.gtidExecuted()).toBe(shared);
    await on.close();
  });

  it('is refused for a server that takes writes, has other transactions, or has replicas', async () => {
    const step = { kind: 'reset-gtids', server: HERE, gtids: shared, drops: extra } as const;
    const on = await session(apart);
    const less = { ...step, drops: '' };
    expect(await take(on, less)).toMatchObject({ ok: false, code: 'state' });
    await apart.execute('SET GLOBAL read_only = 0');
    expect(await take(on, step)).toMatchObject({ ok: false, code: 'state' });
    await apart.execute('SET GLOBAL super_read_only = 1');
    const [, other] = replicasOf(topology, 2);
    await other.execute('STOP REPLICA; RESET REPLICA ALL');
    await other.replicateFrom(apart);
    await other.waitForReplication();
    // It says that it has connected a moment before it asks for the log.
    const feeds = "SELECT COUNT(*) AS n FROM performance_schema.processlist WHERE COMMAND LIKE 'Binlog Dump%'";
    await expect.poll(() => apart.query(feeds)).toEqual([{ n: 1 }]);
    expect(await take(on, step)).toMatchObject({ ok: false, error: expect.stringContaining('replicate') as string });
    expect(await apart.gtidExecuted()).toContain(extra.split(':')[0]);
    await on.close();
  });

  it('is refused for a replica that is still being attached, and has no dump thread yet', async () => {
    const step = { kind: 'reset-gtids', server: HERE, gtids: shared, drops: extra } as const;
    const on = await session(apart);
    // As a replica does between its connection and its request for the binary log.
    const attaching = await apart.connect();
    await attaching.query("SET @replica_uuid = 'c0ffee00-0000-4000-8000-000000000001'");
    expect(await take(on, step)).toMatchObject({ ok: false, error: expect.stringContaining('replicate') as string });
    expect(await apart.gtidExecuted()).toContain(extra.split(':')[0]);
    await attaching.end();
    // Whoever says goodbye is there until the server has heard it.
    const there = `SELECT COUNT(*) AS n FROM performance_schema.threads WHERE PROCESSLIST_ID = ${String(attaching.threadId)}`;
    await expect.poll(() => apart.query(there)).toEqual([{ n: 0 }]);
    await found(take(on, step));
    await on.close();
  });
});

describe('a copy', () => {
  const grant = async (server: LabServer): Promise<void> => {
    await server.execute(
      'SET @closed = @@GLOBAL.super_read_only; SET GLOBAL super_read_only = 0; SET SESSION sql_log_bin = 0; ' +
        "GRANT BACKUP_ADMIN, CLONE_ADMIN, SYSTEM_VARIABLES_ADMIN ON *.* TO 'orchestrator'@'%'; " +
        "GRANT INSERT ON mysql.plugin TO 'orchestrator'@'%'; SET GLOBAL super_read_only = @closed",
    );
  };

  it('replaces the data by that of the donor; the server is back, closed, and nothing is done twice', async () => {
    const [, donor] = replicasOf(topology, 2);
    await topology.primary.execute("INSERT INTO shop.orders VALUES (9, 'of all')");
    await donor.catchUp(topology.primary);
    for (const server of [apart, donor]) await grant(server);
    const prepared = { kind: 'prepare-clone', server: HERE } as const;
    const onDonor = await session(donor);
    expect((await found(take(onDonor, prepared))).text).toContain('installed');
    await onDonor.close();
    const first = await session(apart);
    const { lastCopy = 'none told' } = await found(take(first, prepared));
    const step = { kind: 'clone', server: HERE, source: HERE, lastCopy } as const;
    // It comes back open, as a primary's configuration says.
    apart.configure(['read_only=OFF']);
    const outcome = await take(first, step, donor);
    expect(outcome).toMatchObject({ ok: false, code: 'unreachable', retriable: true });
    await expect.poll(() => apart.running, { timeout: 60_000 }).toBe(false);
    await apart.start();
    // Until the step is taken again, which may be a moment.
    expect(await apart.query('SELECT @@read_only AS closed')).toEqual([{ closed: 1 }]);
    const again = await session(apart);
    const findings = await found(take(again, step, donor));
    expect(findings).toMatchObject({ readOnly: true });
    expect(await apart.query('SELECT id FROM shop.orders')).toEqual([{ id: 9 }]);
    expect(await apart.query('SELECT @@super_read_only AS closed, @@offline_mode AS offline')).toEqual([
      { closed: 1, offline: 0 },
    ]);
    expect(await apart.query('SELECT * FROM performance_schema.persisted_variables')).toEqual([]);
    await again.close();
  });

  it('that is refused by the donor leaves the server as it was, and says why', async () => {
    const [, donor] = replicasOf(topology, 2);
    await grant(apart);
    const on = await session(apart);
    const { lastCopy = '' } = await found(take(on, { kind: 'prepare-clone', server: HERE }));
    const outcome = await take(on, { kind: 'clone', server: HERE, source: HERE, lastCopy }, donor);
    expect(outcome).toMatchObject({ ok: false, retriable: false });
    expect(JSON.stringify(outcome)).not.toContain('orch_topology_password');
    expect(await apart.query('SELECT id FROM shop.orders')).toEqual([{ id: 1 }, { id: 2 }]);
    await on.close();
  });
});

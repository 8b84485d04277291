// A replica without GTID that is behind: its last transactions are searched in the log of another, by content on MySQL 5.6
// and by the time of the commit on 9.7. What is found more than once is not found.
import { describe, expect, it } from 'vitest';
import type { Step } from '../../../src/core/recovery/step.js';
import type { BinlogPosition } from '../../../src/core/topology/vitals.js';
import type { ServerSession } from '../../../src/runtime/ports/mysql.js';
import { dialectOf, type Flavor } from '../../../tools/lab/dialect.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import type { Topology } from '../../../tools/lab/topology.js';
import { TestAuthority } from '../../support/authority.js';
import { labStage, replicasOf } from '../../support/lab/lab-stage.js';
import { found, HERE, labOpener, openOn, take } from '../../support/lab/mysql-sessions.js';

describe('the place at which a replica without GTID would go on', () => {
  const stage = labStage();
  let topology: Topology;

  const endOf = async (server: LabServer): Promise<BinlogPosition> => {
    const [row] = await server.query(dialectOf(server.flavor).binaryLogStatus);
    return { file: String(row?.['File']), position: Number(row?.['Position']) };
  };
  const begin = async (flavor: Flavor, extra: readonly string[] = []): Promise<readonly [LabServer, LabServer]> => {
    topology = await stage.topology(
      { flavor, gtid: false, replicas: 2, extra },
      'CREATE DATABASE shop; CREATE TABLE shop.orders (id BIGINT PRIMARY KEY, note TEXT) ENGINE=InnoDB',
    );
    return replicasOf(topology, 2);
  };
  const stopBehind = async (behind: LabServer): Promise<void> => {
    await topology.caughtUp();
    await behind.execute(`${dialectOf(behind.flavor).stopReplica} IO_THREAD`);
  };
  /** On a replica that is written to by nobody else; resolves with the step's outcome. */
  const search = async (ahead: LabServer, behind: LabServer): Promise<Awaited<ReturnType<typeof take>>> => {
    await ahead.catchUp(topology.primary);
    const until = await endOf(ahead);
    const step: Step = { kind: 'locate', server: HERE, source: HERE, until, seen: { server: null, source: null } };
    const session: ServerSession = await openOn(labOpener(), behind, new TestAuthority());
    try {
      return await take(session, step, ahead);
    } finally {
      await session.close();
    }
  };
  const placeOf = (outcome: Awaited<ReturnType<typeof take>>): BinlogPosition | undefined =>
    outcome.ok ? outcome.findings.place : undefined;

  it.each<readonly [Flavor, string]>([
    ['mysql56', 'ROW'],
    ['mysql56', 'STATEMENT'],
    ['mysql56', 'MIXED'],
    ['mysql97', 'ROW'],
  ])('is found on %s with binlog_format %s, in the middle of a log that goes on', async (flavor, format) => {
    const [ahead, behind] = await begin(flavor, [`binlog_format=${format}`]);
    const { primary } = topology;
    await primary.execute("SET @note = 'by variable'; INSERT INTO shop.orders VALUES (1, @note)");
    await primary.execute(`INSERT INTO shop.orders VALUES (2, REPEAT('x', 50000)), (3, NULL)`);
    await stopBehind(behind);
    await ahead.catchUp(primary);
    const place = await endOf(ahead);
    await primary.execute('UPDATE shop.orders SET note = 4; CREATE TABLE shop.more (id INT); DELETE FROM shop.orders');
    expect(placeOf(await search(ahead, behind))).toEqual(place);
  });

  it('is found where the logs were rotated at different times', async () => {
    const [ahead, behind] = await begin('mysql56');
    const { primary } = topology;
    for (let id = 1; id <= 3; id++) await primary.execute(`INSERT INTO shop.orders VALUES (${String(id)}, '')`);
    await topology.caughtUp();
    await behind.execute('FLUSH BINARY LOGS');
    for (let id = 4; id <= 9; id++) await primary.execute(`INSERT INTO shop.orders VALUES (${String(id)}, '')`);
    await stopBehind(behind);
    await ahead.catchUp(primary);
    const place = await endOf(ahead);
    await primary.execute("INSERT INTO shop.orders VALUES (10, '')");
    expect(placeOf(await search(ahead, behind))).toEqual(place);
  });

  const sameAgain = 'INSERT INTO shop.orders VALUES (1, NULL); DELETE FROM shop.orders';

  it('is not known on MySQL 5.6 where the same was done more than once in a second', async () => {
    const [ahead, behind] = await begin('mysql56');
    const often = Array.from({ length: 6 }, () => sameAgain).join('; ');
    await topology.primary.execute(`SET TIMESTAMP = 1700000000; ${often}`);
    await stopBehind(behind);
    await topology.primary.execute(`SET TIMESTAMP = 1700000000; ${often}`);
    const outcome = await search(ahead, behind);
    expect(outcome).toMatchObject({ ok: false, code: 'state', retriable: false });
    expect(outcome).toHaveProperty('error', expect.stringMatching(/are found \d+ times in the log of/));
  });

  it('is told apart on MySQL 9.7 by the times of the commits', async () => {
    const [ahead, behind] = await begin('mysql97');
    const often = Array.from({ length: 6 }, () => sameAgain).join('; ');
    await topology.primary.execute(`SET TIMESTAMP = 1700000000; ${often}`);
    await stopBehind(behind);
    await ahead.catchUp(topology.primary);
    const place = await endOf(ahead);
    await topology.primary.execute(`SET TIMESTAMP = 1700000000; ${often}`);
    expect(placeOf(await search(ahead, behind))).toEqual(place);
  });

  it.each<Flavor>(['mysql56', 'mysql97'])(
    'is no other’s: a replica of %s stays as it was when it stands elsewhere',
    async (flavor) => {
      const [source, replica] = await begin(flavor);
      const { primary } = topology;
      const session = await openOn(labOpener(), replica, new TestAuthority());
      const { executedGtids: after = '', ownEnd: at } = await found(take(session, { kind: 'look', server: HERE }));
      if (at === undefined) throw new Error('it has a place');
      await primary.execute("INSERT INTO shop.orders VALUES (1, '')");
      await topology.caughtUp();
      for (const told of [{}, { begin: { at, after } }]) {
        const step: Step = { kind: 'repoint', server: HERE, source: HERE, start: true, ...told };
        const outcome = await take(session, step, source);
        expect(outcome).toMatchObject({ ok: false, code: 'state', retriable: false });
        expect(outcome).toHaveProperty('error', expect.stringContaining('not known'));
      }
      await replica.waitForReplication();
      expect((await replica.replicaStatus())?.sourcePort).toBe(primary.port);
      await session.close();
    },
  );

  it('is not known where somebody wrote to the replica', async () => {
    const [ahead, behind] = await begin('mysql56');
    await stopBehind(behind);
    await behind.execute("SET GLOBAL read_only = 0; INSERT INTO shop.orders VALUES (99, 'errant')");
    const outcome = await found(search(ahead, behind)).catch((error: unknown) => String(error));
    expect(outcome).toMatch(/are not found in the log of/);
  });
});

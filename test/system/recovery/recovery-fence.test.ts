// A former primary is fenced while clients write to it as fast as they can: from the step's end on nobody is acknowledged,
// and with semi-sync nobody is told that a doomed transaction is safe (SAFETY.md, "Fencing a former primary").
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import type { Topology } from '../../../tools/lab/topology.js';
import { TestAuthority } from '../../support/authority.js';
import { InsistingWriter } from '../../support/cluster/insisting-writer.js';
import { labStage } from '../../support/lab/lab-stage.js';
import { found, HERE, labOpener, openOn, take } from '../../support/lab/mysql-sessions.js';

const fence = { kind: 'fence', server: HERE } as const;
const APP = { user: 'app', password: 'app', database: 'shop' };

describe('a former primary that is fenced', () => {
  const stage = labStage();
  let topology: Topology;
  let primary: LabServer;

  const begin = async (semiSync: boolean): Promise<void> => {
    topology = await stage.topology(
      { replicas: 1, semiSync },
      "CREATE USER app@'%' IDENTIFIED BY 'app'; GRANT ALL ON shop.* TO app@'%'; " +
        'CREATE DATABASE shop; CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY)',
    );
    primary = topology.primary;
  };
  const flags = async (): Promise<unknown> =>
    (await primary.query('SELECT @@read_only AS r, @@super_read_only AS s, @@offline_mode AS o'))[0];

  const waitsForReplicas = async (): Promise<void> => {
    await expect
      .poll(async () => (await primary.query('SHOW PROCESSLIST')).map((row) => String(row['State'])))
      .toContainEqual(expect.stringMatching(/semi-sync ACK/));
  };

  describe('without semi-sync', () => {
    beforeEach(async () => {
      await begin(false);
    });

    it('acknowledges nobody from the end of the step on, though clients come back at once', async () => {
      const writers = [new InsistingWriter(primary), new InsistingWriter(primary), new InsistingWriter(primary)];
      await expect.poll(() => Math.min(...writers.map(({ acknowledged }) => acknowledged))).toBeGreaterThan(10);
      const session = await openOn(labOpener(), primary, new TestAuthority());
      const findings = await found(take(session, fence));
      const fencedAtMs = performance.now();
      await sleep(500);
      for (const writer of writers) expect(writer.lastAcknowledgedMs).toBeLessThan(fencedAtMs);
      expect(await flags()).toEqual({ r: 1, s: 1, o: 0 });
      expect(await primary.gtidExecuted()).toBe(findings.executedGtids);
      expect(await found(take(session, fence))).toMatchObject({ text: 'it was closed already' });
      await Promise.all(writers.map((writer) => writer.stop()));
      await session.close();
    });

    it('goes on where a leader died that had sent the clients away and no more', async () => {
      await primary.execute('SET GLOBAL offline_mode = 1');
      const session = await openOn(labOpener(), primary, new TestAuthority());
      await found(take(session, fence));
      expect(await flags()).toEqual({ r: 1, s: 1, o: 0 });
      await session.close();
    });

    it('stops fetching from a source of old times, so that what it has is final', async () => {
      const [replica] = topology.replicas;
      if (replica === undefined) throw new Error('a replica is needed');
      const session = await openOn(labOpener(), replica, new TestAuthority());
      await found(take(session, fence));
      expect(await replica.replicaStatus()).toMatchObject({ ioRunning: 'No' });
      await session.close();
    });
  });

  describe('with semi-sync whose acknowledging replicas are gone', () => {
    beforeEach(async () => {
      await begin(true);
      await primary.execute('SET GLOBAL rpl_semi_sync_source_timeout = 3600000');
    });

    it('does not acknowledge a transaction that waits for them', async () => {
      const client = await primary.connect(APP);
      await client.query('INSERT INTO orders VALUES (NULL)');
      for (const replica of topology.replicas) await replica.execute('STOP REPLICA IO_THREAD');
      const doomed = client.query('INSERT INTO orders VALUES (NULL)').then(
        () => 'acknowledged',
        () => 'cut off',
      );
      await waitsForReplicas();
      const session = await openOn(labOpener(), primary, new TestAuthority());
      const { executedGtids } = await found(take(session, fence));
      expect(await doomed).toBe('cut off');
      expect(await flags()).toEqual({ r: 1, s: 1, o: 0 });
      // It was not acknowledged, and it is there: what sets the server apart later.
      expect(executedGtids).not.toBe(await topology.replicas[0]?.gtidExecuted());
      client.destroy();
      await session.close();
    });

    it('keeps semi-sync on while a session that it cannot end could be acknowledged, and says who; an idle one is no matter', async () => {
      await primary.execute("CREATE USER boss@'%' IDENTIFIED BY 'boss'; GRANT ALL ON *.* TO boss@'%'");
      await topology.caughtUp();
      const boss = await primary.connect({ user: 'boss', password: 'boss', database: 'shop' });
      for (const replica of topology.replicas) await replica.execute('STOP REPLICA IO_THREAD');
      const first = await openOn(labOpener(), primary, new TestAuthority());
      await found(take(first, fence));
      await first.close();
      expect(await flags()).toEqual({ r: 1, s: 1, o: 0 });
      await primary.execute('SET GLOBAL read_only = 0; SET GLOBAL rpl_semi_sync_source_enabled = 1');
      let answer = 'none yet';
      boss.query('INSERT INTO orders VALUES (NULL)').then(
        () => (answer = 'acknowledged'),
        () => (answer = 'cut off'),
      );
      await waitsForReplicas();
      const session = await openOn(labOpener(), primary, new TestAuthority());
      const outcome = await take(session, fence);
      expect(outcome).toMatchObject({ ok: false, code: 'state', retriable: true });
      expect(outcome).toHaveProperty('error', expect.stringMatching(/boss.*SYSTEM_USER/));
      expect(answer).toBe('none yet');
      expect(await flags()).toMatchObject({ o: 1 });
      boss.destroy();
      await session.close();
    });
  });
});

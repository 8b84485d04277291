// An IO thread is stopped and started by one step on real MySQL, also when the leader who had begun it died in the middle.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOBODY } from '../../../tools/lab/door/mysql-door.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import { MySqlLab } from '../../../tools/lab/mysql-lab.js';
import type { Topology } from '../../../tools/lab/topology.js';
import { TestAuthority } from '../../support/authority.js';
import { hasSession } from '../../support/crash/server-state.js';
import { found, HERE, labOpener, openOn, take } from '../../support/lab/mysql-sessions.js';

const PLAYS_MAX = 5;
const OFF = 'SET GLOBAL rpl_semi_sync_replica_enabled = 0; STOP REPLICA IO_THREAD; START REPLICA IO_THREAD';

describe('a step that stops and starts the IO thread', () => {
  let lab: MySqlLab;
  let topology: Topology;
  let replica: LabServer;

  beforeAll(async () => {
    lab = await MySqlLab.open();
    topology = await lab.topology({ replicas: 1, semiSync: true, door: true });
    const [first] = topology.replicas;
    if (first === undefined) throw new Error('a replica is needed');
    replica = first;
  });
  afterAll(async () => {
    await lab.close();
  });

  const ackers = async (): Promise<unknown> =>
    (await topology.primary.query("SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_source_clients'"))[0]?.['Value'];

  /** Null while it stands; another one after each start. */
  const ioThread = async (): Promise<unknown> =>
    (await replica.query('SELECT THREAD_ID AS thread FROM performance_schema.replication_connection_status'))[0]?.[
      'thread'
    ];

  it.each([
    ['from the beginning', 'SELECT 1'],
    ['after a leader that had set the switch', 'SET GLOBAL rpl_semi_sync_replica_enabled = 1'],
    [
      'after a leader that had stopped the IO thread',
      'SET GLOBAL rpl_semi_sync_replica_enabled = 1; STOP REPLICA IO_THREAD',
    ],
  ])('makes the replica acknowledge and leaves it replicating, %s', async (_when, before) => {
    await replica.execute(OFF);
    await replica.waitForReplication();
    await expect.poll(ackers).toBe('0');
    await replica.execute(before);
    const session = await openOn(labOpener(), replica, new TestAuthority());
    await found(take(session, { kind: 'acknowledge', server: HERE, on: true }));
    await session.close();
    await expect.poll(ackers).toBe('1');
    await replica.waitForReplication();
  });

  it('leaves the canary replicating when the leader dies as the thread is being stopped', async () => {
    await replica.waitForReplication();
    const before = await ioThread();
    // What came too late on a machine that stood still was refused by the server, and nothing was stopped: said again.
    for (let plays = 1; plays <= PLAYS_MAX && (await ioThread()) === before; plays++) await dieAsItStops();
    await expect.poll(async () => [null, before].includes(await ioThread())).toBe(false);
    await replica.waitForReplication();
  });

  /** Resolves when the server has done all that it was told. */
  async function dieAsItStops(): Promise<void> {
    const session = await openOn(labOpener(), replica, new TestAuthority());
    const { door } = replica;
    let threadId = 0;
    door.watch = {
      ...NOBODY,
      statement: ({ text, by }) => {
        if (!text.includes('STOP REPLICA IO_THREAD')) return;
        threadId = by.threadId;
        door.watch = NOBODY;
        // It is on its way when this returns; nothing that is said after it is.
        setImmediate(() => {
          door.shut();
        });
      },
    };
    expect(await take(session, { kind: 'restart-io', server: HERE })).toMatchObject({ ok: false, code: 'unreachable' });
    expect(threadId).toBeGreaterThan(0);
    await expect.poll(() => hasSession(replica, threadId)).toBe(false);
    await door.open();
    await session.close();
  }
});

// A replica is made to acknowledge on real MySQL, also when the leader who had begun it died in the middle.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import { MySqlLab } from '../../../tools/lab/mysql-lab.js';
import type { Topology } from '../../../tools/lab/topology.js';
import { TestAuthority } from '../../support/authority.js';
import { found, HERE, labOpener, openOn, take } from '../../support/lab/mysql-sessions.js';

const OFF = 'SET GLOBAL rpl_semi_sync_replica_enabled = 0; STOP REPLICA IO_THREAD; START REPLICA IO_THREAD';

describe('the step acknowledge', () => {
  let lab: MySqlLab;
  let topology: Topology;
  let replica: LabServer;

  beforeAll(async () => {
    lab = await MySqlLab.open();
    topology = await lab.topology({ replicas: 1, semiSync: true });
    const [first] = topology.replicas;
    if (first === undefined) throw new Error('a replica is needed');
    replica = first;
  });
  afterAll(async () => {
    await lab.close();
  });

  const ackers = async (): Promise<unknown> =>
    (await topology.primary.query("SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_source_clients'"))[0]?.['Value'];

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
});

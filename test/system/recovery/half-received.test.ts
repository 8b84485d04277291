// MySQL 5.6 says that it has received a transaction of which it has the beginning alone. Its source falls silent in the middle
// of one here: that one is not counted, and nobody waits for it.
import { expect, it } from 'vitest';
import { minus } from '../../../src/core/recovery/progress/gtids.js';
import type { Step } from '../../../src/core/recovery/step.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import { TestAuthority } from '../../support/authority.js';
import { labStage, replicasOf } from '../../support/lab/lab-stage.js';
import { found, HERE, labOpener, openOn, take } from '../../support/lab/mysql-sessions.js';

const stage = labStage();

const HALF_BYTES = 1_000_000;

interface Sets {
  readonly retrieved: string;
  readonly executed: string;
}

async function setsOf(server: LabServer): Promise<Sets> {
  const [row] = await server.query('SHOW SLAVE STATUS');
  const text = (name: string): string => String(row?.[name]).replaceAll('\n', '');
  return { retrieved: text('Retrieved_Gtid_Set'), executed: text('Executed_Gtid_Set') };
}

it('what a replica has of a transaction in part is not received, and it goes elsewhere without it', async () => {
  const topology = await stage.topology(
    { flavor: 'mysql56', replicas: 2, door: true },
    'CREATE DATABASE shop; CREATE TABLE shop.texts (t VARCHAR(20000) CHARACTER SET latin1)',
  );
  const { primary } = topology;
  const [replica, other] = replicasOf(topology, 2);
  const { retrieved } = await setsOf(replica);
  // Two million bytes in a hundred events.
  await primary.door.ration(replica.pid, HALF_BYTES);
  await primary.execute(
    "INSERT INTO shop.texts SELECT REPEAT('x', 20000) FROM information_schema.COLLATIONS LIMIT 100",
  );
  await expect.poll(async () => (await setsOf(replica)).retrieved).not.toBe(retrieved);
  await expect
    .poll(async () => (await replica.query('SHOW SLAVE STATUS'))[0]?.['Slave_SQL_Running_State'])
    .toMatch(/has read all relay log/);
  primary.pause();
  try {
    const { retrieved: said, executed } = await setsOf(replica);
    expect(minus(said, executed), 'it has a part').toMatch(/:\d+$/);
    const session = await openOn(labOpener(), replica, new TestAuthority());
    const stop: Step = { kind: 'stop-io', server: HERE };
    const { receivedGtids = '' } = await found(take(session, stop));
    expect(minus(said, receivedGtids)).toMatch(/:\d+$/);
    expect(minus(receivedGtids, executed)).toBe('');
    const repoint: Step = { kind: 'repoint', server: HERE, source: HERE, start: false };
    await found(take(session, repoint, other));
    expect(await replica.replicaStatus()).toMatchObject({ sourcePort: other.port });
    await session.close();
  } finally {
    primary.resume();
  }
});

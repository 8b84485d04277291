// A replica that is rebuilt at its address (another server_uuid) just before or after the primary dies is not promoted under
// the identity that it had, and a session knows a server by the same name as a probe, on every flavour.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { barrierName } from '../../../src/adapters/mysql/session/barrier.js';
import type { ServerId } from '../../../src/core/topology/server.js';
import type { Flavor } from '../../../tools/lab/dialect.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import { TestAuthority } from '../../support/authority.js';
import { labStage, replicasOf } from '../../support/lab/lab-stage.js';
import { CLUSTER, identityOn, labOpener, openOn } from '../../support/lab/mysql-sessions.js';

const stage = labStage();

async function rebuild(server: LabServer): Promise<void> {
  await server.stop();
  rmSync(join(server.directory, 'data', 'auto.cnf'));
  await server.start();
  // It answers a moment before its threads are there.
  await expect.poll(async () => (await server.replicaStatus())?.sqlRunning).toBe('Yes');
}

describe('a replica rebuilt at its address', () => {
  it.each(['before', 'after'])('%s the primary dies: the other one is promoted', async (when) => {
    const topology = await stage.topology({ replicas: 2 });
    const { primary } = topology;
    const [first, second] = replicasOf(topology, 2);
    const nodes = await stage.nodes(topology.servers);
    const known = nodes.idOf(first);
    if (when === 'before') await rebuild(first);
    await primary.kill();
    if (when === 'after') await rebuild(first);
    nodes.driver.noticeProblems([nodes.deadMaster(nodes.idOf(primary))]);
    await nodes.until('the failover ends', () => nodes.isIdle);
    const [recovery] = nodes.recoveries;
    expect(recovery, nodes.lines.join('\n')).toMatchObject({
      verdict: { kind: 'succeeded' },
      successor: nodes.idOf(second),
    });
    expect(recovery?.lost).toMatchObject([{ server: known, reason: expect.stringContaining('rebuilt') as string }]);
    expect(await first.query('SELECT @@read_only AS closed')).toEqual([{ closed: 1 }]);
    expect((await first.replicaStatus())?.sqlRunning).toBe('Yes');
  });
});

describe.each<Flavor>(['mysql97', 'mysql56', 'mariadb'])('a session on %s', (flavor) => {
  it('is opened for the server that a probe found, and refused for another one before the barrier is touched', async () => {
    const [server] = await stage.servers(1, { flavor });
    if (server === undefined) throw new Error('the lab gave no server');
    const holder = await server.connect();
    await holder.query(`SELECT GET_LOCK('${barrierName(CLUSTER)}', 1)`);
    const gone = '11111111-2222-4333-8444-555555555555' as ServerId;
    const is = await identityOn(server);
    await expect(openOn(labOpener(), server, new TestAuthority(), gone)).rejects.toMatchObject({
      code: 'MYSQL_REPLACED',
      message: expect.stringContaining(`the server at ${server.address} is ${is} now, not ${gone}`) as string,
    });
    await expect(holder.query('SELECT 1')).resolves.toBeDefined();
    const session = await openOn(labOpener(), server, new TestAuthority(), is);
    expect(session.alive).toBe(true);
    await expect(holder.query('SELECT 1')).rejects.toBeDefined();
    await session.close();
    holder.destroy();
  });
});

/** What a statement of a plan could have changed on the servers, as one text a server that can be compared. */
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../../tools/demo/until.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';

const FLAGS =
  'SELECT @@GLOBAL.read_only AS readOnly, @@GLOBAL.super_read_only AS superReadOnly, @@GLOBAL.offline_mode AS offline, ' +
  '@@GLOBAL.rpl_semi_sync_source_enabled AS asks, @@GLOBAL.gtid_executed AS gtids';

export async function stateOf(servers: readonly LabServer[]): Promise<readonly string[]> {
  return await Promise.all(
    servers.map(async (server) => {
      const [flags] = await server.query(FLAGS);
      const replica = await server.replicaStatus();
      // Its last error counts its attempts, so it is never the same twice.
      const follows = replica === undefined ? 'no replica' : { ...replica, lastError: '' };
      return JSON.stringify([server.address, flags, follows]);
    }),
  );
}

const STILL_MS = 300;

/** When nothing moves any more, replicas having caught up. */
export async function stillStateOf(servers: readonly LabServer[], forMs = STILL_MS): Promise<readonly string[]> {
  return await until('stillness of the servers', async () => {
    const one = await stateOf(servers);
    await sleep(forMs);
    return JSON.stringify(await stateOf(servers)) === JSON.stringify(one) ? one : undefined;
  });
}

/** Every replica that is to fetch has reached its source: one that will in a moment is not still, though it looks so. */
export async function noneConnects(servers: readonly LabServer[]): Promise<void> {
  await until('connections of all replicas', async () => {
    const threads = await Promise.all(servers.map(async (server) => (await server.replicaStatus())?.ioRunning));
    return threads.includes('Connecting') ? undefined : true;
  });
}

/** Does the server still have this session? */
export async function hasSession(server: LabServer, threadId: number): Promise<boolean> {
  const rows = await server.query(`SELECT 1 FROM performance_schema.processlist WHERE id = ${String(threadId)}`);
  return rows.length > 0;
}

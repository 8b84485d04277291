/**
 * Semi-synchronous replication that never gives up waiting goes with the role of the primary: the new one asks for
 * acknowledgements before it takes a write, and the former one stops asking before it applies anything.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dialectOf } from '../../../tools/lab/dialect.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import { MySqlLab } from '../../../tools/lab/mysql-lab.js';
import type { OrchestratorCluster } from '../../../tools/lab/orchestrator-cluster.js';
import type { OrchestratorNode } from '../../../tools/lab/orchestrator-node.js';
import type { Topology } from '../../../tools/lab/topology.js';
import { askOnce } from '../../support/lab/keyed-request.js';
import { REPLICATION_QUERY } from '../../support/lab/mysql-sessions.js';
import { objectionsTo } from '../../support/lab/objections.js';

const PATIENCE_MS = 60_000;

async function isSource(server: LabServer): Promise<unknown> {
  const { semiSyncSourceSwitch } = dialectOf(server.flavor);
  const [row] = await server.query<{ asks: number }>(`SELECT @@${semiSyncSourceSwitch} AS asks`);
  return row?.asks;
}

interface Instance {
  readonly Key: { readonly Port: number };
  readonly MasterKey: { readonly Port: number };
  readonly SemiSyncMasterEnabled: boolean;
}

type Seen = readonly (number | boolean)[];

const byPort = ([one]: Seen, [other]: Seen): number => Number(one) - Number(other);

/** Of each server its port, that of its source, and whether it asks for acknowledgements. */
async function seenBy(node: OrchestratorNode): Promise<readonly Seen[]> {
  const all = await node.get<readonly Instance[]>('/api/all-instances');
  return all
    .map(({ Key, MasterKey, SemiSyncMasterEnabled }) => [Key.Port, MasterKey.Port, SemiSyncMasterEnabled])
    .sort(byPort);
}

const FLAVOURS = [
  { flavor: 'mysql97', timeout: 'rpl_semi_sync_source_timeout', config: {} },
  {
    flavor: 'mariadb',
    timeout: 'rpl_semi_sync_master_timeout',
    config: { ReplicationCredentialsQuery: REPLICATION_QUERY },
  },
] as const;

describe.each(FLAVOURS)('semi-sync of $flavor', ({ flavor, timeout, config }) => {
  let lab: MySqlLab;
  let topology: Topology;
  let cluster: OrchestratorCluster;
  let primary: LabServer;

  beforeAll(async () => {
    lab = await MySqlLab.open();
    topology = await lab.topology({ flavor, replicas: 2, semiSync: true, extra: [`${timeout}=3600000`] });
    primary = topology.primary;
    await primary.execute('CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY)');
    await topology.caughtUp();
    cluster = await lab.cluster({ seeds: [primary.address], config });
  });
  afterAll(async () => {
    await cluster.stop();
    await lab.close();
  });

  it('is asked for by the new primary of a takeover, and not by the former one, which replicates', async () => {
    const known = async (): Promise<number> =>
      (await (await cluster.leader()).get<unknown[]>('/api/all-instances')).length;
    await expect.poll(known, { timeout: PATIENCE_MS }).toBe(3);
    const [next] = topology.replicas;
    if (next === undefined) throw new Error('there are two replicas');
    await expect.poll(() => objectionsTo(cluster, primary, next), { timeout: PATIENCE_MS }).toEqual([]);
    const path = `${primary.address.replace(':', '/')}/${next.address.replace(':', '/')}`;
    const answer = await askOnce(cluster, `/api/graceful-master-takeover-auto/${path}`);
    expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 200, body: { Code: 'OK' } });
    expect(await isSource(next)).toBe(1);
    expect(await isSource(primary)).toBe(0);
    await next.execute('INSERT INTO shop.orders VALUES (1)', PATIENCE_MS);
    await expect.poll(() => primary.query('SELECT id FROM shop.orders'), { timeout: PATIENCE_MS }).toEqual([{ id: 1 }]);
    primary = next;
  });

  it('is asked for by the new primary of a failover, whose writes are acknowledged', async () => {
    const others = topology.servers.filter((server) => server !== primary);
    // A failover carries on what was seen, and what the takeover has made of them is seen a moment after its end.
    const expected = [[primary.port, 0, true], ...others.map(({ port }) => [port, primary.port, false])].sort(byPort);
    for (const node of cluster.nodes) await expect.poll(() => seenBy(node), { timeout: PATIENCE_MS }).toEqual(expected);
    await primary.kill();
    const promoted = async (): Promise<LabServer | undefined> => {
      for (const server of others) {
        const [row] = await server.query<{ closed: number }>('SELECT @@read_only AS closed');
        if (row?.closed === 0) return server;
      }
      return undefined;
    };
    await expect.poll(promoted, { timeout: PATIENCE_MS }).toBeDefined();
    const next = await promoted();
    if (next === undefined) throw new Error('somebody was promoted a moment ago');
    expect(await isSource(next)).toBe(1);
    await next.execute('INSERT INTO shop.orders VALUES (2)', PATIENCE_MS);
  });
});

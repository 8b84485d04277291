/**
 * A frozen primary is replaced and wakes up with a client's order in its socket: it writes it, and waits for a replica that
 * will never answer. The server is set apart, the order's GTID named, and the record says that no client was told of it.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MySqlLab } from '../../../tools/lab/mysql-lab.js';
import type { OrchestratorCluster } from '../../../tools/lab/orchestrator-cluster.js';
import type { Topology } from '../../../tools/lab/topology.js';

const SETTLED = { timeout: 90_000, interval: 250 };

interface Overview {
  readonly clusters: readonly {
    readonly failover: { readonly guaranteed: boolean };
    readonly servers: readonly { readonly address: string; readonly apart: { readonly gtids: string } | null }[];
  }[];
  readonly recoveries: readonly {
    readonly kind: string;
    readonly closedAtMs: number | null;
    readonly lost: readonly { readonly gtids: string; readonly unacknowledged: string; readonly reason: string }[];
  }[];
}

let lab: MySqlLab;
let topology: Topology;
let cluster: OrchestratorCluster;

beforeAll(async () => {
  lab = await MySqlLab.open();
  const extra = ['rpl_semi_sync_source_timeout=4294967295'];
  topology = await lab.topology({ replicas: 2, semiSync: true, extra, door: true });
  await topology.primary.execute(
    'CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY); ' +
      "CREATE USER app@'%' IDENTIFIED BY 'app'; GRANT ALL ON shop.* TO app@'%'",
  );
  await topology.caughtUp();
  cluster = await lab.cluster({ seeds: [topology.primary.address] });
});
afterAll(async () => {
  await cluster.stop();
  await lab.close();
});

const overview = async (): Promise<Overview> => await (await cluster.leader()).get<Overview>('/api/v1/overview');

it('what a former primary wrote when it woke is named, and proven to have been acknowledged to nobody', async () => {
  // By all of them: whoever leads by then must have seen the primary alive.
  const guaranteed = async (): Promise<boolean> => {
    const seen = await Promise.all(cluster.nodes.map((node) => node.get<Overview>('/api/v1/overview')));
    return seen.every(({ clusters }) => clusters[0]?.failover.guaranteed === true);
  };
  await expect.poll(guaranteed, SETTLED).toBe(true);
  const { primary } = topology;
  const client = await primary.connectBehindDoor({ user: 'app', password: 'app', database: 'shop' });
  await client.query('INSERT INTO orders VALUES (1)');
  primary.pause();
  const doomed = client.query('INSERT INTO orders VALUES (2)').then(
    () => 'acknowledged',
    () => 'cut off',
  );
  const ended = async (): Promise<readonly string[]> =>
    (await overview()).recoveries.filter(({ closedAtMs }) => closedAtMs !== null).map(({ kind }) => kind);
  await expect.poll(ended, SETTLED).toContain('dead-primary');
  // It is met when it has written the order: who is quicker when it wakes, the client or the fence, is the machine's mood.
  primary.door.fallSilent();
  primary.resume();
  const states = async (): Promise<readonly string[]> =>
    (await primary.query('SHOW PROCESSLIST')).map((row) => String(row['State']));
  await expect.poll(states, SETTLED).toContainEqual(expect.stringMatching(/semi-sync ACK/));
  primary.door.speak();
  expect(await doomed).toBe('cut off');
  await expect.poll(ended, SETTLED).toContain('former-primary');
  const lost = async () => (await overview()).recoveries.find(({ kind }) => kind === 'former-primary')?.lost[0];
  await expect.poll(lost, SETTLED).toBeDefined();
  const named = await lost();
  expect(named?.gtids).not.toBe('');
  expect(named?.reason).toContain('none of them was acknowledged');
  expect(named).toMatchObject({ unacknowledged: named?.gtids });
  const apart = async () =>
    (await overview()).clusters[0]?.servers.find(({ address }) => address === primary.address)?.apart?.gtids;
  await expect.poll(apart, SETTLED).toBe(named?.gtids);
  client.destroy();
});

// Somebody brings servers back by the doors of real nodes: a former primary that is set apart is rebuilt, asked for at a node
// that does not lead, and stays down until a person starts it, because nobody supervises the servers of the lab; where there is
// no way back, the refusal says why. Takeovers that would hand on what somebody wrote to a replica are refused.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, credentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadWaysBackService } from '../../../src/adapters/grpc/services/ways-back.js';
import { until } from '../../../tools/demo/until.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import { MySqlLab } from '../../../tools/lab/mysql-lab.js';
import type { OrchestratorCluster } from '../../../tools/lab/orchestrator-cluster.js';
import type { OrchestratorNode } from '../../../tools/lab/orchestrator-node.js';
import { PROJECT_ROOT } from '../../../tools/lab/project-root.js';
import { replicate, type Topology } from '../../../tools/lab/topology.js';
import { objectionsTo } from '../../support/lab/objections.js';

const PATIENCE = { timeout: 60_000, interval: 20 };
const REBUILD_MS = 240_000;

interface Shown {
  readonly apart: { readonly state: string; readonly gtids: string } | null;
  readonly underWay: { readonly way: string; readonly steps: readonly { kind: string; detail: string }[] } | null;
  readonly ways: readonly { readonly way: string; readonly refusals: readonly { code: string; message: string }[] }[];
}

let lab: MySqlLab;
let topology: Topology;
let cluster: OrchestratorCluster;
let follower: OrchestratorNode;

const pathOf = ({ address }: LabServer): string => address.replace(':', '/');
const shown = async (server: LabServer): Promise<Shown> => await follower.get(`/api/v1/ways-back/${pathOf(server)}`);
const orders = async (server: LabServer): Promise<unknown> =>
  (await server.query<{ id: number }>('SELECT id FROM shop.orders ORDER BY id')).map(({ id }) => id);

/** What it printed, whatever its exit code. */
async function client(...args: readonly string[]): Promise<string> {
  const env = { ...process.env, ORCHESTRATOR_API: cluster.nodes.map(({ url }) => `${url}/api`).join(' ') };
  const program = join(PROJECT_ROOT, 'scripts', 'orchestrator-client');
  const { stdout, stderr } = await promisify(execFile)(program, args, { env }).catch(
    (error: unknown) => error as { stdout: string; stderr: string },
  );
  return stdout + stderr;
}

/** Asked of a node that does not lead, which passes it on. */
async function overGrpc(server: LabServer, way: string): Promise<object> {
  const { path, requestSerialize, responseDeserialize } = loadWaysBackService().Take;
  const api = new Client(follower.grpcAddress, credentials.createInsecure());
  const request = { server: server.address, donor: '', way, requestKey: '' };
  return await new Promise((resolve, reject) => {
    api.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, response) => {
      api.close();
      if (response !== undefined) resolve(response);
      else reject(error ?? new Error('no answer'));
    });
  });
}

const knows = async (servers: readonly LabServer[]): Promise<void> => {
  const names = async (): Promise<readonly number[]> => {
    const all = await follower.get<readonly { Key: { Port: number } }[]>('/api/all-instances');
    return all.map(({ Key }) => Key.Port);
  };
  await expect.poll(names, PATIENCE).toEqual(expect.arrayContaining(servers.map(({ port }) => port)));
};

beforeAll(async () => {
  lab = await MySqlLab.open();
  topology = await lab.topology({ replicas: 2 });
  await topology.primary.execute(
    'CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY); ' +
      "GRANT BACKUP_ADMIN, CLONE_ADMIN ON *.* TO 'orchestrator'@'%'; " +
      "GRANT INSERT ON mysql.plugin TO 'orchestrator'@'%'",
  );
  await topology.caughtUp();
  cluster = await lab.cluster({ seeds: [topology.primary.address] });
  follower = await cluster.follower();
});
afterAll(async () => {
  await cluster.stop();
  await lab.close();
});

describe('a replica that somebody wrote to', () => {
  it('is told, left as it is, and not promoted by a takeover, which names what it alone has', async () => {
    const { primary, replicas } = topology;
    const [errant] = replicas;
    if (errant === undefined) throw new Error('there are two replicas');
    await knows(topology.servers);
    // In this order: whoever sees that it is open sees what was written, too.
    await errant.execute('SET GLOBAL super_read_only = 0; CREATE DATABASE own; SET GLOBAL read_only = 0');
    const uuid = String((await errant.query<{ uuid: string }>('SELECT @@server_uuid AS uuid'))[0]?.uuid);
    await expect
      .poll(() => client('-c', 'explain', '-i', primary.address), PATIENCE)
      .toContain(`${errant.address} takes writes beside its source ${primary.address}`);
    const printed = await client('-c', 'graceful-master-takeover-auto', '-i', primary.address, '-d', errant.address);
    expect(printed).toContain(`${errant.address} has transactions that ${primary.address} lacks: ${uuid}:1`);
    expect(await primary.query('SELECT @@read_only AS closed')).toEqual([{ closed: 0 }]);
    expect(await errant.query('SELECT @@read_only AS closed')).toEqual([{ closed: 0 }]);
    // One way out of it.
    await errant.execute('STOP REPLICA; DROP DATABASE own; RESET BINARY LOGS AND GTIDS');
    await errant.execute(`SET GLOBAL gtid_purged = '${await primary.gtidExecuted()}'; SET GLOBAL super_read_only = 1`);
    await errant.execute('START REPLICA');
    await errant.waitForReplication();
  });
});

describe('a former primary with an order that nobody else has', () => {
  it('is rebuilt by a request at a follower, which says that the server has to be started', async () => {
    const { primary: former, replicas } = topology;
    for (const replica of replicas) await replica.execute('STOP REPLICA IO_THREAD');
    await former.execute('INSERT INTO shop.orders VALUES (1)');
    await former.kill();
    const forced = await follower.request(`/api/force-master-failover/${pathOf(former)}`, REBUILD_MS);
    expect(forced.body, JSON.stringify(forced.body)).toMatchObject({ Code: 'OK' });
    await former.start();
    await expect.poll(async () => (await shown(former)).apart?.state, PATIENCE).toBe('apart');
    expect((await shown(former)).apart?.gtids).toMatch(/^[0-9a-f-]{36}:\d+$/);

    // Who leads sees a moment later than the record that it is closed and answers.
    const against = async (): Promise<unknown> => {
      const { ways } = await (await cluster.leader()).get<Shown>(`/api/v1/ways-back/${pathOf(former)}`);
      return ways.find(({ way }) => way === 'rebuild')?.refusals;
    };
    await expect.poll(against, PATIENCE).toEqual([]);
    const asked = follower.request(`/api/v1/ways-back/${pathOf(former)}/rebuild`, REBUILD_MS);
    await expect.poll(() => former.running, PATIENCE).toBe(false);
    const meanwhile = (): Promise<string> => client('-c', 'ways-back', '-i', former.address);
    await expect.poll(meanwhile, PATIENCE).toContain('rebuild is under way as recovery');
    await expect.poll(meanwhile, PATIENCE).toContain('it stays down until you start it');
    const told = `nobody supervises ${former.address}, which has stopped: start it`;
    await expect.poll(() => cluster.nodes.some((node) => node.log().includes(told)), PATIENCE).toBe(true);
    await former.start();
    const { body } = await asked;
    expect(body, JSON.stringify(body)).toMatchObject({ Code: 'OK' });
    await expect.poll(async () => (await shown(former)).apart, PATIENCE).toBeNull();
    await expect.poll(async () => (await shown(former)).underWay, PATIENCE).toBeNull();
    const { Details } = forced.body as { Details: { SuccessorKey: { Port: number } } };
    const primary = replicas.find(({ port }) => port === Details.SuccessorKey.Port);
    if (primary === undefined) throw new Error('nobody was promoted');
    await former.waitForReplication();
    await primary.execute('INSERT INTO shop.orders VALUES (2)');
    await former.catchUp(primary);
    expect(await orders(former)).toEqual([2]);
    expect(await former.query('SELECT @@read_only AS closed')).toEqual([{ closed: 1 }]);
    // Back among the others, it may be promoted again.
    await expect.poll(() => objectionsTo(cluster, primary, former), PATIENCE).toEqual([]);
    const printed = await client('-c', 'graceful-master-takeover-auto', '-i', primary.address, '-d', former.address);
    expect(printed).toContain(former.address);
    expect(await former.query('SELECT @@read_only AS closed'), printed).toEqual([{ closed: 0 }]);
  });
});

describe.each(['mysql56', 'mariadb'] as const)('on %s', (flavor) => {
  let primary: LabServer;
  let replica: LabServer;

  beforeAll(async () => {
    const servers = await lab.servers(2, { flavor });
    const built = await replicate(servers, { shape: 'star', semiSync: false });
    [primary] = servers as [LabServer];
    [replica] = built.replicas as [LabServer];
    await primary.execute('CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY)');
    await built.caughtUp();
    // A server that has just started may take its time to answer, and then it is not discovered.
    await until(`the discovery of ${primary.address}`, async () => {
      const printed = await client('-c', 'discover', '-i', primary.address);
      if (printed.trim().split('\n').at(-1) !== primary.address) throw new Error(printed);
      return true;
    });
  });

  /** By way: why not; '' where it may be taken. */
  const reasons = async (): Promise<Readonly<Record<string, string>>> => {
    const { ways } = await shown(replica);
    return Object.fromEntries(
      ways.map(({ way, refusals }) => [way, refusals.map(({ message }) => message).join('; ')]),
    );
  };

  const writtenTo = async (id: number): Promise<void> => {
    // In this order: whoever sees that it is stopped sees what was written, too.
    await replica.execute(
      `SET GLOBAL read_only = 0; INSERT INTO shop.orders VALUES (${String(id)}); SET GLOBAL read_only = 1`,
    );
    await replica.execute('STOP SLAVE');
    await expect.poll(async () => (await reasons())['inject-empty'], PATIENCE).not.toContain('replicates from');
  };

  it('a copy is refused with the reason, and the ways that there are bring it back', async () => {
    await knows([primary, replica]);
    await writtenTo(7);
    const { rebuild = '', reset } = await reasons();
    expect(rebuild).toMatch(/has no CLONE plugin$/);
    const refused = await follower.request(`/api/v1/ways-back/${pathOf(replica)}/rebuild`);
    expect(refused.body).toMatchObject({ Code: 'ERROR', Message: expect.stringContaining(rebuild) as string });
    expect(reset).toMatch(flavor === 'mariadb' ? /no way back by reset is known/ : /^$/);
    if (flavor === 'mysql56') await bothWays();
  });

  async function bothWays(): Promise<void> {
    expect(await client('-c', 'inject-empty', '-i', replica.address)).toContain('is back');
    await primary.execute('INSERT INTO shop.orders VALUES (1)');
    await replica.catchUp(primary);
    expect([await orders(replica), await orders(primary)]).toEqual([[1, 7], [1]]);
    expect(await replica.gtidExecuted()).toBe(await primary.gtidExecuted());

    await writtenTo(8);
    expect(await overGrpc(replica, 'reset')).toMatchObject({ verdict: 'succeeded' });
    await primary.execute('INSERT INTO shop.orders VALUES (2)');
    await replica.catchUp(primary);
    expect([await orders(replica), await orders(primary)]).toEqual([
      [1, 2, 7, 8],
      [1, 2],
    ]);
    expect(await replica.gtidExecuted()).toBe(await primary.gtidExecuted());
  }
});

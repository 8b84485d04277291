// What a node shows of real topologies that are no plain tree, and what it finds in their binary logs.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dialectOf, type Flavor } from '../../../tools/lab/dialect.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import { MySqlLab } from '../../../tools/lab/mysql-lab.js';
import type { OrchestratorNode } from '../../../tools/lab/orchestrator-node.js';

/** Long enough on the slowest machine; what takes longer does not happen. */
const PATIENCE = { timeout: 60_000, interval: 100 };

let lab: MySqlLab;

beforeEach(async () => {
  lab = await MySqlLab.open();
});

afterEach(async () => {
  await lab.close();
});

async function nodeThatKnows(seed: LabServer): Promise<OrchestratorNode> {
  const cluster = await lab.cluster({ nodes: 1, seeds: [seed.address] });
  return await cluster.leader();
}

function four(servers: readonly LabServer[]): readonly [LabServer, LabServer, LabServer, LabServer] {
  const [a, b, c, d] = servers;
  if (a === undefined || b === undefined || c === undefined || d === undefined) throw new Error('four are needed');
  return [a, b, c, d];
}

const path = ({ host, port }: LabServer): string => `${host}/${String(port)}`;

/** Marker and name of each line. */
async function tree(node: OrchestratorNode, server: LabServer): Promise<readonly string[]> {
  const { status, body } = await node.request(`/api/topology/${path(server)}`);
  if (status !== 200) return [];
  return (body as { Details: string }).Details.split('\n').map((line) => line.slice(0, line.indexOf('[')).trimEnd());
}

describe.each<Flavor>(['mysql56', 'mariadb'])('a pair of co-primaries with a chain below, %s', (flavor) => {
  it('is one cluster, drawn side by side, whoever of it was named first', async () => {
    const [a, b, c, d] = four(await lab.servers(4, { flavor }));
    await a.openForWrites();
    for (const [replica, source] of [
      [b, a],
      [a, b],
      [c, b],
      [d, c],
    ] as const) {
      await replica.replicateFrom(source);
      await replica.waitForReplication();
    }
    const node = await nodeThatKnows(d);
    const below = [`  + ${c.address}`, `    + ${d.address}`];
    const drawn =
      a.port < b.port ? [`+ ${a.address}`, `+ ${b.address}`, ...below] : [`+ ${b.address}`, ...below, `+ ${a.address}`];
    await expect.poll(() => tree(node, d), PATIENCE).toEqual(drawn);
    expect(await node.get('/api/clusters')).toEqual([a.address]);
    expect(await node.get(`/api/instance/${path(a)}`)).toMatchObject({
      IsCoMaster: true,
      ReplicationDepth: 0,
      MasterKey: { Hostname: b.host, Port: b.port },
    });
    expect(await node.get(`/api/instance/${path(d)}`)).toMatchObject({
      IsCoMaster: false,
      ReplicationDepth: 3,
      MasterKey: { Hostname: c.host, Port: c.port },
    });
    const replicas = await node.get<{ Key: { Port: number } }[]>(`/api/instance-replicas/${path(b)}`);
    expect(replicas.map(({ Key }) => Key.Port).sort()).toEqual([a.port, c.port].sort());
    const masters = await node.get<{ Key: { Port: number } }[]>('/api/masters');
    expect(masters.map(({ Key }) => Key.Port)).toEqual([a.port]);
    const { Message } = await node.get<{ Message: string }>(`/api/can-replicate-from/${path(d)}/${path(a)}`);
    expect(Message).toBe('true');
  });
});

const LOG_STATUS: Readonly<Record<string, string>> = {
  mysql56: 'SHOW MASTER STATUS',
  mysql97: 'SHOW BINARY LOG STATUS',
};

describe.each<Flavor>(['mysql56', 'mysql97'])('an errant transaction, %s', (flavor) => {
  it('is found in the one binary log that holds it', async () => {
    const topology = await lab.topology({ flavor, replicas: 1 });
    const [replica] = topology.replicas;
    if (replica === undefined) throw new Error('a replica is needed');
    const node = await nodeThatKnows(topology.primary);
    const errant = async (): Promise<string | null> => {
      const { status, body } = await node.request(`/api/instance/${path(replica)}`);
      return status === 200 ? (body as { GtidErrant: string }).GtidErrant : null;
    };
    await expect.poll(errant, PATIENCE).toBe('');
    expect((await node.request(`/api/locate-gtid-errant/${path(replica)}`)).body).toMatchObject({ Code: 'ERROR' });

    await replica.execute('FLUSH BINARY LOGS');
    await replica.execute('CREATE DATABASE stray');
    const [row] = await replica.query<{ File: string }>(LOG_STATUS[flavor] ?? '');
    await replica.execute('FLUSH BINARY LOGS');
    await topology.primary.execute('CREATE DATABASE shop');
    await topology.caughtUp();

    await expect.poll(errant, PATIENCE).toMatch(/^[0-9a-f-]{36}:1$/);
    expect((await node.request(`/api/locate-gtid-errant/${path(replica)}`)).body).toMatchObject({
      Code: 'OK',
      Details: [row?.File],
    });
    const troubles = async (): Promise<unknown> => {
      const troubled = await node.get<{ Key: { Port: number }; Problems: string[] }[]>('/api/problems');
      return troubled.map(({ Key, Problems }) => [Key.Port, Problems]);
    };
    await expect.poll(troubles, PATIENCE).toEqual([[replica.port, ['errant_gtid']]]);
  });
});

describe('a replica with two channels', () => {
  it('has no errant transactions, nor have its sources a warning, until it writes by itself', async () => {
    const [main, second, replica] = four(await lab.servers(4, { readOnlyAtStart: false }));
    await replica.replicateFrom(main);
    const { changeSource, startReplica } = dialectOf('mysql97');
    const channel = "FOR CHANNEL 'second'";
    await replica.execute(`${changeSource(second, true)} ${channel}; ${startReplica} ${channel}`);
    await main.execute('CREATE DATABASE shop');
    await second.execute('CREATE DATABASE stock');
    const node = await nodeThatKnows(main);
    await expect.poll(async () => (await node.request(`/api/discover/${path(second)}`)).status, PATIENCE).toBe(200);
    const executed = async (server: LabServer): Promise<string> =>
      (await node.get<{ ExecutedGtidSet: string }>(`/api/instance/${path(server)}`)).ExecutedGtidSet;
    await expect.poll(async () => (await node.request(`/api/instance/${path(replica)}`)).status, PATIENCE).toBe(200);
    await expect.poll(async () => (await executed(replica)).split(',').length, PATIENCE).toBe(2);
    const found = async (): Promise<unknown> => {
      const instance = await node.get<{ GtidErrant: string }>(`/api/instance/${path(replica)}`);
      const analysis = JSON.stringify((await node.request('/api/replication-analysis')).body);
      return [instance.GtidErrant, analysis.includes('ErrantGTIDStructureWarning')];
    };
    await expect.poll(found, PATIENCE).toEqual(['', false]);
    await replica.execute('CREATE DATABASE stray');
    await expect.poll(found, PATIENCE).toEqual([expect.stringMatching(/^[0-9a-f-]{36}:1$/), true]);
  });
});

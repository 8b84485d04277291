/** A replica that lost its identity (auto.cnf removed, as after a rebuild) leaves no ghost that speaks in the next failover. */
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import { MySqlLab } from '../../../tools/lab/mysql-lab.js';
import type { OrchestratorCluster } from '../../../tools/lab/orchestrator-cluster.js';
import type { OrchestratorNode } from '../../../tools/lab/orchestrator-node.js';
import type { Topology } from '../../../tools/lab/topology.js';

const PATIENCE = { timeout: 120_000, interval: 100 };
/** Below the minute after which any other server takes the place of one that is seen nowhere. */
const SOON = { timeout: 50_000, interval: 100 };

interface Instance {
  readonly Key: { readonly Hostname: string; readonly Port: number };
  readonly ServerUUID: string;
}

async function uuidOf(server: LabServer): Promise<string> {
  return String((await server.query('SELECT @@server_uuid AS uuid'))[0]?.['uuid']);
}

async function instances(node: OrchestratorNode): Promise<readonly string[]> {
  const all = await node.get<readonly Instance[]>('/api/all-instances');
  return all.map(({ Key, ServerUUID }) => `${Key.Hostname}:${String(Key.Port)} ${ServerUUID}`).sort();
}

describe('a replica that was set up anew', () => {
  let lab: MySqlLab;
  let topology: Topology;
  let cluster: OrchestratorCluster;

  beforeAll(async () => {
    lab = await MySqlLab.open();
    topology = await lab.topology({ replicas: 2 });
    cluster = await lab.cluster({ seeds: [topology.primary.address], config: { InstancePollSeconds: 1 } });
  });
  afterAll(async () => {
    await cluster.stop();
    await lab.close();
  });

  const all = async (): Promise<string[]> => {
    const texts = topology.servers.map(async (server) => `${server.address} ${await uuidOf(server)}`);
    return (await Promise.all(texts)).sort();
  };

  it('from a copied data directory is told apart when it is asked for, and the original stays', async () => {
    const [original] = topology.replicas;
    const [copy] = await lab.servers(1);
    if (original === undefined || copy === undefined) throw new Error('there are a replica and a server beside it');
    const leader = await cluster.leader();
    for (const node of cluster.nodes) await expect.poll(() => instances(node), PATIENCE).toEqual(await all());
    await copy.stop();
    copyFileSync(join(original.directory, 'data', 'auto.cnf'), join(copy.directory, 'data', 'auto.cnf'));
    await copy.start();

    const answer = await leader.request(`/api/discover/${copy.address.replace(':', '/')}`);
    const named = `${copy.address} answers with the server_uuid of ${original.address}`;
    expect(answer).toMatchObject({ status: 500, body: { Message: expect.stringContaining(named) as unknown } });
    for (const node of cluster.nodes) expect(await instances(node)).toEqual(await all());
    await copy.stop();
  });

  it('takes the place of the one that was there, and its primary is failed over at once', async () => {
    const [rebuilt, other] = topology.replicas;
    if (rebuilt === undefined || other === undefined) throw new Error('there are two replicas');
    const leader = await cluster.leader();
    await expect.poll(() => instances(leader), PATIENCE).toEqual(await all());
    const formerUuid = await uuidOf(rebuilt);

    await rebuilt.stop();
    rmSync(join(rebuilt.directory, 'data', 'auto.cnf'));
    await rebuilt.start();
    await rebuilt.waitForReplication();
    expect(await uuidOf(rebuilt)).not.toBe(formerUuid);
    const anew = await all();
    for (const node of cluster.nodes) await expect.poll(() => instances(node), SOON).toEqual(anew);

    await topology.primary.kill();
    const isOpen = async (server: LabServer): Promise<boolean> =>
      Number((await server.query('SELECT @@read_only AS closed'))[0]?.['closed']) === 0;
    await expect.poll(async () => [await isOpen(rebuilt), await isOpen(other)], SOON).toContain(true);
  });
});

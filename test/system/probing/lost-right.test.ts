/** The right to see replication is taken away from a node that watches, and given back: a server is not lost for good by it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MySqlLab } from '../../../tools/lab/mysql-lab.js';
import type { OrchestratorCluster } from '../../../tools/lab/orchestrator-cluster.js';
import type { Topology } from '../../../tools/lab/topology.js';

const PATIENCE_MS = 60_000;
const RIGHTS = 'REPLICA MONITOR, SUPER, BINLOG MONITOR, REPLICATION SLAVE ADMIN';

interface Shown {
  readonly IsLastCheckValid: boolean;
  readonly Problems: readonly string[];
  readonly MasterKey: { readonly Port: number };
}

describe('on MariaDB, without the right to see replication', () => {
  let lab: MySqlLab;
  let topology: Topology;
  let cluster: OrchestratorCluster;

  beforeAll(async () => {
    lab = await MySqlLab.open();
    topology = await lab.topology({ flavor: 'mariadb', replicas: 1 });
    cluster = await lab.cluster({ nodes: 1, seeds: [topology.primary.address] });
  });
  afterAll(async () => {
    await cluster.stop();
    await lab.close();
  });

  it('a replica keeps its source, names the GRANT, and is valid again once that was run', async () => {
    const leader = await cluster.leader();
    const { primary, replicas } = topology;
    const [replica] = replicas;
    if (replica === undefined) throw new Error('there is a replica');
    const change = async (statement: string): Promise<void> => {
      await replica.execute(`SET SESSION sql_log_bin = 0; ${statement}`);
    };
    const path = `/api/instance/${replica.address.replace(':', '/')}`;
    const shown = async (): Promise<Shown> => await leader.get<Shown>(path);
    const valid = async (): Promise<boolean> =>
      (await leader.get<Shown[]>('/api/all-instances')).length === 2 && (await shown()).IsLastCheckValid;
    await expect.poll(valid, { timeout: PATIENCE_MS }).toBe(true);

    await change(`REVOKE ${RIGHTS} ON *.* FROM 'orchestrator'@'%'`);
    // Over the sessions that are open already, an account keeps the rights that it had when they began.
    await replica.hangUpOn('orchestrator');
    const right = "missing_right: GRANT REPLICA MONITOR ON *.* TO 'orchestrator'@'%'";
    await expect.poll(async () => (await shown()).Problems, { timeout: PATIENCE_MS }).toContain(right);
    expect(await shown()).toMatchObject({ IsLastCheckValid: false, MasterKey: { Port: primary.port } });
    const troubles = async (): Promise<unknown> =>
      (await leader.get<Shown[]>('/api/problems')).map(({ Problems }) => Problems);
    await expect.poll(troubles, { timeout: PATIENCE_MS }).toEqual([['last_check_invalid', right]]);

    await change(`GRANT ${RIGHTS} ON *.* TO 'orchestrator'@'%'`);
    await expect.poll(valid, { timeout: PATIENCE_MS }).toBe(true);
    await expect.poll(async () => (await shown()).Problems, { timeout: PATIENCE_MS }).toEqual([]);
  });
});

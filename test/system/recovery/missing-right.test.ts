/** A right that is missing on a replica is found while the cluster still has a primary that takes writes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import { MySqlLab } from '../../../tools/lab/mysql-lab.js';
import type { OrchestratorCluster } from '../../../tools/lab/orchestrator-cluster.js';
import type { Topology } from '../../../tools/lab/topology.js';
import { askOnce } from '../../support/lab/keyed-request.js';
import { objectionsTo } from '../../support/lab/objections.js';

const PATIENCE_MS = 60_000;

/** Of an explanation, as far as it is read here. */
interface Told {
  readonly candidates: readonly {
    readonly name: string;
    readonly refusals: readonly { readonly code: string; readonly mend: string }[];
  }[];
}

async function withoutBinlog(server: LabServer, statement: string): Promise<void> {
  await server.execute(`SET GLOBAL super_read_only = 0; SET SESSION sql_log_bin = 0; ${statement}`);
}

describe('without the right to open a replica', () => {
  let lab: MySqlLab;
  let topology: Topology;
  let cluster: OrchestratorCluster;

  beforeAll(async () => {
    lab = await MySqlLab.open();
    topology = await lab.topology({ replicas: 2 });
    cluster = await lab.cluster({ seeds: [topology.primary.address] });
  });
  afterAll(async () => {
    await cluster.stop();
    await lab.close();
  });

  const isClosed = async (server: LabServer): Promise<unknown> =>
    (await server.query<{ closed: number }>('SELECT @@read_only AS closed'))[0]?.closed;

  it('a takeover to it is refused before anything is changed, and a failover takes another', async () => {
    const { primary } = topology;
    const [poor, fit] = topology.replicas;
    if (poor === undefined || fit === undefined) throw new Error('there are two replicas');
    await withoutBinlog(poor, "REVOKE SYSTEM_VARIABLES_ADMIN ON *.* FROM 'orchestrator'@'%'");
    const leader = await cluster.leader();
    const known = async (): Promise<number> => (await leader.get<unknown[]>('/api/all-instances')).length;
    await expect.poll(known, { timeout: PATIENCE_MS }).toBe(3);

    const others = async (): Promise<readonly string[]> =>
      (await objectionsTo(cluster, primary, poor)).filter((code) => code !== 'missing-grant');
    await expect.poll(others, { timeout: PATIENCE_MS }).toEqual([]);

    const path = `${primary.address.replace(':', '/')}/${poor.address.replace(':', '/')}`;
    const answer = await askOnce(cluster, `/api/graceful-master-takeover-auto/${path}`);
    expect(answer).toMatchObject({
      status: 500,
      // By what its account may do as it was last read, or, where that was before the right was taken, by trying.
      body: {
        Message: expect.stringMatching(/missing is SYSTEM_VARIABLES_ADMIN|not be opened for writes.*1227/) as unknown,
      },
    });
    expect(await isClosed(primary)).toBe(0);

    const against = async (): Promise<readonly string[]> => {
      const told = await leader.get<Told>(`/api/explain/${primary.address}`);
      const candidate = told.candidates.find(({ name }) => name === poor.address);
      return (candidate?.refusals ?? []).map(({ code, mend }) => `${code}: ${mend}`);
    };
    const grant = "GRANT SYSTEM_VARIABLES_ADMIN ON *.* TO 'orchestrator'@'%'";
    await expect.poll(against, { timeout: PATIENCE_MS }).toEqual([`missing-grant: ${grant}`]);

    await primary.kill();
    await expect.poll(() => isClosed(fit), { timeout: PATIENCE_MS }).toBe(0);
    expect(await isClosed(poor)).toBe(1);
  });
});

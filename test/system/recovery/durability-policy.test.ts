/**
 * A cluster whose primary waits for its replicas loses the primary, and with it one of the two replicas that may have
 * acknowledged. Under the policy `semi-sync` nobody is promoted, and everybody is told why; under `none` a failover
 * happens, and its record says what it was worth.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import { MySqlLab } from '../../../tools/lab/mysql-lab.js';
import type { OrchestratorCluster } from '../../../tools/lab/orchestrator-cluster.js';
import type { Topology } from '../../../tools/lab/topology.js';

const PATIENCE_MS = 90_000;
const SETTLED = { timeout: PATIENCE_MS, interval: 250 };

interface Overview {
  readonly clusters: readonly {
    readonly failover: { readonly wouldFailOver: boolean; readonly guaranteed: boolean; readonly reasons: string[] };
    readonly problems: readonly { readonly code: string; readonly restraint: readonly string[] }[];
  }[];
  readonly recoveries: readonly { readonly durability: unknown }[];
}

describe('one of two replicas that may have acknowledged is lost together with the primary', () => {
  let lab: MySqlLab;
  let topology: Topology;
  let cluster: OrchestratorCluster;
  let kept: LabServer;

  beforeEach(async () => {
    lab = await MySqlLab.open();
    topology = await lab.topology({ replicas: 2, semiSync: true, extra: ['rpl_semi_sync_source_timeout=4294967295'] });
    await topology.caughtUp();
    const [first] = topology.replicas;
    if (first === undefined) throw new Error('there are two replicas');
    kept = first;
  });
  afterEach(async () => {
    await cluster.stop();
    await lab.close();
  });

  const overview = async (): Promise<Overview> => await (await cluster.leader()).get<Overview>('/api/v1/overview');

  async function loseBoth(policy: string): Promise<void> {
    cluster = await lab.cluster({ seeds: [topology.primary.address], config: { DurabilityPolicies: { '*': policy } } });
    // By all of them: whoever leads by then must have seen it.
    const failovers = async (): Promise<readonly unknown[]> => {
      const seen = await Promise.all(cluster.nodes.map((node) => node.get<Overview>('/api/v1/overview')));
      return seen.map(({ clusters }) => clusters[0]?.failover);
    };
    const allSee = (failover: object): readonly unknown[] =>
      cluster.nodes.map(() => expect.objectContaining(failover) as unknown);
    await expect.poll(failovers, SETTLED).toEqual(allSee({ wouldFailOver: true, guaranteed: true }));
    await topology.replicas[1]?.kill();
    await expect.poll(failovers, SETTLED).toEqual(allSee({ guaranteed: false }));
    await topology.primary.kill();
  }

  const isClosed = async (): Promise<unknown> => (await kept.query<{ r: number }>('SELECT @@read_only AS r'))[0]?.r;

  it('under the policy semi-sync nobody is promoted, and the reason is shown', async () => {
    await loseBoth('semi-sync');
    const restraint = async (): Promise<string> =>
      (await overview()).clusters.flatMap(({ problems }) => problems.flatMap((problem) => problem.restraint)).join();
    await expect.poll(restraint, SETTLED).toContain('durability policy is semi-sync');
    expect(await isClosed()).toBe(1);
    expect((await overview()).recoveries).toEqual([]);
  });

  it('under the policy none the replica that is left is promoted, and the record says that this was no guarantee', async () => {
    await loseBoth('none');
    await expect.poll(isClosed, SETTLED).toBe(0);
    const recorded = async () => (await overview()).recoveries[0]?.durability;
    await expect
      .poll(recorded, SETTLED)
      .toMatchObject({ guaranteed: false, because: [expect.stringContaining('1 of 2')] });
  });
});

/** Somebody locks the table that the operator's queries read: a real node goes on seeing its servers, without the answers. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MySqlLab } from '../../../tools/lab/mysql-lab.js';
import type { OrchestratorCluster } from '../../../tools/lab/orchestrator-cluster.js';
import type { Topology } from '../../../tools/lab/topology.js';

const PATIENCE_MS = 60_000;

/** Longer than it takes to ask for the slow answers anew, and several polls. */
const LOOKS = 60;
const LOOK_MS = 250;

interface Shown {
  readonly IsLastCheckValid: boolean;
  readonly Problems: readonly string[];
}

describe('operator queries that wait for a lock', () => {
  let lab: MySqlLab;
  let topology: Topology;
  let cluster: OrchestratorCluster;

  beforeAll(async () => {
    lab = await MySqlLab.open();
    topology = await lab.topology({ replicas: 1 });
    await topology.primary.execute(
      'CREATE DATABASE meta; CREATE TABLE meta.layout (dc VARCHAR(20), behind INT); ' +
        "INSERT INTO meta.layout VALUES ('east', 0); GRANT SELECT, LOCK TABLES ON meta.* TO 'orchestrator'@'%'",
    );
    await topology.caughtUp();
    cluster = await lab.cluster({
      nodes: 1,
      seeds: [topology.primary.address],
      config: {
        // A probe that the machine itself holds up is no matter here.
        ReasonableInstanceCheckSeconds: 30,
        ReplicationLagQuery: 'SELECT behind FROM meta.layout',
        DetectRegionQuery: 'SELECT dc FROM meta.layout',
        DetectDataCenterQuery: 'SELECT dc FROM meta.layout',
      },
    });
  });
  afterAll(async () => {
    await cluster.stop();
    await lab.close();
  });

  it('leave the primary and its replica valid, and are named', async () => {
    const leader = await cluster.leader();
    const all = async (): Promise<readonly Shown[]> => await leader.get<Shown[]>('/api/all-instances');
    const clean = async (): Promise<readonly unknown[]> => (await all()).map(({ Problems }) => Problems);
    await expect.poll(clean, { timeout: PATIENCE_MS }).toEqual([[], []]);
    const holders = await Promise.all(topology.servers.map(async (server) => await server.connect()));
    try {
      for (const holder of holders) await holder.query('LOCK TABLES meta.layout WRITE');
      const seen: Shown[] = [];
      for (let look = 0; look < LOOKS; look += 1) {
        seen.push(...(await all()));
        await sleep(LOOK_MS);
      }
      expect(seen).toHaveLength(2 * LOOKS);
      expect(seen.filter(({ IsLastCheckValid }) => !IsLastCheckValid)).toEqual([]);
      const named = expect.arrayContaining(['not_visible: the answer of ReplicationLagQuery']) as unknown;
      await expect.poll(clean, { timeout: PATIENCE_MS }).toEqual([named, named]);
    } finally {
      for (const holder of holders) await holder.end();
    }
  });
});

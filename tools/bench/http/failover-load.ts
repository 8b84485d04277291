// A primary dies and is replaced while clients ask the leader as fast as it answers: how long do they wait?
import { setTimeout as sleep } from 'node:timers/promises';
import { MySqlLab } from '../../lab/mysql-lab.js';
import type { OrchestratorNode } from '../../lab/orchestrator-node.js';
import { SimulatorProcesses } from '../../simulator/simulator-process.js';
import { msUntilKnown, openBenchNodes } from '../discovery/bench-nodes.js';
import { round } from '../statistics.js';
import { QUESTIONS } from './figures.js';
import { load, type Loading } from './wrk.js';

export interface FailoverLoad extends Loading {
  /** From the death of the primary until another server is it. */
  readonly promotedAfterMs: number;
}

const REPLICAS = 3;
const SIMULATED = { clusters: 5, replicasPerCluster: 19 };
const SETTLE_MS = 5_000;
const LOAD_SECONDS = 8;
const STRIKE_AFTER_MS = 2_000;
const PROMOTION_DEADLINE_MS = 30_000;
const LOOK_MS = 20;

export async function measureFailoverLoad(): Promise<FailoverLoad> {
  const lab = await MySqlLab.open();
  try {
    const simulator = await SimulatorProcesses.start(lab.spawn.bind(lab), SIMULATED);
    const topology = await lab.topology({ replicas: REPLICAS });
    const { cluster, close } = await openBenchNodes({
      nodes: 3,
      seeds: [topology.primary.address, ...simulator.seeds],
      pollSeconds: 1,
      config: { RecoverMasterClusterFilters: ['*'] },
    });
    try {
      const leader = await cluster.leader();
      await msUntilKnown(leader, simulator.addresses.length + topology.servers.length, PROMOTION_DEADLINE_MS);
      await sleep(SETTLE_MS);
      const [hint = ''] = simulator.seeds;
      const paths = QUESTIONS.map(({ path }) => path(hint));
      const [loading, promotedAfterMs] = await Promise.all([
        load(leader.url, paths, LOAD_SECONDS, lab.directory),
        sleep(STRIKE_AFTER_MS).then(async () => {
          await topology.primary.kill();
          return await promotion(leader, topology.primary.address, topology.replicas[0]?.address ?? '');
        }),
      ]);
      return { ...loading, promotedAfterMs };
    } finally {
      await close();
    }
  } finally {
    await lab.close();
  }
}

async function promotion(leader: OrchestratorNode, former: string, member: string): Promise<number> {
  const beganMs = performance.now();
  for (;;) {
    const { ClusterName: name } = await leader.get<{ ClusterName: string }>(`/api/cluster-info/${member}`);
    const passed = performance.now() - beganMs;
    if (name !== former) return round(passed, 0);
    if (passed > PROMOTION_DEADLINE_MS) throw new Error(`nobody was promoted in place of ${former}`);
    await sleep(LOOK_MS);
  }
}

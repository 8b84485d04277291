// A hundred servers in five clusters, all under write load and probed every second by three nodes; then each question is
// asked of the leader and of a follower as fast as they answer.
import { setTimeout as sleep } from 'node:timers/promises';
import { MySqlLab } from '../../lab/mysql-lab.js';
import type { OrchestratorNode } from '../../lab/orchestrator-node.js';
import { SimulatorProcesses } from '../../simulator/simulator-process.js';
import { msUntilKnown, openBenchNodes } from '../discovery/bench-nodes.js';
import { coresUsed, cpuSecondsOf } from '../process-usage.js';
import { round } from '../statistics.js';
import { QUESTIONS } from './figures.js';
import { load, type Loading } from './wrk.js';

const CLUSTERS = 5;
const REPLICAS = 19;
const KNOWN_DEADLINE_MS = 60_000;
/** What has just started is still being compiled. */
const WARM_UP_SECONDS = 3;
const RESTING_MS = 4_000;

export interface Reading extends Loading {
  readonly question: string;
  readonly node: 'leader' | 'follower';
  readonly answerBytes: number;
  /** Of the node, all its threads, less what it takes when nobody asks. */
  readonly cpuMicrosecondsPerAnswer: number;
}

export async function measureReading(seconds: number, tell: (reading: Reading) => void): Promise<readonly Reading[]> {
  const lab = await MySqlLab.open();
  try {
    const simulator = await SimulatorProcesses.start(lab.spawn.bind(lab), {
      clusters: CLUSTERS,
      replicasPerCluster: REPLICAS,
    });
    const { cluster, close } = await openBenchNodes({ nodes: 3, seeds: simulator.seeds, pollSeconds: 1 });
    try {
      const leader = await cluster.leader();
      const follower = await cluster.follower();
      for (const node of [leader, follower]) {
        const known = await msUntilKnown(node, simulator.addresses.length, KNOWN_DEADLINE_MS);
        if (known === null) throw new Error(`${node.name} does not know all servers`);
      }
      const [hint = '', ailing = ''] = simulator.seeds;
      // Or there would be nothing to analyse: its replicas still say that they replicate.
      await simulator.setFault(ailing, 'refuse');
      await sleep(WARM_UP_SECONDS * 1000);
      const [atLeader = 0, atFollower = 0] = await coresUsed([leader.pid, follower.pid], RESTING_MS);
      const asked = [
        { role: 'leader', node: leader, restingCores: atLeader },
        { role: 'follower', node: follower, restingCores: atFollower },
      ] as const;
      const readings: Reading[] = [];
      for (const question of QUESTIONS) {
        for (const { role, node, restingCores } of asked) {
          const reading = await measure(node, question.path(hint), seconds, restingCores, lab.directory);
          const named: Reading = { question: question.name, node: role, ...reading };
          tell(named);
          readings.push(named);
        }
      }
      return readings;
    } finally {
      await close();
    }
  } finally {
    await lab.close();
  }
}

async function measure(
  node: OrchestratorNode,
  path: string,
  seconds: number,
  restingCores: number,
  directory: string,
): Promise<Omit<Reading, 'question' | 'node'>> {
  const answer = await fetch(`${node.url}${path}`);
  if (!answer.ok) throw new Error(`${node.name} ${path}: ${await answer.text()}`);
  const answerBytes = (await answer.arrayBuffer()).byteLength;
  await load(node.url, [path], 1, directory);
  const [before, beganMs] = [cpuSecondsOf(node.pid), performance.now()];
  const loading = await load(node.url, [path], seconds, directory);
  const besides = (restingCores * (performance.now() - beganMs)) / 1000;
  const cpuSeconds = Math.max(0, cpuSecondsOf(node.pid) - before - besides);
  return { ...loading, answerBytes, cpuMicrosecondsPerAnswer: round((cpuSeconds * 1e6) / loading.answers, 0) };
}

// Three nodes on loopback with their data on the real disk, and no MySQL server to look after: what is left is Raft, its
// disk and the key-value service.
import { setTimeout as sleep } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import { MySqlLab } from '../../lab/mysql-lab.js';

export interface BenchNode {
  readonly name: string;
  /** Of its gRPC API. */
  readonly grpcAddress: string;
  readonly pid: number;
  start(): Promise<void>;
  kill(): Promise<void>;
  pause(): void;
  resume(): void;
}

export interface BenchCluster {
  readonly nodes: readonly BenchNode[];
  leader(): Promise<BenchNode>;
  close(): Promise<void>;
}

/** The folder of the runs is in memory unless told otherwise; a sync there costs nothing, and would measure nothing. */
export async function openBenchCluster(): Promise<BenchCluster> {
  process.env['ORCHESTRATOR_LAB_DIRECTORY'] ??= tmpdir();
  const lab = await MySqlLab.open();
  try {
    const cluster = await lab.cluster({ seeds: [] });
    return {
      nodes: cluster.nodes,
      leader: () => cluster.leader(),
      close: async () => {
        await cluster.stop();
        await lab.close();
      },
    };
  } catch (error) {
    await lab.close();
    throw error;
  }
}

export async function until(condition: () => Promise<boolean>, what: string, deadlineMs = 60_000): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${String(deadlineMs)} ms`);
    await sleep(20);
  }
}

// Simulated servers in processes of their own, so that what they cost can be told from what the nodes cost. More than one
// process where the servers and the nodes' connections to them are more than one may have files open.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from '../lab/free-ports.js';
import type { GuardedProcess } from '../lab/guarded-process.js';
import { PROJECT_ROOT } from '../lab/project-root.js';
import type { ControlAnswer } from './control-door.js';
import type { Fault, WorldOptions } from './simulated-world.js';

export type SimulatorOptions = Pick<WorldOptions, 'clusters' | 'replicasPerCluster'> &
  Partial<Omit<WorldOptions, 'first'>>;

/** `lab.spawn`: the simulator ends with the lab. */
export type SpawnTool = (name: string, command: string, args: readonly string[]) => GuardedProcess;

const SERVERS_PER_PROCESS = 2_500;
const START_DEADLINE_MS = 60_000;

interface Shard {
  readonly process: GuardedProcess;
  readonly controlPort: number;
}

export class SimulatorProcesses {
  readonly seeds: readonly string[];
  readonly addresses: readonly string[];
  readonly #shards: readonly Shard[];
  readonly #shardOf: ReadonlyMap<string, Shard>;

  private constructor(shards: readonly Shard[], answers: readonly ControlAnswer[]) {
    this.#shards = shards;
    this.seeds = answers.flatMap(({ seeds }) => seeds);
    this.addresses = answers.flatMap(({ addresses }) => addresses);
    this.#shardOf = new Map(
      shards.flatMap((shard, at) => (answers[at]?.addresses ?? []).map((address) => [address, shard] as const)),
    );
  }

  /** From dist/, which must have been built. */
  static async start(spawn: SpawnTool, options: SimulatorOptions): Promise<SimulatorProcesses> {
    const size = options.replicasPerCluster + 1;
    const count = Math.ceil((options.clusters * size) / SERVERS_PER_PROCESS);
    const [port = 0, ...controlPorts] = await freePorts(count + 1);
    const perShard = Math.ceil(options.clusters / count);
    const shards = controlPorts.map((controlPort, at): Shard => {
      const from = at * perShard;
      const clusters = Math.min(perShard, options.clusters - from);
      const words = wordsOf({ ...options, port: options.port ?? port, clusters, first: from * size }, controlPort);
      const script = join(PROJECT_ROOT, 'dist', 'tools', 'simulator', 'main.js');
      return { process: spawn(`simulator-${String(at + 1)}`, process.execPath, [script, ...words]), controlPort };
    });
    return new SimulatorProcesses(shards, await Promise.all(shards.map((shard) => ready(shard))));
  }

  get pids(): readonly number[] {
    return this.#shards.map((shard) => shard.process.pid);
  }

  /** Sums, and what any of them was never taught. */
  async counts(): Promise<Omit<ControlAnswer, 'seeds' | 'addresses'>> {
    const answers = await Promise.all(this.#shards.map((shard) => ask(shard)));
    const sum = (read: (answer: ControlAnswer) => number): number =>
      answers.reduce((total, answer) => total + read(answer), 0);
    return {
      servers: sum(({ servers }) => servers),
      connections: sum(({ connections }) => connections),
      queries: sum(({ queries }) => queries),
      untaught: [...new Set(answers.flatMap(({ untaught }) => untaught))],
    };
  }

  /** Null mends the server. */
  async setFault(address: string, fault: Fault | null): Promise<void> {
    const shard = this.#shardOf.get(address);
    if (shard === undefined) throw new Error(`${address} is not simulated`);
    const response = await fetch(`${urlOf(shard)}faults/${address}/${fault ?? 'none'}`, { method: 'POST' });
    if (!response.ok) throw new Error(`${address}: ${await response.text()}`);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#shards.map((shard) => shard.process.stop()));
  }
}

function wordsOf(options: SimulatorOptions & { port: number; first: number }, controlPort: number): string[] {
  const words = {
    clusters: options.clusters,
    replicas: options.replicasPerCluster,
    port: options.port,
    first: options.first,
    writes: options.writesPerSecond ?? 10,
    control: controlPort,
  };
  return [
    ...Object.entries(words).flatMap(([name, value]) => [`--${name}`, String(value)]),
    ...(options.shape === 'chain' ? ['--chain'] : []),
    ...(options.reportHost === false ? ['--no-report-host'] : []),
  ];
}

function urlOf({ controlPort }: Shard): string {
  return `http://127.0.0.1:${String(controlPort)}/`;
}

async function ask(shard: Shard): Promise<ControlAnswer> {
  return (await (await fetch(urlOf(shard))).json()) as ControlAnswer;
}

async function ready(shard: Shard): Promise<ControlAnswer> {
  const deadline = performance.now() + START_DEADLINE_MS;
  for (;;) {
    try {
      return await ask(shard);
    } catch (error) {
      if (!shard.process.running || performance.now() > deadline) {
        throw new Error(`the simulator did not start (${shard.process.ending}): ${shard.process.output()}`, {
          cause: error,
        });
      }
      await sleep(20);
    }
  }
}

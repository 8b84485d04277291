/**
 * The stage of a test file: one lab for all its tests, and what a test puts on it, which is gone when the test ends, however
 * it ends. What is to last for all tests of a file comes from `stage.lab`, before the first of them.
 */
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { RecoveryPolicy } from '../../../src/core/recovery/policy.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import { MySqlLab, type ServerOptions, type TopologyOptions } from '../../../tools/lab/mysql-lab.js';
import type { Topology } from '../../../tools/lab/topology.js';
import { LabNodes, type LabOutside } from './lab-nodes.js';

export class LabStage {
  #lab: MySqlLab | null = null;
  #servers: LabServer[] = [];
  #nodes: LabNodes[] = [];

  get lab(): MySqlLab {
    if (this.#lab === null) throw new Error('the lab is open from the first test of the file to its last');
    return this.#lab;
  }

  async servers(count: number, options: ServerOptions = {}): Promise<LabServer[]> {
    const servers = await this.lab.servers(count, options);
    this.#servers.push(...servers);
    return servers;
  }

  /** The statements are run on the primary, and every replica has them. */
  async topology(options: TopologyOptions, statements = 'SELECT 1'): Promise<Topology> {
    const topology = await this.lab.topology(options);
    this.#servers.push(...topology.servers);
    await topology.primary.execute(statements);
    await topology.caughtUp();
    return topology;
  }

  /** Nodes that act, and have seen all these servers. */
  async nodes(
    servers: readonly LabServer[],
    policy: Partial<RecoveryPolicy> = {},
    outside: LabOutside = {},
  ): Promise<LabNodes> {
    const nodes = new LabNodes(servers, policy, outside);
    this.#nodes.push(nodes);
    await nodes.start();
    return nodes;
  }

  async open(): Promise<void> {
    this.#lab = await MySqlLab.open();
  }

  async clear(): Promise<void> {
    const [nodes, servers] = [this.#nodes, this.#servers];
    [this.#nodes, this.#servers] = [[], []];
    for (const one of nodes) await one.stop();
    await Promise.all(servers.filter(({ running }) => running).map((server) => server.kill()));
  }

  async close(): Promise<void> {
    await this.#lab?.close();
  }
}

/** To be called once, at the top of a file. */
export function labStage(): LabStage {
  const stage = new LabStage();
  beforeAll(() => stage.open());
  afterEach(() => stage.clear());
  afterAll(() => stage.close());
  return stage;
}

/** The addresses of those that run and take writes. */
export async function writable(servers: readonly LabServer[]): Promise<readonly string[]> {
  const open = await Promise.all(
    servers
      .filter(({ running }) => running)
      .map(async (server) => {
        const [row] = await server.query<{ closed: number }>('SELECT @@GLOBAL.read_only AS closed');
        return row?.closed === 0 ? [server.address] : [];
      }),
  );
  return open.flat();
}

/** Both its threads run, and this is its source. */
export async function follows(server: LabServer, source: LabServer): Promise<void> {
  await server.waitForReplication();
  expect(await server.replicaStatus()).toMatchObject({ sourcePort: source.port });
}

/** The first so many replicas of a topology that has them. */
export function replicasOf<Count extends keyof Few>({ replicas }: Topology, count: Count): Few[Count] {
  if (replicas.length < count)
    throw new Error(`${String(count)} replicas are needed, and there are ${String(replicas.length)}`);
  return replicas.slice(0, count) as unknown as Few[Count];
}

interface Few {
  readonly 1: readonly [LabServer];
  readonly 2: readonly [LabServer, LabServer];
  readonly 3: readonly [LabServer, LabServer, LabServer];
  readonly 4: readonly [LabServer, LabServer, LabServer, LabServer];
}

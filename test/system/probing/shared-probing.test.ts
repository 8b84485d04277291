// Three nodes and real servers: each replica is asked by one node, all know what it saw, and one that dies is replaced.
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import { MySqlLab } from '../../../tools/lab/mysql-lab.js';
import type { OrchestratorCluster } from '../../../tools/lab/orchestrator-cluster.js';
import type { OrchestratorNode } from '../../../tools/lab/orchestrator-node.js';
import type { Topology } from '../../../tools/lab/topology.js';

const PATIENCE = { timeout: 60_000, interval: 100 };
const POLL_SECONDS = 1;
interface Seen {
  readonly valid: boolean;
  /** Seconds. */
  readonly ageSeconds: number;
}

interface Instance {
  readonly Key: { readonly Hostname: string; readonly Port: number };
  readonly IsLastCheckValid: boolean;
  readonly SecondsSinceLastSeen: { readonly Int64: number; readonly Valid: boolean };
}

let lab: MySqlLab;
let topology: Topology;
let cluster: OrchestratorCluster;

/** For all tests: each leaves three nodes that look, and six servers that answer. */
beforeAll(async () => {
  lab = await MySqlLab.open();
  topology = await lab.topology({ replicas: 5, flavor: 'mysql56' });
  cluster = await lab.cluster({
    seeds: [topology.primary.address],
    config: { InstancePollSeconds: POLL_SECONDS },
  });
  await vi.waitFor(async () => {
    for (const node of cluster.nodes) expect((await seenBy(node)).size).toBe(6);
  }, PATIENCE);
});

afterAll(async () => {
  await lab.close();
});

async function seenBy(node: OrchestratorNode): Promise<Map<string, Seen>> {
  const instances = await node.get<readonly Instance[]>(`/api/cluster/${topology.primary.address}`);
  return new Map(
    instances.map(({ Key, IsLastCheckValid, SecondsSinceLastSeen }) => [
      `${Key.Hostname}:${String(Key.Port)}`,
      {
        valid: IsLastCheckValid,
        ageSeconds: SecondsSinceLastSeen.Valid ? SecondsSinceLastSeen.Int64 : Number.POSITIVE_INFINITY,
      },
    ]),
  );
}

/** Connections of our nodes to the server, which keep one each while they ask it again and again. */
async function connectionsTo(server: LabServer): Promise<number> {
  const rows = await server.query(
    "SELECT COUNT(*) AS nodes FROM information_schema.processlist WHERE user = 'orchestrator'",
  );
  return Number(rows[0]?.['nodes']);
}

/**
 * Each node shows of each server a look that is newer than this moment. That it comes within two intervals is held to the
 * millisecond in simulated time (test/runtime/probing); here processes share the machine with others, and it comes at all.
 */
async function looksAtAll(nodes: readonly OrchestratorNode[]): Promise<void> {
  const sinceMs = performance.now();
  await vi.waitFor(async () => {
    const asked = (performance.now() - sinceMs) / 1000;
    for (const node of nodes) {
      // Whole seconds are told: one less is certainly newer.
      for (const { ageSeconds } of (await seenBy(node)).values()) expect(ageSeconds + 1).toBeLessThan(asked);
    }
  }, PATIENCE);
}

async function allAreValid(): Promise<void> {
  for (const node of cluster.nodes) {
    for (const { valid } of (await seenBy(node)).values()) expect(valid).toBe(true);
  }
}

async function askedOnceEach(): Promise<void> {
  for (const replica of topology.replicas) expect(await connectionsTo(replica)).toBe(1);
}

describe('three nodes share the probing', () => {
  it('so that a replica is asked by one, a primary by all, and each node shows fresh looks at everybody', async () => {
    await vi.waitFor(askedOnceEach, PATIENCE);
    await vi.waitFor(async () => {
      expect(await connectionsTo(topology.primary)).toBe(3);
    }, PATIENCE);
    for (let round = 0; round < 2; round += 1) {
      await looksAtAll(cluster.nodes);
      await vi.waitFor(allAreValid, PATIENCE);
    }
    // Nobody asked twice meanwhile, and no emergency left a connection behind.
    await vi.waitFor(askedOnceEach, PATIENCE);
  });

  it.each(['the leader', 'a follower'])('and nobody goes unseen when %s is killed', async (whom) => {
    await vi.waitFor(askedOnceEach, PATIENCE);
    const killed = whom === 'the leader' ? await cluster.leader() : await cluster.follower();
    await killed.kill();
    const left = cluster.nodes.filter((node) => node !== killed);
    try {
      for (let round = 0; round < 2; round += 1) await looksAtAll(left);
      await vi.waitFor(askedOnceEach, PATIENCE);
      await vi.waitFor(async () => {
        expect(await connectionsTo(topology.primary)).toBe(2);
      }, PATIENCE);
    } finally {
      await killed.start();
    }
    await vi.waitFor(async () => {
      expect(await connectionsTo(topology.primary)).toBe(3);
      await askedOnceEach();
    }, PATIENCE);
  });

  it('and a replica that dies is found by all, whoever asks it', async () => {
    await vi.waitFor(askedOnceEach, PATIENCE);
    for (const replica of topology.replicas.slice(0, 3)) {
      await replica.kill();
      await vi.waitFor(async () => {
        for (const node of cluster.nodes) expect((await seenBy(node)).get(replica.address)?.valid).toBe(false);
      }, PATIENCE);
    }
  });
});

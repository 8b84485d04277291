// Three nodes as processes, killed, paused and cut off from each other while clients read and write through all of them.
// What the clients were told must be possible of one store at one place, and what was acknowledged must still be there.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createRng } from '../../src/core/base/rng.js';
import { KeyValueClient } from '../../tools/bench/raft/key-value-client.js';
import { MySqlLab } from '../../tools/lab/mysql-lab.js';
import type { OrchestratorCluster } from '../../tools/lab/orchestrator-cluster.js';
import { cutsOf } from '../support/cluster/chaos-cuts.js';
import { strikeFor } from '../support/cluster/chaos-faults.js';
import { KeyValueClients } from '../support/key-value/key-value-clients.js';
import { PeerCables } from '../support/raft/peer-cables.js';

const LONG = process.env['ORCHESTRATOR_TEST_LONG'] !== undefined;
const DURATION_MS = LONG ? 600_000 : 45_000;
const CLIENTS = 8;
const POLL = { timeout: 60_000, interval: 100 };

const cables = new PeerCables();
let lab: MySqlLab;
let cluster: OrchestratorCluster;

beforeAll(async () => {
  lab = await MySqlLab.open();
  cluster = await lab.cluster({ seeds: [], door: cables.door });
  cables.connects(cluster.nodes);
  // The connections of the first moments were made before anybody could say whose they are.
  cables.endAll();
  await sleep(2500);
  await cluster.leader();
});

afterEach(() => {
  cables.heal();
});

afterAll(async () => {
  cables.close();
  await lab.close();
});

describe('the key-value store of a cluster', () => {
  it.each(['silently', 'loudly'] as const)(
    'takes no write and answers no linearizable read at a leader that is %s cut off, and goes on elsewhere',
    async (how) => {
      const old = await cluster.leader();
      const others = cluster.nodes.filter((node) => node !== old);
      const [before, there] = [
        new KeyValueClient(old.grpcAddress, 2000),
        new KeyValueClient(others[0]?.grpcAddress ?? '', 2000),
      ];
      // What must succeed has all the time that a busy machine takes.
      const patient = new KeyValueClient(old.grpcAddress, 60_000);
      await patient.put('cut', 'before');
      // Leadership may have gone from it meanwhile, and then it need not have this yet.
      await expect.poll(async () => await attempt(patient.get('cut', 'STALE')), POLL).toBe('before');
      for (const other of others) cables.part(old, other, how);
      const asked = await Promise.allSettled([before.get('cut'), before.put('cut', 'lost')]);
      expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
      await expect.poll(async () => await attempt(there.put('cut', 'elsewhere')), POLL).toBe('done');
      await expect(before.get('cut')).rejects.toThrow();
      expect((await patient.get('cut', 'STALE')).value).toBe('before');
      cables.heal();
      await expect.poll(async () => await attempt(before.get('cut')), POLL).toBe('elsewhere');
      for (const client of [before, there, patient]) client.close();
    },
  );

  it(
    'is linearizable while nodes are killed, paused and cut off, and goes on when they are left alone',
    async () => {
      const seed = Date.now() % 1_000_000;
      const blows = { nodes: cluster.nodes, leader: () => cluster.leader(), close: () => Promise.resolve() };
      const clients = new KeyValueClients(
        cluster.nodes.map((node) => node.grpcAddress),
        createRng(seed),
      );
      clients.start(CLIENTS);
      const struck = await strikeFor(DURATION_MS, blows, createRng(seed + 1), cutsOf(cluster, cables));
      await expect.poll(() => clients.acknowledged, POLL).toBeGreaterThan(200);
      await clients.stop();
      await clients.readAll();
      const { acknowledged, unknown, refused } = clients;
      const account = `seed ${seed}; ${struck.join(', ')}; ${acknowledged} acknowledged, ${unknown} unknown, ${refused} refused`;
      expect(clients.complaint(), account).toBeNull();
      expect(acknowledged, account).toBeGreaterThan(200);
      for (const { grpcAddress, name } of cluster.nodes) {
        const client = new KeyValueClient(grpcAddress, 5000);
        await expect.poll(async () => await attempt(client.put(`after/${name}`, name)), POLL).toBe('done');
        client.close();
      }
    },
    DURATION_MS + 300_000,
  );
});

/** What was read, or 'done', or why not. */
async function attempt(call: Promise<object>): Promise<string> {
  try {
    const answer = await call;
    return 'value' in answer ? String(answer.value) : 'done';
  } catch (error) {
    return String(error);
  }
}

// Three nodes as processes, killed and paused while clients read and write through all of them. What the clients were told
// must be possible of one store at one place, and what was acknowledged must still be there.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRng } from '../../src/core/base/rng.js';
import { MySqlLab } from '../../tools/lab/mysql-lab.js';
import type { OrchestratorCluster } from '../../tools/lab/orchestrator-cluster.js';
import { strikeFor } from '../support/chaos-faults.js';
import { KeyValueClients } from '../support/key-value-clients.js';

const LONG = process.env['ORCHESTRATOR_TEST_LONG'] !== undefined;
const DURATION_MS = LONG ? 600_000 : 20_000;
const CLIENTS = 8;

let lab: MySqlLab;
let cluster: OrchestratorCluster;

beforeAll(async () => {
  lab = await MySqlLab.open();
  cluster = await lab.cluster({ seeds: [] });
});

afterAll(async () => {
  await lab.close();
});

describe('the key-value store of a cluster whose nodes are killed and paused', () => {
  it(
    'is linearizable',
    async () => {
      const seed = Date.now() % 1_000_000;
      const blows = { nodes: cluster.nodes, leader: () => cluster.leader(), close: () => Promise.resolve() };
      const clients = new KeyValueClients(
        cluster.nodes.map((node) => node.grpcAddress),
        createRng(seed),
      );
      clients.start(CLIENTS);
      const struck = await strikeFor(DURATION_MS, blows, createRng(seed + 1));
      await clients.stop();
      await clients.readAll();
      const { acknowledged, unknown, refused } = clients;
      const account = `seed ${seed}; ${struck.join(', ')}; ${acknowledged} acknowledged, ${unknown} unknown, ${refused} refused`;
      expect(clients.complaint(), account).toBeNull();
      expect(acknowledged, account).toBeGreaterThan(200);
      expect(struck.length, account).toBeGreaterThan(2);
    },
    DURATION_MS + 300_000,
  );
});

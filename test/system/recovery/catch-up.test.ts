// The replica that is to be promoted lacks what another one has received: on real MySQL it fetches that first, from the other,
// and nothing that reached anybody is lost. Where it cannot apply what it received within the limit, nobody is promoted over
// its head.
import { beforeEach, describe, expect, it } from 'vitest';
import type { RecoveryPolicy } from '../../../src/core/recovery/policy.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import type { Topology } from '../../../tools/lab/topology.js';
import type { LabNodes } from '../../support/lab/lab-nodes.js';
import { labStage, replicasOf } from '../../support/lab/lab-stage.js';

const stage = labStage();
let topology: Topology;
let nodes: LabNodes;
let preferred: LabServer;
let advanced: LabServer;

beforeEach(async () => {
  topology = await stage.topology(
    { replicas: 2 },
    'CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY)',
  );
  [preferred, advanced] = replicasOf(topology, 2);
});

async function begin(policy: Partial<RecoveryPolicy> = {}): Promise<void> {
  nodes = await stage.nodes(topology.servers, policy);
  const server = nodes.idOf(preferred);
  await nodes.ledger.propose({ kind: 'candidate-registered', server, rule: 'prefer', by: 'me', lifetimeMs: 3_600_000 });
}

async function failOver(): Promise<void> {
  await topology.primary.kill();
  nodes.driver.noticeProblems([nodes.deadMaster(nodes.idOf(topology.primary))]);
  await nodes.until('the failover ends', () => nodes.isIdle);
}

const orders = async (server: LabServer): Promise<unknown> =>
  (await server.query<{ id: number }>('SELECT id FROM shop.orders ORDER BY id')).map(({ id }) => id);

describe('a replica that is preferred', () => {
  it('and has received less fetches the rest from the most advanced one, and is promoted with all of it', async () => {
    await begin();
    await topology.primary.execute('INSERT INTO shop.orders VALUES (1)');
    await preferred.catchUp(topology.primary);
    await preferred.execute('STOP REPLICA IO_THREAD');
    await topology.primary.execute('INSERT INTO shop.orders VALUES (2), (3)');
    await advanced.catchUp(topology.primary);
    await failOver();
    const [recovery] = nodes.recoveries;
    expect(recovery, nodes.lines.join('\n')).toMatchObject({
      verdict: { kind: 'succeeded' },
      successor: nodes.idOf(preferred),
      lost: [],
    });
    const pointedAt = recovery?.steps.flatMap(({ step }) =>
      step.kind === 'repoint' && step.server === nodes.idOf(preferred) ? [step.source] : [],
    );
    expect(pointedAt).toEqual([nodes.idOf(advanced)]);
    expect(await orders(preferred)).toEqual([1, 2, 3]);
    await preferred.execute('INSERT INTO shop.orders VALUES (4)');
    await advanced.catchUp(preferred);
    expect(await orders(advanced)).toEqual([1, 2, 3, 4]);
  });

  it('and alone has received something it does not apply in time is not passed over: nobody is promoted, and it loses nothing', async () => {
    await begin({ applyLimitMs: 1000 });
    await advanced.execute('STOP REPLICA IO_THREAD');
    await preferred.execute(
      "SET GLOBAL super_read_only = 0; SET SESSION sql_log_bin = 0; GRANT ALL ON shop.* TO 'orchestrator'@'%'",
    );
    const blocker = await preferred.connect();
    await blocker.query('LOCK TABLES shop.orders WRITE');
    await topology.primary.execute('INSERT INTO shop.orders VALUES (1)');
    const received = async (): Promise<unknown> =>
      (
        await preferred.query<{ set: string }>(
          'SELECT RECEIVED_TRANSACTION_SET AS `set` FROM performance_schema.replication_connection_status',
        )
      )[0]?.set;
    const last = (await topology.primary.gtidExecuted()).split('-').at(-1) ?? '';
    await expect.poll(received).toMatch(new RegExp(`[-:]${last}$`));
    await failOver();
    const [recovery] = nodes.recoveries;
    expect(recovery?.promotion).toBeNull();
    expect(recovery?.verdict, nodes.lines.join('\n')).toMatchObject({ kind: 'undone' });
    await blocker.query('UNLOCK TABLES');
    blocker.destroy();
    await expect.poll(() => orders(preferred)).toEqual([1]);
  });
});

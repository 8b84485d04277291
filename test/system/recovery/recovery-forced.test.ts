// Failovers that an operator forces, on real MySQL: of a primary that lives and takes writes, of one that is frozen, of one
// that is dead, and of one that answers and cannot be fenced.
import type { Connection } from 'mysql2/promise';
import { beforeEach, describe, expect, it } from 'vitest';
import type { OperatorCommand, Recovery } from '../../../src/core/recovery/recovery.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import type { Topology } from '../../../tools/lab/topology.js';
import { type LabNodes, toldBy } from '../../support/lab/lab-nodes.js';
import { labStage, writable as writableOf } from '../../support/lab/lab-stage.js';

const stage = labStage();
let topology: Topology;
let nodes: LabNodes;

const APP = { user: 'app', password: 'app', database: 'shop' };

beforeEach(async () => {
  topology = await stage.topology(
    { replicas: 2 },
    'CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY); ' +
      "CREATE USER app@'%' IDENTIFIED BY 'app'; GRANT ALL ON shop.* TO app@'%'",
  );
  nodes = await stage.nodes(topology.servers);
});

const force = async (command: OperatorCommand, candidate: LabServer | null = null) =>
  await nodes.driver.requests.ask({
    command,
    clusterId: nodes.cluster(),
    server: null,
    candidate: candidate === null ? null : nodes.idOf(candidate),
    requestedBy: 'test',
  });

const promotedBy = async (command: OperatorCommand, candidate: LabServer | null = null): Promise<Recovery> => {
  const answer = await force(command, candidate);
  if (!answer.ok) throw new Error(answer.refusal.message);
  expect(answer.value, nodes.lines.join('\n')).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [] });
  return answer.value;
};

const serverOf = ({ successor }: Recovery): LabServer => {
  const found = topology.servers.find((server) => nodes.idOf(server) === successor);
  if (found === undefined) throw new Error('nobody was promoted');
  return found;
};

const writable = (): Promise<readonly string[]> => writableOf(topology.servers);

const formerIsBack = async (): Promise<void> => {
  await nodes.until('the former primary is dealt with', () =>
    nodes.recoveries.some(({ kind, verdict }) => kind === 'former-primary' && verdict?.kind === 'succeeded'),
  );
};

/** Writes to the primary until it is sent away; resolves with what was acknowledged, which it notes as it goes. */
async function writing(client: Connection, acknowledged: number[] = []): Promise<readonly number[]> {
  for (let id = 1; ; id++) {
    try {
      await client.query('INSERT INTO orders VALUES (?)', [id]);
      acknowledged.push(id);
    } catch {
      client.destroy();
      return acknowledged;
    }
  }
}

describe('a forced failover', () => {
  it('of a primary that takes writes sends its clients away, and every acknowledged write is on the new one', async () => {
    const { primary, replicas } = topology;
    const [, second] = replicas;
    if (second === undefined) throw new Error('two replicas are needed');
    const clients = await Promise.all([1, 2].map(() => primary.connect(APP)));
    await clients[1]?.query('START TRANSACTION');
    const told: number[] = [];
    const written = writing(clients[0] as Connection, told);
    await expect.poll(() => told.length).toBeGreaterThan(10);
    const recovery = await promotedBy('force-master-takeover', second);
    const acknowledged = await written;
    expect(recovery.steps.map(({ step }) => step.kind).slice(0, 3)).toEqual(['look', 'fence', 'await-received']);
    const rows = await second.query('SELECT COUNT(*) AS orders, MAX(id) AS last FROM shop.orders');
    expect(Number(rows[0]?.['last'])).toBeGreaterThanOrEqual(acknowledged.length);
    expect(Number(rows[0]?.['orders'])).toBe(Number(rows[0]?.['last']));
    await formerIsBack();
    expect(await writable()).toEqual([second.address]);
    await primary.waitForReplication();
    await primary.catchUp(second);
    clients[1]?.destroy();
  });

  it('of one that is frozen goes on without it, and it is fenced when it wakes', async () => {
    topology.primary.pause();
    const promoted = serverOf(await promotedBy('force-master-failover'));
    topology.primary.resume();
    await formerIsBack();
    expect(await writable()).toEqual([promoted.address]);
    await topology.primary.waitForReplication();
  });

  it('of one that is dead is a failover like any', async () => {
    await topology.primary.kill();
    const recovery = await promotedBy('force-master-failover');
    expect(recovery.steps.map(({ step }) => step.kind)).not.toContain('fence');
    expect(await writable()).toEqual([serverOf(recovery).address]);
  });

  it('of one that lets us not in promotes nobody: it may take writes', async () => {
    const { primary } = topology;
    await primary.execute("SET SESSION sql_log_bin = 0; ALTER USER 'orchestrator'@'%' ACCOUNT LOCK");
    const answer = await force('force-master-failover');
    expect(answer, toldBy(answer)).toMatchObject({
      ok: true,
      value: {
        promotion: null,
        verdict: { kind: 'undone', reason: expect.stringContaining('is alive and could not be fenced') as string },
      },
    });
    await primary.execute("SET SESSION sql_log_bin = 0; ALTER USER 'orchestrator'@'%' ACCOUNT UNLOCK");
    expect(await writable()).toEqual([primary.address]);
    await topology.caughtUp();
  });

  it('that comes to nothing gives the primary back, open', async () => {
    const { primary, replicas } = topology;
    await nodes.stop();
    nodes = await stage.nodes(topology.servers, { applyLimitMs: 500 });
    const [first] = replicas;
    if (first === undefined) throw new Error('a replica is needed');
    // Its applier waits for a lock, as behind a backup.
    await first.execute(
      "SET GLOBAL super_read_only = 0; SET SESSION sql_log_bin = 0; GRANT ALL ON shop.* TO 'orchestrator'@'%'",
    );
    const blocker = await first.connect();
    await blocker.query('LOCK TABLES shop.orders WRITE');
    await primary.execute('INSERT INTO shop.orders VALUES (1)');
    const answer = await force('force-master-takeover', first);
    expect(answer, toldBy(answer)).toMatchObject({ ok: true, value: { promotion: null, verdict: { kind: 'undone' } } });
    expect(await writable()).toEqual([primary.address]);
    const client = await primary.connect(APP);
    await client.query('INSERT INTO orders VALUES (2)');
    client.destroy();
    await blocker.query('UNLOCK TABLES');
    blocker.destroy();
    await topology.caughtUp();
  });
});

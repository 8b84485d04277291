// A former primary that is set apart comes back each of the three ways, and a replica that a failover left behind comes
// back by itself, on real MySQL; leaders die on the way.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WayBack } from '../../../src/core/recovery/ways-back/returns.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import type { Topology } from '../../../tools/lab/topology.js';
import type { LabNodes } from '../../support/lab/lab-nodes.js';
import { follows, labStage, replicasOf } from '../../support/lab/lab-stage.js';

const stage = labStage();
let topology: Topology;
let nodes: LabNodes;
let kept: string;

beforeEach(async () => {
  kept = mkdtempSync(join(tmpdir(), 'kept-'));
  topology = await stage.topology(
    { replicas: 2 },
    'CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY); ' +
      "GRANT BACKUP_ADMIN, CLONE_ADMIN ON *.* TO 'orchestrator'@'%'; GRANT INSERT ON mysql.plugin TO 'orchestrator'@'%'",
  );
  nodes = await stage.nodes(topology.servers, { detachesLost: true }, { keepDirectory: kept });
});
afterEach(() => {
  rmSync(kept, { recursive: true, force: true });
});

async function failOver(): Promise<LabServer> {
  await topology.primary.kill();
  nodes.driver.noticeProblems([nodes.deadMaster(nodes.idOf(topology.primary))]);
  await nodes.until('the failover ends', () => nodes.isIdle);
  const { successor = null } = nodes.recoveries[0] ?? {};
  const promoted = topology.replicas.find((server) => nodes.idOf(server) === successor);
  if (promoted === undefined) throw new Error(`nobody was promoted\n${nodes.lines.join('\n')}`);
  return promoted;
}

/** The primary dies with an order that nobody else has, and comes back. */
async function setApart(): Promise<{ readonly apart: LabServer; readonly primary: LabServer }> {
  for (const replica of topology.replicas) await replica.execute('STOP REPLICA IO_THREAD');
  await topology.primary.execute('INSERT INTO shop.orders VALUES (1)');
  const primary = await failOver();
  await primary.execute('INSERT INTO shop.orders VALUES (2)');
  await topology.primary.start();
  const demotion = () => nodes.ledger.state.demotions.get(nodes.idOf(topology.primary));
  await nodes.until('it is set apart', () => demotion()?.state === 'apart' && nodes.isIdle);
  await nodes.observe();
  return { apart: topology.primary, primary };
}

async function comeBack(way: WayBack, apart: LabServer): Promise<void> {
  const answer = await nodes.driver.waysBack.begin({ way, server: nodes.idOf(apart), donor: null, requestedBy: 'me' });
  if (!answer.ok) throw new Error(answer.refusal.message);
  await nodes.until('it is back', async () => {
    // Nobody supervises the servers of the lab: one that received a copy stops, and is started by hand.
    if (!apart.running) await apart.start();
    return nodes.isIdle;
  });
  expect(nodes.recoveries.at(-1), nodes.lines.join('\n')).toMatchObject({ kind: way, verdict: { kind: 'succeeded' } });
}

async function replicates(server: LabServer, source: LabServer): Promise<void> {
  await follows(server, source);
  await source.execute('INSERT INTO shop.orders VALUES (3)');
  await server.catchUp(source);
  expect(await server.query('SELECT @@read_only AS closed')).toEqual([{ closed: 1 }]);
  expect(nodes.ledger.state.demotions.has(nodes.idOf(server))).toBe(false);
}

const orders = async (server: LabServer): Promise<unknown> =>
  (await server.query<{ id: number }>('SELECT id FROM shop.orders ORDER BY id')).map(({ id }) => id);

describe('a former primary with an order that nobody else has', () => {
  it('is back after empty transactions: it keeps the order, and nobody else gets it', async () => {
    const { apart, primary } = await setApart();
    await comeBack('inject-empty', apart);
    await replicates(apart, primary);
    expect([await orders(apart), await orders(primary)]).toEqual([
      [1, 2, 3],
      [2, 3],
    ]);
    expect(await apart.gtidExecuted()).toBe(await primary.gtidExecuted());
  });

  it('is back after a reset, wherever leaders die, and its binary logs are kept', async () => {
    const { apart, primary } = await setApart();
    const seen = new Set<string>();
    nodes.atStep = async (step, when) => {
      const point = `${when} ${step.kind}`;
      if (seen.has(point)) return;
      seen.add(point);
      await nodes.changeLeader();
    };
    await comeBack('reset-gtids', apart);
    expect([...seen]).toContain('before reset-gtids');
    expect([...seen]).toContain('after reset-gtids');
    await replicates(apart, primary);
    expect(await apart.gtidExecuted()).toBe(await primary.gtidExecuted());
    expect(readdirSync(kept)).toHaveLength(1);
  });

  it('is back as a copy, and has what the others have', async () => {
    const { apart, primary } = await setApart();
    await comeBack('rebuild', apart);
    await replicates(apart, primary);
    expect(await orders(apart)).toEqual([2, 3]);
  });

  it('is not brought back, and told why, while it has a replica', async () => {
    const { apart } = await setApart();
    const [, other] = replicasOf(topology, 2);
    await other.execute('STOP REPLICA');
    await other.replicateFrom(apart);
    await nodes.observe();
    const plans = nodes.driver.waysBack.plans(nodes.idOf(apart), null);
    const codes = plans.map(({ way, refusals }) => [way, refusals.map(({ code }) => code)]);
    expect(Object.fromEntries(codes)).toMatchObject({ 'reset-gtids': ['has-replicas'], rebuild: ['has-replicas'] });
  });
});

describe('a replica that a failover left behind', () => {
  it('comes back by itself, and follows the new primary', async () => {
    const [, away] = replicasOf(topology, 2);
    await away.kill();
    const primary = await failOver();
    expect(nodes.recoveries[0]?.lost.map(({ server }) => server)).toEqual([nodes.idOf(away)]);
    await away.start();
    await nodes.observe();
    await nodes.until('it is pointed', () =>
      nodes.recoveries.some(({ kind, verdict }) => kind === 'lost-replica' && verdict?.kind === 'succeeded'),
    );
    expect(nodes.recoveries.at(-1)).toMatchObject({ lost: [] });
    expect(nodes.ledger.state.downtimes.has(nodes.idOf(away))).toBe(false);
    await replicates(away, primary);
  });

  it('is set apart with what it alone has, and detached from the old primary', async () => {
    const [, ahead] = replicasOf(topology, 2);
    await ahead.execute('SET GLOBAL super_read_only = 0; SET GLOBAL read_only = 0');
    await ahead.execute('INSERT INTO shop.orders VALUES (9); SET GLOBAL super_read_only = 1');
    await failOver();
    const [lost] = nodes.recoveries[0]?.lost ?? [];
    expect(lost).toMatchObject({ server: nodes.idOf(ahead), gtids: expect.stringContaining(':1') as string });
    expect(await ahead.query('SELECT HOST FROM performance_schema.replication_connection_configuration')).toEqual([
      { HOST: '//127.0.0.1' },
    ]);
    await nodes.observe();
    await comeBack('inject-empty', ahead);
    const primary = topology.replicas.find((server) => server !== ahead);
    if (primary !== undefined) await replicates(ahead, primary);
  });
});

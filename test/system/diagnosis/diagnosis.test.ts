// Deaths and non-deaths of a real primary, as three nodes judge them.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import type { Topology } from '../../../tools/lab/topology.js';
import { labStage, replicasOf } from '../../support/lab/lab-stage.js';
import { DiagnosingNodes } from './diagnosing-nodes.js';

const OUR_SESSIONS = "SELECT id FROM performance_schema.processlist WHERE user LIKE 'orchestrator%'";

/** Long enough on the slowest machine; what takes longer does not happen. */
const PATIENCE = { timeout: 60_000, interval: 20 };

describe('a real primary', () => {
  const stage = labStage();
  let topology: Topology;
  let nodes: DiagnosingNodes;
  let primary: LabServer;
  let replicas: readonly [LabServer, LabServer];

  beforeEach(async () => {
    topology = await stage.topology({ replicas: 2 });
    primary = topology.primary;
    replicas = replicasOf(topology, 2);
    nodes = await DiagnosingNodes.start(topology.servers);
  });
  afterEach(async () => {
    await nodes.close();
  });

  const because = (): string => nodes.problemOf(primary)?.because.join('; ') ?? '';

  /** One that has just ended by itself is no error. */
  async function hangUp(killed: Promise<unknown>): Promise<void> {
    await killed.catch((error: unknown) => {
      if (!String(error).includes('Unknown thread id')) throw error;
    });
  }

  it('that is killed is dead: refused at all nodes, lost by its replicas', async () => {
    await primary.kill();
    await expect.poll(() => nodes.codeOf(primary), PATIENCE).toBe('DeadMaster');
    await expect.poll(because, PATIENCE).toContain('refused');
    await expect.poll(because, PATIENCE).toMatch(/lost its source and cannot reconnect \(error 20[01]3\)/);
    // It becomes part of the log by a commit of its own.
    await expect.poll(() => nodes.ledger.state.incidents.get(nodes.idOf(primary))?.code, PATIENCE).toBe('DeadMaster');
  });

  it('that freezes is dead when its heartbeats are overdue, and well again when it thaws', async () => {
    primary.pause();
    await expect.poll(() => nodes.codeOf(primary), PATIENCE).toBe('DeadMaster');
    await expect.poll(because, PATIENCE).toContain('without an answer');
    await expect.poll(because, PATIENCE).toMatch(/got no heartbeat for|lost its source|has tried to connect/);
    primary.resume();
    await expect.poll(() => nodes.codeOf(primary), PATIENCE).toBeNull();
    await expect.poll(() => nodes.ledger.state.incidents.size, PATIENCE).toBe(0);
  });

  it('that freezes with rare heartbeats is dead when the canary finds nobody', async () => {
    for (const replica of replicas) {
      await replica.execute(
        'STOP REPLICA; CHANGE REPLICATION SOURCE TO SOURCE_HEARTBEAT_PERIOD=30; SET GLOBAL replica_net_timeout=60; START REPLICA',
      );
      await replica.waitForReplication();
    }
    await nodes.close();
    nodes = await DiagnosingNodes.start(topology.servers);
    nodes.best = replicas[0];
    nodes.restartCanary = async (order) => {
      expect(order.canary.id).toBe(nodes.idOf(replicas[1]));
      await replicas[1].execute('STOP REPLICA IO_THREAD; START REPLICA IO_THREAD');
    };
    await sleep(3000);
    // A slow answer may have made the nodes ask just now, and whoever was reached once gets no canary.
    while (nodes.isDoubted(primary)) await sleep(20);
    primary.pause();
    await expect.poll(() => nodes.codeOf(primary), PATIENCE).toBe('DeadMaster');
    await expect.poll(because, PATIENCE).toContain('has tried to connect');
    expect(nodes.canaries).toHaveLength(1);
    primary.resume();
  });

  it('at its limit of connections is alive, also when a replica that restarts is refused', async () => {
    const guest = await primary.connect();
    const ours = await primary.query<{ id: number }>(OUR_SESSIONS);
    await primary.execute('SET GLOBAL max_connections = 1');
    for (const { id } of ours) if (id !== guest.threadId) await hangUp(guest.query(`KILL ${String(id)}`));
    await replicas[1].execute('STOP REPLICA IO_THREAD');
    await replicas[1].execute('START REPLICA IO_THREAD');
    await expect
      .poll(async () => (await replicas[1].query('SHOW REPLICA STATUS'))[0]?.['Last_IO_Errno'], PATIENCE)
      .toBe(1040);
    await sleep(8000);
    expect([...nodes.everFound(primary)].filter((code) => code.startsWith('Dead'))).toEqual([]);
    guest.destroy();
  });

  it('is not dead by replicas that an operator stopped, not even when it dies', async () => {
    for (const replica of replicas) await replica.execute('STOP REPLICA IO_THREAD');
    await expect.poll(() => nodes.codeOf(primary), PATIENCE).toBe('AllMasterReplicasNotReplicating');
    await primary.kill();
    await expect.poll(() => nodes.codeOf(primary), PATIENCE).toBe('UnreachableMaster');
    await sleep(3000);
    await expect.poll(because, PATIENCE).toContain('their IO threads are stopped, which proves nothing');
    expect(nodes.everFound(primary)).not.toContain('DeadMaster');
  });

  it('whose connections to us are killed is well, and nobody hears of it', async () => {
    nodes.history.length = 0;
    const rows = await primary.query<{ id: number }>(OUR_SESSIONS);
    expect(rows.length).toBeGreaterThanOrEqual(3);
    for (const { id } of rows) await hangUp(primary.execute(`KILL ${String(id)}`));
    await sleep(4000);
    expect(nodes.everFound(primary)).toEqual(new Set());
    expect(nodes.ledger.state.incidents.size).toBe(0);
  });
});

// Whole recoveries on real MySQL: a primary that dies, a takeover and its way back, a former primary that returns, and
// leaders that die before and after every step.
import { beforeEach, describe, expect, it } from 'vitest';
import type { Recovery } from '../../../src/core/recovery/recovery.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import type { Topology } from '../../../tools/lab/topology.js';
import { type LabNodes, toldBy } from '../../support/lab/lab-nodes.js';
import { follows, labStage, writable as writableOf } from '../../support/lab/lab-stage.js';

const stage = labStage();
let topology: Topology;
let nodes: LabNodes;

beforeEach(async () => {
  topology = await stage.topology(
    { replicas: 2 },
    'CREATE DATABASE shop; CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY)',
  );
  nodes = await stage.nodes(topology.servers);
});

const insert = async (server: LabServer): Promise<void> => {
  await server.execute('INSERT INTO shop.orders VALUES (NULL)');
};
const writable = (): Promise<readonly string[]> => writableOf(topology.servers);

/** '' for a good end. */
function endText({ verdict }: Recovery): string {
  return verdict === null ? 'it is not over' : verdict.kind === 'succeeded' ? '' : verdict.reason;
}

async function failOver(): Promise<LabServer> {
  const { primary } = topology;
  await primary.kill();
  nodes.driver.noticeProblems([nodes.deadMaster(nodes.idOf(primary))]);
  await nodes.until('the failover ends', () => nodes.isIdle);
  const [recovery] = nodes.recoveries;
  expect(recovery, nodes.lines.join('\n')).toMatchObject({
    kind: 'dead-primary',
    verdict: { kind: 'succeeded' },
    lost: [],
  });
  const promoted = topology.replicas.find((server) => nodes.idOf(server) === recovery?.successor);
  if (promoted === undefined) throw new Error('nobody was promoted');
  return promoted;
}

/** The server's former primary is met and dealt with; a recovery of its own says how. */
async function comeBack(server: LabServer): Promise<void> {
  await server.start();
  await formerIsBack();
}

async function formerIsBack(): Promise<void> {
  await nodes.until('the former primary is dealt with', () =>
    nodes.recoveries.some(({ kind, verdict }) => kind === 'former-primary' && verdict?.kind === 'succeeded'),
  );
}

describe('a primary that dies', () => {
  it('is replaced, the others follow, and it comes back as a replica, fenced', async () => {
    await insert(topology.primary);
    // Else it dies now and then with a row that it has sent to nobody, and is rightly set apart.
    await topology.caughtUp();
    const promoted = await failOver();
    expect(await writable()).toEqual([promoted.address]);
    await insert(promoted);
    const other = topology.replicas.find((server) => server !== promoted);
    await other?.catchUp(promoted);
    // What my.cnf of a primary says: it comes back open for writes.
    topology.primary.configure(['read_only=OFF']);
    await comeBack(topology.primary);
    expect(await writable()).toEqual([promoted.address]);
    await topology.primary.waitForReplication();
    await topology.primary.catchUp(promoted);
    expect(nodes.ledger.state.demotions.size).toBe(0);
  });

  it('is set apart when it comes back with a transaction that nobody else has, which is named', async () => {
    for (const replica of topology.replicas) await replica.execute('STOP REPLICA IO_THREAD');
    await insert(topology.primary);
    const alone = await topology.primary.gtidExecuted();
    const promoted = await failOver();
    await comeBack(topology.primary);
    const [demotion] = nodes.ledger.state.demotions.values();
    const [uuid = '', numbers = ''] = alone.split(':');
    expect(demotion).toMatchObject({ state: 'apart', extraGtids: `${uuid}:${numbers.split('-')[1] ?? ''}` });
    expect(await topology.primary.replicaStatus()).toBeUndefined();
    expect(await writable()).toEqual([promoted.address]);
    // Nobody has looked at it since its fence: to the state it took writes before, and takes them again.
    await topology.primary.execute('SET GLOBAL super_read_only = 0, GLOBAL read_only = 0');
    await nodes.until('it is fenced again', async () => (await writable()).length === 1);
  });

  it('is fenced the moment it wakes from a freeze, its clients sent away', async () => {
    const { primary } = topology;
    await primary.execute("CREATE USER app@'%' IDENTIFIED BY 'app'; GRANT ALL ON shop.* TO app@'%'");
    await topology.caughtUp();
    const client = await primary.connect({ user: 'app', password: 'app', database: 'shop' });
    primary.pause();
    nodes.driver.noticeProblems([nodes.deadMaster(nodes.idOf(primary))]);
    await nodes.until('the failover ends', () => nodes.isIdle);
    primary.resume();
    await formerIsBack();
    await expect(client.query('INSERT INTO orders VALUES (NULL)')).rejects.toThrow();
    expect(await writable()).toHaveLength(1);
    await primary.waitForReplication();
    client.destroy();
  });
});

describe('a planned takeover', () => {
  const takeOver = async (candidate: LabServer, auto: boolean): Promise<void> => {
    await nodes.observe();
    const answer = await nodes.driver.requests.ask({
      command: auto ? 'graceful-master-takeover-auto' : 'graceful-master-takeover',
      clusterId: nodes.cluster(),
      server: null,
      candidate: nodes.idOf(candidate),
      requestedBy: 'test',
    });
    const why = answer.ok ? endText(answer.value) : answer.refusal.message;
    if (why !== '') throw new Error(`${why}\n${nodes.lines.join('\n')}`);
  };

  it('moves the role and back again, with every transaction', async () => {
    const [first] = topology.replicas;
    if (first === undefined) throw new Error('a replica is needed');
    await insert(topology.primary);
    await takeOver(first, true);
    expect(await writable()).toEqual([first.address]);
    await insert(first);
    for (const server of topology.servers) if (server !== first) await follows(server, first);
    await takeOver(topology.primary, true);
    expect(await writable()).toEqual([topology.primary.address]);
    await topology.caughtUp();
    expect(await first.query('SELECT COUNT(*) AS orders FROM shop.orders')).toEqual([{ orders: 2 }]);
  });

  it('leaves the old primary read-only, pointed and stopped when it is not automatic, and a replica that was stopped too', async () => {
    const [first, second] = topology.replicas;
    if (first === undefined || second === undefined) throw new Error('two replicas are needed');
    await second.execute('STOP REPLICA');
    await insert(topology.primary);
    await takeOver(first, false);
    for (const server of [topology.primary, second]) {
      expect(await server.replicaStatus()).toMatchObject({
        sourcePort: first.port,
        ioRunning: 'No',
        sqlRunning: 'No',
      });
    }
    await second.execute('START REPLICA');
    await second.catchUp(first);
    expect(await writable()).toEqual([first.address]);
  });

  it('leaves the primary open when the candidate does not catch up', async () => {
    const [first] = topology.replicas;
    if (first === undefined) throw new Error('a replica is needed');
    await nodes.stop();
    nodes = await stage.nodes(topology.servers, { maintenanceLagSeconds: 1 });
    // Its applier waits for a lock, as behind a backup.
    const blocker = await first.connect({ user: 'orchestrator', password: 'orch_topology_password' });
    await first.execute(
      "SET GLOBAL super_read_only = 0; SET SESSION sql_log_bin = 0; GRANT ALL ON shop.* TO 'orchestrator'@'%'",
    );
    await blocker.query('LOCK TABLES shop.orders WRITE');
    await insert(topology.primary);
    await expect(takeOver(first, true)).rejects.toThrow(/has not applied/);
    expect(await writable()).toEqual([topology.primary.address]);
    await insert(topology.primary);
    await blocker.query('UNLOCK TABLES');
    blocker.destroy();
    await topology.caughtUp();
  });

  it('ends once and rightly whenever the leader dies, before or after any step', async () => {
    const [first] = topology.replicas;
    if (first === undefined) throw new Error('a replica is needed');
    let [from, to] = [topology.primary, first];
    for (let at = 1; ; at++) {
      let died = false;
      for (const when of ['before', 'after'] as const) {
        died = await takeOverWithDeath(to, at, when);
        expect(await writable(), `${when} step ${at}`).toEqual([to.address]);
        expect(nodes.recoveries.at(-1), `${when} step ${at}`).toMatchObject({
          verdict: { kind: 'succeeded' },
          lost: [],
        });
        await insert(to);
        for (const server of topology.servers) {
          if (server !== to) await server.waitForReplication();
          if (server !== to) await server.catchUp(to);
        }
        [from, to] = [to, from];
      }
      if (!died) {
        expect(at).toBeGreaterThan(8);
        return;
      }
    }
  });

  /** False: the plan has fewer steps than that. */
  const takeOverWithDeath = async (candidate: LabServer, at: number, when: 'before' | 'after'): Promise<boolean> => {
    const died = nodes.leaderDiesAt(at, when);
    await nodes.observe();
    const recoveries = nodes.recoveries.length;
    const command = 'graceful-master-takeover-auto';
    await nodes.driver.requests
      .ask({
        command,
        clusterId: nodes.cluster(),
        server: null,
        candidate: nodes.idOf(candidate),
        requestedBy: 'test',
      })
      .then(
        (answer) => expect(answer, toldBy(answer)).toMatchObject({ ok: true }),
        (error: unknown) => expect(error).toMatchObject({ code: 'FATE_UNKNOWN' }),
      );
    await nodes.until('the takeover ends', () => nodes.recoveries.length > recoveries && nodes.isIdle);
    return died();
  };
});

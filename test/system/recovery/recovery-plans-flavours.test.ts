// Whole recoveries on real servers that are not MySQL with GTID, under write load: a planned takeover with several replicas
// and its way back, a primary that dies, and its return. Every row that a client was told is written is looked for.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dialectOf } from '../../../tools/lab/dialect.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import type { TopologyOptions } from '../../../tools/lab/mysql-lab.js';
import type { Topology } from '../../../tools/lab/topology.js';
import type { LabNodes } from '../../support/lab/lab-nodes.js';
import { follows, labStage, replicasOf, writable as writableOf } from '../../support/lab/lab-stage.js';
import { RovingWriter } from '../../support/cluster/roving-writer.js';

const KINDS: readonly (readonly [string, Pick<TopologyOptions, 'flavor' | 'gtid'>])[] = [
  ['MariaDB', { flavor: 'mariadb' }],
  ['MariaDB whose replicas follow by place', { flavor: 'mariadb', gtid: false }],
  ['MySQL 5.6 with GTID', { flavor: 'mysql56' }],
  ['MySQL 5.6 without GTID', { flavor: 'mysql56', gtid: false }],
  ['MySQL 9.7 without GTID', { flavor: 'mysql97', gtid: false }],
];

const stage = labStage();

describe.each(KINDS)('recoveries of %s', (_name, kind) => {
  let topology: Topology;
  let nodes: LabNodes;
  let writer: RovingWriter;

  beforeEach(async () => {
    topology = await stage.topology(
      { ...kind, replicas: 3 },
      'CREATE DATABASE shop; CREATE TABLE shop.orders (id BIGINT PRIMARY KEY) ENGINE=InnoDB; ' +
        "CREATE USER app@'%' IDENTIFIED BY 'app'; GRANT ALL ON shop.* TO app@'%'",
    );
    nodes = await stage.nodes(topology.servers, {}, { seesVitals: true });
    writer = new RovingWriter(topology.servers);
  });
  afterEach(async () => {
    await writer.stop();
  });

  const writable = (): Promise<readonly string[]> => writableOf(topology.servers);
  const first = (): LabServer => replicasOf(topology, 1)[0];
  const takeOver = async (candidate: LabServer, left?: 'stopped'): Promise<void> => {
    await nodes.observe();
    const answer = await nodes.takeover(candidate, left);
    if (!answer.ok) throw new Error(`${answer.refusal.message}\n${nodes.lines.join('\n')}`);
  };
  /** Of those that run, all that `source` has, and every row that was acknowledged. */
  const everyRowEverywhere = async (source: LabServer): Promise<void> => {
    await writer.stop();
    for (const server of topology.servers.filter((one) => one.running && one !== source)) {
      await follows(server, source);
      await expect.poll(() => rowsOf(server)).toEqual(await rowsOf(source));
    }
  };
  const rowsOf = async (server: LabServer): Promise<readonly number[]> =>
    (await server.query('SELECT id FROM shop.orders ORDER BY id')).map(({ id }) => Number(id));

  it('moves the role under write load and back again, with every row on every server', async () => {
    writer.start();
    await writer.hasWritten(30);
    await takeOver(first());
    await writer.hasWritten(30);
    expect(await writable()).toEqual([first().address]);
    for (const server of topology.servers) if (server !== first()) await follows(server, first());
    await takeOver(topology.primary);
    await writer.hasWritten(30);
    expect(await writable()).toEqual([topology.primary.address]);
    expect(nodes.recoveries.map(({ verdict, lost }) => [verdict?.kind, lost])).toEqual([
      ['succeeded', []],
      ['succeeded', []],
    ]);
    await everyRowEverywhere(topology.primary);
    expect(await rowsOf(topology.primary)).toEqual(expect.arrayContaining([...writer.acknowledged]));
  });

  it('replaces a primary that dies with no client at it, and takes it back, and a replica that was away, when they return', async () => {
    await topology.primary.execute('INSERT INTO shop.orders VALUES (1); INSERT INTO shop.orders VALUES (2)');
    await topology.caughtUp();
    const { primary } = topology;
    const [second, third, away] = replicasOf(topology, 3);
    await nodes.observe();
    await away.kill();
    await primary.execute('INSERT INTO shop.orders VALUES (5)');
    for (const replica of [second, third]) await replica.catchUp(primary);
    await primary.kill();
    nodes.driver.noticeProblems([nodes.deadMaster(nodes.idOf(primary))]);
    await nodes.until('the failover ends', () => nodes.isIdle);
    const [recovery] = nodes.recoveries;
    const lost = [{ server: nodes.idOf(away) }];
    expect(recovery, nodes.lines.join('\n')).toMatchObject({ verdict: { kind: 'succeeded' }, lost });
    const promoted = topology.replicas.find((server) => nodes.idOf(server) === recovery?.successor);
    if (promoted === undefined) throw new Error('nobody was promoted');
    expect(await writable()).toEqual([promoted.address]);
    await promoted.execute('INSERT INTO shop.orders VALUES (3)');
    await away.start();
    await nodes.until('the replica is pointed at the new primary', () =>
      nodes.recoveries.some(({ kind: plan, verdict }) => plan === 'lost-replica' && verdict?.kind === 'succeeded'),
    );
    // What my.cnf of a primary says: it comes back open for writes.
    primary.configure(['read_only=OFF']);
    await primary.start();
    await nodes.until('the former primary is dealt with', () =>
      nodes.recoveries.some(({ kind: plan, verdict }) => plan === 'former-primary' && verdict?.kind === 'succeeded'),
    );
    expect(nodes.ledger.state.demotions.size, nodes.lines.join('\n')).toBe(0);
    expect(await writable()).toEqual([promoted.address]);
    await promoted.execute('INSERT INTO shop.orders VALUES (4)');
    await everyRowEverywhere(promoted);
    expect(await rowsOf(promoted)).toEqual([1, 2, 3, 4, 5]);
  });

  it('sets a primary apart that has a row that nobody else has: one that was left stopped and is opened, one that comes back', async () => {
    const { primary: opened } = topology;
    const primary = first();
    await takeOver(primary, 'stopped');
    // In this order: whoever sees that it is open, and closes it, finds what was written.
    const passed = kind.flavor === 'mysql97' ? 'SET GLOBAL super_read_only = 0; ' : '';
    await opened.execute(`${passed}INSERT INTO shop.orders VALUES (7); SET GLOBAL read_only = 0`);
    await nodes.observe();
    const extraOf = (server: LabServer): string | undefined => {
      const demotion = nodes.ledger.state.demotions.get(nodes.idOf(server));
      return demotion?.state === 'apart' ? demotion.extraGtids : undefined;
    };
    await nodes.until('the opened one is set apart', () => extraOf(opened) !== undefined);
    expect(extraOf(opened)).toContain(kind.flavor === 'mariadb' ? `-${String(opened.port)}-` : nodes.idOf(opened));
    await primary.execute('INSERT INTO shop.orders VALUES (1)');
    const others = topology.replicas.filter((replica) => replica !== primary);
    for (const replica of others) await replica.catchUp(primary);
    const { stopReplica } = dialectOf(primary.flavor);
    for (const replica of others) await replica.execute(`${stopReplica} IO_THREAD`);
    await primary.execute('INSERT INTO shop.orders VALUES (2)');
    await primary.kill();
    nodes.driver.noticeProblems([nodes.deadMaster(nodes.idOf(primary))]);
    await nodes.until('the failover ends', () => nodes.isIdle);
    await primary.start();
    await nodes.until('the former primary is set apart', () => extraOf(primary) !== undefined);
    expect(extraOf(primary), nodes.lines.join('\n')).not.toBe('');
    expect(await primary.replicaStatus()).toBeUndefined();
    expect((await writable()).length).toBe(1);
  });

  it('replaces a primary that dies under write load: who is level follows, the others are set apart with the reason', async () => {
    writer.start();
    await writer.hasWritten(30);
    const { primary } = topology;
    await primary.kill();
    nodes.driver.noticeProblems([nodes.deadMaster(nodes.idOf(primary))]);
    await nodes.until('the failover ends', () => nodes.isIdle);
    const [recovery] = nodes.recoveries;
    expect(recovery, nodes.lines.join('\n')).toMatchObject({ verdict: { kind: 'succeeded' } });
    const promoted = topology.replicas.find((server) => nodes.idOf(server) === recovery?.successor);
    if (promoted === undefined) throw new Error('nobody was promoted');
    await writer.hasWritten(30);
    await writer.stop();
    const lost = new Set(recovery?.lost.map(({ server }) => server));
    for (const { reason } of recovery?.lost ?? []) expect(reason).toMatch(/without GTID/);
    for (const replica of topology.replicas.filter((one) => one !== promoted && !lost.has(nodes.idOf(one)))) {
      await replica.waitForReplication();
      await expect.poll(() => rowsOf(replica)).toEqual(await rowsOf(promoted));
    }
    expect(await writable()).toEqual([promoted.address]);
  });

  it('brings a replica level that had received less than the new primary when the old one died', async () => {
    const { primary } = topology;
    const [, late, level] = topology.replicas;
    if (late === undefined || level === undefined) throw new Error('three replicas are needed');
    await primary.execute('INSERT INTO shop.orders VALUES (1); INSERT INTO shop.orders VALUES (2)');
    await topology.caughtUp();
    await late.execute(`${dialectOf(primary.flavor).stopReplica} IO_THREAD`);
    await primary.execute('INSERT INTO shop.orders VALUES (3); INSERT INTO shop.orders VALUES (4), (5)');
    await first().catchUp(primary);
    await level.catchUp(primary);
    await primary.kill();
    nodes.driver.noticeProblems([nodes.deadMaster(nodes.idOf(primary))]);
    await nodes.until('the failover ends', () => nodes.isIdle);
    const [recovery] = nodes.recoveries;
    expect(recovery, nodes.lines.join('\n')).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [] });
    const promoted = topology.replicas.find((server) => nodes.idOf(server) === recovery?.successor);
    if (promoted === undefined) throw new Error('nobody was promoted');
    expect(promoted).not.toBe(late);
    await promoted.execute('INSERT INTO shop.orders VALUES (6)');
    await everyRowEverywhere(promoted);
    expect(await rowsOf(late)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('ends a takeover once and rightly whenever the leader dies, before or after any step', async () => {
    let [from, to] = [topology.primary, first()];
    for (let at = 1; ; at++) {
      const when = at % 2 === 0 ? 'before' : 'after';
      const died = nodes.leaderDiesAt(at, when);
      await nodes.observe();
      const known = nodes.recoveries.length;
      await nodes.takeover(to).catch((error: unknown) => expect(error).toMatchObject({ code: 'FATE_UNKNOWN' }));
      await nodes.until('the takeover ends', () => nodes.recoveries.length > known && nodes.isIdle);
      const recovery = nodes.recoveries.at(-1);
      expect(recovery, `${when} step ${String(at)}\n${nodes.lines.slice(-30).join('\n')}`).toMatchObject({
        verdict: { kind: 'succeeded' },
        lost: [],
      });
      expect(await writable()).toEqual([to.address]);
      await to.execute(`INSERT INTO shop.orders VALUES (${String(at)})`);
      await everyRowEverywhere(to);
      [from, to] = [to, from];
      if (!died()) {
        expect(at).toBeGreaterThan(8);
        return;
      }
    }
  });
});

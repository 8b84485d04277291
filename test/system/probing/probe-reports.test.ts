/** What a probe brings home from real servers: MySQL 9.7 in full, and the words of MySQL 5.6 and MariaDB. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ServerReport } from '../../../src/core/topology/report.js';
import type { Flavor } from '../../../tools/lab/dialect.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import { MySqlLab } from '../../../tools/lab/mysql-lab.js';
import type { Topology } from '../../../tools/lab/topology.js';
import { type Eyes, openEyes, PATIENT_MS, reportIn } from './prober-fixture.js';

let lab: MySqlLab;
const open: Eyes[] = [];

beforeAll(async () => {
  lab = await MySqlLab.open();
});

afterEach(async () => {
  for (const eyes of open.splice(0)) await eyes.close();
});

afterAll(async () => {
  await lab.close();
});

function eyes(): Eyes {
  const made = openEyes();
  open.push(made);
  return made;
}

async function reportOf({ host, port }: LabServer, through: Eyes = eyes()): Promise<ServerReport> {
  return reportIn(await through.prober.probe({ host, port }, PATIENT_MS));
}

async function until<T>(look: () => Promise<T>, isRight: (seen: T) => boolean): Promise<T> {
  for (;;) {
    const seen = await look();
    if (isRight(seen)) return seen;
    await sleep(50);
  }
}

function portsOf(servers: readonly { readonly port: number }[]): number[] {
  return servers.map(({ port }) => port).sort((one, other) => one - other);
}

describe('MySQL 9.7', () => {
  let topology: Topology;
  let primary: LabServer;
  let replica: LabServer;

  beforeAll(async () => {
    // Nobody gives its source up for being silent while a busy machine looks at it.
    topology = await lab.topology({ replicas: 2, semiSync: true, extra: ['replica_net_timeout=60'] });
    primary = topology.primary;
    replica = topology.replicas[0] as LabServer;
    await primary.execute('CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY)');
    await topology.caughtUp();
  });

  it('tells of a primary', async () => {
    const through = eyes();
    // Whoever follows it is counted a moment after it has connected.
    const report = await until(
      () => reportOf(primary, through),
      ({ vitals, replicaAddresses }) => vitals.semiSyncClients === 2 && replicaAddresses.length === 2,
    );
    const [row] = await primary.query<{ uuid: string }>('SELECT @@server_uuid AS uuid');
    expect(report.id).toBe(row?.uuid);
    expect(report.facts).toMatchObject({
      serverNumber: primary.port,
      flavor: 'MySQL',
      readOnly: false,
      superReadOnly: false,
      offlineMode: false,
      binlogEnabled: true,
      binlogFormat: 'ROW',
      binlogRowImage: 'FULL',
      logReplicaUpdates: true,
      gtidMode: 'ON',
      reportHost: '127.0.0.1',
      channels: [],
      blindSpots: [],
    });
    expect(report.facts.version.major).toBeGreaterThanOrEqual(8);
    expect(report.facts.semiSync).toMatchObject({
      sourceAvailable: true,
      sourceEnabled: true,
      sourceActive: true,
      waitCount: 1,
      waitNoReplica: true,
      waitPoint: 'after-sync',
    });
    expect(report.vitals.semiSyncClients).toBe(2);
    expect(report.vitals.executedGtids).toBe((await primary.gtidExecuted()).replaceAll(/\s/g, ''));
    expect(report.vitals.binlog?.file).toMatch(/^binlog\.\d+$/);
    expect(report.vitals.lagSeconds).toBe(0);
    expect(portsOf(report.replicaAddresses)).toEqual(portsOf(topology.replicas));
  });

  it('tells of a replica', async () => {
    const [{ id: primaryId }, report] = [await reportOf(primary), await reportOf(replica)];
    expect(report.facts.readOnly).toBe(true);
    expect(report.facts.channels).toEqual([
      {
        name: '',
        source: { host: '127.0.0.1', port: primary.port },
        sourceId: primaryId,
        ioThread: 'running',
        sqlThread: 'running',
        ioError: null,
        sqlError: null,
        autoPosition: true,
        user: 'repl',
        delaySeconds: 0,
        tls: expect.any(Boolean) as boolean,
        hasFilters: false,
        heartbeatIntervalMs: 1000,
        transport: expect.objectContaining({ verifiesServer: false, getsPublicKey: true }) as unknown,
      },
    ]);
    expect(report.vitals.channels).toHaveLength(1);
    expect(report.vitals.channels[0]).toMatchObject({ name: '', secondsBehind: expect.any(Number) as number });
    expect(report.vitals.channels[0]?.retrievedGtids).toContain(primaryId);
    expect(report.vitals.channels[0]?.read?.file).toMatch(/^binlog\.\d+$/);
    expect(report.replicaAddresses).toEqual([]);
  });

  it('measures how long the source has been quiet by the clock of the replica', async () => {
    const through = eyes();
    const quiet = async (): Promise<number> =>
      (await reportOf(replica, through)).vitals.channels[0]?.quietMs ?? Number.NaN;
    expect(await quiet()).toBeLessThan(30_000);
    primary.pause();
    try {
      const first = await quiet();
      await sleep(1_500);
      // A heartbeat that had come before it froze may be read a moment later.
      await until(quiet, (ms) => ms - first >= 1_400);
    } finally {
      primary.resume();
    }
    await until(quiet, (ms) => ms < 1_400);
  });

  it('sees what is done to a server at the next look, over the same connection', async () => {
    const through = eyes();
    await reportOf(replica, through);
    await replica.execute(
      'STOP REPLICA; SET GLOBAL super_read_only = 1; CHANGE REPLICATION SOURCE TO SOURCE_DELAY = 7',
    );
    try {
      const { facts, vitals } = await reportOf(replica, through);
      expect(facts.superReadOnly).toBe(true);
      expect(facts.channels[0]).toMatchObject({ ioThread: 'stopped', sqlThread: 'stopped', delaySeconds: 7 });
      expect(vitals.lagSeconds).toBeNull();
    } finally {
      await replica.execute(
        'SET GLOBAL super_read_only = 0; CHANGE REPLICATION SOURCE TO SOURCE_DELAY = 0; START REPLICA',
      );
    }
    // Those of the tests before it were hung up, which the server hears in its own time.
    const sessions = "SELECT COUNT(*) AS n FROM performance_schema.processlist WHERE USER = 'orchestrator'";
    await expect.poll(() => replica.query(sessions)).toEqual([{ n: 1 }]);
  });

  it('tells the channels of a replica of two sources apart', async () => {
    const [one, other, both] = (await lab.servers(3)) as [LabServer, LabServer, LabServer];
    await both.replicateFrom(one);
    const options = "SOURCE_USER='repl', SOURCE_PASSWORD='repl', GET_SOURCE_PUBLIC_KEY=1, SOURCE_AUTO_POSITION=1";
    await both.execute(
      `CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT=${String(other.port)}, ${options} ` +
        "FOR CHANNEL 'east'; START REPLICA FOR CHANNEL 'east'",
    );
    const through = eyes();
    const { facts, vitals } = await until(
      () => reportOf(both, through),
      (report) => report.facts.channels.every(({ ioThread, sourceId }) => ioThread === 'running' && sourceId !== null),
    );
    const sources = facts.channels.map(({ name, source, sourceId }) => [name, source.port, sourceId]);
    expect(sources).toEqual([
      ['', one.port, (await reportOf(one)).id],
      ['east', other.port, (await reportOf(other)).id],
    ]);
    expect(vitals.channels.map(({ name }) => name)).toEqual(['', 'east']);
    for (const server of [one, other, both]) await server.kill();
  });

  it('finds the host of a replica without report_host by its dump thread, and keeps its port', async () => {
    const [nameless] = (await lab.servers(1)) as [LabServer];
    await nameless.stop();
    nameless.configure(['report_host=', `report_port=${String(nameless.port)}`]);
    await nameless.start();
    await nameless.replicateFrom(primary);
    await nameless.waitForReplication();
    try {
      const through = eyes();
      const all = portsOf([...topology.replicas, nameless]);
      const { replicaAddresses, facts } = await until(
        () => reportOf(primary, through),
        (report) => report.replicaAddresses.length === all.length,
      );
      expect(portsOf(replicaAddresses)).toEqual(all);
      expect(replicaAddresses.every((address) => address.host === '127.0.0.1')).toBe(true);
      expect(facts.blindSpots).toEqual([]);
    } finally {
      await nameless.kill();
    }
  });

  it('names an error of replication in the same words at each attempt', async () => {
    await replica.execute(
      "STOP REPLICA; CHANGE REPLICATION SOURCE TO SOURCE_USER='nobody', SOURCE_CONNECT_RETRY=1; START REPLICA",
    );
    try {
      const through = eyes();
      const look = async (): Promise<ServerReport> => await reportOf(replica, through);
      const first = await until(look, ({ facts }) => facts.channels[0]?.ioError !== null);
      const [before] = await replica.query('SHOW REPLICA STATUS');
      await until(
        async () => (await replica.query('SHOW REPLICA STATUS'))[0],
        (row) => row?.['Last_IO_Error'] !== before?.['Last_IO_Error'],
      );
      const second = await look();
      expect(first.facts.channels[0]?.ioThread).toBe('connecting');
      expect(first.facts.channels[0]?.ioError?.number).toBe(1045);
      expect(second.facts.channels[0]?.ioError).toEqual(first.facts.channels[0]?.ioError);
    } finally {
      await replica.execute("STOP REPLICA; CHANGE REPLICATION SOURCE TO SOURCE_USER='repl'; START REPLICA");
    }
  });
});

describe.each<{ flavor: Flavor; expected: Partial<ServerReport['facts']> }>([
  { flavor: 'mysql56', expected: { flavor: 'MySQL', gtidMode: 'ON', binlogRowImage: 'FULL' } },
  { flavor: 'mariadb', expected: { flavor: 'MariaDB', gtidMode: '', binlogRowImage: 'FULL' } },
])('$flavor', ({ flavor, expected }) => {
  it('is read in its own words', async () => {
    const { primary, replicas, caughtUp } = await lab.topology({ flavor, replicas: 1 });
    const [replica] = replicas as [LabServer];
    await primary.execute('CREATE DATABASE shop');
    await caughtUp();
    const above = await until(
      () => reportOf(primary),
      ({ replicaAddresses }) => replicaAddresses.length === 1,
    );
    const below = await reportOf(replica);
    expect(above.facts).toMatchObject({ ...expected, readOnly: false, channels: [], blindSpots: [] });
    expect(portsOf(above.replicaAddresses)).toEqual([replica.port]);
    expect(above.vitals.executedGtids).not.toBe('');
    expect(below.id).not.toBe(above.id);
    expect(below.facts).toMatchObject({ ...expected, readOnly: true, blindSpots: [] });
    expect(below.facts.channels[0]).toMatchObject({
      source: { host: '127.0.0.1', port: primary.port },
      sourceId: flavor === 'mysql56' ? above.id : null,
      ioThread: 'running',
      sqlThread: 'running',
      autoPosition: true,
      user: 'repl',
    });
    expect(below.vitals.channels[0]?.read?.position).toBeGreaterThan(0);
    expect(below.vitals.executedGtids).toBe(above.vitals.executedGtids);
  });

  it('keeps its identity over a restart', async () => {
    const [server] = (await lab.servers(1, { flavor })) as [LabServer];
    const before = await reportOf(server);
    await server.stop();
    await server.start();
    expect((await reportOf(server)).id).toBe(before.id);
  });
});

/** What a missing right must never do: make a primary of a replica, or stay missing for a connection after it was granted. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ProbeSession } from '../../../src/adapters/mysql/probe/probe-session.js';
import { MysqlProber } from '../../../src/adapters/mysql/probe/prober.js';
import { formatGtidSet, parseGtidSet, subtractGtids } from '../../../src/core/topology/gtid-set.js';
import type { ServerReport } from '../../../src/core/topology/report.js';
import { monotonicNowMs } from '../../../src/runtime/ports/clock.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import { MySqlLab } from '../../../tools/lab/mysql-lab.js';
import type { Topology } from '../../../tools/lab/topology.js';
import { failureIn, openEyes, PATIENT_LIMITS, PATIENT_MS, reportIn } from './prober-fixture.js';

let lab: MySqlLab;
let topology: Topology;
let primary: LabServer;
let replica: LabServer;

const WATCHER = { user: 'watcher', password: 'watch' };
const RIGHTS = [
  'REPLICATION CLIENT ON *.*',
  'REPLICATION SLAVE ON *.*',
  'SELECT ON performance_schema.*',
  'SELECT ON mysql.slave_master_info',
];

beforeAll(async () => {
  lab = await MySqlLab.open();
  topology = await lab.topology({ replicas: 1 });
  primary = topology.primary;
  replica = topology.replicas[0] as LabServer;
  await primary.execute(`CREATE USER 'watcher'@'127.0.0.1' IDENTIFIED BY 'watch'`);
  await topology.caughtUp();
});

afterAll(async () => {
  await lab.close();
});

async function grantOnly(rights: readonly string[]): Promise<void> {
  const grants = rights.map((right) => `GRANT ${right} TO 'watcher'@'127.0.0.1'`);
  await primary.execute(["REVOKE ALL PRIVILEGES, GRANT OPTION FROM 'watcher'@'127.0.0.1'", ...grants].join('; '));
  await topology.caughtUp();
}

async function watch({ host, port }: LabServer): Promise<ServerReport> {
  const eyes = openEyes(WATCHER);
  try {
    return reportIn(await eyes.prober.probe({ host, port }, PATIENT_MS));
  } finally {
    await eyes.close();
  }
}

const lacking = (right: string): string[] => RIGHTS.filter((other) => other !== right);

describe.each(RIGHTS)('without %s', (right) => {
  it('a replica is still a replica', async () => {
    await grantOnly(lacking(right));
    const { facts, vitals } = await watch(replica);
    expect(facts.channels).toHaveLength(1);
    expect(facts.channels[0]).toMatchObject({
      source: { host: '127.0.0.1', port: primary.port },
      sourceId: (await watch(primary)).id,
      ioThread: 'running',
      sqlThread: 'running',
      autoPosition: true,
      user: 'repl',
    });
    expect(vitals.executedGtids).not.toBe('');
  });
});

describe('with no view of replication at all', () => {
  it('there is no report: a replica could not be told from a primary', async () => {
    await grantOnly(['REPLICATION SLAVE ON *.*']);
    const eyes = openEyes(WATCHER);
    try {
      for (let attempt = 0; attempt < 2; attempt += 1) {
        const { host, port } = replica;
        const failure = failureIn(await eyes.prober.probe({ host, port }, PATIENT_MS));
        expect(failure.kind).toBe('alive');
        expect(failure.message).toContain(`${host}:${String(port)}`);
        expect(failure.message).toContain("GRANT REPLICATION CLIENT ON *.* TO 'watcher'@'127.0.0.1'");
      }
    } finally {
      await eyes.close();
    }
  });
});

describe('a gap in a kept connection', () => {
  it('is closed within a minute after the grant, and not asked for at each probe', async () => {
    await grantOnly(lacking('REPLICATION SLAVE ON *.*'));
    const eyes = openEyes(WATCHER);
    let aheadMs = 0;
    const prober = new MysqlProber(eyes.connector, PATIENT_LIMITS, () => monotonicNowMs() + aheadMs);
    const { host, port } = primary;
    const gaps = async (): Promise<number> =>
      reportIn(await prober.probe({ host, port }, PATIENT_MS)).facts.blindSpots.length;
    const asked = async (): Promise<number> => {
      const [row] = await primary.query<{ Value: string }>("SHOW GLOBAL STATUS LIKE 'Com_show_replicas'");
      return Number(row?.Value);
    };
    try {
      expect(await gaps()).toBe(1);
      const before = await asked();
      for (let probe = 0; probe < 5; probe += 1) expect(await gaps()).toBe(1);
      expect(await asked()).toBe(before);
      await grantOnly(RIGHTS);
      expect(await gaps()).toBe(1);
      aheadMs += 61_000;
      expect(await gaps()).toBe(0);
    } finally {
      await prober.close();
      await eyes.close();
    }
  });

  it('shows a plugin that was loaded meanwhile', async () => {
    await grantOnly(RIGHTS);
    const eyes = openEyes(WATCHER);
    const { host, port } = replica;
    const link = await eyes.connector.connect({ host, port }, PATIENT_MS);
    let aheadMs = 0;
    const session = new ProbeSession(link, () => monotonicNowMs() + aheadMs);
    const look = async (): Promise<ServerReport> => await session.report(monotonicNowMs() + aheadMs + PATIENT_MS);
    try {
      expect((await look()).facts).toMatchObject({ semiSync: { sourceAvailable: false }, blindSpots: [] });
      await replica.execute("INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'");
      aheadMs += 61_000;
      await look();
      expect((await look()).facts.semiSync).toMatchObject({ sourceAvailable: true, replicaAvailable: false });
      await replica.execute('UNINSTALL PLUGIN rpl_semi_sync_source');
      expect((await look()).facts.semiSync.sourceAvailable).toBe(false);
    } finally {
      link.destroy();
      await eyes.close();
    }
  });
});

describe('our algebra of GTID sets', () => {
  it('agrees with the server', async () => {
    const [one, other, third] = ['1', '2', '3'].map((digit) => `99ec6843-e6d6-11f1-892d-02fc0000000${digit}`);
    const pairs = [
      [`${one}:1-10:foo:1-5:7,${other}:3`, `${one}:2:FOO:1`],
      [`${one}:1-3:2-5:9-8,,${one}:7`, ''],
      [`${other}:b:1-3:a:3:b:9:5-9223372036854775806`, `${other}:b:2-100`],
      [`${third}: 1 - 30 , ${one} : 5`, `${third}:4-6:9:30-40`],
    ] as const;
    for (const [from, taken] of pairs) {
      const [row] = await primary.query<{ gtids: string }>(`SELECT GTID_SUBTRACT('${from}', '${taken}') AS gtids`);
      const [left, right] = [parseGtidSet(from), parseGtidSet(taken)];
      if (!left.ok || !right.ok) throw new Error(`not understood: ${from} or ${taken}`);
      expect(formatGtidSet(subtractGtids(left.value, right.value))).toBe(row?.gtids.replaceAll('\n', ''));
    }
  });
});

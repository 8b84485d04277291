/** Replication groups, clones, and quiet sources on servers that do not tell it in full: real servers of each kind. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ServerReport } from '../../../src/core/topology/report.js';
import type { Flavor } from '../../../tools/lab/dialect.js';
import { freePorts } from '../../../tools/lab/free-ports.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import { MySqlLab } from '../../../tools/lab/mysql-lab.js';
import { type Eyes, openEyes, PATIENT_MS, reportIn } from './prober-fixture.js';

let lab: MySqlLab;
let eyes: Eyes;

beforeAll(async () => {
  lab = await MySqlLab.open();
});

afterEach(async () => {
  await eyes.close();
});

afterAll(async () => {
  await lab.close();
});

async function look({ host, port }: LabServer): Promise<ServerReport> {
  return reportIn(await eyes.prober.probe({ host, port }, PATIENT_MS));
}

async function until(server: LabServer, isRight: (report: ServerReport) => boolean): Promise<ServerReport> {
  for (;;) {
    const report = await look(server);
    if (isRight(report)) return report;
    await sleep(100);
  }
}

describe('MySQL 9.7', () => {
  it('tells of its replication group', async () => {
    eyes = openEyes();
    const [member] = (await lab.servers(1, { extra: ['performance_schema_max_mutex_classes=350'] })) as [LabServer];
    expect((await look(member)).facts.group).toBeNull();
    const name = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee';
    const [speaking = 0] = await freePorts(1);
    await member.execute(
      "INSTALL PLUGIN group_replication SONAME 'group_replication.so'; " +
        `SET GLOBAL group_replication_group_name='${name}'; ` +
        `SET GLOBAL group_replication_local_address='127.0.0.1:${String(speaking)}'; ` +
        "SET GLOBAL group_replication_communication_stack='XCOM'",
    );
    await eyes.close();
    eyes = openEyes();
    expect((await look(member)).facts.group).toMatchObject({ name, state: 'OFFLINE', primary: null });
    await member.execute(
      'SET GLOBAL group_replication_bootstrap_group=ON; START GROUP_REPLICATION; SET GLOBAL group_replication_bootstrap_group=OFF',
      60_000,
    );
    const { facts } = await until(member, (report) => report.facts.group?.state === 'ONLINE');
    expect(facts.group).toEqual({
      name,
      singlePrimary: true,
      state: 'ONLINE',
      role: 'PRIMARY',
      others: [],
      primary: { host: '127.0.0.1', port: member.port },
    });
    // The channels that the group keeps for itself make no replica of it.
    expect(facts.channels).toEqual([]);
    await member.kill();
  });

  it('tells of a clone that failed', async () => {
    eyes = openEyes();
    const [server] = (await lab.servers(1)) as [LabServer];
    await server.openForWrites();
    expect((await look(server)).facts.clone).toBeNull();
    await server.execute(
      "INSTALL PLUGIN clone SONAME 'mysql_clone.so'; SET GLOBAL clone_valid_donor_list='127.0.0.1:9'",
    );
    const clone = server.execute("CLONE INSTANCE FROM 'nobody'@'127.0.0.1':9 IDENTIFIED BY 'x'", 60_000);
    await expect(clone).rejects.toThrow();
    await eyes.close();
    eyes = openEyes();
    const { facts } = await look(server);
    expect(facts.clone).toMatchObject({ state: 'failed', donor: '127.0.0.1:9' });
    expect(facts.clone?.error?.number).toBeGreaterThan(0);
    await server.kill();
  });
});

describe.each<{ flavor: Flavor }>([{ flavor: 'mysql56' }, { flavor: 'mariadb' }])('$flavor', ({ flavor }) => {
  it('is watched for the quiet of its source', async () => {
    eyes = openEyes();
    // The default gives a connection up after four seconds of silence, which a busy machine may take to look twice.
    const { primary, replicas } = await lab.topology({ flavor, replicas: 1, extra: ['slave_net_timeout=60'] });
    const [replica] = replicas as [LabServer];
    const quiet = ({ vitals }: ServerReport): number => vitals.channels[0]?.quietMs ?? Number.NaN;
    // A heartbeat comes every second.
    await until(replica, (report) => quiet(report) < 2_000);
    primary.pause();
    const grown = await until(replica, (report) => quiet(report) > 2_500);
    expect(grown.facts.channels[0]?.ioThread).toBe('running');
    expect(grown.facts.channels[0]?.heartbeatIntervalMs).toBe(1000);
    primary.resume();
    await until(replica, (report) => quiet(report) < 2_000);
  });
});

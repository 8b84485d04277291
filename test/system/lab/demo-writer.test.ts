// The demo's client against real servers: what it calls an outage is what a client would feel, and what it calls
// acknowledged is on the server.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WRITER_ACCOUNT } from '../../../tools/demo/write-session.js';
import { Writer } from '../../../tools/demo/writer.js';
import { until } from '../../../tools/demo/until.js';
import { MySqlLab } from '../../../tools/lab/mysql-lab.js';
import type { LabServer } from '../../../tools/lab/lab-server.js';
import type { Topology } from '../../../tools/lab/topology.js';

const { user, password, database } = WRITER_ACCOUNT;

async function promote(server: LabServer): Promise<void> {
  await server.execute('STOP REPLICA; RESET REPLICA ALL; SET GLOBAL super_read_only = 0; SET GLOBAL read_only = 0');
}

describe('the writing client', () => {
  let lab: MySqlLab;
  let topology: Topology;

  beforeAll(async () => {
    lab = await MySqlLab.open();
    topology = await lab.topology({ replicas: 2, semiSync: true });
    await topology.primary.execute(
      `CREATE DATABASE ${database}; CREATE TABLE ${database}.orders (id BIGINT PRIMARY KEY);
       CREATE USER '${user}'@'%' IDENTIFIED BY '${password}'; GRANT SELECT, INSERT ON ${database}.* TO '${user}'@'%'`,
    );
    await topology.caughtUp();
  });
  afterAll(async () => {
    await lab.close();
  });

  it('finds the new primary by itself and remembers what was acknowledged', async () => {
    const writer = new Writer(topology.servers);
    const { primary } = topology;
    const successor = topology.replicas[0];
    if (successor === undefined) throw new Error('no replica');
    writer.start();
    await until('writes', () => Promise.resolve(writer.acknowledged.length > 20 ? true : undefined));
    expect(new Set(writer.acknowledged.map(({ server }) => server))).toEqual(new Set([primary.address]));

    const killedAtMs = performance.now();
    await primary.kill();
    // Semi-sync: one of the two has every acknowledged write; here both are asked for them.
    await successor.execute('STOP REPLICA IO_THREAD');
    await promote(successor);
    const gap = await until('writes elsewhere', () => Promise.resolve(writer.outageAfter(primary.address)));
    await writer.stop();

    expect(gap.before.server).toBe(primary.address);
    expect(gap.after.server).toBe(successor.address);
    expect(gap.ms).toBeGreaterThan(0);
    expect(gap.before.atMs + gap.ms).toBeCloseTo(gap.after.atMs);
    expect(writer.longestGap(killedAtMs)?.ms).toBeGreaterThanOrEqual(gap.ms);
    const rows = await successor.query<{ id: number }>(`SELECT id FROM ${database}.orders`);
    const there = new Set(rows.map(({ id }) => id));
    const since = writer.acknowledged.filter(({ server }) => server === successor.address);
    expect(since.length).toBeGreaterThan(0);
    expect(since.filter(({ id }) => !there.has(id))).toEqual([]);
  });
});

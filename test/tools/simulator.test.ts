/** Simulated servers as the nodes' own prober sees them: healthy, in trouble, and asked what they were never taught. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { DEFAULT_PROBER_LIMITS, MysqlProber } from '../../src/adapters/mysql/probe/prober.js';
import type { ProbeResult } from '../../src/core/topology/report.js';
import type { Address } from '../../src/core/topology/address.js';
import { monotonicNowMs } from '../../src/runtime/ports/clock.js';
import { freePorts } from '../../tools/lab/free-ports.js';
import { statementsIn, selectIn } from '../../tools/simulator/sql-text.js';
import { type Simulation, type SimulationOptions, startSimulatedServers } from '../../tools/simulator/simulator.js';
import { type Eyes, failureIn, openEyes, PATIENT_MS, reportIn } from '../system/probing/prober-fixture.js';

let simulation: Simulation | null = null;
let eyes: Eyes | null = null;

afterEach(async () => {
  await eyes?.close();
  await simulation?.close();
  [simulation, eyes] = [null, null];
});

async function start(options: Partial<SimulationOptions> = {}): Promise<readonly string[]> {
  const [port = 0] = await freePorts(1);
  simulation = await startSimulatedServers({ clusters: 1, replicasPerCluster: 2, port, ...options });
  eyes = openEyes();
  return simulation.addresses;
}

function placeOf(address = ''): Address {
  const [host = '', port] = address.split(':');
  return { host, port: Number(port) };
}

async function probe(address: string | undefined, timeoutMs = PATIENT_MS): Promise<ProbeResult> {
  if (eyes === null) throw new Error('nothing was started');
  return await eyes.prober.probe(placeOf(address), timeoutMs);
}

describe('a simulated topology', () => {
  it('is seen as a primary and its replicas, under load', async () => {
    const [primary, ...replicas] = await start({ writesPerSecond: 1_000_000 });
    const report = reportIn(await probe(primary));
    expect(report.facts).toMatchObject({ readOnly: false, channels: [], blindSpots: [] });
    expect(report.replicaAddresses.map(({ host, port }) => `${host}:${String(port)}`)).toEqual(replicas);
    for (const replica of replicas) {
      const { facts, vitals } = reportIn(await probe(replica));
      expect(facts.readOnly).toBe(true);
      expect(facts.channels).toMatchObject([
        { source: report.address, sourceId: report.id, ioThread: 'running', sqlThread: 'running' },
      ]);
      expect(vitals.lagSeconds).toBe(0);
    }
    const later = reportIn(await probe(primary));
    expect(later.facts).toEqual(report.facts);
    expect(later.vitals.executedGtids).not.toBe(report.vitals.executedGtids);
    expect(later.vitals.binlog).not.toEqual(report.vitals.binlog);
    expect(simulation?.counts.untaught).toEqual([]);
  });

  it('can be a chain', async () => {
    const addresses = await start({ shape: 'chain', replicasPerCluster: 3 });
    const sources = await Promise.all(
      addresses.map(async (address) => reportIn(await probe(address)).facts.channels[0]?.source.host),
    );
    expect(sources).toEqual([undefined, ...addresses.slice(0, -1).map((address) => address.split(':')[0])]);
  });

  it('is found by its dump threads when it has no report_host', async () => {
    const [primary, ...replicas] = await start({ reportHost: false });
    const { replicaAddresses } = reportIn(await probe(primary));
    expect(replicaAddresses.map(({ host, port }) => `${host}:${String(port)}`)).toEqual(replicas);
  });

  it('lives in many clusters with as many primaries', async () => {
    const addresses = await start({ clusters: 3, replicasPerCluster: 4 });
    expect(new Set(addresses).size).toBe(15);
    expect(simulation?.seeds).toEqual([addresses[0], addresses[5], addresses[10]]);
    const ids = await Promise.all(addresses.map(async (address) => reportIn(await probe(address)).id));
    expect(new Set(ids).size).toBe(15);
  });
});

describe('trouble', () => {
  it.each([
    ['refuse', { kind: 'refused', code: 'ECONNREFUSED' }],
    ['too-many-connections', { kind: 'alive', code: '1040' }],
    ['close', { kind: 'none' }],
    ['hang', { kind: 'silent' }],
  ] as const)('%s, on a fresh connection', async (fault, failure) => {
    const [primary = ''] = await start();
    await simulation?.setFault(primary, fault);
    // Whoever does not hang has all the time that a busy machine takes.
    expect(failureIn(await probe(primary, fault === 'hang' ? 1000 : PATIENT_MS))).toMatchObject(failure);
    await simulation?.setFault(primary, null);
    expect((await probe(primary)).ok).toBe(true);
  });

  it('ends or silences the connection that was kept', async () => {
    const [primary = ''] = await start();
    reportIn(await probe(primary));
    await simulation?.setFault(primary, 'hang');
    expect(failureIn(await probe(primary, 3000)).kind).toBe('silent');
    await simulation?.setFault(primary, null);
    reportIn(await probe(primary));
    await simulation?.setFault(primary, 'refuse');
    await vi.waitFor(() => expect(eyes?.lost).not.toEqual([]), PATIENT_MS);
  });

  it('with a full disk costs one probe, and then the end of the binary log alone, until there is room', async () => {
    const [, replica = ''] = await start();
    let aheadMs = 0;
    const connector = eyes?.connector;
    if (connector === undefined) throw new Error('nothing was started');
    const prober = new MysqlProber(connector, DEFAULT_PROBER_LIMITS, () => monotonicNowMs() + aheadMs);
    const look = async (timeoutMs: number): Promise<ProbeResult> => await prober.probe(placeOf(replica), timeoutMs);
    const gaps = async (): Promise<unknown> => reportIn(await look(PATIENT_MS)).facts.blindSpots;
    const standing = [{ what: 'the end of the binary log', mend: expect.stringContaining('disk') as string }];
    try {
      expect(await gaps()).toEqual([]);
      await simulation?.setFault(replica, 'full-disk');
      expect(failureIn(await look(1000)).kind).toBe('alive');
      await vi.waitFor(async () => expect((await look(1000)).ok).toBe(true), PATIENT_MS);
      expect(await gaps()).toMatchObject(standing);
      expect(reportIn(await look(PATIENT_MS)).facts.channels).toMatchObject([{ ioThread: 'running' }]);
      // Asked again after a minute, with a short time of its own; it stands still.
      aheadMs += 61_000;
      for (let probe = 0; probe < 3; probe += 1) expect(await gaps()).toMatchObject(standing);
      await simulation?.setFault(replica, null);
      aheadMs += 121_000;
      await gaps();
      expect(await gaps()).toEqual([]);
      expect(reportIn(await look(PATIENT_MS)).vitals.binlog).not.toBeNull();
    } finally {
      await prober.close();
    }
  });

  it('is noticed by the replicas', async () => {
    const [primary = '', replica] = await start();
    await simulation?.setFault(primary, 'refuse');
    const { facts, vitals } = reportIn(await probe(replica));
    expect(facts.channels).toMatchObject([{ ioThread: 'connecting', ioError: { number: 2003 } }]);
    expect(vitals.lagSeconds).toBeNull();
  });
});

describe('a statement that was never taught', () => {
  it.each([
    'SHOW DATABASES',
    'SELECT @@global.no_such_variable',
    "SHOW GLOBAL STATUS WHERE Variable_name IN ('Com_select')",
    'SELECT s.NO_SUCH_COLUMN FROM performance_schema.replication_connection_status s',
    'SET SESSION autocommit = 0',
  ])('is refused as no real server would, and remembered: %s', async (statement) => {
    const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const [, replica = ''] = await start();
    const link = await eyes?.connector.connect(placeOf(replica), PATIENT_MS);
    await expect(link?.run(`SELECT @@global.port; ${statement}`, PATIENT_MS)).rejects.toMatchObject({
      number: 1105,
      index: 1,
    });
    link?.close();
    expect(simulation?.counts.untaught).toHaveLength(1);
    said.mockRestore();
  });

  it('is told from a variable of a plugin that is not loaded', async () => {
    const [primary = ''] = await start();
    const link = await eyes?.connector.connect(placeOf(primary), PATIENT_MS);
    const answer = link?.run('SELECT @@global.rpl_semi_sync_source_enabled', PATIENT_MS);
    await expect(answer).rejects.toMatchObject({ number: 1193 });
    link?.close();
  });
});

describe('query texts', () => {
  it('come apart at semicolons outside of quotes', () => {
    expect(statementsIn('SELECT \'a;b\', "c\\";"; SHOW REPLICAS ;')).toEqual([
      'SELECT \'a;b\', "c\\";"',
      'SHOW REPLICAS',
    ]);
  });

  it('have items with names, and a FROM outside of parentheses', () => {
    expect(selectIn('SELECT f(a, b) AS `x`, EXTRACT(DAY FROM c) FROM t WHERE d')).toEqual({
      items: [
        { expression: 'f(a, b)', name: 'x' },
        { expression: 'EXTRACT(DAY FROM c)', name: 'EXTRACT(DAY FROM c)' },
      ],
      from: 't WHERE d',
    });
    expect(selectIn('SHOW REPLICAS')).toBeNull();
  });
});

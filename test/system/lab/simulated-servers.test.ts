/**
 * The simulator answers what MySQL 9.7 answers: what the prober makes of a simulated primary and replica has the same
 * fields with the same types as what it makes of real ones, and the probes find nothing that they lack.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Address } from '../../../src/core/topology/address.js';
import { freePorts } from '../../../tools/lab/free-ports.js';
import { MySqlLab } from '../../../tools/lab/mysql-lab.js';
import { type Simulation, startSimulatedServers } from '../../../tools/simulator/simulator.js';
import { type Eyes, openEyes, PATIENT_MS, reportIn } from '../probing/prober-fixture.js';

let lab: MySqlLab;
let simulation: Simulation;
let eyes: Eyes;
let real: readonly Address[];
let simulated: readonly Address[];

beforeAll(async () => {
  lab = await MySqlLab.open();
  const topology = await lab.topology({ replicas: 2 });
  // The account of simulated servers may do everything, a copy included.
  await topology.primary.execute(
    "CREATE DATABASE shop; GRANT BACKUP_ADMIN, CLONE_ADMIN, SYSTEM_USER ON *.* TO 'orchestrator'@'%'; " +
      "GRANT INSERT ON mysql.plugin TO 'orchestrator'@'%'",
  );
  await topology.caughtUp();
  const [port = 0] = await freePorts(1);
  simulation = await startSimulatedServers({ clusters: 1, replicasPerCluster: 2, port });
  eyes = openEyes();
  real = topology.servers;
  simulated = simulation.addresses.map((address) => ({ host: address.split(':')[0] ?? '', port }));
});

afterAll(async () => {
  await eyes.close();
  await simulation.close();
  await lab.close();
});

/** Values that are words of their own (ON, running, null) stay; what differs from server to server becomes its type. */
function shapeOf(value: unknown): unknown {
  if (typeof value === 'string') return shapeOfText(value);
  if (typeof value === 'number') return 'a number';
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]));
}

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';

const TEXT_SHAPES: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`^${UUID}$`), 'a uuid'],
  [new RegExp(`^${UUID}:\\d+(?:-\\d+)?$`), 'a GTID set'],
  [/^127\.\d+\.\d+\.\d+$/, 'a host'],
  [/^\w+\.\d{6}$/, 'a log file'],
];

function shapeOfText(text: string): string {
  return TEXT_SHAPES.find(([pattern]) => pattern.test(text))?.[1] ?? text;
}

/** Whose name it is, and which release: the machine's and the package's, not the protocol's. */
function shapeOfReport(report: ReturnType<typeof reportIn>): unknown {
  const { facts } = report;
  const version = { text: '', major: facts.version.major, minor: facts.version.minor, patch: 0 };
  return shapeOf({ ...report, facts: { ...facts, version, hostname: '', versionComment: '' } });
}

it.each([
  ['a primary', 0],
  ['a replica', 1],
] as const)('%s is reported in the same shape', async (_, place) => {
  const reportOf = async (addresses: readonly Address[]): Promise<unknown> => {
    const { host = '', port = 0 } = addresses[place] ?? {};
    return shapeOfReport(reportIn(await eyes.prober.probe({ host, port }, PATIENT_MS)));
  };
  expect(await reportOf(simulated)).toEqual(await reportOf(real));
});

it('was taught all that a probe asks', () => {
  expect(simulation.counts.queries).toBeGreaterThan(0);
  expect(simulation.counts.untaught).toEqual([]);
});

// scripts/simulate-mysql: simulated MySQL servers for people who want to see many, until Ctrl-C.
import { parseArgs } from 'node:util';
import { openControlDoor } from './control-door.js';
import { startSimulatedServers, type SimulationOptions } from './simulator.js';

const USAGE = `scripts/simulate-mysql [--clusters N] [--replicas N] [--chain] [--port N] [--first N] [--writes N]
                       [--no-report-host] [--control PORT]
Servers that speak the MySQL protocol on addresses in 127.0.0.0/8, N clusters (5) of a primary and its replicas (3).
  --chain            each replica follows the one before it, not the primary
  --port N           the port of all of them (3306)
  --first N          the number of the first: a second simulator beside this one needs other addresses
  --writes N         transactions a second that each primary seems to commit (10)
  --no-report-host   replicas that tell their sources no host
  --control PORT     counts at http://127.0.0.1:PORT/, trouble by POST /faults/ADDRESS/FAULT, where FAULT is refuse,
                     hang, too-many-connections, close or none
`;

interface Order {
  readonly simulation: SimulationOptions;
  readonly controlPort: number | null;
}

const WHOLE = /^\d+$/;

/** Null when the words are not understood. */
function parse(words: readonly string[]): Order | null {
  const number = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  try {
    const { values } = parseArgs({
      args: [...words],
      options: {
        clusters: { ...number, default: '5' },
        replicas: { ...number, default: '3' },
        port: { ...number, default: '3306' },
        first: { ...number, default: '0' },
        writes: { ...number, default: '10' },
        control: number,
        chain: flag,
        'no-report-host': flag,
      },
    });
    const { clusters, replicas, port, first, writes, control } = values;
    if ([clusters, replicas, port, first, writes, control ?? '0'].some((word) => !WHOLE.test(word))) return null;
    const simulation: SimulationOptions = {
      clusters: Number(clusters),
      replicasPerCluster: Number(replicas),
      shape: values.chain ? 'chain' : 'star',
      port: Number(port),
      first: Number(first),
      writesPerSecond: Number(writes),
      reportHost: !values['no-report-host'],
    };
    return { simulation, controlPort: control === undefined ? null : Number(control) };
  } catch {
    return null;
  }
}

const order = parse(process.argv.slice(2));
if (order === null) {
  process.stdout.write(USAGE);
  process.exit(2);
}
const simulation = await startSimulatedServers(order.simulation);
const door = order.controlPort === null ? null : await openControlDoor(simulation, order.controlPort);
const { seeds, addresses } = simulation;
process.stdout.write(`${String(addresses.length)} servers, from ${addresses[0] ?? ''} to ${addresses.at(-1) ?? ''}\n`);
process.stdout.write(`primaries: ${seeds.slice(0, 5).join(', ')}${seeds.length > 5 ? ', ...' : ''}\n`);

function leave(): void {
  door?.close();
  void simulation.close().then(() => process.exit(0));
}
process.once('SIGINT', leave);
process.once('SIGTERM', leave);

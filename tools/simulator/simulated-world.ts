// The servers that are simulated: which there are, who follows whom, and how their counters advance under the load that
// their primaries are said to have. Nothing here knows the protocol or SQL.
import type { LiveNumber } from './result-set.js';

/** `full-disk`: whoever asks for the end of its binary log waits. */
export type Fault = 'refuse' | 'hang' | 'too-many-connections' | 'close' | 'full-disk';

export const FAULTS: readonly Fault[] = ['refuse', 'hang', 'too-many-connections', 'close', 'full-disk'];

export interface WorldOptions {
  readonly clusters: number;
  readonly replicasPerCluster: number;
  /** `star`: every replica of the primary; `chain`: each of the one before it. */
  readonly shape: 'star' | 'chain';
  readonly port: number;
  /** The number of the first server: two simulators on one machine must not claim the same addresses. */
  readonly first: number;
  /** Transactions that each primary commits. */
  readonly writesPerSecond: number;
  /** Without it, a replica's host is seen only by its dump thread. */
  readonly reportHost: boolean;
}

export interface SimulatedServer {
  readonly number: number;
  readonly host: string;
  readonly port: number;
  readonly address: string;
  readonly uuid: string;
  readonly source: SimulatedServer | null;
  readonly replicas: readonly SimulatedServer[];
  readonly reportHost: string;
  readonly load: Load;
  readonly fault: Fault | null;
}

/** The transactions of one primary, which all servers of its cluster have. */
export interface Load {
  readonly uuid: string;
  readonly transactions: LiveNumber;
  readonly position: LiveNumber;
}

interface MutableServer extends SimulatedServer {
  replicas: SimulatedServer[];
  fault: Fault | null;
}

/** Large enough to keep its width for weeks. */
const FIRST_TRANSACTION = 1_000_000_000;
const FIRST_POSITION = 1_000_000_000;
const BYTES_PER_TRANSACTION = 300;
const POSITIONS = 9_000_000_000;

export class SimulatedWorld {
  readonly servers: readonly SimulatedServer[];
  readonly #byAddress = new Map<string, MutableServer>();

  constructor(options: WorldOptions) {
    const startedMs = performance.now();
    const size = options.replicasPerCluster + 1;
    const servers: MutableServer[] = [];
    for (let cluster = 0; cluster < options.clusters; cluster += 1) {
      const first = options.first + cluster * size;
      const load = loadOf(uuidOf(first), options.writesPerSecond, startedMs);
      const members: MutableServer[] = [];
      for (let place = 0; place < size; place += 1) {
        const source = place === 0 ? null : (members[options.shape === 'chain' ? place - 1 : 0] ?? null);
        const server = serverOf(first + place, source, load, options);
        source?.replicas.push(server);
        members.push(server);
      }
      servers.push(...members);
    }
    this.servers = servers;
    for (const server of servers) this.#byAddress.set(server.address, server);
  }

  /** The primaries, one a cluster. */
  get primaries(): readonly SimulatedServer[] {
    return this.servers.filter(({ source }) => source === null);
  }

  at(address: string): SimulatedServer | null {
    return this.#byAddress.get(address) ?? null;
  }

  /** Null mends it. Those whose answers are others from now on. */
  setFault(address: string, fault: Fault | null): readonly SimulatedServer[] {
    const server = this.#byAddress.get(address);
    if (server === undefined) throw new Error(`${address} is not simulated`);
    server.fault = fault;
    return [server, ...server.replicas];
  }
}

function serverOf(number: number, source: SimulatedServer | null, load: Load, options: WorldOptions): MutableServer {
  const host = hostOf(number);
  return {
    number,
    host,
    port: options.port,
    address: `${host}:${String(options.port)}`,
    uuid: uuidOf(number),
    source,
    replicas: [],
    reportHost: options.reportHost ? host : '',
    load,
    fault: null,
  };
}

/** On Linux all of 127.0.0.0/8 is this machine: ten thousand servers need no ten thousand ports. */
function hostOf(number: number): string {
  const [high, middle, low] = [Math.floor(number / 62_500), Math.floor(number / 250) % 250, number % 250];
  return `127.${String(10 + high)}.${String(middle)}.${String(1 + low)}`;
}

function uuidOf(number: number): string {
  return `${(number + 1).toString(16).padStart(8, '0')}-51ed-11ee-8000-02fc00000001`;
}

function loadOf(uuid: string, writesPerSecond: number, startedMs: number): Load {
  const written = (): number => Math.floor(((performance.now() - startedMs) / 1000) * writesPerSecond);
  return {
    uuid,
    transactions: { digits: 10, read: () => FIRST_TRANSACTION + written() },
    position: { digits: 10, read: () => FIRST_POSITION + ((written() * BYTES_PER_TRANSACTION) % POSITIONS) },
  };
}

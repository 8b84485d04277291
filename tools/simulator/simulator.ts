// Servers that speak the MySQL protocol and are otherwise only numbers: thousands of them live in one process, each on a
// loopback address of its own. For measurements of the nodes at sizes at which real servers do not fit the machine.
//
//     const simulation = await startSimulatedServers({ clusters: 50, replicasPerCluster: 19, port: 3306 });
//     simulation.seeds;                                   // `host:port` of the primaries
//     await simulation.setFault(simulation.seeds[0], 'refuse');
//     await simulation.close();
import { createServer, type Server, type Socket } from 'node:net';
import { Answers } from './answers.js';
import { serve, turnAway } from './connection.js';
import { type Fault, type SimulatedServer, SimulatedWorld, type WorldOptions } from './simulated-world.js';

export type SimulationOptions = Pick<WorldOptions, 'clusters' | 'replicasPerCluster' | 'port'> & Partial<WorldOptions>;

export interface Counts {
  readonly servers: number;
  readonly connections: number;
  /** Queries so far. */
  readonly queries: number;
  /** What was asked and never taught; a measurement with anything in here is void. */
  readonly untaught: readonly string[];
}

export interface Simulation {
  readonly addresses: readonly string[];
  /** The primaries. */
  readonly seeds: readonly string[];
  readonly counts: Counts;
  /** Null mends the server. Rejects when `address` is not simulated. */
  setFault(address: string, fault: Fault | null): Promise<void>;
  close(): Promise<void>;
}

const DEFAULTS: Omit<WorldOptions, 'clusters' | 'replicasPerCluster' | 'port'> = {
  shape: 'star',
  first: 0,
  writesPerSecond: 10,
  reportHost: true,
};

const BACKLOG = 128;
/** Each once; who asks a thousand servers the same thing learns it from the first. */
const UNTAUGHT_MAX = 20;

export async function startSimulatedServers(options: SimulationOptions): Promise<Simulation> {
  const simulator = new Simulator(new SimulatedWorld({ ...DEFAULTS, ...options }));
  try {
    await simulator.open();
  } catch (error) {
    await simulator.close();
    throw error;
  }
  return simulator;
}

interface Post {
  readonly listener: Server;
  readonly sockets: Set<Socket>;
}

class Simulator implements Simulation {
  readonly #world: SimulatedWorld;
  readonly #answers: Answers;
  readonly #posts = new Map<string, Post>();
  readonly #untaught = new Set<string>();
  #queries = 0;
  #threads = 0;

  constructor(world: SimulatedWorld) {
    this.#world = world;
    this.#answers = new Answers((what) => {
      this.#noteUntaught(what);
    });
  }

  get addresses(): readonly string[] {
    return this.#world.servers.map(({ address }) => address);
  }

  get seeds(): readonly string[] {
    return this.#world.primaries.map(({ address }) => address);
  }

  get counts(): Counts {
    const connections = [...this.#posts.values()].reduce((sum, { sockets }) => sum + sockets.size, 0);
    return {
      servers: this.#world.servers.length,
      connections,
      queries: this.#queries,
      untaught: [...this.#untaught],
    };
  }

  async open(): Promise<void> {
    for (const server of this.#world.servers) await this.#listen(server);
  }

  async setFault(address: string, fault: Fault | null): Promise<void> {
    this.#answers.forget(this.#world.setFault(address, fault));
    const server = this.#world.at(address);
    if (server === null) return;
    if (fault === 'refuse') await this.#silence(address);
    else {
      if (fault === 'close') for (const socket of this.#posts.get(address)?.sockets ?? []) socket.destroy();
      if (!this.#posts.has(address)) await this.#listen(server);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#posts.keys()].map((address) => this.#silence(address)));
  }

  async #listen(server: SimulatedServer): Promise<void> {
    const sockets = new Set<Socket>();
    const listener = createServer((socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      this.#welcome(server, socket);
    });
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject);
      listener.listen({ host: server.host, port: server.port, backlog: BACKLOG }, resolve);
    });
    this.#posts.set(server.address, { listener, sockets });
  }

  #welcome(server: SimulatedServer, socket: Socket): void {
    if (server.fault === 'close') socket.destroy();
    else if (server.fault === 'too-many-connections') turnAway(socket);
    else {
      this.#threads += 1;
      serve(socket, {
        server,
        answers: this.#answers,
        threadId: this.#threads,
        onQuery: () => {
          this.#queries += 1;
        },
        onUntaught: (what) => {
          this.#noteUntaught(what);
        },
      });
    }
  }

  async #silence(address: string): Promise<void> {
    const post = this.#posts.get(address);
    if (post === undefined) return;
    this.#posts.delete(address);
    const closed = new Promise((resolve) => post.listener.close(resolve));
    for (const socket of post.sockets) socket.destroy();
    await closed;
  }

  #noteUntaught(what: string): void {
    if (this.#untaught.has(what) || this.#untaught.size >= UNTAUGHT_MAX) return;
    this.#untaught.add(what);
    process.stderr.write(`${what}\n`);
  }
}

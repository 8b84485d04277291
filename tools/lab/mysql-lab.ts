// Real MySQL servers for tests, demo and benches: `MySqlLab.open()`, `lab.topology({ replicas: 3 })`, `lab.close()`.
//
// Everything that a lab starts is gone when it is closed, or when the process that opened it is, however it ended.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Flavor } from './dialect.js';
import { MysqlDoor } from './door/mysql-door.js';
import { freePorts } from './free-ports.js';
import { GuardedProcess } from './guarded-process.js';
import { LabServer, type Place } from './lab-server.js';
import { OrchestratorCluster, type ClusterOptions } from './orchestrator-cluster.js';
import { findServer } from './programs.js';
import { createRunDirectory } from './run-directory.js';
import type { Program } from './server-config.js';
import { templateFor } from './template.js';
import { replicate, type Topology } from './topology.js';
import { startWatchdog, type Watchdog } from './watchdog.js';

export interface ServerOptions {
  readonly flavor?: Flavor;
  readonly gtid?: boolean;
  readonly semiSync?: boolean;
  /** What my.cnf says, and so what a server that comes back has; the first primary is opened after its start. */
  readonly readOnlyAtStart?: boolean;
  /** Each is reached through a door of its own, at which a test can listen and hold things back. */
  readonly door?: boolean;
  /** A network of their own, say. */
  readonly place?: Place;
  /** Lines for my.cnf, such as `max_connections=20`. */
  readonly extra?: readonly string[];
}

export interface TopologyOptions extends ServerOptions {
  /** How many servers follow the primary. */
  readonly replicas: number;
  readonly shape?: 'star' | 'chain';
}

interface Kit {
  readonly program: Program;
  readonly template: string;
}

export class MySqlLab {
  readonly directory: string;
  readonly #watchdog: Watchdog;
  readonly #kits = new Map<Flavor, Promise<Kit>>();
  readonly #servers: LabServer[] = [];

  private constructor(directory: string) {
    this.directory = directory;
    this.#watchdog = startWatchdog(directory);
  }

  static async open(): Promise<MySqlLab> {
    return await Promise.resolve(new MySqlLab(createRunDirectory()));
  }

  /** Servers that run and do not replicate yet, all closed for writes unless told otherwise. */
  async servers(count: number, options: ServerOptions = {}): Promise<LabServer[]> {
    const { program, template } = await this.#kit(options.flavor ?? 'mysql97');
    const ports = await freePorts(count);
    const doors = options.door === true ? await Promise.all(ports.map((port) => MysqlDoor.before(port))) : [];
    const servers = ports.map(
      (port, index) =>
        new LabServer({
          program,
          template,
          directory: join(this.directory, String(port)),
          port,
          door: doors[index] ?? null,
          place: options.place ?? null,
          gtid: options.gtid ?? true,
          semiSync: options.semiSync ?? false,
          readOnlyAtStart: options.readOnlyAtStart ?? true,
          extra: options.extra ?? [],
          environment: this.#watchdog.environment,
        }),
    );
    this.#servers.push(...servers);
    await Promise.all(
      servers.map(async (server) => {
        await server.prepare();
        await server.start();
      }),
    );
    return servers;
  }

  /** A primary, open for writes, and its replicas, replicating; the place is the primary's alone. */
  async topology({ place, ...options }: TopologyOptions): Promise<Topology> {
    const servers =
      place === undefined
        ? await this.servers(options.replicas + 1, options)
        : [...(await this.servers(1, { ...options, place })), ...(await this.servers(options.replicas, options))];
    return await replicate(servers, { shape: options.shape ?? 'star', semiSync: options.semiSync ?? false });
  }

  /** Nodes of the orchestrator as processes, with a leader. */
  async cluster(options: ClusterOptions): Promise<OrchestratorCluster> {
    return await OrchestratorCluster.start(this.directory, this.spawn.bind(this), options);
  }

  /** Any other program, ended with the lab. Its output goes to `NAME.log` in a folder of its own, NAME. */
  spawn(
    name: string,
    command: string,
    args: readonly string[],
    environment: Record<string, string> = {},
  ): GuardedProcess {
    const directory = join(this.directory, name);
    mkdirSync(directory, { recursive: true });
    return new GuardedProcess({
      command,
      args,
      directory,
      environment: { ...environment, ...this.#watchdog.environment },
      outputFile: join(directory, `${name}.log`),
    });
  }

  /** Ends all that runs and removes the folder. */
  async close(): Promise<void> {
    await Promise.all(this.#servers.filter((server) => server.running).map((server) => server.kill()));
    await this.#watchdog.release();
  }

  #kit(flavor: Flavor): Promise<Kit> {
    const known = this.#kits.get(flavor);
    if (known !== undefined) return known;
    const kit = this.#prepareKit(flavor);
    this.#kits.set(flavor, kit);
    return kit;
  }

  async #prepareKit(flavor: Flavor): Promise<Kit> {
    const { program, cacheDirectory } = await findServer(flavor);
    const places = { cacheDirectory, runDirectory: this.directory, guard: this.#watchdog.environment };
    return { program, template: await templateFor(program, places) };
  }
}

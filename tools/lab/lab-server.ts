// One real MySQL server of a run, by its process and by its root session.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createConnection, type Connection } from 'mysql2/promise';
import type { MysqlDoor } from './door/mysql-door.js';
import { dialectOf, readReplicaStatus, type Flavor, type ReplicaStatus, type SourceAddress } from './dialect.js';
import { GuardedProcess } from './guarded-process.js';
import { serverConfig, type Program } from './server-config.js';
import { QUERY_DEADLINE_MS, withRootSession } from './sql-session.js';

const run = promisify(execFile);
const START_DEADLINE_MS = 120_000;

export type Row = Readonly<Record<string, unknown>>;

/** Where a server lives, when that is not simply this machine. */
export interface Place {
  readonly host: string;
  /** What its command is put behind. */
  readonly enter: readonly string[];
}

export interface LabServerOptions {
  readonly program: Program;
  readonly template: string;
  readonly directory: string;
  readonly port: number;
  /** Where others reach it, when that is not its port. */
  readonly door: MysqlDoor | null;
  /** The network in which it lives; null: this machine's. */
  readonly place: Place | null;
  readonly gtid: boolean;
  readonly semiSync: boolean;
  readonly readOnlyAtStart: boolean;
  readonly extra: readonly string[];
  /** The watchdog's mark. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface Account {
  readonly user: string;
  readonly password: string;
  readonly database?: string;
}

/** The account that nodes use; its grants are in cluster-compose/mysql/users.sql. */
export const ORCHESTRATOR_ACCOUNT: Account = { user: 'orchestrator', password: 'orch_topology_password' };

export class LabServer {
  readonly host: string;
  readonly port: number;
  readonly address: string;
  readonly flavor: Flavor;
  readonly directory: string;
  readonly socketPath: string;
  readonly #options: LabServerOptions;
  #process: GuardedProcess | undefined;

  constructor(options: LabServerOptions) {
    this.#options = options;
    this.host = options.place?.host ?? '127.0.0.1';
    this.port = options.door?.port ?? options.port;
    this.address = `${this.host}:${String(this.port)}`;
    this.flavor = options.program.flavor;
    this.directory = options.directory;
    this.socketPath = join(options.directory, 's');
  }

  /** Of a server that was asked for with a door. */
  get door(): MysqlDoor {
    const { door } = this.#options;
    if (door === null) throw new Error(`${this.address} has no door`);
    return door;
  }

  /** Where it listens itself, whatever its door does. */
  get behindDoor(): { readonly host: string; readonly port: number; readonly address: string } {
    return { host: this.host, port: this.#options.port, address: this.address };
  }

  get running(): boolean {
    return this.#process?.running ?? false;
  }

  get paused(): boolean {
    return this.#process?.paused ?? false;
  }

  get pid(): number {
    return this.#current().pid;
  }

  /** Lays the data directory and the configuration; `start` then serves it. */
  async prepare(): Promise<void> {
    // The port may have been that of an earlier server of this run.
    rmSync(this.directory, { recursive: true, force: true });
    mkdirSync(join(this.directory, 'tmp'), { recursive: true });
    const data = join(this.directory, 'data');
    await run('cp', ['-r', '--sparse=always', this.#options.template, data]);
    // MySQL 5.6 makes its own of the time and the machine: two that started in the same instant had the same one.
    if (this.flavor !== 'mariadb') writeFileSync(join(data, 'auto.cnf'), `[auto]\nserver-uuid=${randomUUID()}\n`);
    this.configure([]);
  }

  /** Rewrites my.cnf with these lines at its end; they count from the next start. */
  configure(lines: readonly string[]): void {
    const settings = {
      ...this.#options,
      host: this.host,
      reportPort: this.port,
      extra: [...this.#options.extra, ...lines],
    };
    writeFileSync(join(this.directory, 'my.cnf'), serverConfig(this.#options.program, settings));
  }

  /** Starts the server and waits until it answers. */
  async start(): Promise<void> {
    if (this.running) return;
    for (const name of ['s', 's.lock', 'mysqld.pid']) rmSync(join(this.directory, name), { force: true });
    const { place, program } = this.#options;
    const serve = [program.mysqld, `--defaults-file=${join(this.directory, 'my.cnf')}`];
    const [command = program.mysqld, ...args] = place === null ? serve : [...place.enter, ...serve];
    this.#process = new GuardedProcess({
      command,
      args,
      directory: this.directory,
      environment: this.#options.environment,
      outputFile: join(this.directory, 'output.log'),
    });
    await this.waitUntilReady();
    await this.#options.door?.open();
  }

  async waitUntilReady(): Promise<void> {
    const deadline = performance.now() + START_DEADLINE_MS;
    for (;;) {
      try {
        await this.query('SELECT 1', START_DEADLINE_MS);
        return;
      } catch (error) {
        const ended = !this.running;
        if (!ended && performance.now() < deadline) {
          await sleep(25);
          continue;
        }
        const how = ended ? this.#current().ending : 'does not answer';
        throw new Error(`${this.address}: ${how}\n${this.errorLogTail()}`, { cause: error });
      }
    }
  }

  /** SIGTERM: the server says goodbye to its clients and replicas. */
  async stop(): Promise<void> {
    await this.#current().stop();
    this.#options.door?.shut();
  }

  /** SIGKILL: connections break at once, the port answers with a refusal. */
  async kill(): Promise<void> {
    const killed = this.#current().kill();
    this.#options.door?.shut();
    await killed;
  }

  /** SIGSTOP: the server is silent, its connections stay open. */
  pause(): void {
    this.#current().pause();
  }

  resume(): void {
    this.#current().resume();
  }

  /** Rows of one statement, as root over the socket. */
  async query<R extends Row = Row>(sql: string, deadlineMs: number = QUERY_DEADLINE_MS): Promise<R[]> {
    return await withRootSession(this.socketPath, deadlineMs, async (session) => {
      const [rows] = await session.query(sql);
      return Array.isArray(rows) ? (rows as R[]) : [];
    });
  }

  /** Statements separated by semicolons, for their effect, in one session as root. */
  async execute(sql: string, deadlineMs: number = QUERY_DEADLINE_MS): Promise<void> {
    await withRootSession(this.socketPath, deadlineMs, async (session) => {
      await session.query(sql);
    });
  }

  /** A session over TCP that the caller ends; as the orchestrator unless told otherwise. */
  async connect(account: Account = ORCHESTRATOR_ACCOUNT): Promise<Connection> {
    return await createConnection({ host: this.host, port: this.port, ...account });
  }

  /** As `connect`, by the way that no door can shut. */
  async connectBehindDoor(account: Account): Promise<Connection> {
    const { host, port } = this.behindDoor;
    return await createConnection({ host, port, ...account });
  }

  /** Hangs up on all sessions of an account; how many there were. One that has just ended by itself is no error. */
  async hangUpOn(user: string): Promise<number> {
    const rows = await this.query<{ id: number }>(
      `SELECT ID AS id FROM information_schema.PROCESSLIST WHERE USER = '${user}'`,
    );
    for (const { id } of rows) {
      await this.execute(`KILL ${String(id)}`).catch((error: unknown) => {
        if (!String(error).includes('Unknown thread id')) throw error;
      });
    }
    return rows.length;
  }

  async openForWrites(): Promise<void> {
    await this.execute('SET GLOBAL read_only = 0');
  }

  async replicateFrom(source: SourceAddress): Promise<void> {
    const dialect = dialectOf(this.flavor);
    await this.execute(`${dialect.changeSource(source, this.#options.gtid)}; ${dialect.startReplica}`);
  }

  /** Undefined when the server is no replica. */
  async replicaStatus(): Promise<ReplicaStatus | undefined> {
    const [row] = await this.query(dialectOf(this.flavor).replicaStatus);
    return row === undefined ? undefined : readReplicaStatus(row);
  }

  /** Waits until both replication threads run. */
  async waitForReplication(deadlineMs: number = START_DEADLINE_MS): Promise<void> {
    const deadline = performance.now() + deadlineMs;
    for (;;) {
      const status = await this.replicaStatus();
      if (status?.ioRunning === 'Yes' && status.sqlRunning === 'Yes') return;
      if (performance.now() > deadline) {
        throw new Error(`${this.address} does not replicate: ${JSON.stringify(status)}\n${this.errorLogTail()}`);
      }
      await sleep(20);
    }
  }

  /** Waits until the applier has stopped with that error: the server tells the error first, and for a moment an applier that runs. */
  async waitForApplierError(errno: number, deadlineMs: number = START_DEADLINE_MS): Promise<void> {
    const deadline = performance.now() + deadlineMs;
    for (;;) {
      const status = await this.replicaStatus();
      if (status?.sqlRunning === 'No' && status.sqlErrno === errno) return;
      if (performance.now() > deadline) {
        throw new Error(`${this.address} did not stop with error ${String(errno)}: ${JSON.stringify(status)}`);
      }
      await sleep(20);
    }
  }

  async gtidExecuted(): Promise<string> {
    const [row] = await this.query<{ gtids: string | null }>(dialectOf(this.flavor).gtidExecuted);
    return row?.gtids ?? '';
  }

  /** Waits until this replica has applied all that `source` has in its binary log now. */
  async catchUp(source: LabServer, seconds = 60): Promise<void> {
    const dialect = dialectOf(this.flavor);
    const [position] = await source.query(dialectOf(source.flavor).binaryLogStatus);
    const wait = this.#options.gtid
      ? dialect.waitForGtids(await source.gtidExecuted(), seconds)
      : dialect.waitForPosition(String(position?.['File']), Number(position?.['Position']), seconds);
    const deadline = performance.now() + seconds * 1000;
    for (;;) {
      const [row] = await this.query(wait, (seconds + 10) * 1000);
      const result = row?.['result'] ?? null;
      if (result !== null && Number(result) >= 0) return;
      // NULL: some flavours do not wait where the applier stands at this moment, as while its source is changed.
      if (result !== null || performance.now() > deadline) break;
      await sleep(20);
    }
    const status = JSON.stringify(await this.replicaStatus());
    throw new Error(`${this.address} did not catch up with ${source.address} within ${String(seconds)} s: ${status}`);
  }

  errorLog(): string {
    return readFileSync(join(this.directory, 'error.log'), 'utf8');
  }

  errorLogTail(lines = 20): string {
    try {
      return this.errorLog().split('\n').slice(-lines).join('\n');
    } catch {
      return this.#process?.output() ?? '';
    }
  }

  #current(): GuardedProcess {
    if (this.#process === undefined) throw new Error(`${this.address} was never started`);
    return this.#process;
  }
}

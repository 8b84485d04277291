// One node of the orchestrator as a process, and its HTTP API as a client sees it.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GuardedProcess } from './guarded-process.js';
import { ORCHESTRATOR_ACCOUNT } from './lab-server.js';
import { PROJECT_ROOT } from './project-root.js';

const START_DEADLINE_MS = 60_000;
/** A takeover on a machine that has other things to do; whoever asks a node that may be frozen says how long he waits. */
const REQUEST_DEADLINE_MS = 60_000;

export interface NodeOptions {
  readonly name: string;
  readonly directory: string;
  readonly raftAddress: string;
  readonly peers: readonly string[];
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly seeds: readonly string[];
  /** Further keys of the configuration file. */
  readonly config: Readonly<Record<string, unknown>>;
}

export type Spawn = (
  name: string,
  command: string,
  args: readonly string[],
  environment: Record<string, string>,
) => GuardedProcess;

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export class OrchestratorNode {
  readonly name: string;
  readonly url: string;
  readonly raftAddress: string;
  readonly grpcAddress: string;
  readonly #options: NodeOptions;
  readonly #spawn: Spawn;
  #process: GuardedProcess | undefined;

  constructor(options: NodeOptions, spawn: Spawn) {
    this.#options = options;
    this.#spawn = spawn;
    this.name = options.name;
    this.url = `http://127.0.0.1:${String(options.httpPort)}`;
    this.raftAddress = options.raftAddress;
    this.grpcAddress = `127.0.0.1:${String(options.grpcPort)}`;
  }

  get running(): boolean {
    return this.#process?.running ?? false;
  }

  get pid(): number {
    return this.#current().pid;
  }

  /** Starts the node, or starts it again on its data; resolved when it answers HTTP. */
  async start(): Promise<void> {
    if (this.running) return;
    const { name, directory, raftAddress, peers, httpPort, grpcPort, seeds, config } = this.#options;
    this.#process = this.#spawn(name, join(PROJECT_ROOT, 'cluster-compose', 'entrypoint'), [], {
      ORCHESTRATOR_BUILT: '1',
      NODE_ADDRESS: raftAddress,
      NODE_PEERS: peers.join(','),
      NODE_HTTP_LISTEN: `127.0.0.1:${String(httpPort)}`,
      NODE_HTTP_ADVERTISE: this.url,
      NODE_GRPC_LISTEN: `127.0.0.1:${String(grpcPort)}`,
      NODE_DATA: join(directory, 'data'),
      NODE_SEEDS: seeds.join(','),
      NODE_MYSQL_USER: ORCHESTRATOR_ACCOUNT.user,
      NODE_MYSQL_PASSWORD: ORCHESTRATOR_ACCOUNT.password,
      NODE_CONFIG: JSON.stringify(config),
    });
    await this.#waitUntilReady();
  }

  async stop(): Promise<void> {
    await this.#current().stop();
  }

  async kill(): Promise<void> {
    await this.#current().kill();
  }

  pause(): void {
    this.#current().pause();
  }

  resume(): void {
    this.#current().resume();
  }

  log(): string {
    return this.#current().output();
  }

  /** The answer to a GET under this node's URL, its JSON parsed. Throws when there is no answer at all. */
  async request(path: string, deadlineMs: number = REQUEST_DEADLINE_MS): Promise<Answer> {
    const response = await fetch(`${this.url}${path}`, { signal: AbortSignal.timeout(deadlineMs) });
    const text = await response.text();
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch {
      body = text;
    }
    return { status: response.status, body };
  }

  /** The JSON of a GET that must answer 200. */
  async get<T>(path: string, deadlineMs: number = REQUEST_DEADLINE_MS): Promise<T> {
    const { status, body } = await this.request(path, deadlineMs);
    if (status !== 200) throw new Error(`${this.name} ${path}: ${String(status)} ${JSON.stringify(body)}`);
    return body as T;
  }

  async isLeader(): Promise<boolean> {
    if (!this.running) return false;
    try {
      return (await this.request('/api/leader-check', 2000)).status === 200;
    } catch {
      return false;
    }
  }

  async #waitUntilReady(): Promise<void> {
    const deadline = performance.now() + START_DEADLINE_MS;
    for (;;) {
      try {
        await this.request('/api/leader-check', 2000);
        return;
      } catch (error) {
        if (this.running && performance.now() < deadline) {
          await sleep(50);
          continue;
        }
        const tail = this.log().split('\n').slice(-20).join('\n');
        throw new Error(`${this.name} did not start (${this.#current().ending}):\n${tail}`, { cause: error });
      }
    }
  }

  #current(): GuardedProcess {
    if (this.#process === undefined) throw new Error(`${this.name} was never started`);
    return this.#process;
  }
}

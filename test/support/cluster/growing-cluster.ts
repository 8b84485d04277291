/** Nodes as processes that come, go and move, and the command line that does it: for tests of the membership. */
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { vi } from 'vitest';
import type { ClusterStatus } from '../../../src/runtime/ports/membership.js';
import { freePorts } from '../../../tools/lab/free-ports.js';
import { MySqlLab } from '../../../tools/lab/mysql-lab.js';
import { OrchestratorNode } from '../../../tools/lab/orchestrator-node.js';
import { PROJECT_ROOT } from '../../../tools/lab/project-root.js';

const execute = promisify(execFile);
export const PATIENCE = { timeout: 60_000, interval: 50 };

const SILENT_FOR_A_MOMENT = /do(?:es)? not answer|none answers/;

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export class GrowingCluster {
  readonly #lab: MySqlLab;
  readonly nodes = new Map<string, OrchestratorNode>();

  private constructor(lab: MySqlLab) {
    this.#lab = lab;
  }

  static async open(): Promise<GrowingCluster> {
    await execute(join(PROJECT_ROOT, 'scripts', 'build'));
    return new GrowingCluster(await MySqlLab.open());
  }

  /** Founders know each other; alone, one. */
  async found(...names: readonly string[]): Promise<readonly OrchestratorNode[]> {
    const ports = await freePorts(3 * names.length);
    const peers = names.map((_, index) => `127.0.0.1:${String(ports[3 * index])}`);
    const nodes = names.map((name, index) => this.#node(name, ports.slice(3 * index), peers, {}));
    await Promise.all(nodes.map((node) => node.start()));
    await this.leader();
    return nodes;
  }

  /** A new node that waits to be added; it knows one member. */
  async join(name: string, member: OrchestratorNode): Promise<OrchestratorNode> {
    const node = this.#node(name, await freePorts(3), [member.raftAddress], { RaftJoin: true });
    await node.start();
    return node;
  }

  /** The same data at new ports; all it is told is the addresses that it had before. */
  async move(name: string, peers: readonly string[]): Promise<OrchestratorNode> {
    const node = this.#node(name, await freePorts(3), peers, {});
    await node.start();
    return node;
  }

  async wipe(name: string): Promise<void> {
    await rm(join(this.#directoryOf(name), 'data', 'orchestrator-log'), { recursive: true, force: true });
  }

  configOf(name: string): string {
    return join(this.#directoryOf(name), 'data', 'orchestrator.conf.json');
  }

  get running(): readonly OrchestratorNode[] {
    return [...this.nodes.values()].filter((node) => node.running);
  }

  async leader(): Promise<OrchestratorNode> {
    return await vi.waitFor(async () => {
      const claims = await Promise.all(this.running.map(async (node) => ((await node.isLeader()) ? [node] : [])));
      const [leader] = claims.flat();
      if (leader === undefined) throw new Error('no leader');
      return leader;
    }, PATIENCE);
  }

  /** `orchestrator raft ...`, asked of all nodes that run. */
  async raft(...words: readonly string[]): Promise<Said> {
    const api = this.running.map(({ url }) => url).join(',');
    return await this.run('raft', ...words, '--api', api);
  }

  async run(...words: readonly string[]): Promise<Said> {
    const environment = { ...process.env, ORCHESTRATOR_BUILT: '1' };
    try {
      const { stdout, stderr } = await execute(join(PROJECT_ROOT, 'scripts', 'orchestrator'), words, {
        env: environment,
      });
      return { code: 0, out: stdout, err: stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, out: stdout, err: stderr };
    }
  }

  /** For commands that must succeed; again where a node of a busy machine has just been silent for too long to be counted on. */
  async done(...words: readonly string[]): Promise<string> {
    const deadlineMs = performance.now() + PATIENCE.timeout;
    for (;;) {
      const said = await this.raft(...words);
      if (said.code === 0) return said.out;
      const mayPass = SILENT_FOR_A_MOMENT.test(said.err) && performance.now() < deadlineMs;
      if (!mayPass) throw new Error(`raft ${words.join(' ')}: ${String(said.code)} ${said.err}${said.out}`);
    }
  }

  /** As the leader sees it: a follower may have yet to hear of the last change, and does not know how the others are. */
  async status(): Promise<ClusterStatus> {
    return await vi.waitFor(async () => {
      const { url } = await this.leader();
      const said = await this.run('raft', 'status', '--json', '--api', url);
      const seen = JSON.parse(said.out) as ClusterStatus;
      if (seen.leader !== seen.node) throw new Error(`${url} leads no more`);
      return seen;
    }, PATIENCE);
  }

  async voters(): Promise<readonly string[]> {
    return (await this.status()).members.filter(({ kind }) => kind === 'voter').map(({ id }) => id);
  }

  async close(): Promise<void> {
    for (const node of this.running) {
      node.resume();
      await node.kill();
    }
    await this.#lab.close();
  }

  #directoryOf(name: string): string {
    return join(this.#lab.directory, name);
  }

  #node(
    name: string,
    ports: readonly number[],
    peers: readonly string[],
    config: Readonly<Record<string, unknown>>,
  ): OrchestratorNode {
    const [raft = 0, http = 0, grpc = 0] = ports;
    const node = new OrchestratorNode(
      {
        name,
        directory: this.#directoryOf(name),
        raftAddress: `127.0.0.1:${String(raft)}`,
        peers,
        httpPort: http,
        grpcPort: grpc,
        seeds: [],
        config: { RecoverMasterClusterFilters: [], ...config },
      },
      (process, command, args, environment) => this.#lab.spawn(process, command, args, environment),
    );
    this.nodes.set(name, node);
    return node;
  }
}

/** Raft nodes as real processes: started, asked, paused, killed and started again on the same disk. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Membership, NodeId } from '../../../src/core/raft/message.js';
import type { ConsensusStatus, Leadership, LogPosition } from '../../../src/runtime/ports/consensus.js';
import { freePorts } from '../../../tools/lab/free-ports.js';
import { awaitStandstill } from '../../../tools/lab/standstill.js';
import type { RaftThreadSettings } from '../../../src/runtime/raft-worker/thread-settings.js';

const PROGRAM = fileURLToPath(new URL('raft-process-main.mjs', import.meta.url));

const PATIENCE_MS = 60_000;

interface Answer {
  readonly id?: number;
  readonly value?: unknown;
  readonly error?: string;
  readonly code?: string;
  readonly done?: string;
}

export interface NewsLine {
  readonly event: string;
  readonly [key: string]: unknown;
}

/** What a node refused or could not do. */
export class WishFailed extends Error {
  readonly code: string;
  readonly done: string;

  constructor(answer: Answer) {
    super(answer.error);
    this.code = answer.code ?? '';
    this.done = answer.done ?? '';
  }
}

export class RaftProcess {
  readonly settings: RaftThreadSettings;
  readonly news: NewsLine[] = [];
  /** What it wrote to stderr. */
  complaints = '';
  /** Resolved when all that it said was read. */
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #lastId = 0;
  #gone = false;
  #paused = false;

  /** `within`: a command that is put in front of the node's own. */
  constructor(settings: RaftThreadSettings, within: readonly string[] = []) {
    this.settings = settings;
    const [command, ...rest] = [...within, process.execPath, PROGRAM, JSON.stringify(settings)];
    this.#child = spawn(command ?? '', rest, {
      env: { ...process.env, UV_THREADPOOL_SIZE: '16' },
    });
    this.#child.stdin.on('error', () => undefined);
    this.#child.stderr.on('data', (text: Buffer) => {
      this.complaints += text.toString();
    });
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      this.#onLine(JSON.parse(line) as Answer & NewsLine);
    });
    this.#child.on('exit', () => {
      this.#gone = true;
    });
    // What it said last may be on its way still when it is gone.
    this.exited = new Promise((resolve) => {
      this.#child.on('close', (code) => {
        this.#gone = true;
        for (const { reject } of this.#waiting.values()) reject(new Error(`${settings.info.id} is gone`));
        this.#waiting.clear();
        resolve(code);
      });
    });
  }

  get id(): NodeId {
    return this.settings.info.id;
  }

  get running(): boolean {
    return !this.#gone;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async ask(wish: string, parameters: object = {}): Promise<unknown> {
    if (this.#gone) throw new Error(`${this.id} is gone: ${this.complaints}`);
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.stdin.write(`${JSON.stringify({ id, wish, ...parameters })}\n`);
    });
  }

  async propose(text: string, timeoutMs = 5000): Promise<LogPosition> {
    return (await this.ask('propose', { text, timeoutMs })) as LogPosition;
  }

  async applied(): Promise<readonly string[]> {
    return ((await this.ask('state')) as { applied: string[] }).applied;
  }

  /** The state after everything that was committed before this call. */
  async read(timeoutMs = 5000): Promise<readonly string[]> {
    return ((await this.ask('read', { timeoutMs })) as { applied: string[] }).applied;
  }

  async status(): Promise<ConsensusStatus> {
    return (await this.ask('status')) as ConsensusStatus;
  }

  async leadership(): Promise<Leadership> {
    return (await this.ask('leadership')) as Leadership;
  }

  async lease(): Promise<{ readonly term: number; readonly until: number; readonly nowMs: number }> {
    return (await this.ask('lease')) as { term: number; until: number; nowMs: number };
  }

  /** It would answer. */
  get awake(): boolean {
    return this.running && !this.#paused;
  }

  /** It stands when this returns. */
  pause(): void {
    this.#paused = true;
    this.#child.kill('SIGSTOP');
    awaitStandstill(this.pid);
  }

  resume(): void {
    this.#paused = false;
    this.#child.kill('SIGCONT');
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exited;
  }

  #onLine(line: Answer & NewsLine): void {
    if (line.id === undefined) {
      this.news.push(line);
      return;
    }
    const waiting = this.#waiting.get(line.id);
    this.#waiting.delete(line.id);
    if (line.error === undefined) waiting?.resolve(line.value);
    else waiting?.reject(new WishFailed(line));
  }
}

/** Members of one cluster and their disks. */
export class RaftProcesses {
  readonly #directory: string;
  membership: Membership;
  readonly #overrides: Partial<RaftThreadSettings>;
  readonly #nodes = new Map<NodeId, RaftProcess>();

  private constructor(directory: string, membership: Membership, overrides: Partial<RaftThreadSettings>) {
    this.#directory = directory;
    this.membership = membership;
    this.#overrides = overrides;
  }

  static async create(names: readonly string[], overrides: Partial<RaftThreadSettings> = {}): Promise<RaftProcesses> {
    const directory = await mkdtemp(join(tmpdir(), 'raft-processes-'));
    const ids = names.map((name) => name as NodeId);
    const ports = await freePorts(ids.length);
    const addresses = Object.fromEntries(ids.map((id, at) => [id, `127.0.0.1:${String(ports[at])}`]));
    return new RaftProcesses(directory, { voters: ids, outgoing: [], learners: [], addresses }, overrides);
  }

  get running(): readonly RaftProcess[] {
    return [...this.#nodes.values()].filter((node) => node.running);
  }

  node(name: string): RaftProcess {
    const node = this.#nodes.get(name as NodeId);
    if (node === undefined) throw new Error(`${name} was not started`);
    return node;
  }

  /** Who founds the cluster, if not all that have addresses. */
  found(membership: Membership): void {
    this.membership = membership;
  }

  directoryOf(name: string): string {
    return join(this.#directory, name);
  }

  start(...names: readonly string[]): void {
    for (const name of names) this.startWithin([], name);
  }

  /** `within` as of RaftProcess. */
  startWithin(within: readonly string[], name: string): void {
    const id = name as NodeId;
    const address = this.membership.addresses[id] ?? '';
    const info = { id, raftAddress: address, httpAddress: '', grpcAddress: '', version: 'test', schema: 1 };
    const settings = {
      clusterId: 'test-cluster',
      info,
      listenAddress: address,
      dataDirectory: this.directoryOf(name),
      birth: this.membership,
      tls: null,
      ...this.#overrides,
    };
    this.#nodes.set(id, new RaftProcess(settings, within));
  }

  /** The node that a majority follow; who is paused is not asked. */
  async leader(patienceMs = PATIENCE_MS): Promise<RaftProcess> {
    const deadline = Date.now() + patienceMs;
    while (Date.now() < deadline) {
      const awake = this.running.filter((node) => node.awake);
      const views = await Promise.all(awake.map((node) => node.leadership().catch(() => null)));
      for (const node of awake) {
        const followed = views.filter((view) => view?.leader === node.id).length;
        if (followed * 2 > this.membership.voters.length) return node;
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error('no leader in time');
  }

  /**
   * Committed, by whoever leads: one that stands still for a moment loses the lead, and is asked in vain. What was perhaps done
   * is looked for at a later leader, which reads only when all that it has is committed.
   */
  async commit(text: string): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const leader = await this.leader();
      const { term } = await leader.leadership();
      try {
        await leader.propose(text);
        return;
      } catch (error) {
        if (!(error instanceof WishFailed) || Date.now() > deadline) throw error;
        if (error.done !== 'no' && (await this.#wasCommitted(text, term, deadline))) return;
      }
    }
  }

  async #wasCommitted(text: string, proposedInTerm: number, deadline: number): Promise<boolean> {
    for (;;) {
      const leader = await this.leader();
      const { term } = await leader.leadership();
      const applied = await leader.read().catch(() => null);
      if (applied?.includes(text) === true) return true;
      if (applied !== null && term > proposedInTerm) return false;
      if (Date.now() > deadline) throw new Error(`what became of ${text} is not known`);
    }
  }

  async end(): Promise<void> {
    for (const node of this.running) {
      node.resume();
      await node.kill();
    }
    await rm(this.#directory, { recursive: true, force: true });
  }
}

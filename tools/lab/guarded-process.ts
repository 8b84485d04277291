// A process that the watchdog ends with the run: a MySQL server, a node of the orchestrator, a browser, a proxy.
//
// It gets a session of its own, so that Ctrl-C reaches only the one who started it and things end in order.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { awaitStandstill } from './standstill.js';

const STOP_DEADLINE_MS = 60_000;

export interface ProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Standard output and standard error are appended here. */
  readonly outputFile: string;
}

export class GuardedProcess {
  readonly outputFile: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  #paused = false;

  constructor(options: ProcessOptions) {
    this.outputFile = options.outputFile;
    const output = openSync(options.outputFile, 'a');
    this.#child = spawn(options.command, options.args, {
      cwd: options.directory,
      env: { ...process.env, ...options.environment },
      detached: true,
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    this.#child.unref();
    this.#exited = new Promise((resolve) => {
      this.#child.once('exit', () => {
        resolve();
      });
      this.#child.once('error', () => {
        resolve();
      });
    });
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`could not be started: ${this.#child.spawnfile}`);
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get paused(): boolean {
    return this.running && this.#paused;
  }

  /** How it ended, for messages. */
  get ending(): string {
    if (this.running) return 'running';
    return this.#child.signalCode ?? `exit code ${String(this.#child.exitCode)}`;
  }

  output(): string {
    return readFileSync(this.outputFile, 'utf8');
  }

  signal(name: NodeJS.Signals): void {
    if (this.running) process.kill(this.pid, name);
  }

  /** It stands when this returns. */
  pause(): void {
    this.#paused = true;
    this.signal('SIGSTOP');
    if (this.running) awaitStandstill(this.pid);
  }

  resume(): void {
    this.#paused = false;
    this.signal('SIGCONT');
  }

  /** SIGKILL; resolved when the process is gone and its ports are free. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited();
  }

  /** SIGTERM, and SIGKILL with an error when that is not enough. */
  async stop(deadlineMs: number = STOP_DEADLINE_MS): Promise<void> {
    this.resume();
    this.signal('SIGTERM');
    const late = new AbortController();
    const ended = await Promise.race([
      this.exited().then(() => true),
      sleep(deadlineMs, false, { signal: late.signal }),
    ]);
    late.abort();
    if (ended) return;
    await this.kill();
    throw new Error(`${this.#child.spawnfile} did not end within ${String(deadlineMs)} ms of SIGTERM`);
  }

  async exited(): Promise<void> {
    this.#child.ref();
    await this.#exited;
    this.#child.unref();
  }
}

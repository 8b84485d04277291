/**
 * The system's log. Its socket takes datagrams only, which Node does not speak, so lines go through the program `logger` of
 * util-linux, which every distribution has and some small containers do not: whoever asked for it is told then. A line that
 * cannot be had in time is dropped; a full log must not stop a node.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import type { AuditEntry, AuditOutlet } from '../../runtime/ports/audit-outlets.js';

export type Severity = 'error' | 'warn' | 'info' | 'debug';

export interface SystemLogOptions {
  /** A program that reads `<priority>text` lines. */
  readonly command?: readonly [program: string, ...args: string[]];
  /** Told once each time it cannot be used. */
  onTrouble(reason: string): void;
}

const LOGGER = ['logger', '--prio-prefix', '-t', 'orchestrator'] as const;
/** Facility "daemon" and the severities of syslog. */
const DAEMON = 3 * 8;
const PRIORITY: Readonly<Record<Severity, number>> = { error: 3, warn: 4, info: 6, debug: 7 };
const WAITING_BYTES_MAX = 1_048_576;
const AGAIN_MS = 10_000;

type Child = ChildProcessByStdio<Writable, null, null>;

export class SystemLog {
  readonly #options: SystemLogOptions;
  #child: Child | null = null;
  #brokenAtMs = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(options: SystemLogOptions) {
    this.#options = options;
  }

  write(severity: Severity, text: string): void {
    const child = this.#child ?? this.#start();
    if (child === null || child.stdin.writableLength > WAITING_BYTES_MAX) return;
    child.stdin.write(`<${String(DAEMON + PRIORITY[severity])}>${text.replaceAll(/\s+/g, ' ').trim()}\n`);
  }

  /** What was written is still passed on; resolves when the program has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    const child = this.#child;
    if (child === null) return;
    const ended = new Promise<void>((resolve) => {
      child.once('close', () => {
        resolve();
      });
    });
    child.stdin.end();
    await ended;
  }

  #start(): Child | null {
    if (this.#closed || performance.now() - this.#brokenAtMs < AGAIN_MS) return null;
    const [program, ...args] = this.#options.command ?? LOGGER;
    const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'ignore'] });
    const broken = (reason: string): void => {
      if (this.#child !== child) return;
      this.#child = null;
      this.#brokenAtMs = performance.now();
      if (!this.#closed) this.#options.onTrouble(reason);
    };
    child.on('error', (error: NodeJS.ErrnoException) => {
      broken(`${program} cannot be run (${error.code ?? error.message})`);
    });
    child.on('exit', (code, signal) => {
      broken(`${program} ended (${signal ?? `exit code ${String(code)}`})`);
    });
    child.stdin.on('error', () => undefined);
    this.#child = child;
    return child;
  }
}

/** AuditToSyslog, with the incumbent's words. Lines of before the start are passed over: they were told then. */
export class AuditToSystemLog implements AuditOutlet {
  readonly #log: Pick<SystemLog, 'write'>;
  readonly #isMine: (entry: AuditEntry) => boolean;

  /** `isMine`: one node tells each line, or the log that all of them write to would have it several times. */
  constructor(log: Pick<SystemLog, 'write'>, isMine: (entry: AuditEntry) => boolean) {
    this.#log = log;
    this.#isMine = isMine;
  }

  write(entries: readonly AuditEntry[]): Promise<void> {
    for (const entry of entries) {
      if (!this.#isMine(entry)) continue;
      const { kind, host, port, cluster, text } = entry;
      const instance = host === '' ? '' : `${host}:${String(port)}`;
      this.#log.write('info', `auditType:${kind} instance:${instance} cluster:${cluster} message:${text}`);
    }
    return Promise.resolve();
  }
}

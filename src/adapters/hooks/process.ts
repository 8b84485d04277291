/**
 * One command, run by the configured shell in a process group of its own, with an end: at its limit, or when it is not
 * wanted any more, the whole group is told to end and a moment later killed, so that nothing of it goes on unseen.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BoundedOutput } from './bounded-output.js';
import type { HookFolder } from './hook-folder.js';

export interface CommandRun {
  /** ProcessesShellCommand: gets a file with the text as its first argument. */
  readonly shell: string;
  readonly text: string;
  /** Holds that file. */
  readonly folder: HookFolder;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

export type CommandEnd =
  | { readonly kind: 'exited'; readonly code: number; readonly output: string }
  | { readonly kind: 'killed'; readonly signal: string; readonly output: string }
  | { readonly kind: 'too-long'; readonly output: string }
  | { readonly kind: 'stopped'; readonly output: string }
  /** It never ran. */
  | { readonly kind: 'not-started'; readonly error: string };

/** Between the request to end and the kill. */
const GRACE_MS = 1_000;
/** A process that even the kill does not end waits for a disk, and nobody waits for it. */
const GIVEN_UP_MS = 2_000;
/** A process that has ended may have left its output to a child that goes on; nobody waits for that. */
const LAST_WORDS_MS = 100;

/** Never rejects. */
export async function runCommand(run: CommandRun): Promise<CommandEnd> {
  let folder: string | null = null;
  try {
    folder = await run.folder.forOne();
    const file = join(folder, 'hook');
    await writeFile(file, `${run.text}\n`, { mode: 0o700 });
    return run.signal.aborted ? { kind: 'stopped', output: '' } : await untilEnd(run, file);
  } catch (error) {
    return { kind: 'not-started', error: error instanceof Error ? error.message : String(error) };
  } finally {
    if (folder !== null) await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

function untilEnd(run: CommandRun, file: string): Promise<CommandEnd> {
  const { shell, args, environment, limitMs, signal } = run;
  const child = spawn(shell, [file, ...args], {
    env: environment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = new BoundedOutput();
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => output.add(chunk));
  let why: 'too-long' | 'stopped' | null = null;
  let killer: NodeJS.Timeout | undefined;
  let giveUp = (): void => undefined;
  const end = (reason: 'too-long' | 'stopped'): void => {
    if (why !== null) return;
    why = reason;
    signalGroup(child, 'SIGTERM');
    killer = setTimeout(() => {
      signalGroup(child, 'SIGKILL');
      killer = setTimeout(giveUp, GIVEN_UP_MS);
    }, GRACE_MS);
  };
  const limit = setTimeout(() => {
    end('too-long');
  }, limitMs);
  const stop = (): void => {
    end('stopped');
  };
  signal.addEventListener('abort', stop, { once: true });
  return new Promise<CommandEnd>((resolve) => {
    giveUp = () => {
      resolve({ kind: why ?? 'too-long', output: output.text() });
    };
    child.once('error', (error) => {
      resolve({ kind: 'not-started', error: error.message });
    });
    child.once('exit', (code, killedBy) => {
      // What it started beside itself is not to outlive its own end by force.
      if (why !== null) signalGroup(child, 'SIGKILL');
      void lastWords(child).then(() => {
        const said = output.text();
        if (why !== null) resolve({ kind: why, output: said });
        else if (code !== null) resolve({ kind: 'exited', code, output: said });
        else resolve({ kind: 'killed', signal: killedBy ?? 'unknown', output: said });
      });
    });
  }).finally(() => {
    clearTimeout(limit);
    clearTimeout(killer);
    signal.removeEventListener('abort', stop);
  });
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended already.
  }
}

async function lastWords(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, LAST_WORDS_MS);
    child.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
  child.stdout?.destroy();
  child.stderr?.destroy();
}

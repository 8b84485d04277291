/**
 * The client in this process: its terminal, its environment, its signals. ^C ends what is followed or watched in order,
 * and everything else at once, with a word about what may go on without us.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from './environment.js';
import { runClient } from './run.js';
import type { Dialect } from './surroundings.js';

const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;
/** For what is followed to end in order. */
const LAST_WORD_MS = 50;

/** The exit code. */
export async function runHere(
  argv: readonly string[],
  dialect: Dialect,
  environment: Environment = process.env,
): Promise<number> {
  const stop = new AbortController();
  let ended = 0;
  let isChanging = false;
  // A reader that went away (`orchestrator-client -c help | head`) has seen what it wanted.
  process.stdout.on('error', () => {
    stop.abort();
  });
  process.stderr.on('error', () => undefined);
  for (const [signal, exitCode] of Object.entries(SIGNALS)) {
    process.on(signal, () => {
      ended = exitCode;
      stop.abort();
      // Who follows ends by itself.
      setTimeout(() => {
        if (isChanging)
          process.stderr.write('what was asked for goes on in the cluster; -c history tells how it ends\n');
        process.exit(exitCode);
      }, LAST_WORD_MS).unref();
    });
  }
  const exitCode = await runClient({
    argv,
    environment,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    sleep: async (ms) => {
      await sleep(ms, undefined, { signal: stop.signal }).catch(() => undefined);
    },
    terminal: { out: process.stdout.isTTY, err: process.stderr.isTTY },
    stop: stop.signal,
    changing: (isUnderWay) => {
      isChanging = isUnderWay;
    },
    dialect,
  });
  return ended === 0 ? exitCode : ended;
}

/** The program `orchestrator-client`. */
import { setTimeout as sleep } from 'node:timers/promises';
import { runClient } from './client/run.js';

// A reader that went away (`orchestrator-client -c help | head`) has seen what it wanted.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

// Not process.exit: it would cut off what a slow reader of a pipe has not taken yet.
process.exitCode = await runClient({
  argv: process.argv.slice(2),
  environment: process.env,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  sleep: (ms) => sleep(ms),
});

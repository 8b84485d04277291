/**
 * `http`: a node from its configuration to its ordered stop. The first SIGTERM or SIGINT asks the node to stop, a second
 * one ends the process; so does a stop that takes too long, because a supervisor would use SIGKILL next. An exception that
 * nobody caught ends the process too: what it left behind is unknown, and the other nodes take over.
 */
import type { Config } from '../config/config.js';
import { loadConfig } from '../config/load.js';
import { chooseFormat, type Log, openLog } from '../log.js';
import { programVersion } from '../version.js';
import type { NodeRequest } from './command-line.js';
import { faultsText, type Terminal } from './config-check.js';

/** Resolves when the node has stopped, which it does in order once `stop` is aborted; rejects when it cannot go on. */
export type RunNode = (config: Config, log: Log, stop: AbortSignal) => Promise<void>;

const STOP_LIMIT_MS = 30_000;
/** libuv's default of 4 lets one slow disk or name server hold up all the others. */
const THREADS_MIN = 16;
const PROGRAM_NAME = 'orchestrator';

/** The exit code. */
export async function runHttp(request: NodeRequest, runNode: RunNode, terminal: Terminal): Promise<number> {
  const loaded = await loadConfig({ ...request, environment: process.env });
  if (!loaded.ok) {
    terminal.err(faultsText(loaded.error));
    return 1;
  }
  const { config, files, remarks } = loaded.value;
  const { log, flush } = openLog({
    ...config.log,
    format: chooseFormat(process.env['LOG_FORMAT'], process.stdout.isTTY),
    secrets: secretsOf(config),
  });
  const die = (error: unknown): void => {
    // The stack in any case: this is a mistake of ours, and there will be no second look.
    const stack = error instanceof Error ? error.stack : undefined;
    log.fatal({ err: error, stack }, 'the node ends: an error that nobody handled');
    flush();
    process.exit(1);
  };
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);
  log.info({ version: programVersion(), files, node: config.raft.id }, 'orchestrator starts');
  for (const { level, text } of remarks) log[level](text);
  warnOfThreads(log);
  try {
    await runNode(config, log, stopOnSignals(log, flush));
    log.info('orchestrator has stopped');
    return 0;
  } catch (error) {
    log.fatal({ err: error }, `the node ends: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  } finally {
    flush();
  }
}

function secretsOf(config: Config): string[] {
  const { mysql, http } = config;
  const keyed = mysql.tls.when === 'never' ? null : mysql.tls.key;
  const secrets = [mysql.password, keyed, http.authentication.method === 'basic' ? http.authentication.password : null];
  const texts = secrets.flatMap((secret) => (secret === null ? [] : [secret.reveal()]));
  // A password that is our own name hides nothing, and would cut the name out of every line.
  return texts.filter((text) => text !== PROGRAM_NAME);
}

function warnOfThreads(log: Log): void {
  const threads = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4);
  if (threads >= THREADS_MIN) return;
  log.warn(
    `UV_THREADPOOL_SIZE is ${String(threads)}: disk and name lookups wait for each other; set it to ${String(THREADS_MIN)} or more ` +
      'before the start, as scripts/orchestrator does',
  );
}

function stopOnSignals(log: Log, flush: () => void): AbortSignal {
  const stop = new AbortController();
  const exit = (reason: string): void => {
    log.error(`${reason}: ending at once`);
    flush();
    process.exit(1);
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stop.signal.aborted) {
      exit(`${signal} again`);
      return;
    }
    log.info(`${signal}: stopping`);
    setTimeout(exit, STOP_LIMIT_MS, `not stopped after ${String(STOP_LIMIT_MS / 1000)} s`).unref();
    stop.abort();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('SIGHUP', () => {
    log.warn('SIGHUP: reloading the configuration is not supported yet; restart the node to make changes effective');
  });
  return stop.signal;
}

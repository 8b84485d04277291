/**
 * `http`: a node from its configuration to its ordered stop. The first SIGTERM or SIGINT asks the node to stop, a second
 * one ends the process; so does a stop that takes too long, because a supervisor would use SIGKILL next. An exception that
 * nobody caught ends the process too: what it left behind is unknown, and the other nodes take over.
 */
import { type Severity, SystemLog } from '../../adapters/outlets/system-log.js';
import { accept, refuse } from '../../runtime/ports/answer.js';
import type { Configuration } from '../../runtime/ports/configuration.js';
import type { NodeRun } from '../compose.js';
import { LiveConfig } from '../config/live.js';
import { loadConfig } from '../config/load.js';
import { reloadedText, Reloading } from '../config/reload.js';
import { chooseFormat, type Log, openLog } from '../log.js';
import { Secrets } from '../secrets.js';
import { programVersion } from '../version.js';
import type { NodeRequest } from './command-line.js';
import { faultsText, type Terminal } from './config-check.js';

/** Resolves when the node has stopped, which it does in order once `stop` is aborted; rejects when it cannot go on. */
export type RunNode = (run: NodeRun) => Promise<void>;

const STOP_LIMIT_MS = 30_000;
/** libuv's default of 4 lets one slow disk or name server hold up all the others. */
const THREADS_MIN = 16;

/** The exit code. */
export async function runHttp(request: NodeRequest, runNode: RunNode, terminal: Terminal): Promise<number> {
  const options = { ...request, environment: process.env };
  const loaded = await loadConfig(options);
  if (!loaded.ok) {
    terminal.err(faultsText(loaded.error));
    return 1;
  }
  const { config, files, remarks } = loaded.value;
  const secrets = new Secrets();
  secrets.learn(config);
  const { syslog, auditToSystemLog } = config.outlets;
  const systemLog = syslog || auditToSystemLog ? openSystemLog() : null;
  const { log, flush } = openLog({
    ...config.log,
    ...(syslog && systemLog !== null
      ? {
          copy: (level, text) => {
            systemLog.write(severityOf(level), text);
          },
        }
      : {}),
    format: chooseFormat(process.env['LOG_FORMAT'], process.stdout.isTTY),
    secrets,
  });
  const live = new LiveConfig(config);
  live.subscribe((now) => {
    secrets.learn(now);
    log.level = now.log.level;
  });
  const configuration = openConfiguration(new Reloading(options, loaded.value, live), log);
  endOnStrayErrors(log, flush);
  log.info({ version: programVersion(), files, node: config.raft.id }, 'orchestrator starts');
  for (const { level, text } of remarks) log[level](text);
  warnOfThreads(log);
  process.on('SIGHUP', () => void configuration.reload(null));
  try {
    await runNode({ live, configuration, log, conceal: secrets.cutOut, systemLog, stop: stopOnSignals(log, flush) });
    log.info('orchestrator has stopped');
    return 0;
  } catch (error) {
    log.fatal({ err: error }, `the node ends: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  } finally {
    flush();
    await systemLog?.close();
  }
}

/** Its own troubles go to standard error: in the log they would go where the trouble is. */
function openSystemLog(): SystemLog {
  return new SystemLog({
    onTrouble: (reason) => {
      process.stderr.write(`EnableSyslog, AuditToSyslog: nothing gets to the system's log: ${reason}\n`);
    },
  });
}

function severityOf(level: string): Severity {
  if (level === 'fatal') return 'error';
  return level === 'error' || level === 'warn' || level === 'debug' ? level : 'info';
}

function endOnStrayErrors(log: Log, flush: () => void): void {
  const die = (error: unknown): void => {
    // The stack in any case: this is a mistake of ours, and there will be no second look.
    const stack = error instanceof Error ? error.stack : undefined;
    log.fatal({ err: error, stack }, 'the node ends: an error that nobody handled');
    flush();
    process.exit(1);
  };
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);
}

/** Whoever asks for it, the log tells what came of it: a signal has nobody to answer to. */
function openConfiguration(reloading: Reloading, log: Log): Configuration {
  return {
    reload: async (extraFile) => {
      const reloaded = await reloading.reload(extraFile);
      if (!reloaded.ok) {
        const message = faultsText(reloaded.faults).trim();
        log.error(`reload: nothing changed, because ${message}`);
        return refuse('CONFIGURATION', message);
      }
      const text = reloadedText(reloaded);
      log.info({ files: reloaded.files }, `the configuration was read again: ${text}`);
      for (const remark of reloaded.remarks) log[remark.level](remark.text);
      return accept(text);
    },
  };
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
  return stop.signal;
}

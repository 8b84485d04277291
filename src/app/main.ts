/** The program `orchestrator`. It finds out what is asked for and hands on; the exit code says how it went. */
import { checkConfig, faultsText, type Terminal } from './cli/config-check.js';
import { parseCommandLine, type Request } from './cli/command-line.js';
import { grantStatements, parseServerKind } from './cli/grants.js';
import { helpText } from './cli/help.js';
import { type RunNode, runHttp } from './cli/http.js';
import { runImport } from './cli/import.js';
import { runRaft } from './cli/raft.js';
import { recoverNode } from './cli/raft-recover.js';
import { asClientCall, environmentOf, notDone } from './cli/redirect.js';
import { loadConfig } from './config/load.js';
import { programVersion } from './version.js';

const terminal: Terminal = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
};

/** Loaded when it is needed: the version and the help shall not wait for the database driver and the servers. */
const runNode: RunNode = async (run) => {
  const compose = await import('./compose.js');
  await compose.runNode(run);
};

async function run(argv: readonly string[]): Promise<number> {
  // What follows is a line that is not finished, and no request.
  if (argv[0] === 'completion') return await completeHere(argv.slice(1));
  const request = parseCommandLine(argv);
  if (request.ok) return await answer(request.value);
  terminal.err(`${request.error}\n"orchestrator help" tells what can be asked for\n`);
  return 2;
}

async function answer(request: Request): Promise<number> {
  switch (request.verb) {
    case 'http':
      return await runHttp(request, runNode, terminal);
    case 'config-check':
      return await checkConfig({ file: request.file, environment: process.env }, terminal);
    case 'grants':
      return await printGrants(request.file, request.server);
    case 'raft': {
      if (request.action === 'recover') return await recoverNode(request, terminal);
      return await runRaft(request, terminal);
    }
    case 'import':
      return await runImport(request, terminal);
    case 'version':
      terminal.out(`${programVersion()}\n`);
      return 0;
    case 'help':
      terminal.out(helpText(request.topic));
      return 0;
    case 'command':
      return await runAsClient(request.command, request.options);
  }
}

async function completeHere(words: readonly string[]): Promise<number> {
  const { completeProgram } = await import('./cli/completion.js');
  return await completeProgram(words, { ...terminal, environment: process.env });
}

async function runAsClient(command: string, options: ReadonlyMap<string, string>): Promise<number> {
  const call = asClientCall(command, options);
  if (call.unknown.length > 0) {
    terminal.err(notDone(command, call));
    return 1;
  }
  const environment = await environmentOf(options, process.env);
  if (!environment.ok) {
    terminal.err(environment.error);
    return 1;
  }
  const { runHere } = await import('./client/run-here.js');
  return await runHere(call.argv, 'program', environment.value);
}

async function printGrants(file: string | null, server: string | null): Promise<number> {
  const kind = server === null ? null : parseServerKind(server);
  if (kind?.ok === false) {
    terminal.err(`${kind.error}\n`);
    return 2;
  }
  let user = 'orchestrator';
  if (file !== null) {
    const loaded = await loadConfig({ file, environment: process.env });
    if (!loaded.ok) {
      terminal.err(faultsText(loaded.error));
      return 1;
    }
    user = loaded.value.config.mysql.user || user;
  }
  terminal.out(kind === null ? grantStatements(user) : grantStatements(user, kind.value));
  return 0;
}

// A reader that went away (`orchestrator help | head`) is no failure, and must not take a running node with it.
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);
process.exit(await run(process.argv.slice(2)));

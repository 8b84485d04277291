/**
 * One run of the client: from arguments to lines and an exit code, in the manner of the incumbent's script. The answer
 * goes to standard output; what a person must know beside it to standard error, after the program's name.
 */
import { failed, ok, type Result } from '../../core/base/result.js';
import { nearestName } from '../config/nearest-name.js';
import { type ApiError, field, oneLine, textOf } from './answer.js';
import { commandNames, currentName, findCommand } from './commands/catalogue.js';
import type { ClientCommand } from './commands/command.js';
import { readEndpoints } from './endpoints.js';
import { type Environment, PROFILE_FILE, readEnvironment } from './environment.js';
import { fillPath, lacksPort, readGiven, withPorts } from './given.js';
import { commandHelp, helpText } from './help.js';
import { type Options, parseOptions } from './options.js';
import { wouldRun } from './plan-lines.js';
import { ApiSession, type Failure } from './session.js';

export interface ClientSurroundings {
  readonly argv: readonly string[];
  readonly environment: Environment;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly sleep: (ms: number) => Promise<void>;
  readonly profileFile?: string;
}

/** Lines to print, or why there are none. */
type Outcome = Result<Printed, Failure>;

interface Printed {
  readonly lines: readonly string[];
  /** Not 0 for a plan that would not be carried out. */
  readonly exitCode: number;
}

const FAILED = 1;
const DEFAULT_PORT = 3306;

/** Resolves with the exit code. */
export async function runClient(surroundings: ClientSurroundings): Promise<number> {
  const { out } = surroundings;
  const parsed = parseOptions(surroundings.argv);
  if (!parsed.ok) return complain(surroundings, parsed.error);
  const options = parsed.value;
  const name = currentName(options.command ?? '');
  if (options.help !== undefined || name === 'help') return showHelp(name, surroundings);
  const command = findCommand(name);
  const objection = objectionTo(name, command, options);
  if (objection !== null) return complain(surroundings, objection);
  const environment = readEnvironment(surroundings.environment, surroundings.profileFile ?? PROFILE_FILE);
  const session = openSession(options, environment, surroundings);
  if (!session.ok) return complain(surroundings, session.error);
  const withInstance = { ...defaultsFrom(environment), ...options };
  const json = options.json !== undefined;
  const outcome =
    command === null
      ? await runSpecial(name, withInstance, session.value)
      : await runCommand(command, withInstance, json, session.value);
  if (!outcome.ok) return explain(outcome.error, json || name === 'api', surroundings);
  const { lines, exitCode } = outcome.value;
  if (lines.length > 0) out(`${lines.join('\n')}\n`);
  return exitCode;
}

/** Why nothing can be asked for; null when it can. A command that cannot be rehearsed is not done instead. */
function objectionTo(name: string, command: ClientCommand | null, { dryRun }: Options): string | null {
  if (name === '') return 'no command was given; -c help lists all of them';
  if (command === null && !commandNames().includes(name)) return unsupported(name);
  if (dryRun === undefined || command?.rehearsal !== undefined) return null;
  return `${name} has no plan to show, so it takes no --dry-run, and nothing was done`;
}

function showHelp(name: string, surroundings: ClientSurroundings): number {
  const text = name === '' || name === 'help' ? helpText() : commandHelp(name);
  if (text === null) return complain(surroundings, unsupported(name));
  surroundings.out(`${text}\n`);
  return 0;
}

function openSession(
  options: Options,
  environment: Environment,
  surroundings: ClientSurroundings,
): Result<ApiSession, string> {
  const endpoints = readEndpoints(options.api ?? environment['ORCHESTRATOR_API']);
  if (!endpoints.ok) return endpoints;
  const headers = identification(options, environment);
  if (!headers.ok) return headers;
  const warn = (text: string): void => void complain(surroundings, text);
  return ok(new ApiSession({ endpoints: endpoints.value, headers: headers.value, warn, sleep: surroundings.sleep }));
}

function identification(options: Options, environment: Environment): Result<Readonly<Record<string, string>>, string> {
  const headers: Record<string, string> = { 'user-agent': 'orchestrator-client', accept: 'application/json' };
  const user = environment['ORCHESTRATOR_AUTH_USER'] ?? '';
  const basic = options.auth ?? (user === '' ? '' : `${user}:${environment['ORCHESTRATOR_AUTH_PASSWORD'] ?? ''}`);
  if (basic !== '') headers['authorization'] = `Basic ${Buffer.from(basic).toString('base64')}`;
  const line = options.headersAuth ?? environment['ORCHESTRATOR_AUTH_USER_HEADER'] ?? '';
  if (line === '') return ok(headers);
  const [, name, value] = /^([\w-]+):\s*([ -~]*)$/.exec(line) ?? [];
  if (name === undefined || value === undefined) return failed(`"${line}" is no header; give it as NAME:VALUE`);
  headers[name.toLowerCase()] = value;
  return ok(headers);
}

function defaultsFrom(environment: Environment): Options {
  const instance = environment['ORCHESTRATOR_INSTANCE'];
  return instance === undefined || instance === '' ? {} : { instance };
}

async function runCommand(
  command: ClientCommand,
  options: Options,
  json: boolean,
  session: ApiSession,
): Promise<Outcome> {
  const { path: template, print, writes } = asAsked(command, options);
  const raw = readGiven(options);
  const port = await defaultPort(options, lacksPort(template, raw), session);
  if (!port.ok) return failed({ kind: 'unreachable', message: port.error });
  const given = withPorts(raw, port.value);
  const path = fillPath(template, given, port.value);
  if (!path.ok) return failed({ kind: 'unreachable', message: path.error });
  const answer = await session.call(path.value, writes);
  if (!answer.ok) return answer;
  const { payload } = answer.value;
  const lines = json ? [JSON.stringify(payload, null, 2)] : print(answer.value, given);
  return ok({ lines, exitCode: options.dryRun === undefined || wouldRun(payload) ? 0 : FAILED });
}

function asAsked(command: ClientCommand, { dryRun }: Options): Pick<ClientCommand, 'path' | 'print' | 'writes'> {
  const { rehearsal } = command;
  return dryRun === undefined || rehearsal === undefined ? command : { ...rehearsal, writes: false };
}

function printed(...lines: readonly string[]): Outcome {
  return ok({ lines, exitCode: 0 });
}

/** What was given with -D, else what the cluster is configured with, which only ours tells. */
async function defaultPort(options: Options, needed: boolean, session: ApiSession): Promise<Result<number, string>> {
  if (options.defaultPort !== undefined) {
    const port = /^\d{1,5}$/.test(options.defaultPort) ? Number(options.defaultPort) : 0;
    return port >= 1 && port <= 65_535 ? ok(port) : failed(`-D ${options.defaultPort}: a port is 1 to 65535`);
  }
  if (!needed) return ok(DEFAULT_PORT);
  const port = field(await session.peek('v1/settings'), 'defaultInstancePort');
  return ok(typeof port === 'number' ? port : DEFAULT_PORT);
}

async function runSpecial(name: string, options: Options, session: ApiSession): Promise<Outcome> {
  if (name === 'which-api') {
    const api = await session.api();
    return api.ok ? printed(api.value) : api;
  }
  if (name === 'raft-leader-hostname') return await leaderHostname(session);
  const path = (options.path ?? '').replace(/^\/+/, '').replace(/^api\//, '');
  if (path === '') return failed({ kind: 'unreachable', message: 'path must be provided: -P PATH' });
  const answer = await session.call(path, true);
  if (!answer.ok) return answer;
  return printed(options.json === undefined ? oneLine(answer.value.body) : JSON.stringify(answer.value.body, null, 2));
}

/** A follower knows the address of the leader; only the leader knows its own host name. */
async function leaderHostname(session: ApiSession): Promise<Outcome> {
  const status = await session.call('status', false);
  const details = status.ok ? status.value.payload : status.error.kind === 'api' ? status.error.error.details : null;
  if (field(details, 'IsActiveNode') === true) return printed(textOf(field(details, 'Hostname')));
  const uri = field(details, 'RaftLeaderURI');
  if (typeof uri !== 'string' || uri === '') {
    return status.ok
      ? failed({ kind: 'unreachable', message: 'Cannot determine raft state: the node that was asked knows no leader' })
      : status;
  }
  const answer = await session.at(`${uri.replace(/\/+$/, '')}/api`).call('status', false);
  return answer.ok ? printed(textOf(field(answer.value.payload, 'Hostname'))) : answer;
}

function unsupported(name: string): string {
  const near = nearestName(name, commandNames());
  return `Unsupported command ${name}${near === null ? '; -c help lists all of them' : `; is ${near} meant?`}`;
}

/** An error of the API is printed as the script prints it: the sentence to standard error, its details to standard output. */
function explain(failure: Failure, whole: boolean, surroundings: ClientSurroundings): number {
  if (failure.kind === 'unreachable') return complain(surroundings, failure.message);
  const { message, details, body }: ApiError = failure.error;
  surroundings.err(`${message.replaceAll("'", '').replace(/\s+/g, ' ').trim()}\n`);
  if (whole) surroundings.out(`${oneLine(body)}\n`);
  else if (details !== null) surroundings.out(`${oneLine(details)}\n`);
  return FAILED;
}

function complain({ err }: ClientSurroundings, text: string): number {
  err(`orchestrator-client[${String(process.pid)}]: ${text}\n`);
  return FAILED;
}

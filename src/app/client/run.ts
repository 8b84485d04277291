/**
 * One run of the client: from arguments to lines and an exit code, in the manner of the incumbent's script. The answer
 * goes to standard output; what a person must know beside it to standard error, after the program's name. What is piped is
 * what the script printed, byte for byte; a terminal is given tables, colours and the steps of what takes long.
 */
import { failed, ok, type Result } from '../../core/base/result.js';
import { nearestName } from '../config/nearest-name.js';
import { type ApiError, oneLine } from './answer.js';
import { callerOf } from './caller.js';
import { carryOut } from './carry-out.js';
import { type Command, commandNames, currentName, findCommand, isSpecial } from './commands/catalogue.js';
import { INSTEAD } from './commands/program.js';
import { candidatesFor } from './completion/candidates.js';
import { type Candidates, complete } from './completion/complete.js';
import type { Context, Outcome, Shown } from './context.js';
import type { Blank } from './given.js';
import { readEndpoints, whereToAsk } from './endpoints.js';
import { type Environment, PROFILE_FILE, readEnvironment } from './environment.js';
import { watch, WATCH_SECONDS } from './follow/watch.js';
import { commandHelp, helpText } from './help.js';
import { type Options, parseOptions } from './options.js';
import { paintFor } from './screen/paint.js';
import { ApiSession, type Failure } from './session.js';
import { type ClientSurroundings, programName } from './surroundings.js';

const FAILED = 1;

/** Resolves with the exit code. */
export async function runClient(surroundings: ClientSurroundings): Promise<number> {
  const { argv, dialect = 'script' } = surroundings;
  if (argv[0] === 'completion') {
    const candidates: Candidates = (words, names) => candidatesFor(words, dialect, names);
    return await complete(argv.slice(1), programName(surroundings), candidates, surroundings);
  }
  const parsed = parseOptions(argv);
  if (!parsed.ok) return complain(surroundings, parsed.error);
  const name = currentName(parsed.value.command ?? '');
  if (parsed.value.help !== undefined || name === 'help') return showHelp(name, parsed.value, surroundings);
  const command = findCommand(name, dialect);
  if (command === null) return complain(surroundings, unsupported(name, surroundings));
  const objection = objectionTo(command, parsed.value);
  if (objection !== null) return complain(surroundings, objection);
  const context = openContext(parsed.value, surroundings);
  if (!context.ok) return complain(surroundings, context.error);
  return parsed.value.watch === undefined
    ? await once(command, context.value)
    : await watch(
        {
          title: `${programName(surroundings)} ${argv.join(' ')}`,
          seconds: watchSeconds(parsed.value) ?? WATCH_SECONDS,
          ask: () => carryOut(command, context.value),
          textOf: ({ value }) => textOf(value, context.value, true),
          nowMs: () => Date.now(),
        },
        context.value,
      );
}

/** The incumbent's program does a command for each of several servers; the first that fails ends it. */
async function once(command: Command, context: Context): Promise<number> {
  for (const options of separately(command, context)) {
    const outcome = await carryOut(command, { ...context, options });
    const exitCode = print(command, outcome, context);
    if (exitCode !== 0) return exitCode;
  }
  return 0;
}

function separately(command: Command, { options, surroundings }: Context): readonly Options[] {
  const servers = (options.instance ?? '').split(/[\s,]+/).filter((server) => server !== '');
  const isList = command.name === 'submit-pool-instances';
  if (surroundings.dialect !== 'program' || isList || servers.length < 2) return [options];
  return servers.map((instance) => ({ ...options, instance }));
}

function print(command: Command, outcome: Outcome, context: Context): number {
  if (!outcome.ok) return explain(outcome.error, command, context);
  context.surroundings.out(textOf(outcome.value, context, false));
  return outcome.value.exitCode;
}

/** With --json a value that is watched is one line, so that each line is one. */
function textOf({ lines, payload }: Shown, { options }: Context, isWatched: boolean): string {
  if (options.json !== undefined) {
    return payload === undefined ? '' : `${JSON.stringify(payload, null, isWatched ? 0 : 2)}\n`;
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

/** Why nothing can be asked for; null when it can. What cannot be rehearsed, or repeated, is not done instead. */
function objectionTo(command: Command, options: Options): string | null {
  const { name } = command;
  const canRehearse = !isSpecial(command) && command.rehearsal !== undefined;
  if (options.dryRun !== undefined && !canRehearse) {
    return `${name} has no plan to show, so it takes no --dry-run, and nothing was done`;
  }
  const narrowing = NARROWING.find((option) => options[option] !== undefined && !takes(command, option));
  if (narrowing !== undefined) return `${name} takes no --${narrowing}, and nothing was done`;
  if (options.watch === undefined) return null;
  if (watchSeconds(options) === null) return `--watch=${options.watch}: seconds are a number, 0.1 to 3600`;
  const looks = isSpecial(command) ? command.looks : !command.writes || options.dryRun !== undefined;
  return looks ? null : `${name} is nothing to be done again and again, so it takes no --watch, and nothing was done`;
}

/** What is left out of account where a command does not take it, would let the command do other than was meant. */
const NARROWING = ['pattern', 'channel', 'until', 'force'] as const;

function takes(command: Command, blank: Blank): boolean {
  return !isSpecial(command) && (command.path.includes(`{${blank}}`) || command.needs?.includes(blank) === true);
}

/** Null: it is no such number. */
function watchSeconds({ watch: text = '' }: Options): number | null {
  const seconds = text === '' ? WATCH_SECONDS : /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  return seconds >= 0.1 && seconds <= 3600 ? seconds : null;
}

function showHelp(name: string, options: Options, surroundings: ClientSurroundings): number {
  const { dialect = 'script', out } = surroundings;
  const isAll = name === '' || name === 'help';
  if (options.json !== undefined) {
    const names = isAll ? commandNames(dialect) : [name];
    const all = names.flatMap((one) => findCommand(one, dialect) ?? []);
    out(
      `${JSON.stringify(
        all.map(({ name: command, about }) => ({ command, about })),
        null,
        2,
      )}\n`,
    );
    return 0;
  }
  const text = isAll ? helpText(dialect) : commandHelp(name, dialect);
  if (text === null) return complain(surroundings, unsupported(name, surroundings));
  out(`${text}\n`);
  return 0;
}

function openContext(given: Options, surroundings: ClientSurroundings): Result<Context, string> {
  const environment = readEnvironment(surroundings.environment, surroundings.profileFile ?? PROFILE_FILE);
  const where = whereToAsk(given.api, environment);
  const endpoints = readEndpoints(where.text);
  if (!endpoints.ok) return failed(`${where.given}: ${endpoints.error}`);
  const caller = callerOf(given, environment);
  if (!caller.ok) return caller;
  const session = new ApiSession({
    endpoints: endpoints.value,
    caller: caller.value,
    warn: (text) => void complain(surroundings, text),
    sleep: surroundings.sleep,
    idempotencyKey: given.idempotencyKey ?? null,
  });
  const options = { ...defaultsFrom(environment), ...given };
  const paint = paintFor(surroundings.terminal?.out === true, environment, given.noColor !== undefined);
  return ok({ options, session, paint, surroundings });
}

function defaultsFrom(environment: Environment): Options {
  const instance = environment['ORCHESTRATOR_INSTANCE'];
  return instance === undefined || instance === '' ? {} : { instance };
}

function unsupported(name: string, { dialect = 'script' }: ClientSurroundings): string {
  if (name === '') return 'no command was given; -c help lists all of them';
  const instead = INSTEAD[name];
  if (instead !== undefined) return `${name} is not done here: ${instead}`;
  const near = nearestName(name, commandNames(dialect));
  return `Unsupported command ${name}${near === null ? '; -c help lists all of them' : `; is ${near} meant?`}`;
}

/** What the API's words leave open. */
const UNAUTHORIZED =
  'you may look and change nothing: give another user (-b USER:PASSWORD), or ask a node that is not ReadOnly';

/** Likewise, of slips of the hand. Scripts know these words by heart, so only a terminal is told more. */
const ADVICE: readonly (readonly [said: RegExp, advice: string])[] = [
  [
    /^Cannot read instance: (\S+)$/,
    'no server is known by that name: -c search finds one by a part of it, -c discover -i $1 makes it known',
  ],
  [
    /^Unable to determine cluster name\. clusterHint=.*$/,
    'neither a cluster nor a server is known by that name: -c clusters-alias lists the clusters, -c search finds servers',
  ],
];

/** '' where they say it all. */
function adviceOn(message: string, isAtTerminal: boolean): string {
  if (message === 'Unauthorized') return UNAUTHORIZED;
  if (!isAtTerminal) return '';
  const [said, advice] = ADVICE.find(([one]) => one.test(message)) ?? [];
  return said === undefined || advice === undefined ? '' : message.replace(said, advice);
}

/** An error of the API is printed as the script prints it: the sentence to standard error, its details to standard output. */
function explain(failure: Failure, command: Command, { surroundings, options }: Context): number {
  const { out, err, dialect } = surroundings;
  const isJson = options.json !== undefined;
  if (failure.kind === 'unreachable') {
    if (isJson) out(`${oneLine({ Code: 'ERROR', Message: failure.message, Details: null })}\n`);
    return complain(surroundings, failure.message);
  }
  const { message, details, body }: ApiError = failure.error;
  err(`${message.replaceAll("'", '').replace(/\s+/g, ' ').trim()}\n`);
  const advice = adviceOn(message, surroundings.terminal?.err === true);
  if (advice !== '') err(`${advice}\n`);
  if (isJson || (isSpecial(command) && command.showsWholeErrors === true)) out(`${oneLine(body)}\n`);
  else if (details !== null && dialect !== 'program') out(`${oneLine(details)}\n`);
  return FAILED;
}

function complain(surroundings: ClientSurroundings, text: string): number {
  surroundings.err(`${programName(surroundings)}[${String(process.pid)}]: ${text}\n`);
  return FAILED;
}

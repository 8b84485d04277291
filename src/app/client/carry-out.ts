/** One command, asked and read: the path filled from what was given, the answer as lines for whoever looks at them. */
import { hostname } from 'node:os';
import { failed, ok, type Result } from '../../core/base/result.js';
import { type ApiAnswer, field, listOf } from './answer.js';
import { type Command, isSpecial } from './commands/catalogue.js';
import type { ClientCommand } from './commands/command.js';
import type { Context, Outcome } from './context.js';
import { Progress } from './follow/progress.js';
import { fillPath, type Given, lacksPort, readGiven, withPorts } from './given.js';
import type { Options } from './options.js';
import { wouldRun } from './plan-lines.js';
import { paintFor } from './screen/paint.js';
import { viewOf } from './screen/views.js';
import type { Failure } from './session.js';

const FAILED = 1;
const DEFAULT_PORT = 3306;
/** What is done by then needs no explanation. */
const PROGRESS_AFTER_MS = 1000;

type Asked = Pick<ClientCommand, 'path' | 'print' | 'writes' | 'next'>;

export async function carryOut(command: Command, context: Context): Promise<Outcome> {
  if (isSpecial(command)) return await command.run(context);
  const asked = asAsked(command, context.options);
  const options = assuming(asked, context);
  const raw = readGiven(options);
  const missing = command.needs?.find((blank) => raw[blank] === '');
  const port = await defaultPort(options, lacksPort(asked.path, raw), context);
  if (!port.ok) return unreachable(port.error);
  const given = withPorts(raw, port.value);
  const path = missing === undefined ? fillPath(asked.path, given, port.value) : fillPath(`{${missing}}`, given, 0);
  if (!path.ok) return unreachable(path.error);
  const answer = await callWithProgress(asked, path.value, context);
  if (!answer.ok) return answer;
  const lines = await linesOf(asked, answer.value, given, context);
  if (!lines.ok) return lines;
  const { payload, message } = answer.value;
  // Beside the result, which scripts read: somebody was left behind, and the sentence says whom and why.
  if (asked.writes && listOf(field(payload, 'LostReplicas')).length > 0) context.surroundings.err(`${message}\n`);
  const isRefused = options.dryRun !== undefined && !wouldRun(payload);
  return ok({ lines: lines.value, payload, exitCode: isRefused ? FAILED : 0 });
}

function asAsked(command: ClientCommand, { dryRun }: Options): Asked {
  const { rehearsal } = command;
  return dryRun === undefined || rehearsal === undefined ? command : { ...rehearsal, writes: false };
}

/**
 * The incumbent's program takes the machine that it runs on for the server that is meant. So it is for looking; what
 * changes something is not done to a server that nobody named.
 */
function assuming({ path, writes }: Asked, { options, surroundings }: Context): Options {
  const isNamed = options.instance !== undefined || options.alias !== undefined;
  const needsServer = /^[^[]*\{(instance|hint)\}/.test(path);
  if (surroundings.dialect !== 'program' || isNamed || writes || !needsServer) return options;
  return { ...options, instance: hostname() };
}

/** What was given with -D, else what the cluster is configured with, which only ours tells. */
async function defaultPort(options: Options, needed: boolean, { session }: Context): Promise<Result<number, string>> {
  if (options.defaultPort !== undefined) {
    const port = /^\d{1,5}$/.test(options.defaultPort) ? Number(options.defaultPort) : 0;
    return port >= 1 && port <= 65_535 ? ok(port) : failed(`-D ${options.defaultPort}: a port is 1 to 65535`);
  }
  if (!needed) return ok(DEFAULT_PORT);
  const port = field(await session.peek('v1/settings'), 'defaultInstancePort');
  return ok(typeof port === 'number' ? port : DEFAULT_PORT);
}

async function callWithProgress(
  { writes }: Asked,
  path: string,
  { session, surroundings, options }: Context,
): Promise<Result<ApiAnswer, Failure>> {
  if (!writes) return await session.call(path, false);
  surroundings.changing?.(true);
  const progress = new Progress({
    session,
    hint: options.alias ?? options.instance ?? '',
    err: surroundings.err,
    paint: paintFor(true, surroundings.environment, options.noColor !== undefined),
    patienceMs: PROGRESS_AFTER_MS,
    nowMs: () => performance.now(),
  });
  if (surroundings.terminal?.err === true) await progress.begin();
  try {
    return await session.call(path, true);
  } finally {
    progress.end();
    surroundings.changing?.(false);
  }
}

async function linesOf(
  { print, next }: Asked,
  answer: ApiAnswer,
  given: Given,
  { surroundings, paint, session, options }: Context,
): Promise<Result<readonly string[], Failure>> {
  const view = surroundings.terminal?.out === true ? viewOf(print) : null;
  const lines = view === null ? print(answer, given) : view(answer, given, paint);
  const path = options.json === undefined ? (next?.path(answer) ?? null) : null;
  if (next === undefined || path === null) return ok(lines);
  const more = await session.call(path, false);
  return more.ok ? ok([...lines, ...next.print(more.value, given)]) : more;
}

function unreachable(message: string): Outcome {
  return failed({ kind: 'unreachable', message });
}

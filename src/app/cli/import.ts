/** `orchestrator import`: what operators told the old orchestrator is told to ours, and what came of it is printed. */
import { CarryOver, type Carried, type Kind } from '../import/carry-over.js';
import { ImportApi, type Introduction } from '../import/import-api.js';
import { readWords } from '../import/read-words.js';
import type { Words } from '../import/words.js';
import { whereToAsk } from '../client/endpoints.js';
import { PROFILE_FILE, readEnvironment, type Environment } from '../client/environment.js';
import { readTls } from '../client/tls-files.js';
import type { ImportRequest } from './command-line.js';
import type { Terminal } from './config-check.js';

const EXIT = { done: 0, incomplete: 1, usage: 2, unreachable: 3 } as const;

const KINDS: readonly Kind[] = ['servers', 'downtimes', 'tags', 'promotion rules', 'name mappings', 'aliases', 'pools'];

/** The exit code: 1 when anything was not carried over; 3 when that is only what was said of servers that nobody can reach. */
export async function runImport(
  request: ImportRequest,
  terminal: Terminal,
  around: Environment = readEnvironment(process.env, PROFILE_FILE),
): Promise<number> {
  const where = whereToAsk(request.api, around);
  const from = ImportApi.open(
    { text: request.from, given: '--from' },
    {
      ...introduction(around, 'ORCHESTRATOR_FROM'),
      tls: readTls({}, around, 'ORCHESTRATOR_FROM_TLS'),
    },
  );
  const to = ImportApi.open(where, {
    ...introduction(around, 'ORCHESTRATOR_AUTH'),
    tls: readTls({}, around),
  });
  if (!from.ok || !to.ok) {
    terminal.err(`${from.ok ? '' : `${from.error}\n`}${to.ok ? '' : `${to.error}\n`}`);
    return EXIT.usage;
  }
  if (from.value.shown === to.value.shown) {
    terminal.err(`--from and ${where.given} are the same (${to.value.shown}): nothing was done\n`);
    return EXIT.usage;
  }
  const words = await readWords(from.value, (text) => {
    terminal.err(`${text}\n`);
  });
  if (words === null) return EXIT.incomplete;
  const carried = await new CarryOver(to.value, { dryRun: request.dryRun, nowMs: () => Date.now() }).run(words);
  const { shown } = from.value;
  terminal.out(`from ${shown} to ${to.value.shown}${request.dryRun ? ' (nothing was done: --noop)' : ''}\n`);
  return report(words, carried, request.dryRun, terminal);
}

/** The exit code. */
function report(words: Words, carried: Carried, dryRun: boolean, terminal: Terminal): number {
  terminal.out(table(carried, dryRun));
  for (const note of [...words.notes, ...carried.notes]) terminal.out(`note: ${note}\n`);
  const failures = [...words.unread.map((text) => `could not be read: ${text}`), ...carried.failures];
  for (const failure of failures) terminal.err(`not carried over: ${failure}\n`);
  for (const text of carried.unreachable) terminal.err(`unreachable: ${text}\n`);
  if (failures.length > 0) return EXIT.incomplete;
  return carried.unreachable.length > 0 ? EXIT.unreachable : EXIT.done;
}

function introduction(around: Environment, prefix: string): Omit<Introduction, 'tls'> {
  const user = around[`${prefix}_USER`] ?? '';
  const login = user === '' ? null : { user, password: around[`${prefix}_PASSWORD`] ?? '' };
  const headerGiven = `${prefix}_USER_HEADER`;
  return { login, header: around[headerGiven] ?? '', headerGiven };
}

function table({ tallies }: Carried, dryRun: boolean): string {
  const rows = KINDS.map((kind) => {
    const { carried = 0, already = 0 } = tallies.get(kind) ?? {};
    return `  ${kind.padEnd(16)}${String(carried).padStart(5)} ${dryRun ? 'to carry over' : 'carried over'}, ${String(already)} there already\n`;
  });
  return rows.join('');
}

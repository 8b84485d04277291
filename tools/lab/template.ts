// A data directory with the users of the lab in it and nothing in the binary log, made once for each program and kept
// in the cache: copying it takes a tenth of a second, making it several.
import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Flavor } from './dialect.js';
import { GuardedProcess } from './guarded-process.js';
import { PROJECT_ROOT } from './project-root.js';
import { baseLines, type Program } from './server-config.js';
import { withRootSession } from './sql-session.js';

const run = promisify(execFile);

/** Counted up when this file makes another kind of template. */
const FORMAT = 1;
const START_DEADLINE_MS = 120_000;

const USERS: Readonly<Record<Flavor, string>> = {
  mysql97: 'cluster-compose/mysql/users.sql',
  mysql56: 'tools/lab/users/mysql56.sql',
  mariadb: 'tools/lab/users/mariadb.sql',
};

function usersOf(flavor: Flavor): string {
  return readFileSync(join(PROJECT_ROOT, USERS[flavor]), 'utf8');
}

/** The system tables of the flavours that make them from SQL files rather than by themselves. */
function bootstrapSql(program: Program): string {
  if (program.tree === undefined) throw new Error(`${program.mysqld}: only MySQL 5.7 or later can be given by MYSQLD`);
  const share = join(program.tree, program.flavor === 'mysql56' ? 'share' : 'usr/share/mysql');
  const read = (pattern: RegExp): string[] =>
    readdirSync(share)
      .filter((name) => pattern.test(name))
      .map((name) => readFileSync(join(share, name), 'utf8'));
  if (program.flavor === 'mysql56') {
    const tables = [...read(/^mysql_system_tables\.sql$/), ...read(/^mysql_system_tables_data\.sql$/)];
    return ['USE mysql;', ...tables, "DELETE FROM user WHERE User = '';", ''].join('\n');
  }
  const order = [
    /^m\w+_system_tables\.sql$/,
    /^m\w+_performance_tables\.sql$/,
    /^m\w+_system_tables_data\.sql$/,
    /^maria_add_gis_sp_bootstrap\.sql$/,
  ];
  return ['USE mysql;', 'SET @auth_root_socket = NULL;', ...order.flatMap(read), ''].join('\n');
}

async function initialize(program: Program, directory: string, configFile: string): Promise<void> {
  const defaults = `--defaults-file=${configFile}`;
  if (program.flavor === 'mysql97') {
    await run(program.mysqld, [defaults, '--disable-log-bin', '--initialize-insecure']);
    return;
  }
  mkdirSync(join(directory, 'data', 'mysql'), { recursive: true });
  mkdirSync(join(directory, 'data', 'test'));
  const bootstrap = run(program.mysqld, [defaults, '--bootstrap']);
  bootstrap.child.stdin?.end(bootstrapSql(program));
  await bootstrap;
}

/** Runs the new server once, unreachable from outside and without binary log, to make the users. */
async function addUsers(program: Program, directory: string, configFile: string, guard: Guard): Promise<void> {
  const socketPath = join(directory, 's');
  const args = [`--defaults-file=${configFile}`, '--skip-networking', `--socket=${socketPath}`];
  const server = new GuardedProcess({
    command: program.mysqld,
    args: program.flavor === 'mysql97' ? [...args, '--disable-log-bin'] : args,
    directory,
    environment: guard,
    outputFile: join(directory, 'output.log'),
  });
  const deadline = performance.now() + START_DEADLINE_MS;
  const sql = usersOf(program.flavor);
  for (;;) {
    try {
      await withRootSession(socketPath, START_DEADLINE_MS, (session) => session.query(sql));
      break;
    } catch (error) {
      const refused = error instanceof Error && /ENOENT|ECONNREFUSED/.test(error.message);
      if (!refused || !server.running || performance.now() > deadline) throw error;
      await sleep(50);
    }
  }
  await server.stop();
}

type Guard = Readonly<Record<string, string>>;

async function make(program: Program, directory: string, guard: Guard): Promise<void> {
  mkdirSync(join(directory, 'tmp'), { recursive: true });
  const configFile = join(directory, 'my.cnf');
  const lines = [
    ...baseLines(program),
    `datadir=${join(directory, 'data')}`,
    `tmpdir=${join(directory, 'tmp')}`,
    `log_error=${join(directory, 'error.log')}`,
    `pid_file=${join(directory, 'mysqld.pid')}`,
    ...(program.tree === undefined ? [] : [`secure_file_priv=${join(directory, 'tmp')}`]),
  ];
  writeFileSync(configFile, `${lines.join('\n')}\n`);
  try {
    await initialize(program, directory, configFile);
    await addUsers(program, directory, configFile, guard);
  } catch (error) {
    const log = join(directory, 'error.log');
    const tail = existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(-15).join('\n') : '';
    throw new Error(`${program.mysqld} cannot make a data directory:\n${tail}`, { cause: error });
  }
  // auto.cnf holds the server's uuid: each copy is given its own.
  for (const name of ['auto.cnf', 'ib_buffer_pool']) rmSync(join(directory, 'data', name), { force: true });
}

/**
 * The path of the template for a program. Two runs that both find it missing both make it, each aside; the first to
 * rename wins and the other throws its own away.
 */
export async function templateFor(
  program: Program,
  places: { readonly cacheDirectory: string; readonly runDirectory: string; readonly guard: Guard },
): Promise<string> {
  const { stdout: version } = await run(program.mysqld, ['--no-defaults', '--version']);
  const key = createHash('sha256')
    .update(JSON.stringify([FORMAT, version, baseLines(program), usersOf(program.flavor)]))
    .digest('hex')
    .slice(0, 16);
  const template = join(places.cacheDirectory, 'templates', `${program.flavor}-${key}`);
  if (existsSync(template)) return template;
  const aside = join(places.runDirectory, 'template');
  await make(program, aside, places.guard);
  const partial = `${template}.${String(process.pid)}.partial`;
  mkdirSync(join(places.cacheDirectory, 'templates'), { recursive: true });
  cpSync(join(aside, 'data'), partial, { recursive: true });
  rmSync(aside, { recursive: true });
  try {
    renameSync(partial, template);
  } catch (error) {
    rmSync(partial, { recursive: true });
    if (!existsSync(template)) throw error;
  }
  return template;
}

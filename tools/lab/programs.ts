// Finds a flavour's program, fetching it when it is not in the cache yet. scripts/fetch knows how; this only asks it.
import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Flavor } from './dialect.js';
import { PROJECT_ROOT } from './project-root.js';
import type { Program } from './server-config.js';

const run = promisify(execFile);

export type ProgramName = Flavor | 'chromium' | 'haproxy' | 'wrk' | 'zookeeper';

async function fetch(names: readonly ProgramName[]): Promise<Map<string, string>> {
  const { stdout } = await run(join(PROJECT_ROOT, 'scripts', 'fetch'), names);
  const pairs = stdout
    .trim()
    .split('\n')
    .map((line) => line.split('\t') as [string, string]);
  return new Map(pairs);
}

function answer(answers: ReadonlyMap<string, string>, name: string): string {
  const value = answers.get(name);
  if (value === undefined) throw new Error(`scripts/fetch did not say where ${name} is`);
  return value;
}

/** The path of a program, fetched when it is missing. */
export async function findProgram(name: ProgramName): Promise<string> {
  return answer(await fetch([name]), name);
}

export async function findServer(flavor: Flavor): Promise<{ program: Program; cacheDirectory: string }> {
  const answers = await fetch([flavor]);
  const cacheDirectory = answer(answers, 'cache');
  const mysqld = answer(answers, flavor);
  const fetched = mysqld.startsWith(cacheDirectory);
  return { program: { flavor, mysqld, tree: fetched ? dirname(dirname(mysqld)) : undefined }, cacheDirectory };
}

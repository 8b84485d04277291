// The parts that all scripts share: the lock, the cache folder, the list of archives, the launchers.
import { execFile, execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../tools/lab/project-root.js';

const run = promisify(execFile);
const LIBRARY = join(PROJECT_ROOT, 'scripts', 'lib');

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'scripts-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

function bash(script: string, environment: Readonly<Record<string, string>> = {}): Promise<{ stdout: string }> {
  const sources = ['project', 'debian', 'built'].map((name) => `source ${LIBRARY}/${name}.sh`).join('; ');
  return run('bash', ['-c', `set -euo pipefail; ${sources}; ${script}`], { env: { ...process.env, ...environment } });
}

describe('with_lock', () => {
  it('lets one in at a time', async () => {
    const log = join(directory, 'log');
    const work = `work() { echo in >>${log}; sleep 0.05; echo out >>${log}; }; with_lock ${directory}/locks/x work`;
    await Promise.all(Array.from({ length: 6 }, () => bash(work)));
    expect(readFileSync(log, 'utf8')).toBe('in\nout\n'.repeat(6));
    expect(existsSync(join(directory, 'locks', 'x'))).toBe(false);
  });

  it('takes the lock of a holder that is dead', async () => {
    mkdirSync(join(directory, 'x'));
    writeFileSync(join(directory, 'x', 'pid'), '4194305\n');
    await expect(bash(`with_lock ${directory}/x echo done`)).resolves.toMatchObject({ stdout: 'done\n' });
  });

  it('gives the lock back and passes the failure on when the work fails half-way', async () => {
    const work = `work() { false; echo went on; }; with_lock ${directory}/x work; echo after`;
    await expect(bash(work)).rejects.toMatchObject({ stdout: '' });
    expect(existsSync(join(directory, 'x'))).toBe(false);
  });
});

describe('the cache folder', () => {
  it('is where ORCHESTRATOR_CACHE says', async () => {
    const { stdout } = await bash('cache_directory', { ORCHESTRATOR_CACHE: join(directory, 'deep', 'cache') });
    expect(stdout.trim()).toBe(join(directory, 'deep', 'cache'));
  });

  it("is the user's own when the project cannot be written", async () => {
    const { stdout } = await bash('PROJECT=/proc; cache_directory', {
      ORCHESTRATOR_CACHE: '',
      XDG_CACHE_HOME: directory,
    });
    expect(stdout.trim()).toBe(join(directory, 'orchestrator'));
  });
});

describe('the Debian archive', () => {
  function fakeApt(answer: string): string {
    const folder = join(directory, 'bin');
    mkdirSync(folder);
    writeFileSync(join(folder, 'apt-get'), `#!/bin/sh\nprintf '${answer}'\n`);
    chmodSync(join(folder, 'apt-get'), 0o755);
    return `${folder}:${process.env['PATH'] ?? ''}`;
  }

  it('is the one that apt uses, once, without those for updates and security', async () => {
    const PATH = fakeApt(
      'http://one.test/debian stable\\nhttp://one.test/debian stable\\nhttp://two.test/s stable-security\\n',
    );
    const { stdout } = await bash('debian_mirrors', { PATH, DEBIAN_MIRROR: '' });
    expect(stdout.split('\n')[0]).toBe('http://one.test/debian');
    expect(stdout).not.toContain('two.test');
  });

  it('is the one in DEBIAN_MIRROR when that is set', async () => {
    const { stdout } = await bash('debian_mirrors', { DEBIAN_MIRROR: 'http://mine.test/debian' });
    expect(stdout.trim()).toBe('http://mine.test/debian');
  });
});

describe('the launchers', () => {
  beforeEach(() => {
    for (const path of ['scripts', 'package.json'])
      cpSync(join(PROJECT_ROOT, path), join(directory, path), { recursive: true });
    mkdirSync(join(directory, 'dist', 'app'), { recursive: true });
    const program = 'console.log(JSON.stringify([process.env.UV_THREADPOOL_SIZE, process.argv.slice(2)]));\n';
    for (const name of ['main', 'client-main']) writeFileSync(join(directory, 'dist', 'app', `${name}.js`), program);
  });

  it('run what was built where there are no sources, by whatever name they are called', () => {
    for (const name of ['orchestrator', 'orchestrator-client']) {
      symlinkSync(join(directory, 'scripts', name), join(directory, `my-${name}`));
      const output = execFileSync(join(directory, `my-${name}`), ['-c', 'a b'], { encoding: 'utf8', cwd: '/' });
      expect(JSON.parse(output)).toEqual(['16', ['-c', 'a b']]);
    }
  });

  it('run a fresh dist/ without building, and see when it is stale', async () => {
    mkdirSync(join(directory, 'src'));
    writeFileSync(join(directory, 'src', 'x.ts'), 'one');
    const fresh = `PROJECT=${directory}; sources_digest >${directory}/dist/.digest; dist_fresh && echo fresh`;
    await expect(bash(fresh)).resolves.toMatchObject({ stdout: 'fresh\n' });
    writeFileSync(join(directory, 'src', 'x.ts'), 'two');
    await expect(bash(`PROJECT=${directory}; dist_fresh || echo stale`)).resolves.toMatchObject({ stdout: 'stale\n' });
  });
});

// `npm ci` is how a fresh clone gets its packages, and it refuses a lock file with a gap.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../tools/lab/project-root.js';

function complete(root: string, ...words: readonly string[]): { status: number | null; stderr: string } {
  const script = join(root, 'scripts', 'lib', 'complete-lock.mjs');
  return spawnSync(process.execPath, [script, ...words], { encoding: 'utf8' });
}

describe('package-lock.json', () => {
  it('has every package for every platform', () => {
    expect(complete(PROJECT_ROOT, '--check')).toMatchObject({ status: 0, stderr: '' });
  });

  it('is completed where a registry left builds for other platforms out', () => {
    const root = mkdtempSync(join(tmpdir(), 'lock-'));
    mkdirSync(join(root, 'scripts', 'lib'), { recursive: true });
    cpSync(
      join(PROJECT_ROOT, 'scripts', 'lib', 'complete-lock.mjs'),
      join(root, 'scripts', 'lib', 'complete-lock.mjs'),
    );
    const lock = JSON.stringify({
      packages: {
        '': { name: 'x' },
        'node_modules/fast': { version: '1.0.0', dev: true, optionalDependencies: { '@fast/linux-x64-musl': '1.0.0' } },
      },
    });
    writeFileSync(join(root, 'package-lock.json'), lock);
    expect(complete(root, '--check')).toMatchObject({ status: 1 });
    complete(root);
    expect(complete(root, '--check')).toMatchObject({ status: 0 });
    const completed = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: object };
    expect(completed.packages).toMatchObject({
      'node_modules/@fast/linux-x64-musl': {
        version: '1.0.0',
        os: ['linux'],
        cpu: ['x64'],
        libc: ['musl'],
        dev: true,
        optional: true,
      },
    });
    rmSync(root, { recursive: true });
  });
});

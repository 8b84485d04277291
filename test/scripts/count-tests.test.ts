// The closing line of scripts/test is what CI goes by: it must not be green when something failed to run at all.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PROJECT_ROOT } from '../../tools/lab/project-root.js';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'reports-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

interface File {
  readonly status: string;
  readonly assertionResults: readonly { readonly status: string }[];
}

function report(passed: number, failed: number, testResults: readonly File[] = [], success = failed === 0): string {
  const file = join(directory, `${String(Math.random())}.json`);
  const counts = { numPassedTests: passed, numFailedTests: failed, numPendingTests: 0, numTodoTests: 0 };
  writeFileSync(file, JSON.stringify({ ...counts, success, testResults }));
  return file;
}

function count(...words: readonly string[]): { line: string; status: number | null } {
  const script = join(PROJECT_ROOT, 'scripts', 'lib', 'count-tests.mjs');
  const { stdout, status } = spawnSync(process.execPath, [script, ...words], { encoding: 'utf8' });
  return { line: stdout.trim(), status };
}

describe('the closing line', () => {
  it('adds up the stages', () => {
    expect(count('0', report(3, 0), report(4, 0))).toEqual({ line: '7 passed, 0 failed', status: 0 });
  });

  it('fails with a failed test or a failed check', () => {
    expect(count('0', report(3, 1))).toEqual({ line: '3 passed, 1 failed', status: 1 });
    expect(count('2', report(3, 0))).toEqual({ line: '3 passed, 2 failed', status: 1 });
  });

  it('counts a file that could not be loaded as a failure', () => {
    const broken = report(3, 0, [{ status: 'failed', assertionResults: [] }], false);
    expect(count('0', broken)).toEqual({ line: '3 passed, 1 failed', status: 1 });
  });

  it('counts a stage without a report as a failure', () => {
    expect(count('0', report(3, 0), join(directory, 'missing.json'))).toEqual({
      line: '3 passed, 1 failed',
      status: 1,
    });
  });

  it('counts an error outside of any test as a failure', () => {
    expect(count('0', report(3, 0, [], false))).toEqual({ line: '3 passed, 1 failed', status: 1 });
  });

  it('is not green when nothing ran', () => {
    expect(count('0', report(0, 0))).toEqual({ line: '0 passed, 0 failed', status: 1 });
  });
});

// scripts/demo claims nothing that it has not looked at, so that its exit code is a test of the whole system.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FAULTS } from '../../../tools/demo/options.js';
import { PROJECT_ROOT } from '../../../tools/lab/project-root.js';
import { createRunDirectory } from '../../../tools/lab/run-directory.js';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(createRunDirectory(), 'demo-'));
});
afterEach(() => {
  rmSync(join(directory, '..'), { recursive: true });
});

interface Run {
  readonly code: number | null;
  readonly output: string;
}

function demo(
  words: readonly string[],
  onOutput: (output: string, stop: () => void) => void = () => undefined,
): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(PROJECT_ROOT, 'scripts', 'demo'), words, {
      env: { ...process.env, ORCHESTRATOR_LAB_DIRECTORY: directory },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output += chunk.toString();
      onOutput(output, () => child.kill('SIGINT'));
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', reject);
    child.once('close', (code) => {
      resolve({ code, output });
    });
  });
}

describe('scripts/demo', () => {
  // The leader's death is the one that is kept, below.
  for (const fault of FAULTS.filter((one) => one !== 'leader')) {
    it(`sees all of it to be true with --fault ${fault}, and leaves nothing behind`, async () => {
      const { code, output } = await demo(['--fault', fault]);
      expect(output).toContain('claims were seen to be true');
      expect(code, output).toBe(0);
      expect(readdirSync(directory)).toEqual([]);
    }, 600_000);
  }

  it('sees all of it to be true with --fault leader too, and stays up with --keep until Ctrl-C', async () => {
    let stopped = false;
    const { code, output } = await demo(['--fault', 'leader', '--keep'], (sofar, stop) => {
      if (stopped || !sofar.includes('graceful-master-takeover-auto')) return;
      stopped = true;
      stop();
    });
    expect(output).toContain('claims were seen to be true');
    expect(output).toContain('until Ctrl-C');
    expect(code, output).toBe(0);
    expect(readdirSync(directory)).toEqual([]);
  }, 600_000);

  it('explains itself when it is asked for what it cannot do', async () => {
    const { code, output } = await demo(['--fault', 'fire']);
    expect(output).toContain('--fault kill');
    expect(code).toBe(2);
  });
});

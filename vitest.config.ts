import { defineConfig } from 'vitest/config';

/** The stages of scripts/test. A folder of test/ that is not named here is part of `unit`. */
const FOLDERS = { simulation: 'test/simulation', system: 'test/system', browser: 'test/browser', chaos: 'test/chaos' };

const folders = Object.values(FOLDERS);

/** Files beside each other; by itself the runner leaves one processor alone, and that is half of two. */
const ALL_PROCESSORS = '100%';

/** How many files beside each other. A group runs when the one before it has ended. */
const BESIDE = {
  simulation: { maxWorkers: ALL_PROCESSORS },
  // Servers and nodes start, and then a test waits for what they do: alone, a file leaves the machine idle for most of its time.
  system: { maxWorkers: 2, sequence: { groupOrder: 1 } },
  // One at a time, or they measure each other.
  browser: { fileParallelism: false },
  chaos: { fileParallelism: false },
};

export default defineConfig({
  test: {
    testTimeout: 600_000,
    hookTimeout: 600_000,
    // What is awaited by looking again and again: by itself the runner gives up after a second, which says nothing on a busy
    // machine but that it is busy.
    expect: { poll: { timeout: 60_000, interval: 20 } },
    pool: 'forks',
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: folders.map((folder) => `${folder}/**`),
          maxWorkers: ALL_PROCESSORS,
          // Most of a small file's time goes into loading what all of them load: a process serves many files. So a file leaves
          // nothing behind in the process: no timer of vitest, no listener, no variable of the environment.
          isolate: false,
        },
      },
      ...Object.entries(FOLDERS).map(([name, folder]) => ({
        extends: true as const,
        test: { name, include: [`${folder}/**/*.test.{ts,tsx}`], ...BESIDE[name as keyof typeof FOLDERS] },
      })),
    ],
  },
});

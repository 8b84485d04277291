import { defineConfig } from 'vitest/config';

/** The stages of scripts/test. A folder of test/ that is not named here is part of `unit`. */
const FOLDERS = { simulation: 'test/simulation', system: 'test/system', browser: 'test/browser', chaos: 'test/chaos' };

const folders = Object.values(FOLDERS);

export default defineConfig({
  test: {
    testTimeout: 120_000,
    hookTimeout: 300_000,
    pool: 'forks',
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: folders.map((folder) => `${folder}/**`),
        },
      },
      // Real servers on two cores: one file at a time, or they measure each other.
      ...Object.entries(FOLDERS).map(([name, folder]) => ({
        extends: true as const,
        test: {
          name,
          include: [`${folder}/**/*.test.{ts,tsx}`],
          fileParallelism: name === 'simulation',
        },
      })),
    ],
  },
});

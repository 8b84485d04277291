/** Does the simulation find what it is for? Every plant must be caught, by the check that it is meant for. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { PLANTS } from './plants.js';
import type { Plant } from './plants.js';
import { HONEST_SHELL } from './server.js';
import type { Shell } from './server.js';
import type { Season } from './seasons.js';
import { simulate } from './simulation.js';

/** The slowest shows in one history of a hundred. */
const SEEDS = 2000;

async function grow(plant: Plant): Promise<Shell> {
  const { core, shell } = plant;
  if (core === undefined) return { ...HONEST_SHELL, ...shell };
  const [module, replace] = core;
  vi.resetModules();
  vi.doMock(`../../../src/core/raft/${module}.js`, async (importOriginal) => {
    const original = await importOriginal<never>();
    return { ...(original as object), ...replace(original) };
  });
  const { RaftNode } = await import('../../../src/core/raft/node.js');
  return { ...HONEST_SHELL, createNode: (...start) => new RaftNode(...start) };
}

function firstFailure(shell: Shell, season: Season): { readonly seed: number; readonly says: string } | null {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    try {
      simulate(seed, shell, season);
    } catch (error) {
      return { seed, says: error instanceof Error ? error.message : String(error) };
    }
  }
  return null;
}

describe('the simulation catches', () => {
  afterEach(() => {
    vi.doUnmock(`../../../src/core/raft/node.js`);
    vi.resetModules();
  });

  for (const plant of PLANTS) {
    test(plant.bug, { timeout: 3_600_000 }, async () => {
      const shell = await grow(plant);
      const failure = firstFailure(shell, plant.season);
      if (plant.core !== undefined) vi.doUnmock(`../../../src/core/raft/${plant.core[0]}.js`);
      expect(failure, `nothing was noticed in ${SEEDS} histories`).not.toBeNull();
      expect(failure?.says).toMatch(plant.caughtBy);
    });
  }
});

import { describe, expect, it } from 'vitest';
import { createRng } from '../../../src/core/base/rng.js';
import { DEFAULT_PACE } from '../../../src/runtime/probing/pace.js';
import { intervalMs, type Standing } from '../../../src/runtime/probing/rhythm.js';

const pace = { ...DEFAULT_PACE, pollMs: 1_000, deadFactor: 1.5, deadPollMaxMs: 10_000 };

/** Without the jitter. */
function steady(standing: Standing, failures: number, over = pace): number {
  const rng = { next: () => 0.5, integer: () => 0 };
  return intervalMs({ standing, failures, probes: 9 }, over, rng);
}

describe('the rhythm', () => {
  it('of a server that answers is the interval', () => {
    expect(steady('server', 0)).toBe(1_000);
  });

  it('of a dead one grows by its factor up to its limit, from the second failure on', () => {
    expect([1, 2, 3, 4].map((failures) => steady('server', failures))).toEqual([1_000, 1_500, 2_250, 3_375]);
    expect(steady('server', 50)).toBe(10_000);
    expect(steady('server', 5_000)).toBe(10_000);
    expect(steady('server', 50, { ...pace, deadFactor: 1 })).toBe(1_000);
    expect(steady('server', 50, { ...pace, deadPollMaxMs: 10 })).toBe(1_000);
  });

  it('of a former primary that must be fenced never slows down', () => {
    expect(steady('owed', 1_000)).toBe(1_000);
  });

  it('of strangers and aliases is slow', () => {
    expect([0, 1, 2, 3, 9].map((failures) => steady('stranger', failures))).toEqual([
      1_000, 1_000, 2_000, 4_000, 10_000,
    ]);
    expect(steady('alias', 0)).toBe(60_000);
    expect(steady('alias', 0, { ...pace, pollMs: 90_000 })).toBe(90_000);
  });

  it('has jitter, and spreads the second probe over the whole interval', () => {
    const rng = createRng(3);
    const second = Array.from({ length: 200 }, () =>
      intervalMs({ standing: 'server', failures: 0, probes: 1 }, pace, rng),
    );
    expect(Math.min(...second)).toBeGreaterThanOrEqual(100);
    expect(Math.min(...second)).toBeLessThan(200);
    expect(Math.max(...second)).toBeGreaterThan(900);
    const later = Array.from({ length: 200 }, () =>
      intervalMs({ standing: 'server', failures: 0, probes: 2 }, pace, rng),
    );
    expect(Math.min(...later)).toBeGreaterThanOrEqual(900);
    expect(Math.max(...later)).toBeLessThanOrEqual(1_100);
  });
});

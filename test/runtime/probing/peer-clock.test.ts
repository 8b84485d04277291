import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PeerClock } from '../../../src/runtime/probing/peer-clock.js';

const instant = fc.double({ min: 0, max: 1e9, noNaN: true });
const way = fc.double({ min: 0, max: 2000, noNaN: true });

describe('an instant of a peer on our clock', () => {
  it('is never later than it was, and too early by the way there and a thousandth at most', () => {
    fc.assert(
      fc.property(
        // What the two clocks say at the same moment, how fast the peer's runs, and the times of an exchange on ours.
        instant,
        instant,
        fc.double({ min: -0.0005, max: 0.0005, noNaN: true }),
        way,
        fc.double({ min: -10_000, max: 10_000, noNaN: true }),
        way,
        (ourZero, theirZero, drift, wayThere, lookAfterMs, wayBack) => {
          const theirs = (oursMs: number): number => theirZero + (oursMs - ourZero) * (1 + drift);
          const sentAtMs = ourZero + 20_000;
          const answeredAtMs = sentAtMs + wayThere;
          const clock = new PeerClock({ sentAtMs, clockMs: theirs(answeredAtMs) });
          const lookAtMs = answeredAtMs + lookAfterMs;
          const heardAtMs = Math.max(lookAtMs, answeredAtMs) + wayBack;
          const reckoned = clock.ours(theirs(lookAtMs), heardAtMs);
          expect(reckoned).toBeLessThanOrEqual(lookAtMs + 1e-5);
          expect(reckoned).toBeGreaterThanOrEqual(lookAtMs - wayThere - Math.abs(lookAfterMs) * 0.0016 - 1e-5);
        },
      ),
    );
  });

  it('is not in the future, whatever the peer says', () => {
    const clock = new PeerClock({ sentAtMs: 1000, clockMs: 5000 });
    expect(clock.ours(9_000_000, 1500)).toBe(1500);
  });
});

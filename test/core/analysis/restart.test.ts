import { describe, expect, it } from 'vitest';
import { isClosedByRestart } from '../../../src/core/analysis/restart.js';
import { factsOf } from '../../support/facts.js';

const START = 1_700_000_000_000;
const GRACE = 30_000;

function asked(firstSeenClosedMs: number, changes: { readonly readOnly?: boolean; readonly graceMs?: number } = {}) {
  const { readOnly = true, graceMs = GRACE } = changes;
  return isClosedByRestart({
    server: { facts: factsOf({ readOnly }), changedAtMs: START + firstSeenClosedMs },
    seen: { atMs: START + 60_000, uptimeSeconds: 60 },
    graceMs,
  });
}

describe('a primary that is closed', () => {
  it('was closed by its restart when it was first seen so within the time that it has for that', () => {
    expect(asked(0)).toBe(true);
    expect(asked(GRACE)).toBe(true);
    // UPTIME counts whole seconds.
    expect(asked(-1000)).toBe(true);
  });

  it('was closed by somebody when it had run for longer, or was closed before it was restarted', () => {
    expect(asked(GRACE + 5000)).toBe(false);
    expect(asked(-5000)).toBe(false);
  });

  it('is left alone where restarts have no time, where it is open, and where nobody has seen it', () => {
    expect(asked(0, { graceMs: 0 })).toBe(false);
    expect(asked(0, { readOnly: false })).toBe(false);
    const server = { facts: factsOf({ readOnly: true }), changedAtMs: START };
    expect(isClosedByRestart({ server, seen: null, graceMs: GRACE })).toBe(false);
  });
});

// Whoever watches a step of minutes leaves nothing behind at each knock.
import { getEventListeners } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { StepOutcome } from '../../../../src/core/recovery/step.js';
import type { ServerId } from '../../../../src/core/topology/server.js';
import { watched } from '../../../../src/runtime/recovery/run/step-watch.js';
import { FakeClock } from '../../../support/raft/fake-consensus.js';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('watching a step', () => {
  it('has one listener however often it knocks, and none when the step is over', async () => {
    const signals = new Set<AbortSignal>();
    const real = Object.getOwnPropertyDescriptor(AbortController.prototype, 'signal')?.get;
    vi.spyOn(AbortController.prototype, 'signal', 'get').mockImplementation(function (this: AbortController) {
      const signal = real?.call(this) as AbortSignal;
      signals.add(signal);
      return signal;
    });
    const clock = new FakeClock();
    let knocks = 0;
    const prober = {
      knock: () => {
        knocks += 1;
        return Promise.resolve({ vote: 'alive' });
      },
    };
    let finish: (outcome: StepOutcome) => void = () => undefined;
    const outcome = new Promise<StepOutcome>((resolve) => {
      finish = resolve;
    });
    const what = { step: { kind: 'look', server: 'a' as ServerId }, address: { host: 'a', port: 3306 } } as const;
    const watching = watched({ clock, prober, times: { connectMs: 500 } } as never, what, outcome, () => undefined);
    for (let at = 0; at < 30; at += 1) await clock.advance(4000);
    expect(knocks).toBeGreaterThan(20);
    const [signal] = signals;
    expect(signal === undefined ? [] : getEventListeners(signal, 'abort')).toHaveLength(1);
    finish({ ok: true, findings: {} });
    expect(await watching).toEqual({ ok: true, findings: {} });
    expect(signal === undefined ? [] : getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});

/** When an answer is late, and when only this process was. */
import { describe, expect, it } from 'vitest';
import { PACE } from '../../../src/runtime/diagnosis/limits.js';
import { SourceWatch } from '../../../src/runtime/diagnosis/source-watch.js';
import { addressOf, serverId } from '../../support/facts.js';
import { FakeClock } from '../../support/raft/fake-consensus.js';

function watching(): { readonly clock: FakeClock; readonly late: string[]; answer(): void } {
  const clock = new FakeClock();
  const late: string[] = [];
  let answer = (): void => undefined;
  const address = addressOf('p');
  const failure = { kind: 'none', code: '', message: '' } as const;
  const watch = new SourceWatch({
    clock,
    pace: PACE,
    prober: {
      probe: () =>
        new Promise((resolve) => {
          const startedAtMs = clock.now;
          answer = () => {
            resolve({ ok: false, startedAtMs, finishedAtMs: clock.now, address, failure });
          };
        }),
    },
    sources: () => [{ id: serverId('p'), address }],
    lastLookMs: () => -PACE.watchMs,
    onProbed: () => undefined,
    onLate: (source) => late.push(source),
  });
  watch.start();
  return {
    clock,
    late,
    answer: () => {
      answer();
    },
  };
}

describe('an answer', () => {
  it('is late after its time', async () => {
    const { clock, late } = watching();
    await clock.advance(50 + PACE.lateMs - 1);
    expect(late).toEqual([]);
    await clock.advance(1);
    expect(late).toEqual(['p']);
  });

  it('is not late when it came while this process was busy, and only waits to be read', async () => {
    const { clock, late, answer } = watching();
    await clock.advance(60);
    // Busy for a second: first all timers fall due, and only then the sockets are read.
    clock.now += 1000;
    await clock.advance(0);
    answer();
    await clock.advance(0);
    await clock.advance(20);
    expect(late).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { MetricsKeeper } from '../../../src/runtime/probing/metrics.js';
import { FakeClock } from '../../support/raft/fake-consensus.js';
import { failedProbe, goodProbe } from '../../support/probes.js';

describe('the figures of the probing', () => {
  it('are kept for as long as configured, and given for as long as asked', async () => {
    const clock = new FakeClock();
    let active = 0;
    const metrics = new MetricsKeeper({
      clock,
      retentionMs: () => 60_000,
      queues: () => ({ living: { active, queued: 2 }, dead: { active: 1, queued: 0 } }),
    });
    metrics.start();
    metrics.note(goodProbe('p', { atMs: 1000 }));
    await clock.advance(30_000);
    active = 5;
    metrics.note(failedProbe('q', 'refused', 31_000, 40));
    await clock.advance(10_000);
    expect(metrics.looks(60_000).map(({ address, tookMs, error }) => [address.host, tookMs, error])).toEqual([
      ['p', 1, null],
      ['q', 40, 'q:3306: refused'],
    ]);
    expect(metrics.looks(15_000)).toHaveLength(1);
    expect(metrics.queue('living', 9500)).toEqual(Array.from({ length: 10 }, () => ({ active: 5, queued: 2 })));
    expect(metrics.queue('dead', 60_000)).toHaveLength(40);
    await clock.advance(40_000);
    expect(metrics.looks(600_000).map(({ address }) => address.host)).toEqual(['q']);
    expect(metrics.queue('living', 600_000).length).toBeLessThanOrEqual(61);
    metrics.stop();
  });

  it('are bounded, however much is probed', () => {
    const metrics = new MetricsKeeper({
      clock: new FakeClock(),
      retentionMs: () => 60_000,
      queues: () => ({ living: { active: 0, queued: 0 }, dead: { active: 0, queued: 0 } }),
    });
    const look = goodProbe('p', { atMs: 1 });
    for (let count = 0; count < 200_000; count += 1) metrics.note(look);
    expect(metrics.looks(60_000).length).toBeLessThanOrEqual(60_000);
  });
});

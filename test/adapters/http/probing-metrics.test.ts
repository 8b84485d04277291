import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LookMetric, QueueMetric } from '../../../src/runtime/ports/probing-metrics.js';
import { type Fixture, openFixture } from './http-fixture.js';

let fixture: Fixture;

beforeEach(async () => {
  fixture = await openFixture();
});

afterEach(async () => {
  await fixture.close();
});

function look(host: string, tookMs: number, error: string | null = null): LookMetric {
  return { atMs: Date.UTC(2026, 0, 2, 3, 4, 5, 600), address: { host, port: 3306 }, tookMs, error };
}

async function get(path: string): Promise<unknown> {
  return (await fixture.get(path)).body;
}

describe('the figures of the probing', () => {
  it('are given look by look and summed up, as by the incumbent', async () => {
    const asked: number[] = [];
    const looks = [look('a', 10), look('a', 20), look('b', 30), look('c', 2000, 'c: silent')];
    fixture.service.metrics = {
      looks: (forMs) => {
        asked.push(forMs);
        return looks;
      },
      queue: () => [],
    };
    expect(await get('/api/discovery-metrics-raw/15')).toContainEqual({
      Timestamp: '2026-01-02T03:04:05.600Z',
      Hostname: 'c',
      Port: 3306,
      BackendLatencySeconds: 0,
      InstanceLatencySeconds: 2,
      TotalLatencySeconds: 2,
      Err: 'c: silent',
    });
    expect(asked).toEqual([15_000]);
    expect(await get('/api/discovery-metrics-aggregated/60')).toMatchObject({
      FirstSeen: '2026-01-02T03:04:05.600Z',
      CountDistinctInstanceKeys: 3,
      CountDistinctOkInstanceKeys: 2,
      CountDistinctFailedInstanceKeys: 1,
      FailedDiscoveries: 1,
      SuccessfulDiscoveries: 3,
      MeanTotalSeconds: 0.02,
      MedianInstanceSeconds: 0.02,
      MaxTotalSeconds: 0.03,
      P95BackendSeconds: 0,
      FailedMaxTotalSeconds: 2,
    });
  });

  it('are zero where nothing was probed', async () => {
    expect(await get('/api/discovery-metrics-aggregated/60')).toMatchObject({
      FirstSeen: '0001-01-01T00:00:00Z',
      CountDistinctInstanceKeys: 0,
      MeanTotalSeconds: 0,
      FailedP95InstanceSeconds: 0,
    });
  });

  it('tell how full the queues were, each by its name', async () => {
    const samples: Record<string, readonly QueueMetric[]> = {
      living: [
        { active: 1, queued: 0 },
        { active: 3, queued: 4 },
      ],
      dead: [{ active: 7, queued: 0 }],
    };
    fixture.service.metrics = { looks: () => [], queue: (name) => samples[name] ?? [] };
    const living = [
      { Active: 1, Queued: 0 },
      { Active: 3, Queued: 4 },
    ];
    expect(await get('/api/discovery-queue-metrics-raw/60')).toEqual(living);
    expect(await get('/api/discovery-queue-metrics-raw/DEFAULT/60')).toEqual(living);
    expect(await get('/api/discovery-queue-metrics-raw/DEADINSTANCES/60')).toEqual([{ Active: 7, Queued: 0 }]);
    expect(await get('/api/discovery-queue-metrics-aggregated/60')).toMatchObject({
      ActiveMinEntries: 1,
      ActiveMeanEntries: 2,
      ActiveMaxEntries: 3,
      QueuedMaxEntries: 4,
      QueuedMedianEntries: 4,
    });
    expect(await get('/api/discovery-queue-metrics-raw/NONE/60')).toMatchObject({ Code: 'ERROR' });
    expect(await get('/api/discovery-metrics-raw/soon')).toMatchObject({ Code: 'ERROR' });
  });
});

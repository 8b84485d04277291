import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FailoverBadges } from '../../../src/adapters/http/overview/failover-badges.js';
import { HTTP_LIMITS } from '../../../src/adapters/http/limits.js';
import { buildTopologyIndex, type ClusterView } from '../../../src/adapters/http/views/topology-index.js';
import { observed } from '../../support/facts.js';
import { FIRST, MAIN, seen } from './fake-service.js';
import { type Fixture, openFixture } from './http-fixture.js';

const OTHERS = 60;
let fixture: Fixture;
let badges: FailoverBadges;

beforeEach(async () => {
  fixture = await openFixture();
  badges = new FailoverBadges();
  for (let number = 1; number <= OTHERS; number += 1) {
    const id = `44444444-4444-4444-4444-${String(number).padStart(12, '0')}`;
    fixture.service.fed.feed({ kind: 'topology-observed', servers: [observed(id, null, { serverNumber: number })] });
  }
});

afterEach(async () => {
  await fixture.close();
});

/** How many failovers are played for all badges at this time. */
function playedAt(nowMs: number): number {
  const views: readonly ClusterView[] = [...buildTopologyIndex(fixture.service.state, null).clusters.values()];
  const explain = vi.spyOn(fixture.service, 'explain');
  const shown = badges.of(views, fixture.service, nowMs);
  expect([...shown.keys()].sort()).toEqual(views.map(({ cluster }) => cluster.id).sort());
  const played = explain.mock.calls.length;
  explain.mockRestore();
  return played;
}

it('all are made at once, and none again while nothing happens', () => {
  expect(playedAt(1_000)).toBe(OTHERS + 1);
  expect(playedAt(1_000 + HTTP_LIMITS.badgeFreshMs - 1)).toBe(0);
});

it('that of a cluster to which something happened is made anew, and no other', () => {
  playedAt(1_000);
  const source = { id: MAIN, host: 'main' };
  const servers = [seen(FIRST, 'read-replica-1', source, { promotionRule: 'must_not' })];
  fixture.service.fed.feed({ kind: 'topology-observed', servers });
  expect(playedAt(1_001)).toBe(1);
});

it('what concerns all concerns each', () => {
  playedAt(1_000);
  fixture.service.fed.feed({ kind: 'recoveries-switched', enabled: false, by: 'me' });
  expect(playedAt(1_001)).toBe(OTHERS + 1);
});

it('with time all are made anew, a few in a turn', () => {
  playedAt(1_000);
  const later = 1_000 + HTTP_LIMITS.badgeFreshMs;
  const turns = [0, 1, 2, 3].map((turn) => playedAt(later + turn));
  expect(turns).toEqual([HTTP_LIMITS.badgesTogether, HTTP_LIMITS.badgesTogether, OTHERS + 1 - 50, 0]);
});

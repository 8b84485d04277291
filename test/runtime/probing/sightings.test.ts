import { describe, expect, it } from 'vitest';
import type { ProbeResult } from '../../../src/core/topology/report.js';
import { SightingStore } from '../../../src/runtime/probing/sightings.js';
import { addressOf, factsOf, serverId } from '../../support/facts.js';
import { FakeClock } from '../../support/raft/fake-consensus.js';
import { failedProbe, goodProbe } from '../../support/probes.js';

const P = addressOf('p');

function storeAt(nowMs: number): { store: SightingStore; clock: FakeClock } {
  const clock = new FakeClock();
  clock.now = nowMs;
  return { store: new SightingStore({ self: 'n1', clock }), clock };
}

describe('sightings', () => {
  it('keep the last good report beside the last attempt', () => {
    const { store } = storeAt(1000);
    const good = goodProbe('p', { atMs: 100 });
    const bad = failedProbe('p', 'silent', 200);
    expect(store.record(good)).toEqual({ result: good, by: 'n1', isOwn: true, before: null });
    expect(store.record(bad)?.before).toMatchObject({ last: good, lastGood: good });
    expect(store.own(P)).toMatchObject({ last: bad, lastGood: good });
    expect(store.newest(P)).toMatchObject({ last: bad, lastGood: good });
    expect(store.own(addressOf('q'))).toBeNull();
  });

  it('name the right for want of which the last probe failed, beside what was seen before', () => {
    const { store } = storeAt(1000);
    store.record(goodProbe('p', { atMs: 100 }));
    expect(store.sighting(P)).toMatchObject({ valid: true, lacking: null });
    const bad = failedProbe('p', 'alive', 200);
    if (bad.ok) throw new Error('not a failure');
    store.record({ ...bad, failure: { ...bad.failure, mend: "GRANT SUPER ON *.* TO 'o'@'%'" } });
    const lacking = "GRANT SUPER ON *.* TO 'o'@'%'";
    expect(store.sighting(P)).toMatchObject({ valid: false, server: 'p', lacking });
    store.noteSlow(P, 300);
    expect(store.sighting(P)).toMatchObject({ lacking: null });
    store.record(goodProbe('p', { atMs: 400 }));
    expect(store.sighting(P)).toMatchObject({ valid: true, lacking: null });
  });

  it('tell an error of the server, which stays until somebody mends it, from an answer that came too late', () => {
    const { store } = storeAt(1000);
    const late = failedProbe('p', 'alive', 100);
    if (late.ok) throw new Error('not a failure');
    store.record({ ...late, failure: { ...late.failure, code: 'ETIMEDOUT' } });
    expect(store.sighting(P)).not.toHaveProperty('unread');
    store.record({ ...failedProbe('p', 'alive', 200), failure: { ...late.failure, code: '1040' } } as ProbeResult);
    expect(store.sighting(P)).toMatchObject({ valid: false, unread: true });
    store.record(goodProbe('p', { atMs: 300 }));
    expect(store.sighting(P)).not.toHaveProperty('unread');
  });

  it('are not changed by a result that comes late', () => {
    const { store } = storeAt(1000);
    store.record(failedProbe('p', 'refused', 200));
    expect(store.record(goodProbe('p', { atMs: 100 }))).toBeNull();
    expect(store.record(goodProbe('p', { atMs: 100 }), 'n2')).toBeNull();
    expect(store.own(P)?.last.ok).toBe(false);
  });

  it('keep what peers saw apart from what this node saw', () => {
    const { store } = storeAt(1000);
    store.record(goodProbe('p', { atMs: 100 }));
    const theirs = failedProbe('p', 'silent', 300);
    expect(store.record(theirs, 'n2')).toMatchObject({
      by: 'n2',
      isOwn: false,
      before: { last: { startedAtMs: 100 } },
    });
    expect(store.own(P)?.last).toMatchObject({ ok: true });
    expect(store.newest(P)?.last).toEqual(theirs);
    // Older than the peer's look, and all the same the newest of our own.
    expect(store.record(goodProbe('p', { atMs: 200 }))).not.toBeNull();
    expect(store.own(P)?.last.startedAtMs).toBe(200);
    expect(store.newest(P)?.last).toEqual(theirs);
  });

  it('show at the door what this node sees where it looks itself, else what was seen last', () => {
    const { store, clock } = storeAt(1000);
    let isWatched = true;
    store.showOwnOf(() => isWatched);
    store.record(goodProbe('p', { atMs: 400 }));
    store.record(failedProbe('p', 'silent', 600, 100), 'n2');
    const ageMs = (atMs: number | null | undefined): number => clock.wallMs() - (atMs ?? 0);
    const own = store.sighting(P);
    expect(own).toMatchObject({ seenBy: 'n1', valid: true, lastError: null, server: 'p' });
    expect(ageMs(own?.lastSeenAtMs)).toBe(599);
    isWatched = false;
    const shared = store.sighting(P);
    expect(shared).toMatchObject({ seenBy: 'n2', valid: false, lastError: 'p:3306: silent', server: 'p' });
    expect([ageMs(shared?.lastAttemptAtMs), ageMs(shared?.lastSeenAtMs)]).toEqual([300, 599]);
    store.record(failedProbe('q', 'refused', 600), 'n2');
    isWatched = true;
    expect(store.sighting(addressOf('q'))).toMatchObject({ seenBy: 'n2', valid: false });
  });

  it('know from another when a server was last alive that this node looks at itself and never saw alive', () => {
    const { store, clock } = storeAt(1000);
    store.showOwnOf(() => true);
    store.record(goodProbe('p', { atMs: 400 }), 'n2');
    store.record(failedProbe('p', 'silent', 500, 100));
    const shown = store.sighting(P);
    expect(shown).toMatchObject({ seenBy: 'n1', valid: false, lastError: 'p:3306: silent', server: 'p' });
    expect(shown?.vitals).not.toBeNull();
    expect(clock.wallMs() - (shown?.lastSeenAtMs ?? 0)).toBe(599);
  });

  it('take no report from before the last change of a server, whoever made it', () => {
    const { store } = storeAt(1000);
    store.invalidateBefore(serverId('p'), 500);
    expect(store.record(goodProbe('p', { atMs: 499 }))).toBeNull();
    expect(store.record(goodProbe('p', { atMs: 499.9 }), 'n2')).toBeNull();
    expect(store.newest(P)).toBeNull();
    store.invalidateBefore(serverId('p'), 300);
    expect(store.record(goodProbe('p', { atMs: 400 }), 'n2')).toBeNull();
    expect(store.record(goodProbe('p', { atMs: 500 }), 'n2')).not.toBeNull();
  });

  const semiSync = { ...factsOf().semiSync, sourceEnabled: true, sourceActive: true, waitCount: 1 };

  it('tell for how long a binary log has stood still while nobody acknowledged', () => {
    const { store } = storeAt(9000);
    const end = (position: number, atMs: number, semiSyncClients = 0) =>
      goodProbe('p', {
        atMs,
        facts: { semiSync },
        vitals: { binlog: { file: 'binlog.000001', position }, semiSyncClients },
      });
    // Nobody wrote, and there was somebody who would have acknowledged: that time does not count.
    store.record(end(100, 500, 1));
    expect(store.binlogStillMs(serverId('p'), 600)).toBeNull();
    store.record(end(100, 1000));
    store.record(end(100, 5000), 'n2');
    expect(store.binlogStillMs(serverId('p'), 6000)).toBe(4999);
    store.record(end(101, 7000), 'n2');
    expect(store.binlogStillMs(serverId('p'), 7501)).toBe(500);
    store.record(end(101, 7600, 1));
    store.record(end(101, 7700));
    expect(store.binlogStillMs(serverId('p'), 7801)).toBe(100);
    store.record(goodProbe('p', { atMs: 8000, facts: { semiSync }, vitals: { binlog: null } }));
    expect(store.binlogStillMs(serverId('p'), 9000)).toBeNull();
  });

  it('forget what is not asked for any more', () => {
    const { store } = storeAt(1000);
    store.record(goodProbe('p', { atMs: 1, facts: { semiSync } }));
    store.record(goodProbe('q', { atMs: 1, facts: { semiSync } }));
    store.keepOnly(new Map([['q:3306', true]]), new Map([[serverId('q'), true]]));
    expect(store.own(P)).toBeNull();
    expect(store.binlogStillMs(serverId('p'), 10)).toBeNull();
    expect(store.own(addressOf('q'))).not.toBeNull();
    expect(store.binlogStillMs(serverId('q'), 10)).not.toBeNull();
    store.forget(addressOf('q'));
    expect(store.newest(addressOf('q'))).toBeNull();
  });
});

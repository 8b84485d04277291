// When a server is asked again: at its pace, rarely when it is dead, at once when somebody wants to know.
import { describe, expect, it } from 'vitest';
import type { RecoveryId } from '../../../src/core/recovery/recovery.js';
import type { ClusterId } from '../../../src/core/topology/server.js';
import { factsOf, serverId } from '../../support/facts.js';
import { at, World } from './world.js';

function gaps(times: readonly number[]): number[] {
  return times.slice(1).map((time, index) => time - (times[index] ?? 0));
}

describe('the pace', () => {
  it('is the interval with some jitter', async () => {
    const world = new World();
    world.add('p');
    world.loop.start();
    world.seed('p');
    await world.clock.advance(60_000);
    const later = gaps(world.timesOf('p')).slice(1);
    expect(Math.min(...later)).toBeGreaterThanOrEqual(890);
    expect(Math.max(...later)).toBeLessThanOrEqual(1110);
    expect(new Set(later.map((gap) => Math.round(gap))).size).toBeGreaterThan(10);
  });

  it('spreads out what was found at once', async () => {
    const world = new World();
    const names = Array.from({ length: 100 }, (_, index) => `s${String(index)}`);
    for (const name of names) world.add(name);
    world.loop.start();
    world.seed(...names);
    await world.clock.advance(4_000);
    const tenths = new Set(world.probes.filter(({ atMs }) => atMs > 3_000).map(({ atMs }) => Math.floor(atMs / 100)));
    expect(tenths.size).toBeGreaterThanOrEqual(15);
  });

  it('holds so many probes at a time, and the silent starve nobody', async () => {
    const world = new World({ concurrencyMax: 4, deadConcurrencyMax: 2 });
    for (let index = 0; index < 10; index += 1) {
      world.add(`dead${String(index)}`, { failure: 'silent' });
      world.add(`live${String(index)}`);
    }
    world.loop.start();
    world.seed(...Array.from(world.servers.keys(), (key) => key.replace(':3306', '')));
    await world.clock.advance(60_000);
    expect(world.mostUnderway).toBeLessThanOrEqual(6);
    expect(world.timesOf('live9').length).toBeGreaterThan(40);
  });

  it('does not let those who fall silent in one moment hold up the others', async () => {
    const world = new World({ concurrencyMax: 10, deadConcurrencyMax: 40, slowMs: 100 });
    const names = Array.from({ length: 60 }, (_, index) => `s${String(index)}`);
    for (const name of names) world.add(name);
    world.loop.start();
    world.seed(...names);
    await world.clock.advance(5_000);
    for (const name of names.slice(0, 30)) world.servers.set(`${name}:3306`, { ...world.add(name), failure: 'silent' });
    world.probes.length = 0;
    await world.clock.advance(4_000);
    for (const name of names.slice(30)) expect(world.timesOf(name).length).toBeGreaterThanOrEqual(3);
  });

  it('shows a server as invalid while it does not answer in time', async () => {
    const world = new World({ slowMs: 500 });
    const server = world.add('p');
    world.loop.start();
    world.seed('p');
    await world.clock.advance(3_000);
    server.tookMs = 2_000;
    await world.clock.advance(1_800);
    const late = world.loop.sightings.sighting(at('p'));
    expect(late).toMatchObject({ valid: false, lastError: 'p:3306: a probe is not answered yet' });
    server.tookMs = 2;
    await world.clock.advance(3_000);
    expect(world.loop.sightings.sighting(at('p'))).toMatchObject({ valid: true, lastError: null });
  });

  it('backs off from a dead server as configured, and comes back when it answers', async () => {
    const world = new World({ deadFactor: 2, deadPollMaxMs: 8_000 });
    const server = world.add('p');
    world.loop.start();
    world.seed('p');
    await world.clock.advance(3_000);
    server.failure = 'refused';
    await world.clock.advance(60_000);
    const late = gaps(world.timesOf('p').slice(-3));
    expect(Math.min(...late)).toBeGreaterThan(7_000);
    expect(Math.max(...late)).toBeLessThan(9_000);
    server.failure = null;
    await world.clock.advance(20_000);
    expect(Math.max(...gaps(world.timesOf('p').slice(-3)))).toBeLessThanOrEqual(1_110);
  });

  it('never backs off from a former primary that is not fenced yet', async () => {
    const world = new World({ deadFactor: 2, deadPollMaxMs: 60_000 });
    const server = world.add('p');
    world.loop.start();
    world.seed('p');
    await world.clock.advance(3_000);
    server.failure = 'refused';
    await world.clock.advance(30_000);
    const demotions = world.ledger.state.demotions as Map<unknown, unknown>;
    demotions.set(serverId('p'), {
      server: serverId('p'),
      clusterId: 'c' as ClusterId,
      epoch: 1,
      recoveryId: 'r' as RecoveryId,
      sinceMs: 0,
      state: 'owed',
      extraGtids: '',
      keepStopped: false,
    });
    world.loop.noticeApplied();
    const asked = world.probes.length;
    await world.clock.advance(10_000);
    expect(world.probes.length - asked).toBeGreaterThanOrEqual(9);
  });

  it('asks an address where nobody ever answered less and less often', async () => {
    const world = new World();
    world.loop.start();
    world.seed('nobody');
    await world.clock.advance(100_000);
    expect(world.timesOf('nobody').length).toBeLessThan(20);
    expect(Math.max(...gaps(world.timesOf('nobody')))).toBeLessThanOrEqual(11_000);
  });

  it('looks at once when a connection was lost, but not in circles', async () => {
    const world = new World({ pollMs: 5_000 });
    world.add('p');
    world.loop.start();
    world.seed('p');
    await world.clock.advance(20_000);
    await world.clock.advance(1_000);
    const before = world.probes.length;
    world.lose(at('p'), 'reset');
    await world.clock.advance(300);
    expect(world.probes.length).toBe(before + 1);
    for (let index = 0; index < 100; index += 1) {
      world.lose(at('p'), 'reset');
      await world.clock.advance(10);
    }
    expect(world.probes.length - before).toBeLessThan(7);
  });
});

describe('looking now', () => {
  it('does not wait for the probe that is under way, nor for the queues', async () => {
    const world = new World({ concurrencyMax: 1, deadConcurrencyMax: 1 });
    world.add('slow', { tookMs: 2_000 });
    const server = world.add('p', { tookMs: 5 });
    world.loop.start();
    world.seed('slow', 'p');
    await world.clock.advance(100);
    server.facts = factsOf({ binlogFormat: 'MIXED' });
    const now = world.loop.probeNow([at('p'), at('slow')], 50);
    await world.clock.advance(10);
    expect(world.heard.at(-1)).toMatchObject({ ok: true, report: { facts: { binlogFormat: 'MIXED' } } });
    await world.clock.advance(3_000);
    expect((await now).map(({ ok }) => ok)).toEqual([true, true]);
  });

  it('asks once for all who ask in the same moment', async () => {
    const world = new World();
    world.add('p', { tookMs: 10 });
    const both = Promise.all([world.loop.probeNow([at('p')]), world.loop.probeNow([at('p')])]);
    await world.clock.advance(5);
    expect(world.probes.length).toBe(1);
    const later = world.loop.probeNow([at('p')]);
    await world.clock.advance(20);
    const [[first], [second]] = await both;
    expect(first).toBe(second);
    expect((await later)[0]).not.toBe(first);
    expect(world.probes.length).toBe(2);
  });

  it('has its own bound', async () => {
    const world = new World({ urgentConcurrencyMax: 3 });
    const addresses = Array.from({ length: 10 }, (_, index) => at(`s${String(index)}`));
    const all = world.loop.probeNow(addresses);
    await world.clock.advance(100);
    expect(world.mostUnderway).toBe(3);
    expect((await all).map((result) => (result.ok ? '' : result.address.host))).toEqual(
      addresses.map(({ host }) => host),
    );
  });
});

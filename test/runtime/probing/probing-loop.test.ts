import { describe, expect, it } from 'vitest';
import { channelTo, factsOf, serverId } from '../../support/facts.js';
import { at, World } from './world.js';

/** A primary with two replicas, of which only the primary is a seed. */
function threeServers(world: World): void {
  world.add('p', { replicas: [at('r1'), at('r2')] });
  world.add('r1', { facts: factsOf({ channels: [channelTo('p')] }) });
  world.add('r2', { facts: factsOf({ channels: [channelTo('p')] }) });
}

describe('discovery', () => {
  it('finds a whole topology from one seed, up and down', async () => {
    for (const seed of ['p', 'r2']) {
      const world = new World();
      threeServers(world);
      world.loop.start();
      world.seed(seed);
      await world.clock.advance(100);
      expect([...world.ledger.state.servers.keys()].sort()).toEqual(['p', 'r1', 'r2']);
      expect(world.ledger.state.targets.size).toBe(0);
    }
  });

  it('knows a server however a replica spells its host', async () => {
    const world = new World();
    threeServers(world);
    for (const server of world.servers.values()) {
      const channels = server.facts.channels.map((channel) => ({
        ...channel,
        source: { ...channel.source, host: channel.source.host.toUpperCase() },
      }));
      server.facts = { ...server.facts, channels };
    }
    world.loop.start();
    world.seed('p', 'r1', 'r2');
    await world.clock.advance(20_000);
    expect([...world.ledger.state.servers.keys()].sort()).toEqual(['p', 'r1', 'r2']);
    expect(world.ledger.state.targets.size).toBe(0);
    expect(world.committed.map(({ kind }) => kind)).not.toContain('targets-added');
    expect(new Set([...world.ledger.state.servers.values()].map(({ clusterId }) => clusterId)).size).toBe(1);
  });

  it('writes nothing into the log while nothing changes', async () => {
    const world = new World();
    threeServers(world);
    world.loop.start();
    world.seed('p');
    await world.clock.advance(5_000);
    const entries = world.committed.length;
    await world.clock.advance(60_000);
    expect(world.probes.length).toBeGreaterThan(150);
    expect(world.committed.length).toBe(entries);
  });

  it('commits a change once, many changes in one entry', async () => {
    const world = new World({ gatherMs: 500 });
    threeServers(world);
    world.loop.start();
    world.seed('p', 'r1', 'r2');
    await world.clock.advance(5_000);
    world.committed.length = 0;
    for (const server of world.servers.values()) server.facts = { ...server.facts, binlogFormat: 'MIXED' };
    await world.clock.advance(5_000);
    const observed = world.committed.flatMap((one) => (one.kind === 'topology-observed' ? [one.servers.length] : []));
    expect(observed.reduce((sum, count) => sum + count, 0)).toBe(3);
    expect(observed.length).toBeLessThan(4);
  });

  it('finds a change again that could not be committed', async () => {
    const world = new World();
    world.add('p');
    world.failCommits = true;
    world.loop.start();
    world.seed('p');
    await world.clock.advance(3_000);
    expect(world.ledger.state.servers.size).toBe(0);
    expect(world.kinds().length).toBeGreaterThan(1);
    world.failCommits = false;
    await world.clock.advance(2_000);
    expect(world.ledger.state.servers.size).toBe(1);
  });

  it('commits the way back of a server that changed twice while the first change was on its way', async () => {
    const world = new World();
    const server = world.add('p');
    world.loop.start();
    world.seed('p');
    await world.clock.advance(3_000);
    server.facts = factsOf({ readOnly: true });
    const first = world.loop.probeNow([at('p')]);
    await world.clock.advance(5);
    await first;
    server.facts = factsOf();
    await world.clock.advance(3_000);
    expect(world.ledger.state.servers.get(serverId('p'))?.facts.readOnly).toBe(false);
  });

  it('takes a second name of a server for an alias, and asks there rarely', async () => {
    const world = new World();
    world.add('p');
    world.add('ip', { id: 'p' });
    world.loop.start();
    world.seed('p');
    await world.clock.advance(500);
    world.seed('ip');
    await world.clock.advance(30_000);
    expect(world.ledger.state.servers.get(serverId('p'))).toMatchObject({ address: at('p'), aliases: [at('ip')] });
    expect(world.timesOf('p').length).toBeGreaterThan(20);
    expect(world.timesOf('ip').length).toBeLessThan(4);
  });

  it('keeps the name that came first, even when both are found in the same moment', async () => {
    const world = new World();
    world.add('p');
    world.add('ip', { id: 'p' });
    world.loop.start();
    world.seed('p', 'ip');
    await world.clock.advance(5_000);
    expect(world.ledger.state.servers.get(serverId('p'))).toMatchObject({ address: at('p'), aliases: [at('ip')] });
  });

  it('does not follow what it is told to ignore, nor detached sources', async () => {
    const world = new World();
    world.add('p', { replicas: [at('r1'), at('secret')] });
    world.add('r1', { facts: factsOf({ channels: [channelTo('//p')] }) });
    world.add('secret');
    world.ignored.add('secret');
    world.loop.start();
    world.seed('p', 'secret');
    await world.clock.advance(5_000);
    expect(new Set(world.probes.map(({ name }) => name))).toEqual(new Set(['p', 'r1']));
    expect(world.ledger.state.servers.size).toBe(2);
  });

  it('stops asking a server that was forgotten', async () => {
    const world = new World();
    world.add('p');
    world.loop.start();
    world.seed('p');
    await world.clock.advance(3_000);
    world.commit({ kind: 'server-forgotten', address: at('p') });
    const asked = world.probes.length;
    await world.clock.advance(10_000);
    expect(world.probes.length).toBe(asked);
    expect(world.released).toEqual(['p']);
    expect(world.loop.sightings.sighting(at('p'))).toBeNull();
  });
});

describe('leadership', () => {
  it('is what commits: a follower probes and stays silent', async () => {
    const world = new World();
    threeServers(world);
    world.readyTerm = null;
    world.loop.start();
    world.seed('p');
    await world.clock.advance(5_000);
    expect(world.committed).toEqual([]);
    expect(world.timesOf('p').length).toBeGreaterThan(3);
    expect(world.loop.sightings.sighting(at('p'))).toMatchObject({ valid: true, server: 'p', lastError: null });
    world.readyTerm = 2;
    world.loop.lead(2);
    await world.clock.advance(100);
    expect(world.ledger.state.servers.size).toBe(3);
  });

  it('begins with new looks: a probe from before says nothing of now', async () => {
    const world = new World();
    const server = world.add('p', { tookMs: 400 });
    world.readyTerm = null;
    world.loop.start();
    world.seed('p');
    await world.clock.advance(200);
    world.readyTerm = 2;
    world.loop.lead(2);
    server.facts = factsOf({ binlogFormat: 'MIXED' });
    await world.clock.advance(300);
    expect(world.committed).toEqual([]);
    await world.clock.advance(3_000);
    expect(world.ledger.state.servers.get(serverId('p'))?.facts.binlogFormat).toBe('MIXED');
  });
});

describe('a server that was changed while it was asked', () => {
  it('is asked again, and the answer from before changes nothing', async () => {
    const world = new World();
    const server = world.add('p', { facts: factsOf({ readOnly: true }) });
    world.loop.start();
    world.seed('p');
    await world.clock.advance(5_000);
    world.committed.length = 0;
    const heard = world.heard.length;
    server.tookMs = 600;
    const late = world.loop.probeNow([at('p')]);
    await world.clock.advance(10);
    server.facts = factsOf({ readOnly: false });
    world.commit({
      kind: 'topology-observed',
      servers: [{ id: serverId('p'), address: at('p'), facts: server.facts }],
    });
    world.loop.invalidateBefore(serverId('p'), world.clock.nowMs());
    await world.clock.advance(595);
    await late;
    expect(world.heard.length).toBe(heard);
    expect(world.committed).toEqual([]);
    await world.clock.advance(700);
    expect(world.heard.length).toBeGreaterThan(heard);
    expect(world.ledger.state.servers.get(serverId('p'))?.facts.readOnly).toBe(false);
  });

  it('is in the state as it is now, when whoever has to decide was told so', async () => {
    const world = new World({ gatherMs: 100, pollMs: 5_000 });
    const [p, r] = [world.add('p'), world.add('r')];
    world.loop.start();
    world.seed('p', 'r');
    await world.clock.advance(12_000);
    for (const server of [p, r]) server.facts = factsOf({ readOnly: true });
    world.loop.invalidateBefore(serverId('p'), world.clock.nowMs());
    const seen = world.loop.seeAnew([serverId('p'), serverId('r')]);
    await world.clock.advance(10);
    await seen;
    const readOnly = (name: string) => world.ledger.state.servers.get(serverId(name))?.facts.readOnly;
    // The other one was changed by nobody that we know of: it is seen when its time comes.
    expect([readOnly('p'), readOnly('r')]).toEqual([true, false]);
    const probes = world.probes.length;
    await world.loop.seeAnew([serverId('p'), serverId('r')]);
    expect(world.probes.length).toBe(probes);
  });

  it('is waited for no longer than seconds where it does not answer', async () => {
    const world = new World({ probeTimeoutMs: 10_000 });
    const server = world.add('p');
    world.loop.start();
    world.seed('p');
    await world.clock.advance(1_500);
    server.failure = 'silent';
    world.loop.invalidateBefore(serverId('p'), world.clock.nowMs());
    let over = false;
    const seen = world.loop.seeAnew([serverId('p')]).then(() => (over = true));
    await world.clock.advance(2_900);
    expect(over).toBe(false);
    await world.clock.advance(200);
    await seen;
    expect(over).toBe(true);
  });

  it('is not reported by what was gathered and not committed yet', async () => {
    const world = new World({ gatherMs: 100 });
    const server = world.add('p');
    world.loop.start();
    world.seed('p');
    await world.clock.advance(5_000);
    world.committed.length = 0;
    server.facts = factsOf({ readOnly: true });
    const looked = world.loop.probeNow([at('p')]);
    await world.clock.advance(5);
    await looked;
    server.facts = factsOf();
    world.loop.invalidateBefore(serverId('p'), world.clock.nowMs());
    await world.clock.advance(3_000);
    expect(world.committed).toEqual([]);
  });
});

describe('sightings', () => {
  it('keep the last good look behind a failure', async () => {
    const world = new World();
    const server = world.add('p');
    world.loop.start();
    world.seed('p');
    await world.clock.advance(1_500);
    const seen = world.loop.sightings.sighting(at('p'));
    expect(seen).toMatchObject({ valid: true, lastError: null, server: 'p' });
    server.failure = 'refused';
    await world.clock.advance(3_000);
    const lost = world.loop.sightings.sighting(at('p'));
    expect(lost).toMatchObject({ valid: false, lastError: 'p refused', server: 'p', vitals: seen?.vitals });
    expect(lost?.lastAttemptAtMs ?? 0).toBeGreaterThan(lost?.lastSeenAtMs ?? 0);
    expect(world.loop.sightings.newest(at('p'))?.last.ok).toBe(false);
    expect(world.loop.sightings.newest(at('p'))?.lastGood?.report.id).toBe('p');
    expect(world.loop.sightings.sighting(at('q'))).toBeNull();
  });

  it('take no result that is older than the one they have', async () => {
    const world = new World();
    const server = world.add('p', { tookMs: 500 });
    const slow = world.loop.probeNow([at('p')]);
    await world.clock.advance(100);
    server.tookMs = 5;
    server.facts = factsOf({ binlogFormat: 'MIXED' });
    const quick = world.loop.probeNow([at('p')]);
    await world.clock.advance(1_000);
    await Promise.all([slow, quick]);
    expect(world.loop.sightings.newest(at('p'))?.lastGood?.report.facts.binlogFormat).toBe('MIXED');
    expect(world.heard.length).toBe(1);
  });
});

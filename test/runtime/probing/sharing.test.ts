import { describe, expect, it } from 'vitest';
import { factsOf, serverId } from '../../support/facts.js';
import { POLL_MS, SharingWorld } from './sharing-world.js';

const ALL = ['n1', 'n2', 'n3'];

async function sharedWorld(replicas = 30, nodes?: Readonly<Record<string, string>>): Promise<SharingWorld> {
  const world = new SharingWorld(replicas, nodes);
  await world.begin();
  return world;
}

describe('three nodes', () => {
  it('ask each replica once an interval, and the primary each', async () => {
    const world = await sharedWorld();
    await world.clock.advance(10 * POLL_MS);
    const askers = world.askers();
    expect(askers.get('p')).toEqual(new Set(ALL));
    askers.delete('p');
    expect([...askers.values()].every((nodes) => nodes.size === 1)).toBe(true);
    expect(new Set([...askers.values()].flatMap((nodes) => [...nodes]))).toEqual(new Set(ALL));
    expect(world.probes.filter(({ host }) => host === 'r7').length).toBeLessThanOrEqual(11);
  });

  it('know what the others saw, within a fraction of a second, and never as newer than it was', async () => {
    const world = await sharedWorld();
    expect(await world.longestUnseen(ALL, 10 * POLL_MS)).toBeLessThanOrEqual(1.5 * POLL_MS);
    const sinceMs = world.clock.nowMs() - 10 * POLL_MS;
    let compared = 0;
    for (const node of world.nodes) {
      const offsetMs = node.clock.nowMs() - world.clock.nowMs();
      for (const { result, by, isOwn } of node.news) {
        const seenAtMs = result.startedAtMs - offsetMs;
        if (isOwn || !result.ok || seenAtMs < sinceMs) continue;
        const { host } = result.report.address;
        const looks = world.probes.filter((probe) => probe.host === host && probe.by === by);
        // The look it tells of began when it says or a little later: the way there, and a thousandth for drift.
        const errors = looks.map(({ atMs }) => atMs - seenAtMs).filter((errorMs) => errorMs > -1e-6);
        expect(Math.min(...errors)).toBeLessThanOrEqual(5);
        compared += 1;
      }
    }
    expect(compared).toBeGreaterThan(400);
  });

  it('send what lasts once, and then what changes', async () => {
    const world = await sharedWorld();
    await world.clock.advance(5 * POLL_MS);
    const looks = world.frames.flatMap(({ frame }) => frame.looks);
    expect(looks.length).toBeGreaterThan(200);
    expect(looks.filter(({ lasting }) => lasting !== null)).toEqual([]);
    world.server('r3').facts = factsOf({ readOnly: true });
    await world.clock.advance(2 * POLL_MS);
    const news = world.frames.flatMap(({ frame }) => frame.looks).filter(({ lasting }) => lasting !== null);
    expect(news.map(({ address }) => address.host)).toEqual(['r3', 'r3']);
    expect(world.ledger.state.servers.get(serverId('r3'))?.facts.readOnly).toBe(true);
  });

  it('tell of a change at once, and of the rest a few times a second', async () => {
    const world = await sharedWorld(60);
    await world.clock.advance(5 * POLL_MS);
    const batches = world.frames.filter(({ by, to, frame }) => by === 'n2' && to === 'n1' && frame.looks.length > 0);
    expect(batches.length).toBeLessThanOrEqual(22);
    const hosts = Array.from({ length: 12 }, (_, index) => `r${String(index)}`);
    for (const host of hosts) world.server(host).failure = 'refused';
    world.forgetHistory();
    await world.clock.advance(2 * POLL_MS);
    for (const host of hosts) {
      const asked = world.probes.find((one) => one.host === host);
      const sent = world.frames.find(({ frame }) =>
        frame.looks.some((look) => look.address.host === host && look.failure !== null),
      );
      expect((sent?.atMs ?? Number.NaN) - (asked?.atMs ?? Number.NaN)).toBeLessThanOrEqual(3 + 5);
    }
  });

  it('send a peer that reads nothing no queue of old looks, but the newest when it reads again', async () => {
    const world = await sharedWorld();
    await world.clock.advance(3 * POLL_MS);
    const host = world.replicaOf('n2');
    world.full.add('n1');
    await world.clock.advance(2 * POLL_MS);
    world.forgetHistory();
    for (let uptime = 10; uptime < 20; uptime += 1) {
      world.server(host).uptimeSeconds = uptime;
      await world.clock.advance(2 * POLL_MS);
    }
    const sent = (): readonly string[] =>
      world.frames
        .filter(({ by, to }) => by === 'n2' && to === 'n1')
        .flatMap(({ frame }) => frame.looks.flatMap((look) => (look.address.host === host ? [look.vitals] : [])));
    expect(sent()).toEqual([]);
    world.drain('n1');
    expect(sent()).toHaveLength(1);
    expect(sent()[0]).toContain('"uptimeSeconds":19');
  });
});

describe('when a node dies', () => {
  it.each(['n1', 'n2'])('its servers are the others’ at once: %s', async (dead) => {
    const world = await sharedWorld();
    const left = ALL.filter((id) => id !== dead);
    world.kill(dead);
    if (dead === 'n1') world.clock.setTimer(800, () => world.elect('n2', 2));
    expect(await world.longestUnseen(left, 5 * POLL_MS)).toBeLessThanOrEqual(2 * POLL_MS);
    world.forgetHistory();
    await world.clock.advance(5 * POLL_MS);
    const askers = world.askers();
    expect(askers.get('p')).toEqual(new Set(left));
    askers.delete('p');
    expect([...askers.values()].every((nodes) => nodes.size === 1 && !nodes.has(dead))).toBe(true);
  });

  it('what the others asked before stays with them', async () => {
    const world = await sharedWorld();
    await world.clock.advance(3 * POLL_MS);
    const before = world.askers();
    world.kill('n3');
    await world.clock.advance(3 * POLL_MS);
    world.forgetHistory();
    await world.clock.advance(5 * POLL_MS);
    for (const [host, nodes] of world.askers()) {
      const [earlier] = before.get(host) ?? [];
      if (host !== 'p' && earlier !== 'n3') expect([...nodes]).toEqual([earlier]);
    }
  });

  it('and comes back, it takes its share again, and nobody is asked twice', async () => {
    const world = await sharedWorld();
    world.kill('n3');
    await world.clock.advance(5 * POLL_MS);
    world.start(world.node('n3'));
    await world.clock.advance(3 * POLL_MS);
    world.forgetHistory();
    await world.clock.advance(5 * POLL_MS);
    const askers = world.askers();
    expect(askers.get('p')).toEqual(new Set(ALL));
    askers.delete('p');
    expect([...askers.values()].every((nodes) => nodes.size === 1)).toBe(true);
    expect([...askers.values()].filter((nodes) => nodes.has('n3')).length).toBeGreaterThan(3);
  });
});

describe('when a node falls silent without a word', () => {
  it('the leader looks itself at what is overdue, before anybody is given the servers', async () => {
    const world = await sharedWorld();
    for (const id of ['n1', 'n2']) world.silent.add(`n3>${id}`);
    expect(await world.longestUnseen(['n1'], 8 * POLL_MS)).toBeLessThanOrEqual(2 * POLL_MS);
    expect(world.node('n1').lines.some((line) => line.startsWith('n3 is not heard any more'))).toBe(true);
  });

  it('connections of looks that were borrowed are closed again', async () => {
    const world = await sharedWorld();
    const leader = world.node('n1');
    await world.clock.advance(6 * POLL_MS);
    leader.released.length = 0;
    const foreign = world.replicaOf('n2');
    const looked = leader.loop.probeNow([{ host: foreign, port: 3306 }]);
    await world.clock.advance(4000);
    await looked;
    expect(leader.released).toEqual([]);
    await world.clock.advance(4000);
    expect(leader.released).toEqual([foreign]);
  });
});

describe('without a leader', () => {
  it('who hears each other shares, so that each part of the cluster sees everything', async () => {
    const world = await sharedWorld();
    for (const [one, other] of [
      ['n1', 'n2'],
      ['n1', 'n3'],
    ]) {
      world.silent.add(`${String(one)}>${String(other)}`);
      world.silent.add(`${String(other)}>${String(one)}`);
    }
    world.elect('nobody', 2);
    await world.clock.advance(10 * POLL_MS);
    world.forgetHistory();
    expect(await world.longestUnseen(ALL, 5 * POLL_MS)).toBeLessThanOrEqual(1.5 * POLL_MS);
    const askers = world.askers();
    askers.delete('p');
    for (const nodes of askers.values()) {
      expect(nodes.has('n1')).toBe(true);
      expect(nodes.size).toBe(2);
    }
  });

  it('a node that starts does not ask everybody before it has listened', async () => {
    const world = await sharedWorld();
    world.kill('n3');
    await world.clock.advance(5 * POLL_MS);
    world.forgetHistory();
    world.start(world.node('n3'));
    await world.clock.advance(POLL_MS);
    const asked = new Set(world.probes.flatMap(({ by, host }) => (by === 'n3' ? [host] : [])));
    expect(asked.size).toBeLessThan(25);
  });
});

describe('a node in the data centre of a server', () => {
  it('asks it', async () => {
    const world = new SharingWorld(12, { n1: 'east', n2: 'west', n3: 'west' });
    for (let index = 0; index < 12; index += 1) {
      const server = world.server(`r${String(index)}`);
      server.facts = { ...server.facts, dataCenter: index < 6 ? 'east' : 'west' };
    }
    await world.begin();
    await world.clock.advance(3 * POLL_MS);
    const askers = world.askers();
    for (let index = 0; index < 12; index += 1) {
      expect(askers.get(`r${String(index)}`)?.has('n1')).toBe(index < 6);
    }
  });
});

describe('a server that the leader changed', () => {
  it('is not shown as it was by a look of a peer that began before', async () => {
    const world = await sharedWorld();
    const leader = world.node('n1');
    await world.clock.advance(3 * POLL_MS);
    const foreign = world.replicaOf('n2');
    const server = world.server(foreign);
    server.facts = factsOf({ ...server.facts, readOnly: true });
    await world.clock.advance(3 * POLL_MS);
    expect(world.ledger.state.servers.get(serverId(foreign))?.facts.readOnly).toBe(true);
    // The peer asks, and its answer is slow to come; meanwhile a step opens the server.
    server.tookMs = 400;
    world.forgetHistory();
    while (!world.probes.some(({ host, by }) => host === foreign && by === 'n2')) await world.clock.advance(10);
    await world.clock.advance(50);
    server.facts = { ...server.facts, readOnly: false };
    server.tookMs = 3;
    const address = { host: foreign, port: 3306 };
    world.commit({
      kind: 'topology-observed',
      servers: [{ id: serverId(foreign), address, facts: server.facts }],
    });
    const entries = world.ledger.state.index;
    leader.loop.invalidateBefore(serverId(foreign), leader.clock.nowMs());
    await world.clock.advance(3 * POLL_MS);
    expect(world.ledger.state.index).toBe(entries);
    expect(leader.sightings.newest(address)?.lastGood?.report.facts.readOnly).toBe(false);
  });
});

describe('clocks that cannot be trusted', () => {
  it('are compared anew after a pause of our own', async () => {
    const world = await sharedWorld();
    const node = world.node('n2');
    const before = node.lines.length;
    node.ran = false;
    await world.clock.advance(400);
    node.ran = true;
    await world.clock.advance(2 * POLL_MS);
    expect(node.lines.slice(before).join('\n')).toContain('its clock must be compared with ours anew');
    expect(await world.longestUnseen(['n2'], 3 * POLL_MS)).toBeLessThanOrEqual(1.5 * POLL_MS);
  });
});

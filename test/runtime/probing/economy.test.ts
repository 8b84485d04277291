import { describe, expect, it } from 'vitest';
import { NO_RULES } from '../../../src/core/topology/classification.js';
import { ClassifyingProber } from '../../../src/runtime/probing/classifying-prober.js';
import { WhereaboutsKeeper } from '../../../src/runtime/care/whereabouts-keeper.js';
import { channelTo, factsOf } from '../../support/facts.js';
import { at, World } from './world.js';

const SERVERS = 100;

function hundred(world: World): void {
  const names = Array.from({ length: SERVERS - 1 }, (_, index) => `r${String(index)}`);
  world.add('p', { replicas: names.map(at) });
  for (const name of names) world.add(name, { facts: factsOf({ channels: [channelTo('p')] }) });
}

describe('the log', () => {
  it('gets no entry in a minute in which a hundred servers are healthy', async () => {
    const world = new World();
    const keeper = new WhereaboutsKeeper({
      clock: world.clock,
      ledger: {
        get state() {
          return world.ledger.state;
        },
        readyTerm: 1,
        propose: () => Promise.reject(new Error('nobody moved')),
      },
      onFailed: (what, error) => {
        throw new Error(what, { cause: error });
      },
    });
    world.admits = (report) => {
      keeper.note({ ok: true, startedAtMs: world.clock.now, finishedAtMs: world.clock.now, report });
      return keeper.admits(report);
    };
    hundred(world);
    world.loop.start();
    world.seed('p');
    await world.clock.advance(3_000);
    expect(world.ledger.state.servers.size).toBe(SERVERS);
    const before = world.committed.length;
    const probes = world.probes.length;
    await world.clock.advance(60_000);
    expect(world.probes.length - probes).toBeGreaterThan(SERVERS * 50);
    expect(world.committed.slice(before)).toEqual([]);
  });

  it('gets no entry for a server that is seen by two names, whatever a pattern makes of either', async () => {
    const world = new World({ aliasPollMs: 1000 });
    const rules = { ...NO_RULES, dataCenter: /^(\w+)-/ };
    const known = (id: string) =>
      [...world.ledger.state.servers.values()].find((one) => one.id === id)?.address ?? null;
    const prober = new ClassifyingProber(world, rules, known);
    world.add('east-1', { id: 'p', replicas: [at('10')] });
    world.add('10', { id: 'p' });
    const looked = [
      await first(world, prober.probe(at('east-1'), 100)),
      await first(world, prober.probe(at('10'), 100)),
    ];
    expect(looked.map((facts) => facts?.dataCenter)).toEqual(['east', '']);
    world.seed('east-1');
    world.loop.start();
    await world.clock.advance(3_000);
    // Known as east-1 now: by its IP it stands in the same data centre.
    expect((await first(world, prober.probe(at('10'), 100)))?.dataCenter).toBe('east');
  });

  it('is not asked to bring back a forgotten server that its neighbours name with every look', async () => {
    const world = new World();
    hundred(world);
    world.loop.start();
    world.seed('p');
    await world.clock.advance(3_000);
    world.commit({ kind: 'servers-forgotten', servers: ['r7' as never], addresses: [], by: 'ann' });
    const before = world.committed.length;
    const probes = world.timesOf('r7').length;
    await world.clock.advance(30_000);
    expect(world.committed.slice(before)).toEqual([]);
    expect(world.ledger.state.servers.size).toBe(SERVERS - 1);
    expect(world.timesOf('r7').length).toBe(probes);
  });

  it('is not asked again and again to take a rule that an operator’s word stands over', async () => {
    const world = new World();
    world.add('p', { facts: factsOf({ promotionRule: 'prefer' }) });
    world.loop.start();
    world.seed('p');
    await world.clock.advance(2_000);
    const lifetimeMs = 3_600_000;
    world.commit({ kind: 'candidate-registered', server: 'p' as never, rule: 'must_not', by: 'ann', lifetimeMs });
    const before = world.committed.length;
    await world.clock.advance(10_000);
    expect(world.committed.length).toBe(before);
  });
});

async function first(world: World, probe: ReturnType<ClassifyingProber['probe']>) {
  await world.clock.advance(10);
  const result = await probe;
  return result.ok ? result.report.facts : null;
}

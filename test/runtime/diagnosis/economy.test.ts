// How often a diagnosis looks and writes: sources between two polls, inquests at a time, entries in the log, its own time.
import { describe, expect, it } from 'vitest';
import { serverId } from '../../support/facts.js';
import { DiagnosisStage, leading } from '../../support/diagnosis-stage.js';

describe('the watch over sources', () => {
  it('finds a freeze between two polls that are far apart', async () => {
    const stage = await leading();
    await stage.clock.advance(3000);
    const frozenAtMs = stage.clock.now;
    stage.world.become('p', 'frozen');
    await stage.clock.advance(10_000);
    expect(stage.tookUntil('p', 'DeadMaster', frozenAtMs)).toBeLessThanOrEqual(2500);
  });

  it('asks sources alone, each about once a second, and only in the gaps between polls', async () => {
    const stage = await leading();
    await stage.clock.advance(10_000);
    expect(stage.world.calls.every((call) => call === 'probe p')).toBe(true);
    expect(stage.world.calls.length).toBeGreaterThanOrEqual(8);
    expect(stage.world.calls.length).toBeLessThanOrEqual(11);
    stage.keepPolling(500);
    stage.world.calls.length = 0;
    await stage.clock.advance(10_000);
    expect(stage.world.count('probe p')).toBeLessThanOrEqual(21);
  });

  it('keeps to its looks a second when there are many sources', async () => {
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, number) => [`p${String(number)}`, null]));
    const stage = new DiagnosisStage(many, { pace: { watchesPerSecondMax: 10 } });
    await stage.leadWell();
    await stage.clock.advance(10_000);
    expect(stage.world.calls.length).toBeGreaterThan(60);
    expect(stage.world.calls.length).toBeLessThanOrEqual(140);
    expect(new Set(stage.world.calls).size).toBe(40);
  });

  it('ends with the leadership', async () => {
    const stage = await leading();
    stage.loop.follow();
    stage.world.calls.length = 0;
    await stage.clock.advance(5000);
    expect(stage.world.calls).toEqual([]);
  });

  it('makes nothing of an answer that is merely late', async () => {
    const stage = await leading();
    stage.world.wayMs = 400;
    stage.published.length = 0;
    await stage.clock.advance(20_000);
    expect(stage.published.every((one) => Object.keys(one.codes).length === 0)).toBe(true);
    expect(stage.proposals).toEqual([]);
    expect(stage.lines).toEqual([]);
  });
});

describe('bounds', () => {
  it('are kept to the number of inquests at a time; who waits comes next', async () => {
    const stage = new DiagnosisStage({ p: null, m1: 'p', m2: 'p', a: 'm1', b: 'm2' }, { pace: { inquiriesMax: 1 } });
    await stage.leadWell();
    stage.world.become('m1', 'frozen', true);
    stage.world.loseConnection('m2');
    await stage.clock.advance(400);
    expect(stage.world.count('knock m2')).toBe(0);
    stage.world.become('m1', 'up');
    await stage.clock.advance(2000);
    expect(stage.world.count('knock m2')).toBe(1);
  });

  it('hold for the log: a code that wavers is written once a second at most, and what failed is tried again', async () => {
    const stage = await leading();
    stage.proposeFails = true;
    stage.world.become('p', 'refuses', true);
    await stage.clock.advance(3000);
    expect(
      stage.lines.filter((line) => line.startsWith('incident-opened was not committed')).length,
    ).toBeLessThanOrEqual(4);
    stage.proposeFails = false;
    await stage.clock.advance(3000);
    expect(stage.ledger.state.incidents.get(serverId('p'))?.code).toBe('DeadMaster');
  });
});

describe('answers that come one after the other', () => {
  it('do not make a story of replicas that stopped before the death is known', async () => {
    const stage = await leading();
    // The replicas answer first, and this node's own knock last.
    stage.world.become('p', 'frozen', true);
    for (const replica of ['r1', 'r2']) {
      stage.world.setChannel(replica, { ioThread: 'connecting', ioError: { number: 2003, text: 'lost' } });
    }
    await stage.clock.advance(3000);
    const codes = stage.published.map((one) => one.codes['p']).filter((code) => code !== undefined);
    expect([...new Set(codes)]).toEqual(['UnreachableMaster', 'DeadMaster']);
    expect(stage.proposed('incident-opened').map(({ incident }) => incident.code)).toEqual([
      'UnreachableMaster',
      'DeadMaster',
    ]);
  });
});

describe('an examination of all servers', () => {
  async function published(tookMs: number): Promise<number> {
    const stage = await leading();
    stage.keepPolling(100);
    await stage.clock.advance(5000);
    stage.onPublished = () => {
      stage.clock.now += tookMs;
    };
    const before = stage.published.length;
    await stage.clock.advance(20_000);
    return stage.published.length - before;
  }

  it('is made several times a second', async () => {
    expect(await published(0)).toBeGreaterThan(60);
  });

  it('takes a tenth of the time at most, however long it takes', async () => {
    const count = await published(100);
    expect(count).toBeLessThanOrEqual(21);
    expect(count).toBeGreaterThan(15);
  });

  it('is not put off for long by a process that was stopped in the middle of it', async () => {
    expect(await published(1000)).toBeGreaterThan(5);
  });
});

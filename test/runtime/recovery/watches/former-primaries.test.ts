import { beforeEach, describe, expect, it } from 'vitest';
import { gtidText, MysqlWorld, uuidOf } from '../../../support/worlds/mysql-world.js';
import { WorldNodes } from '../../../support/worlds/world-nodes.js';

const [P, A, B] = [uuidOf(1), uuidOf(2), uuidOf(3)];

let world: MysqlWorld;
let nodes: WorldNodes;

/** P has died and A has taken over. */
beforeEach(async () => {
  world = new MysqlWorld();
  const primary = world.add(P, { readOnly: false });
  for (const id of [A, B]) world.follow(world.add(id), primary);
  world.write(primary, 5);
  world.settle();
  nodes = new WorldNodes(world);
  await nodes.start();
  world.get(P).up = false;
  nodes.driver.noticeProblems([nodes.deadMaster(P)]);
  await nodes.turns();
  await nodes.observe();
});

const demotion = () => nodes.ledger.state.demotions.get(P);

async function comeBack(): Promise<void> {
  world.get(P).up = true;
  await nodes.clock.advance(200);
  await nodes.untilClosed();
}

describe('a former primary', () => {
  it('is knocked at until it answers, then fenced first and taken in', async () => {
    await nodes.clock.advance(5000);
    expect(nodes.sessions.knocks).toBeGreaterThan(20);
    expect(nodes.recoveries).toHaveLength(1);
    const before = world.taken.length;
    await comeBack();
    expect(world.taken.slice(before)[0]).toEqual({ kind: 'fence', server: P });
    expect(nodes.recoveries.at(-1)).toMatchObject({
      kind: 'former-primary',
      failed: P,
      verdict: { kind: 'succeeded' },
    });
    expect(world.get(P)).toMatchObject({ source: A, io: true, readOnly: true });
    expect(demotion()).toBeUndefined();
  });

  it('is set apart with what it alone has, and left alone afterwards', async () => {
    world.get(P).executed.add(`${P}:6`);
    await comeBack();
    expect(demotion()).toMatchObject({ state: 'apart', extraGtids: `${P}:6` });
    expect(world.get(P)).toMatchObject({ source: null, readOnly: true });
    const recoveries = nodes.recoveries.length;
    await nodes.observe();
    await nodes.clock.advance(60_000);
    expect(nodes.recoveries).toHaveLength(recoveries);
  });

  it('is fenced again when it takes writes again, whoever opened it', async () => {
    world.get(P).executed.add(`${P}:6`);
    await comeBack();
    await nodes.observe();
    world.get(P).readOnly = false;
    await nodes.observe();
    await nodes.clock.advance(1000);
    await nodes.untilClosed();
    expect(world.get(P).readOnly).toBe(true);
    expect(demotion()).toMatchObject({ state: 'apart' });
  });

  it('is fenced again when it was opened after its fence and before that recovery was over', async () => {
    world.get(P).executed.add(`${P}:6`);
    let opened = false;
    nodes.sessions.beforeStep = ({ kind }) => {
      const after = nodes.recoveries.at(-1)?.steps.some(({ step, outcome }) => step.kind === 'fence' && outcome?.ok);
      if (opened || kind === 'fence' || after !== true) return;
      opened = true;
      void (async () => {
        await nodes.observe();
        world.get(P).readOnly = false;
        nodes.clock.wall += 5;
        await nodes.observe();
        nodes.clock.wall += 5;
      })();
    };
    await comeBack();
    expect(opened).toBe(true);
    await nodes.observe();
    await nodes.clock.advance(1000);
    await nodes.untilClosed();
    expect(world.get(P).readOnly).toBe(true);
  });

  it('is fenced again when it was opened before anybody had looked at it after its fence', async () => {
    world.get(P).executed.add(`${P}:6`);
    await comeBack();
    expect(world.get(P).readOnly).toBe(true);
    // Nobody has seen it closed: to the ledger it took writes before, and takes them now.
    world.get(P).readOnly = false;
    await nodes.observe();
    await nodes.clock.advance(2000);
    await nodes.untilClosed();
    expect(world.get(P).readOnly).toBe(true);
    expect(demotion()).toMatchObject({ state: 'apart' });
  });

  it('is fenced again by the next leader when nobody has looked at it between', async () => {
    world.get(P).executed.add(`${P}:6`);
    await comeBack();
    world.get(P).readOnly = false;
    await nodes.changeLeader();
    await nodes.clock.advance(2000);
    await nodes.untilClosed();
    expect(world.get(P).readOnly).toBe(true);
  });

  it('is left alone once it was seen closed', async () => {
    world.get(P).executed.add(`${P}:6`);
    await comeBack();
    await nodes.clock.advance(2000);
    await nodes.observe();
    await nodes.clock.advance(2000);
    const { knocks } = nodes.sessions;
    await nodes.clock.advance(5000);
    expect(nodes.sessions.knocks).toBe(knocks);
    expect(nodes.recoveries).toHaveLength(2);
  });

  it('is a replica like others when an operator made it follow the new primary', async () => {
    world.get(P).executed.add(`${P}:6`);
    await comeBack();
    world.get(A).executed.add(`${P}:6`);
    world.follow(world.get(P), world.get(A));
    await nodes.observe();
    await nodes.turns();
    expect(demotion()).toBeUndefined();
  });

  it('that comes back as a replica of the new one, as co-primaries do, is not believed to replicate after its fence', async () => {
    world.follow(world.get(P), world.get(A));
    world.get(P).executed.add(`${P}:6`);
    world.get(P).up = true;
    await nodes.observe();
    await nodes.clock.advance(200);
    await nodes.untilClosed();
    expect(world.get(P)).toMatchObject({ io: false, readOnly: true });
    expect(demotion()).toMatchObject({ state: 'apart', extraGtids: `${P}:6` });
  });

  it('is tried again, less and less often, while it cannot be fenced', async () => {
    nodes.sessions.beforeStep = () => {
      world.get(P).up = false;
    };
    for (let times = 0; times < 40; times++) {
      world.get(P).up = true;
      await nodes.clock.advance(1000);
    }
    expect(nodes.recoveries.length).toBeGreaterThan(3);
    expect(nodes.recoveries.length).toBeLessThan(15);
    expect(demotion()).toMatchObject({ state: 'owed' });
    nodes.sessions.beforeStep = () => undefined;
    world.get(P).up = true;
    await nodes.clock.advance(60_000);
    await nodes.untilClosed();
    expect(demotion()).toBeUndefined();
  });

  it('is waited for where it is now, when it was found elsewhere', async () => {
    const moves = [{ server: P, address: { host: 'elsewhere', port: 3306 }, why: 'it answers there' }];
    await nodes.ledger.propose({ kind: 'servers-readdressed', moves, replaced: [] });
    await nodes.clock.advance(200);
    expect(nodes.sessions.lastKnockedAt).toBe('elsewhere');
  });

  it('is not tried again and again where another server answers at its address, and met when it is back', async () => {
    Object.assign(world.get(P), { up: true, replaced: true });
    await nodes.clock.advance(60_000);
    expect(nodes.recoveries.filter(({ kind }) => kind === 'former-primary')).toHaveLength(1);
    expect(demotion()).toMatchObject({ state: 'owed' });
    world.get(P).replaced = false;
    await nodes.clock.advance(1000);
    await nodes.untilClosed();
    expect(world.get(P)).toMatchObject({ source: A, readOnly: true });
  });

  it('is fenced the moment it is back after a restart that opened it, although it was fenced before', async () => {
    world.get(P).executed.add(`${P}:6`);
    await comeBack();
    await nodes.observe();
    world.get(P).up = false;
    nodes.driver.noticeLost({ host: P, port: 3306 });
    await nodes.clock.advance(5000);
    Object.assign(world.get(P), { up: true, readOnly: false });
    await nodes.clock.advance(100);
    expect(world.get(P).readOnly).toBe(true);
    await nodes.untilClosed();
    expect(demotion()).toMatchObject({ state: 'apart', extraGtids: `${P}:6` });
  });

  it('is left alone when it is back after a restart and closed', async () => {
    world.get(P).executed.add(`${P}:6`);
    await comeBack();
    await nodes.observe();
    const recoveries = nodes.recoveries.length;
    world.get(P).up = false;
    nodes.driver.noticeLost({ host: P, port: 3306 });
    await nodes.clock.advance(1000);
    world.get(P).up = true;
    await nodes.clock.advance(5000);
    const { knocks } = nodes.sessions;
    await nodes.clock.advance(5000);
    expect(nodes.sessions.knocks).toBe(knocks);
    expect(nodes.recoveries).toHaveLength(recoveries);
  });

  it('that is fenced and cannot follow yet is tried again, less and less often', async () => {
    world.get(P).up = true;
    world.get(A).up = false;
    await nodes.clock.advance(1000);
    await nodes.untilClosed();
    await nodes.observe();
    await nodes.clock.advance(120_000);
    await nodes.untilClosed();
    expect(demotion()).toMatchObject({ state: 'fenced' });
    expect(world.get(P).readOnly).toBe(true);
    expect(nodes.recoveries.length).toBeLessThan(12);
    world.get(A).up = true;
    await nodes.clock.advance(120_000);
    await nodes.untilClosed();
    expect(world.get(P)).toMatchObject({ source: A, readOnly: true });
  });

  it('is fenced at once while another recovery has the cluster, and taken in after it', async () => {
    let release = (): void => undefined;
    nodes.sessions.beforeStep = (step) =>
      step.kind === 'stop-io'
        ? new Promise<void>((resolve) => {
            release = resolve;
          })
        : undefined;
    world.get(A).up = false;
    nodes.driver.noticeProblems([{ ...nodes.deadMaster(A), server: A }]);
    await nodes.clock.advance(100);
    Object.assign(world.get(P), { up: true, readOnly: false });
    await nodes.clock.advance(150);
    expect(world.get(P).readOnly).toBe(true);
    expect(nodes.recoveries.at(-1)).toMatchObject({ kind: 'dead-primary', failed: A, closedAtMs: null });
    nodes.sessions.beforeStep = () => undefined;
    release();
    await nodes.untilClosed();
    expect(nodes.recoveries.at(-1)?.steps.filter(({ step }) => step.server === P)).toMatchObject([
      { step: { kind: 'fence' }, outcome: { ok: true } },
    ]);
    await nodes.clock.advance(5000);
    await nodes.untilClosed();
    expect(world.get(P)).toMatchObject({ source: B, readOnly: true });
  });

  it('is met by the next leader when the first one died', async () => {
    await nodes.changeLeader();
    await comeBack();
    expect(world.get(P)).toMatchObject({ source: A, readOnly: true });
  });

  it('gives way when the new primary dies in its turn', async () => {
    let release = (): void => undefined;
    nodes.sessions.beforeStep = (step) =>
      step.kind === 'fence'
        ? new Promise<void>((resolve) => {
            release = resolve;
          })
        : undefined;
    world.get(P).up = true;
    await nodes.clock.advance(200);
    expect(nodes.recoveries.at(-1)).toMatchObject({ kind: 'former-primary', closedAtMs: null });
    nodes.sessions.beforeStep = () => undefined;
    world.get(A).up = false;
    nodes.driver.noticeProblems([{ ...nodes.deadMaster(A), server: A }]);
    release();
    await nodes.untilClosed();
    expect(nodes.ledger.state.clusters.get(nodes.cluster())).toMatchObject({ primary: B, epoch: 2 });
    expect(nodes.recoveries.find(({ kind }) => kind === 'former-primary')?.verdict).toMatchObject({ kind: 'undone' });
    await nodes.clock.advance(5000);
    await nodes.untilClosed();
    expect(world.get(P)).toMatchObject({ source: B, readOnly: true });
    expect(gtidText(world.get(P).executed)).toBe(`${P}:1-5`);
  });
});

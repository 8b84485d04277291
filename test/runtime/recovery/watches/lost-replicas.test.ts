import { describe, expect, it } from 'vitest';
import { LOST_REASON } from '../../../../src/core/recovery/belief.js';
import { lostReplicasOf, whyLeftAlone } from '../../../../src/core/recovery/ways-back/lost-replicas.js';
import type { RecoveryPolicy } from '../../../../src/core/recovery/policy.js';
import { gtidText, MysqlWorld, uuidOf } from '../../../support/worlds/mysql-world.js';
import { WorldNodes } from '../../../support/worlds/world-nodes.js';

const [P, A, B, C] = [uuidOf(1), uuidOf(2), uuidOf(3), uuidOf(4)];

let world: MysqlWorld;
let nodes: WorldNodes;

/** P has died, A has taken over, and B did not answer meanwhile. */
async function loseOne(policy: Partial<RecoveryPolicy> = {}, before: () => void = () => undefined): Promise<void> {
  world = new MysqlWorld();
  const primary = world.add(P, { readOnly: false });
  for (const id of [A, B, C]) world.follow(world.add(id), primary);
  world.write(primary, 5);
  world.settle();
  before();
  nodes = new WorldNodes(world, policy);
  await nodes.start();
  for (const id of [P, B]) world.get(id).up = false;
  nodes.driver.noticeProblems([nodes.deadMaster(P)]);
  await nodes.turns();
  await nodes.observe();
  world.write(world.get(A), 2);
}

const belief = () => ({ ...nodes.ledger.state, nowMs: nodes.clock.wallMs() });
const downtime = () => nodes.ledger.state.downtimes.get(B);

async function comeBack(): Promise<void> {
  world.get(B).up = true;
  await nodes.observe();
  for (let second = 0; second < 6; second++) {
    await nodes.clock.advance(1000);
    await nodes.turns();
  }
  await nodes.untilClosed();
}

describe('a replica that did not answer during a failover', () => {
  it('is in downtime, and pointed at the new primary when it is back, which ends the downtime', async () => {
    await loseOne();
    expect(downtime()).toMatchObject({ reason: LOST_REASON });
    expect(lostReplicasOf(belief()).find(({ server }) => server === B)).toMatchObject({ state: 'away' });
    await comeBack();
    expect(nodes.recoveries.at(-1)).toMatchObject({ kind: 'lost-replica', verdict: { kind: 'succeeded' }, lost: [] });
    expect(world.get(B)).toMatchObject({ source: A, io: true });
    world.settle();
    expect(gtidText(world.get(B).executed)).toBe(`${P}:1-5,${A}:1-2`);
    expect(downtime()).toBeUndefined();
    expect(lostReplicasOf(belief())).toEqual([]);
  });

  it('is pointed at the next primary when the one that it had just been pointed at dies before anybody saw it there', async () => {
    await loseOne();
    world.get(B).up = true;
    nodes.driver.noticeApplied();
    while (world.get(B).source !== A || !nodes.isIdle) {
      await nodes.clock.advance(1000);
      await nodes.turns();
    }
    world.settle();
    world.get(A).up = false;
    nodes.driver.noticeProblems([nodes.deadMaster(A)]);
    await nodes.turns();
    await nodes.untilClosed();
    expect(nodes.recoveries.at(-1)?.inputs.participants.map(({ id }) => id)).not.toContain(B);
    expect(world.get(B).source).toBe(A);
    await comeBack();
    expect(world.get(B)).toMatchObject({ source: C, io: true });
  });

  it('is set apart with what it alone has, once, and detached where that is configured', async () => {
    await loseOne({ detachesLost: true });
    world.get(B).executed.add(`${B}:1`);
    await comeBack();
    expect(lostReplicasOf(belief()).find(({ server }) => server === B)).toMatchObject({
      state: 'apart',
      gtids: `${B}:1`,
    });
    expect(world.get(B)).toMatchObject({ source: P, io: false, severed: true });
    expect(downtime()).toMatchObject({ reason: LOST_REASON });
    const { length } = nodes.recoveries;
    await nodes.clock.advance(60_000);
    expect(nodes.recoveries).toHaveLength(length);
  });

  it('is tried again, less and less often, while the primary does not answer', async () => {
    await loseOne();
    world.get(A).up = false;
    for (let minute = 0; minute < 10; minute++) await comeBack();
    const tries = nodes.recoveries.filter(({ kind }) => kind === 'lost-replica');
    expect(tries.length).toBeGreaterThan(2);
    expect(tries.length).toBeLessThan(8);
  });

  it('is tried as often as by one leader when leaders follow each other', async () => {
    await loseOne();
    world.get(A).up = false;
    for (let minute = 0; minute < 10; minute++) {
      await comeBack();
      await nodes.changeLeader();
    }
    const tries = nodes.recoveries.filter(({ kind }) => kind === 'lost-replica');
    expect(tries.length).toBeGreaterThan(2);
    expect(tries.length).toBeLessThan(8);
  });

  it('is tried once while its applier is broken, which says why, and goes on when that is mended', async () => {
    await loseOne();
    world.get(B).executed.delete(`${P}:5`);
    Object.assign(world.get(B), { broken: true, sql: false, relay: [`${P}:5`] });
    for (let minute = 0; minute < 5; minute++) {
      await comeBack();
      await nodes.changeLeader();
    }
    const tries = () => nodes.recoveries.filter(({ kind }) => kind === 'lost-replica');
    expect(tries()).toMatchObject([{ verdict: { kind: expect.not.stringContaining('succeeded') as string } }]);
    const lost = lostReplicasOf(belief()).find(({ server }) => server === B);
    expect(lost === undefined ? null : whyLeftAlone(belief(), lost)).toContain('1062');
    Object.assign(world.get(B), { broken: false, sql: true });
    await nodes.clock.advance(10_000);
    await comeBack();
    expect(world.get(B)).toMatchObject({ source: A, io: true });
  });

  it.each([
    ['stopped', () => Object.assign(world.get(B), { io: false, sql: false })],
    ['pointed elsewhere', () => Object.assign(world.get(B), { source: C })],
  ])('is left alone when somebody had %s it', async (how, change) => {
    await loseOne({}, how === 'stopped' ? change : undefined);
    if (how !== 'stopped') change();
    await comeBack();
    expect(nodes.recoveries.map(({ kind }) => kind)).not.toContain('lost-replica');
    expect(world.get(B).source).not.toBe(A);
  });

  it('is left alone while somebody works on it', async () => {
    await loseOne();
    const owned = { server: B, owner: 'me', reason: 'a disk', durationMs: 3_600_000 };
    await nodes.ledger.propose({ kind: 'maintenance-begun', ...owned });
    await comeBack();
    expect(world.get(B).source).toBe(P);
    await nodes.ledger.propose({ kind: 'maintenance-ended', server: B, by: 'me' });
    await comeBack();
    expect(world.get(B).source).toBe(A);
  });

  it('is in downtime for as long as it is configured', async () => {
    await loseOne({ lostDowntimeMs: 60_000 });
    const { beganAtMs = 0, endsAtMs = 0 } = downtime() ?? {};
    expect(endsAtMs - beganAtMs).toBe(60_000);
  });

  it('is pointed by the next leader when the first one died', async () => {
    await loseOne();
    await nodes.changeLeader();
    await comeBack();
    expect(world.get(B)).toMatchObject({ source: A });
  });

  it('gives way when the new primary dies in its turn', async () => {
    await loseOne();
    let release = (): void => undefined;
    nodes.sessions.beforeStep = (step) =>
      step.kind === 'stop-io' && step.server === B
        ? new Promise<void>((resolve) => {
            release = resolve;
          })
        : undefined;
    world.get(B).up = true;
    await nodes.observe();
    await nodes.clock.advance(2000);
    expect(nodes.recoveries.at(-1)).toMatchObject({ kind: 'lost-replica', closedAtMs: null });
    nodes.sessions.beforeStep = () => undefined;
    world.settle();
    world.get(A).up = false;
    nodes.driver.noticeProblems([{ ...nodes.deadMaster(A), server: A }]);
    release();
    await nodes.untilClosed();
    expect(nodes.ledger.state.clusters.get(nodes.cluster())).toMatchObject({ primary: C, epoch: 2 });
    expect(nodes.recoveries.find(({ kind }) => kind === 'lost-replica')?.verdict).toMatchObject({ kind: 'undone' });
  });
});

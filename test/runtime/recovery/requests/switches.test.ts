// Switches of single servers as the leader carries them out: beside each other and never two on one server, in the way of
// what an operator plans, out of the way of a failover, ended by the next leader.
import { beforeEach, describe, expect, it } from 'vitest';
import type { Recovery } from '../../../../src/core/recovery/recovery.js';
import type { Step } from '../../../../src/core/recovery/step.js';
import type { SwitchCommand } from '../../../../src/core/recovery/requests/switching.js';
import type { ServerId } from '../../../../src/core/topology/server.js';
import type { Answer } from '../../../../src/runtime/ports/service.js';
import { MysqlWorld, uuidOf } from '../../../support/worlds/mysql-world.js';
import { WorldNodes } from '../../../support/worlds/world-nodes.js';

const [P, A, B] = [uuidOf(1), uuidOf(2), uuidOf(3)];

let world: MysqlWorld;
let nodes: WorldNodes;

/** P over A and B. */
beforeEach(async () => {
  world = new MysqlWorld();
  world.add(P, { readOnly: false });
  for (const id of [A, B]) world.follow(world.add(id), world.get(P));
  world.write(world.get(P), 5);
  world.settle();
  nodes = new WorldNodes(world);
  await nodes.start();
});

function ask(command: SwitchCommand, server: ServerId, force = false): Promise<Answer<Recovery>> {
  const nothing = { channel: null, seconds: null, binaryLog: '', connection: null, until: '' };
  return nodes.driver.switches.ask({
    ...nothing,
    command,
    clusterId: nodes.cluster(),
    server,
    force,
    requestedBy: 'ann',
  });
}

function move(server: ServerId, destination: ServerId): Promise<Answer<Recovery>> {
  const asked = { command: 'relocate', server, destination, pattern: null, requestedBy: 'ann' } as const;
  return nodes.driver.moves.ask({ ...asked, clusterId: nodes.cluster() });
}

/** Such steps wait until they are let go. */
function holdUp(isHeld: (step: Step) => boolean): () => void {
  const waiting: (() => void)[] = [];
  nodes.sessions.beforeStep = (step) =>
    isHeld(step) ? new Promise<void>((resolve) => waiting.push(resolve)) : undefined;
  return () => {
    nodes.sessions.beforeStep = () => undefined;
    for (const letGo of waiting.splice(0)) letGo();
  };
}

const isStop = (step: Step): boolean => step.kind === 'switch' && step.action.do === 'stop';

describe('a switch', () => {
  it('goes on beside one of another server, and after one of its own', async () => {
    const letGo = holdUp(isStop);
    const answers = [ask('stop-replica', A), ask('stop-replica', B), ask('start-replica', A)];
    await nodes.turns();
    expect(nodes.recoveries.map(({ failed, closedAtMs }) => [failed, closedAtMs])).toEqual([
      [A, null],
      [B, null],
    ]);
    letGo();
    for (const answer of await Promise.all(answers)) {
      expect(answer).toMatchObject({ ok: true, value: { kind: 'switch', verdict: { kind: 'succeeded' } } });
    }
    expect([world.get(A).io, world.get(B).io]).toEqual([true, false]);
  });

  it('waits for one that shares a server with it, and is judged on what that one did', async () => {
    await ask('set-read-only', P);
    const letGo = holdUp((step) => step.kind === 'switch' && step.action.do === 'open');
    const answers = [ask('set-writeable', A, true), ask('set-writeable', B, true), ask('set-read-only', P)];
    await nodes.turns();
    expect(nodes.recoveries.filter(({ closedAtMs }) => closedAtMs === null).map(({ failed }) => failed)).toEqual([A]);
    letGo();
    const [first, second, third] = await Promise.all(answers);
    expect(first).toMatchObject({ ok: true, value: { verdict: { kind: 'succeeded' } } });
    const message = expect.stringContaining(`${A}:3306 takes writes`) as unknown;
    expect(second).toMatchObject({ ok: false, refusal: { code: 'another-is-open', message } });
    expect(third).toMatchObject({ ok: true, value: { verdict: { kind: 'succeeded' } } });
    expect(world.writable.map(({ id }) => id)).toEqual([A]);
  });

  it('that a move came before, on its way into the log, says which and of whom', async () => {
    const letGo = holdUp(({ kind }) => kind === 'repoint');
    const { propose } = nodes.ledger;
    const moving: Promise<Answer<Recovery>>[] = [];
    nodes.ledger.propose = async (proposal) => {
      nodes.ledger.propose = propose;
      moving.push(move(A, B));
      await nodes.turns();
      return await nodes.ledger.propose(proposal);
    };
    const answer = await ask('stop-replica', A);
    const message = expect.stringMatching(new RegExp(`^relocate of ${A}:3306 .*is under way`)) as unknown;
    expect(answer).toMatchObject({ ok: false, refusal: { code: 'open-recovery', message } });
    letGo();
    expect(await Promise.all(moving)).toMatchObject([{ ok: true }]);
  });

  it('is in the way of a move of its server, and of no other', async () => {
    const letGo = holdUp(isStop);
    const answer = ask('stop-replica', A);
    await nodes.turns();
    const refusal = { code: 'open-recovery', message: expect.stringContaining('stop-replica of') as unknown };
    expect(await move(A, B)).toMatchObject({ ok: false, refusal });
    letGo();
    await answer;
  });

  it('is refused on a server that a plan is about, and not on others', async () => {
    const letGo = holdUp(({ kind }) => kind === 'repoint');
    const moving = move(A, B);
    await nodes.turns();
    expect(await ask('stop-replica', A)).toMatchObject({ ok: false, refusal: { code: 'open-recovery' } });
    letGo();
    expect(await moving).toMatchObject({ ok: true });
  });

  it('gives way when the primary dies, and says to whom', async () => {
    holdUp(isStop);
    const answer = ask('stop-replica', A);
    await nodes.turns();
    nodes.sessions.beforeStep = () => undefined;
    world.get(P).up = false;
    nodes.driver.noticeProblems([nodes.deadMaster(P)]);
    await nodes.untilClosed();
    const [broken, failover] = nodes.recoveries;
    expect(broken?.verdict).toMatchObject({ kind: 'undone', gaveWayTo: failover?.id });
    expect(failover).toMatchObject({ kind: 'dead-primary', verdict: { kind: 'succeeded' } });
    expect(await answer).toMatchObject({ ok: true, value: { verdict: { kind: 'undone' } } });
    expect(world.writable).toHaveLength(1);
  });

  it('keeps nobody from judging its server dead, nor from recovering it', async () => {
    const letGo = holdUp((step) => step.kind === 'switch' && step.action.do === 'close');
    const answer = ask('set-read-only', P);
    await nodes.turns();
    world.get(P).up = false;
    nodes.driver.noticeProblems([nodes.deadMaster(P)]);
    letGo();
    await nodes.untilClosed();
    await answer;
    expect(nodes.recoveries.at(-1)).toMatchObject({ kind: 'dead-primary', verdict: { kind: 'succeeded' } });
  });

  it('is ended by the next leader, once', async () => {
    const letGo = holdUp((step) => step.kind === 'switch' && step.action.do === 'start');
    const answer = ask('restart-replica', A).catch((error: unknown) => error);
    await nodes.turns();
    expect(world.get(A).io).toBe(false);
    await nodes.changeLeader();
    letGo();
    await nodes.untilClosed();
    await answer;
    expect(nodes.recoveries).toMatchObject([{ kind: 'switch', verdict: { kind: 'succeeded' } }]);
    const taken = world.taken.map((step) => (step.kind === 'switch' ? step.action.do : step.kind));
    expect(taken).toEqual(['stop', 'start']);
    expect(world.get(A).io).toBe(true);
  });

  it('on a follower is for the leader', async () => {
    nodes.consensus.follow(9, 'n2');
    await expect(ask('stop-replica', A)).rejects.toMatchObject({ code: 'NOT_LEADER' });
  });

  it('that closes a primary keeps it closed, until it is opened on purpose or another is promoted', async () => {
    await ask('set-read-only', P);
    await nodes.observe();
    expect(nodes.ledger.state.servers.get(P)?.keptClosed).toMatchObject({ by: 'ann', command: 'set-read-only' });
    nodes.driver.noticeProblems([nodes.problem(P, 'NoWriteableMasterStructureWarning', 'open-primary')]);
    await nodes.turns();
    expect(nodes.recoveries).toHaveLength(1);
    expect(await ask('set-writeable', A, true)).toMatchObject({ value: { verdict: { kind: 'succeeded' } } });
    await nodes.observe();
    expect(await ask('set-writeable', P)).toMatchObject({ ok: false, refusal: { code: 'another-is-open' } });
    expect(world.writable.map(({ id }) => id)).toEqual([A]);
    await ask('set-read-only', A);
    await nodes.observe();
    await ask('set-writeable', P);
    expect(nodes.ledger.state.servers.get(P)?.keptClosed).toBeUndefined();
    expect(world.writable.map(({ id }) => id)).toEqual([P]);
  });

  it('opens nobody beside a primary that was opened since it was last seen', async () => {
    await ask('set-read-only', P);
    await nodes.observe();
    world.get(P).readOnly = false;
    const answer = await ask('set-writeable', A, true);
    expect(answer).toMatchObject({ value: { verdict: { kind: 'undone' } } });
    expect(JSON.stringify(answer)).toContain('takes writes');
    expect(world.writable.map(({ id }) => id)).toEqual([P]);
  });
});

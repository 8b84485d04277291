// Moves as the leader carries them out: one plan after the other, cancelled, broken off for a failover, taken up by the next
// leader; and the lock that goes with them.
import { beforeEach, describe, expect, it } from 'vitest';
import { lostReplicasOf } from '../../../../src/core/recovery/ways-back/lost-replicas.js';
import type { RecoveryId } from '../../../../src/core/recovery/recovery.js';
import type { Step } from '../../../../src/core/recovery/step.js';
import type { ServerId } from '../../../../src/core/topology/server.js';
import type { Answer, MoveRequest } from '../../../../src/runtime/ports/service.js';
import type { Recovery } from '../../../../src/core/recovery/recovery.js';
import { MysqlWorld, uuidOf } from '../../../support/worlds/mysql-world.js';
import { RecordingHooks } from '../../../support/recording-hooks.js';
import { WorldNodes } from '../../../support/worlds/world-nodes.js';

const [P, A, B, C] = [uuidOf(1), uuidOf(2), uuidOf(3), uuidOf(4)];

let world: MysqlWorld;
let nodes: WorldNodes;

/** P over A over B and C. */
beforeEach(async () => {
  world = new MysqlWorld();
  world.add(P, { readOnly: false });
  for (const [id, source] of [
    [A, P],
    [B, A],
    [C, A],
  ] as const) {
    world.follow(world.add(id), world.get(source));
  }
  world.write(world.get(P), 5);
  world.settle();
  nodes = new WorldNodes(world, { movesAtOnce: 1 });
  await nodes.start();
});

function ask(
  command: MoveRequest['command'],
  server: ServerId,
  destination: ServerId | null,
): Promise<Answer<Recovery>> {
  const asked = { command, server, destination, pattern: null, requestedBy: 'ann' };
  return nodes.driver.moves.ask({ ...asked, clusterId: nodes.cluster() });
}

/** The steps of this kind wait until they are let go. */
function holdUp(kind: Step['kind']): () => void {
  const waiting: (() => void)[] = [];
  nodes.sessions.beforeStep = (step) => {
    if (step.kind !== kind) return undefined;
    return new Promise<void>((resolve) => waiting.push(resolve));
  };
  return () => {
    nodes.sessions.beforeStep = () => undefined;
    for (const letGo of waiting.splice(0)) letGo();
  };
}

function sourceOf(id: ServerId): readonly [ServerId | null, boolean] {
  const { source, io } = world.get(id);
  return [source, io];
}

describe('a move', () => {
  it('holds its server in maintenance while it goes on, and leaves nothing behind', async () => {
    const letGo = holdUp('repoint');
    const answer = ask('relocate', B, P);
    await nodes.turns();
    const [recovery] = nodes.recoveries;
    const held = { owner: 'ann', reason: expect.stringContaining('relocate') as unknown, recoveryId: recovery?.id };
    expect(nodes.ledger.state.maintenances.get(B)).toMatchObject(held);
    letGo();
    expect(await answer).toMatchObject({ ok: true, value: { kind: 'move', verdict: { kind: 'succeeded' } } });
    expect(sourceOf(B)).toEqual([P, true]);
    expect(nodes.ledger.state.maintenances.size).toBe(0);
  });

  it('waits for the one before it in its cluster, and is judged on what that one left', async () => {
    const letGo = holdUp('repoint');
    const first = ask('relocate', B, P);
    const second = ask('relocate', C, P);
    await nodes.turns();
    expect(nodes.recoveries).toHaveLength(1);
    letGo();
    expect(await Promise.all([first, second])).toMatchObject([{ ok: true }, { ok: true }]);
    expect([sourceOf(B), sourceOf(C)]).toEqual([
      [P, true],
      [P, true],
    ]);
  });

  it('right after another sees whom that one moved where they are now', async () => {
    const first = ask('relocate', B, P);
    const second = ask('move-up-replicas', A, null);
    expect(await first).toMatchObject({ ok: true });
    const moves = [{ server: C, from: A, to: P }];
    expect(await second).toMatchObject({ ok: true, value: { inputs: { movement: { moves } } } });
    expect(sourceOf(C)).toEqual([P, true]);
  });

  it('of a server that an operator holds in maintenance is refused', async () => {
    const lock = { server: B, owner: 'bob', reason: 'disks', durationMs: 60_000 };
    await nodes.ledger.propose({ kind: 'maintenance-begun', ...lock });
    const answer = await ask('relocate', B, P);
    expect(answer).toMatchObject({ ok: false, refusal: { code: 'maintenance' } });
    expect(nodes.recoveries).toEqual([]);
  });

  it('whose server somebody takes at the last moment is refused by name, and nothing is begun', async () => {
    const { propose } = nodes.ledger;
    nodes.ledger.propose = async (proposal) => {
      nodes.ledger.propose = propose;
      const lock = { server: B, owner: 'bob', reason: 'disks', durationMs: 60_000 };
      if (proposal.kind === 'recovery-opened') await nodes.ledger.propose({ kind: 'maintenance-begun', ...lock });
      return await nodes.ledger.propose(proposal);
    };
    const answer = await ask('relocate', B, P);
    const message = expect.stringContaining('already in maintenance, by bob') as unknown;
    expect(answer).toMatchObject({ ok: false, refusal: { code: 'maintenance', message } });
    expect(nodes.recoveries).toEqual([]);
    expect(sourceOf(B)).toEqual([A, true]);
  });

  it('that is cancelled finishes what has begun, and the log says who cancelled it', async () => {
    const letGo = holdUp('repoint');
    const answer = ask('relocate-replicas', A, P);
    await nodes.turns();
    const [open] = nodes.recoveries;
    expect(nodes.driver.moves.cancel(open?.id ?? ('' as RecoveryId), 'bob')).toMatchObject({ ok: true });
    letGo();
    const closed = await answer;
    const lost = [{ server: C, reason: expect.stringContaining('bob cancelled it') as unknown }];
    expect(closed).toMatchObject({
      ok: true,
      value: { verdict: { kind: 'succeeded' }, lost, cancelled: { by: 'bob' } },
    });
    expect([sourceOf(B), sourceOf(C)]).toEqual([
      [P, true],
      [A, true],
    ]);
    expect(nodes.driver.moves.cancel(open?.id ?? ('' as RecoveryId), 'bob')).toMatchObject({ ok: false });
  });

  it('gives way when the primary dies and says to whom, and whom it had stopped goes on where it is', async () => {
    const letGo = holdUp('repoint');
    const answer = ask('relocate', B, P).catch((error: unknown) => error);
    await nodes.turns();
    expect(sourceOf(B)).toEqual([A, false]);
    nodes.sessions.beforeStep = () => undefined;
    world.get(P).up = false;
    nodes.driver.noticeProblems([nodes.deadMaster(P)]);
    letGo();
    await nodes.untilClosed();
    expect(await answer).toMatchObject({ ok: true, value: { verdict: nodes.recoveries[0]?.verdict } });
    const ends = nodes.recoveries.map(({ kind, verdict }) => [kind, verdict?.kind]);
    expect(ends).toEqual([
      ['move', 'undone'],
      ['dead-primary', 'succeeded'],
      ['move', 'succeeded'],
    ]);
    expect(nodes.recoveries[0]?.verdict).toMatchObject({ gaveWayTo: nodes.recoveries[1]?.id });
    expect(sourceOf(B)).toEqual([A, true]);
    expect(nodes.ledger.state.maintenances.size).toBe(0);
  });

  it('of the replicas of the primary gives way, too, when that one dies', async () => {
    await ask('relocate-replicas', A, P);
    await nodes.observe();
    holdUp('repoint');
    const second = ask('relocate-replicas', P, A).catch((error: unknown) => error);
    await nodes.turns();
    nodes.sessions.beforeStep = () => undefined;
    world.get(P).up = false;
    nodes.driver.noticeProblems([nodes.deadMaster(P)]);
    await nodes.untilClosed();
    const [, move, failover] = nodes.recoveries;
    expect(failover).toMatchObject({ kind: 'dead-primary', verdict: { kind: 'succeeded' }, lost: [] });
    expect(move).toMatchObject({ failed: P, verdict: { kind: 'undone', gaveWayTo: failover?.id } });
    await second;
  });

  it('is refused while a recovery is under way in the cluster', async () => {
    holdUp('stop-io');
    world.get(P).up = false;
    nodes.driver.noticeProblems([nodes.deadMaster(P)]);
    await nodes.turns();
    expect(await ask('relocate', B, C)).toMatchObject({ ok: false, refusal: { code: 'open-recovery' } });
  });

  it('is ended by the next leader, once', async () => {
    const letGo = holdUp('repoint');
    const answer = ask('relocate-replicas', A, P).catch((error: unknown) => error);
    await nodes.turns();
    await nodes.changeLeader();
    letGo();
    await nodes.untilClosed();
    await answer;
    expect(nodes.recoveries).toMatchObject([{ kind: 'move', verdict: { kind: 'succeeded' }, lost: [] }]);
    expect([sourceOf(B), sourceOf(C)]).toEqual([
      [P, true],
      [P, true],
    ]);
  });
});

describe('whom a move leaves behind', () => {
  const kinds = (): readonly string[] => nodes.recoveries.map(({ kind }) => kind);

  async function seconds(count: number): Promise<void> {
    for (let second = 0; second < count; second++) {
      await nodes.observe();
      await nodes.clock.advance(1000);
      await nodes.turns();
    }
  }

  it.each([
    ['whose applier is broken', () => Object.assign(world.get(B), { broken: true, sql: false })],
    ['with transactions of its own', () => world.errant(world.get(B))],
  ])('stays where it was, and is no replica that a failover left behind: one %s', async (_how, befall) => {
    befall();
    await nodes.observe();
    const lost = [{ server: B }];
    expect(await ask('relocate-replicas', A, P)).toMatchObject({ ok: true, value: { lost } });
    await seconds(5);
    expect(kinds()).toEqual(['move']);
    expect(sourceOf(B)).toEqual([A, true]);
    expect(lostReplicasOf({ ...nodes.ledger.state, nowMs: nodes.clock.wallMs() })).toEqual([]);
  });

  /** B falls silent between its stop and the CHANGE. */
  async function freezeStopped(): Promise<void> {
    const letGo = holdUp('repoint');
    const answer = ask('relocate', B, P);
    await nodes.turns();
    expect(sourceOf(B)).toEqual([A, false]);
    world.get(B).up = false;
    letGo();
    await nodes.untilClosed();
    expect(await answer).toMatchObject({ ok: true, value: { verdict: { kind: 'failed' }, lost: [{ server: B }] } });
  }

  it('stopped because it fell silent goes on where it is when it answers again, whoever leads by then', async () => {
    await freezeStopped();
    await seconds(5);
    expect(kinds()).toEqual(['move']);
    await nodes.changeLeader();
    world.get(B).up = true;
    await seconds(5);
    await nodes.untilClosed();
    expect(sourceOf(B)).toEqual([A, true]);
    expect(nodes.recoveries).toMatchObject([{}, { inputs: { movement: { manner: 'resume' } }, lost: [] }]);
    expect(nodes.ledger.state.maintenances.size).toBe(0);
    Object.assign(world.get(B), { io: false, sql: false });
    await seconds(5);
    expect(sourceOf(B), 'somebody stopped it').toEqual([A, false]);
  });

  it('stopped is left alone when somebody has pointed it elsewhere meanwhile', async () => {
    await freezeStopped();
    Object.assign(world.get(B), { up: true, source: C });
    await seconds(5);
    expect(sourceOf(B)).toEqual([C, false]);
    expect(kinds()).toEqual(['move']);
  });
});

describe('a replica that took the place of its source', () => {
  it('is told to the hooks with both, and others are told nothing', async () => {
    const hooks = new RecordingHooks();
    nodes = new WorldNodes(world, {}, { hooks });
    await nodes.start();
    expect(await ask('relocate', C, B)).toMatchObject({ ok: true });
    expect(hooks.lists).toEqual([]);
    expect(await ask('take-master', B, null)).toMatchObject({ ok: true, value: { verdict: { kind: 'succeeded' } } });
    expect([sourceOf(B)[0], sourceOf(A)[0]]).toEqual([P, B]);
    const address = (id: ServerId) => nodes.ledger.state.servers.get(id)?.address;
    expect(hooks.runs).toMatchObject([
      {
        list: 'after-role-swap',
        event: { facts: { failed: address(A) }, successor: { address: address(B) }, isSuccessful: true },
      },
    ]);
  });

  it('is told to nobody when it was not done', async () => {
    const hooks = new RecordingHooks();
    nodes = new WorldNodes(world, {}, { hooks });
    await nodes.start();
    world.errant(world.get(B));
    expect(await ask('take-master', B, null)).toMatchObject({ ok: true, value: { verdict: { kind: 'undone' } } });
    expect(hooks.lists).toEqual([]);
  });
});

// A server that freezes in the middle of a step says nothing, neither yes nor no. The plan does without it where it may,
// soon, and it is seen to when it thaws.
import { beforeEach, describe, expect, it } from 'vitest';
import { lostReplicasOf } from '../../../src/core/recovery/ways-back/lost-replicas.js';
import type { StepKind } from '../../../src/core/recovery/step.js';
import type { ServerId } from '../../../src/core/topology/server.js';
import { MysqlWorld, uuidOf } from '../../support/worlds/mysql-world.js';
import { WorldNodes } from '../../support/worlds/world-nodes.js';

const [P, A, B, C] = [uuidOf(1), uuidOf(2), uuidOf(3), uuidOf(4)];
/** Clients wait no longer for one that is not needed: what most steps take, and what a connection may take. */
const SOON_MS = 2000;

let world: MysqlWorld;
let nodes: WorldNodes;

beforeEach(async () => {
  world = new MysqlWorld();
  const primary = world.add(P, { readOnly: false });
  for (const id of [A, B, C]) world.follow(world.add(id), primary);
  world.write(primary, 5);
  world.settle();
  nodes = new WorldNodes(world);
  await nodes.start();
});

/** The primary dies, and the server freezes inside the first step of the kind that it is told to take. */
async function failOver(frozen: ServerId, at: StepKind): Promise<void> {
  nodes.sessions.beforeStep = ({ kind, server }) => {
    if (kind !== at || server !== frozen) return;
    nodes.sessions.beforeStep = () => undefined;
    nodes.sessions.freeze(frozen);
  };
  world.get(P).up = false;
  nodes.driver.noticeProblems([nodes.deadMaster(P)]);
  await nodes.turns();
}

const belief = () => ({ ...nodes.ledger.state, nowMs: nodes.clock.wallMs() });

async function thaw(id: ServerId): Promise<void> {
  nodes.sessions.thaw(id);
  await nodes.observe();
  await nodes.clock.advance(5000);
  await nodes.untilClosed();
}

describe('a replica that freezes while its primary is replaced', () => {
  it('holds nothing up while its IO thread is stopped, and is pointed at the new primary when it thaws', async () => {
    await failOver(B, 'stop-io');
    await nodes.clock.advance(SOON_MS);
    await nodes.turns();
    expect(world.writable.map(({ id }) => id)).toEqual([A]);
    expect(nodes.recoveries).toMatchObject([{ verdict: { kind: 'succeeded' }, lost: [{ server: B, gtids: '' }] }]);
    expect(lostReplicasOf(belief()).find(({ server }) => server === B)?.reason).toContain('it went silent');
    await thaw(B);
    expect(world.get(B)).toMatchObject({ source: A, io: true });
    expect(lostReplicasOf(belief())).toEqual([]);
  });

  it('is not promoted, when it was about to be: another one is, which has all that it had', async () => {
    await failOver(A, 'await-applied');
    await nodes.clock.advance(SOON_MS);
    await nodes.turns();
    expect(world.writable.map(({ id }) => id)).toEqual([B]);
    await nodes.untilClosed();
    await thaw(A);
    expect(world.get(A)).toMatchObject({ source: B, io: true, readOnly: true });
  });

  it('is left behind when it is pointed elsewhere in vain, and the new primary was open long before', async () => {
    await failOver(C, 'repoint');
    expect(world.writable.map(({ id }) => id)).toEqual([A]);
    await nodes.untilClosed();
    expect(nodes.recoveries).toMatchObject([{ verdict: { kind: 'succeeded' }, lost: [{ server: C }] }]);
    await thaw(C);
    expect(world.get(C)).toMatchObject({ source: A, io: true });
  });

  it('is waited for when it is slow and answers', async () => {
    let release = (): void => undefined;
    nodes.sessions.beforeStep = ({ kind, server }) =>
      kind === 'stop-io' && server === B
        ? new Promise<void>((resolve) => {
            release = resolve;
          })
        : undefined;
    world.get(P).up = false;
    nodes.driver.noticeProblems([nodes.deadMaster(P)]);
    await nodes.clock.advance(3 * SOON_MS);
    expect(world.writable).toEqual([]);
    nodes.sessions.beforeStep = () => undefined;
    release();
    await nodes.untilClosed();
    expect(nodes.recoveries).toMatchObject([{ verdict: { kind: 'succeeded' }, lost: [] }]);
  });
});

it('a new primary that freezes before it is open is given up in time, and its death is for the next failover', async () => {
  await failOver(A, 'open');
  await nodes.clock.advance(30_000);
  await nodes.turns();
  expect(nodes.recoveries).toMatchObject([{ promotion: { server: A }, verdict: { kind: 'failed' } }]);
  await nodes.observe();
  nodes.driver.noticeProblems([{ ...nodes.deadMaster(A), server: A }]);
  await nodes.untilClosed();
  expect(world.writable.map(({ id }) => id)).toEqual([B]);
});

import { beforeEach, describe, expect, it } from 'vitest';
import type { ServerId } from '../../../src/core/topology/server.js';
import { MysqlWorld, uuidOf } from '../../support/worlds/mysql-world.js';
import { WorldNodes } from '../../support/worlds/world-nodes.js';

const [P, A, B] = [uuidOf(1), uuidOf(2), uuidOf(3)];

let world: MysqlWorld;
let nodes: WorldNodes;

beforeEach(async () => {
  world = new MysqlWorld();
  const primary = world.add(P, { readOnly: false });
  for (const id of [A, B]) world.follow(world.add(id), primary);
  world.write(primary, 5);
  nodes = new WorldNodes(world, { primaryFilters: [] });
  await nodes.start();
});

const ask = (candidate: ServerId | null, auto = false) =>
  nodes.driver.requests.ask({
    command: auto ? 'graceful-master-takeover-auto' : 'graceful-master-takeover',
    clusterId: nodes.cluster(),
    server: null,
    candidate,
    requestedBy: 'me',
  });

describe('a takeover that an operator asks for', () => {
  it('is done, whatever the filters say, and answers with its record', async () => {
    expect(await ask(A)).toMatchObject({ ok: true, value: { kind: 'graceful-takeover', successor: A } });
    expect(world.writable.map(({ id }) => id)).toEqual([A]);
    expect(nodes.ledger.state.demotions.get(P)).toMatchObject({ state: 'fenced', keepStopped: true });
    // That it was open is what was last seen of it, and no news.
    await nodes.clock.advance(5000);
    expect(nodes.recoveries).toHaveLength(1);
  });

  it('starts the old primary when it is automatic, which is a replica from then on', async () => {
    await ask(null, true);
    expect(world.get(P)).toMatchObject({ source: A, io: true, readOnly: true });
    expect(nodes.ledger.state.demotions.size).toBe(0);
  });

  it('leaves a stopped old primary stopped, until somebody starts it', async () => {
    await ask(A);
    await nodes.observe();
    await nodes.clock.advance(60_000);
    expect(world.get(P)).toMatchObject({ io: false });
    Object.assign(world.get(P), { io: true, sql: true });
    await nodes.observe();
    await nodes.turns();
    expect(nodes.ledger.state.demotions.size).toBe(0);
    expect(await ask(P)).toMatchObject({ ok: true });
  });

  it('is refused with a sentence and nothing else happens', async () => {
    expect(await ask(null)).toMatchObject({
      ok: false,
      refusal: { code: 'not-indicated', message: expect.stringContaining('target instance not indicated') as string },
    });
    expect(world.taken).toEqual([]);
    expect(nodes.recoveries).toEqual([]);
  });

  it('answers with the reason when it was undone', async () => {
    world.get(A).slow = true;
    expect(await ask(A)).toMatchObject({
      ok: true,
      value: { verdict: { kind: 'undone', reason: expect.stringContaining('not applied in time') as string } },
    });
    expect(world.writable.map(({ id }) => id)).toEqual([P]);
  });

  it('is not for a follower to do', async () => {
    nodes.consensus.follow(2, 'n2');
    await expect(ask(A)).rejects.toMatchObject({ code: 'NOT_LEADER', leader: 'n2' });
  });

  it('is refused while another one runs', async () => {
    const [one, other] = await Promise.all([ask(A), ask(B)]);
    expect([one.ok, other.ok]).toEqual([true, false]);
    expect(other).toMatchObject({ refusal: { code: 'open-recovery' } });
  });

  it('says that its end is not known when this node lost the lead in the middle; the next one ends it', async () => {
    let died = false;
    nodes.sessions.beforeStep = async (step) => {
      if (step.kind !== 'await-applied' || died) return;
      died = true;
      await nodes.changeLeader();
    };
    await expect(ask(A)).rejects.toMatchObject({ code: 'FATE_UNKNOWN' });
    await nodes.untilClosed();
    expect(nodes.recoveries).toMatchObject([{ verdict: { kind: 'succeeded' }, successor: A }]);
    expect(world.writable.map(({ id }) => id)).toEqual([A]);
  });
});

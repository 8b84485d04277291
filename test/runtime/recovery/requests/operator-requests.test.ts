// What operators ask for beside a planned takeover: forced failovers, recover, repeated requests, and the plans of all.
import { beforeEach, describe, expect, it } from 'vitest';
import type { OperatorCommand } from '../../../../src/core/recovery/recovery.js';
import type { ServerId } from '../../../../src/core/topology/server.js';
import type { RecoveryRequest } from '../../../../src/runtime/ports/service.js';
import { MysqlWorld, uuidOf } from '../../../support/worlds/mysql-world.js';
import { WorldNodes } from '../../../support/worlds/world-nodes.js';

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

function requestFor(command: OperatorCommand, changes: Partial<RecoveryRequest> = {}): RecoveryRequest {
  return { command, clusterId: nodes.cluster(), server: null, candidate: null, requestedBy: 'me', ...changes };
}
const ask = (command: OperatorCommand, changes: Partial<RecoveryRequest> = {}) =>
  nodes.driver.requests.ask(requestFor(command, changes));
/** For those that have to wait between two attempts. */
async function closed(command: OperatorCommand, changes: Partial<RecoveryRequest> = {}) {
  const asked = ask(command, changes);
  await nodes.turns();
  await nodes.untilClosed();
  return await asked;
}
const plan = (command: OperatorCommand, changes: Partial<RecoveryRequest> = {}) =>
  nodes.driver.requests.plan(requestFor(command, changes));
const writable = (): readonly ServerId[] => world.writable.map(({ id }) => id);

describe('what came just before', () => {
  it('is seen by a takeover: there and back at once', async () => {
    expect(await ask('graceful-master-takeover-auto', { candidate: A })).toMatchObject({ ok: true });
    expect(await ask('graceful-master-takeover-auto', { candidate: P })).toMatchObject({ ok: true });
    expect(writable()).toEqual([P]);
  });

  it('is seen by a takeover: one that was moved below another is no direct replica any more', async () => {
    const moved = {
      command: 'relocate',
      clusterId: nodes.cluster(),
      server: B,
      destination: A,
      pattern: null,
    } as const;
    expect(await nodes.driver.moves.ask({ ...moved, requestedBy: 'me' })).toMatchObject({ ok: true });
    expect(await ask('graceful-master-takeover-auto', { candidate: B })).toMatchObject({ ok: false });
    expect(writable()).toEqual([P]);
  });

  it('is seen by a failover, which does not wait for a look at what it replaces', async () => {
    const looked: (readonly ServerId[])[] = [];
    nodes.onLook = (servers) => looked.push(servers);
    await ask('force-master-takeover', { candidate: A });
    expect(looked).toEqual([[A, B]]);
  });
});

describe('a forced failover', () => {
  it('of a live primary fences it first, and it is a replica of the new one afterwards', async () => {
    const answer = await ask('force-master-takeover', { candidate: A });
    expect(answer).toMatchObject({ ok: true, value: { kind: 'dead-primary', successor: A, lost: [] } });
    expect(answer).toMatchObject({ value: { inputs: { forced: true, command: 'force-master-takeover' } } });
    await nodes.clock.advance(500);
    await nodes.untilClosed();
    expect(writable()).toEqual([A]);
    expect(world.get(P)).toMatchObject({ source: A, io: true, readOnly: true });
  });

  it('passes filters, the global switch, downtime and the block of another failover', async () => {
    await nodes.ledger.propose({ kind: 'recoveries-switched', enabled: false, by: 'me' });
    const endsAtMs = nodes.clock.wallMs() + 3_600_000;
    const downtime = { server: P, owner: 'me', reason: 'work', beganAtMs: 0, endsAtMs };
    await nodes.ledger.propose({ kind: 'downtime-begun', downtime });
    expect(await ask('force-master-failover')).toMatchObject({ ok: true, value: { verdict: { kind: 'succeeded' } } });
  });

  it('acknowledges what came of the same server before, and nothing of another one', async () => {
    expect(await ask('force-master-takeover', { candidate: A })).toMatchObject({ ok: true });
    await nodes.clock.advance(500);
    await nodes.untilClosed();
    expect(await ask('graceful-master-takeover-auto', { candidate: P })).toMatchObject({ ok: true });
    expect([...nodes.ledger.state.recoveries.values()].filter((one) => one.acknowledged !== null)).toEqual([]);
    const before = new Set([...nodes.ledger.state.recoveries.values()].filter(({ failed }) => failed === P));
    expect(await ask('force-master-takeover', { candidate: A })).toMatchObject({ ok: true });
    const acknowledged = [...nodes.ledger.state.recoveries.values()].filter((one) => one.acknowledged !== null);
    expect(acknowledged.map(({ id }) => id)).toEqual([...before].map(({ id }) => id));
    expect(acknowledged[0]?.acknowledged).toMatchObject({
      by: 'orchestrator',
      comment: expect.stringMatching(/^force-master-takeover of me came after it \(recovery \S+\)$/) as string,
    });
  });

  it('to a server that is no direct replica is refused in the words that users know', async () => {
    const other = world.add(uuidOf(7));
    world.follow(other, world.get(A));
    await nodes.observe();
    const answer = await ask('force-master-takeover', { candidate: other.id });
    expect(answer).toMatchObject({ ok: false, refusal: { code: 'not-a-replica' } });
    expect(answer).toMatchObject({
      refusal: {
        message: expect.stringMatching(
          /^You may only promote a direct child of the master .*\. The master of .* is/,
        ) as string,
      },
    });
    expect(world.taken).toEqual([]);
  });

  it('to nobody in particular, where somebody is to be named, is refused', async () => {
    expect(await ask('force-master-takeover')).toMatchObject({ ok: false, refusal: { code: 'not-indicated' } });
  });

  it('while another recovery is under way is refused with its id', async () => {
    const both = await Promise.all([ask('force-master-failover'), ask('force-master-failover')]);
    const [first] = nodes.recoveries;
    const message = expect.stringMatching(
      new RegExp(`^force-master-failover of ${P}:3306 \\(recovery ${first?.id ?? ''}, .*asked for by `),
    ) as unknown;
    expect(both).toMatchObject([{ ok: true }, { ok: false, refusal: { code: 'open-recovery', message } }]);
  });

  it('does not wait for a former primary that is not fenced: it gives way', async () => {
    await ask('graceful-master-takeover', { candidate: A });
    let held = true;
    nodes.sessions.beforeStep = async (step) => {
      while (held && step.kind === 'fence' && step.server === P) await nodes.turns(1);
    };
    // Somebody opened the old primary.
    world.get(P).readOnly = false;
    await nodes.clock.advance(1000);
    await nodes.observe();
    await nodes.turns(50);
    expect(nodes.recoveries.at(-1)).toMatchObject({ kind: 'former-primary', closedAtMs: null });
    const planned = await ask('graceful-master-takeover', { candidate: B });
    expect(planned).toMatchObject({ ok: false, refusal: { code: 'open-recovery' } });
    const forced = ask('force-master-takeover', { candidate: B });
    held = false;
    expect(await forced).toMatchObject({ ok: true, value: { successor: B } });
    expect(writable()).toEqual([B]);
  });

  it('gives a cluster a primary again whose promoted one was gone before anybody was pointed at it', async () => {
    nodes.sessions.beforeStep = (step) => {
      if (step.kind === 'detach') world.get(step.server).replaced = true;
    };
    world.get(P).up = false;
    nodes.driver.noticeProblems([nodes.deadMaster(P)]);
    expect(await closed('force-master-takeover', { candidate: A })).toMatchObject({
      ok: true,
      value: { verdict: { kind: 'failed' }, successor: A },
    });
    nodes.sessions.beforeStep = () => undefined;
    expect(await closed('force-master-failover')).toMatchObject({
      ok: true,
      value: { successor: B, verdict: { kind: 'succeeded' } },
    });
    expect(writable()).toEqual([B]);
  });
});

describe('recover', () => {
  it('recovers what is dead, though no filter covers it, and runs no hooks where it is lite', async () => {
    world.get(P).up = false;
    nodes.driver.noticeProblems([nodes.deadMaster(P)]);
    expect(nodes.recoveries).toEqual([]);
    const answer = await closed('recover-lite', { server: P });
    expect(answer).toMatchObject({ ok: true, value: { code: 'DeadMaster', inputs: { skipHooks: true } } });
  });

  it('is not for what lives, and says what is', async () => {
    expect(await ask('recover', { server: P })).toMatchObject({
      ok: false,
      refusal: { code: 'nothing-to-recover', message: expect.stringContaining('force-master-failover') as string },
    });
    const problem = { ...nodes.deadMaster(P), code: 'UnreachableMaster', reaction: 'examine' } as const;
    nodes.driver.noticeProblems([problem]);
    expect(await ask('recover', { server: P })).toMatchObject({
      refusal: { message: expect.stringContaining('UnreachableMaster is not answered with a recovery') as string },
    });
    expect(await ask('force-master-failover')).toMatchObject({ ok: true });
  });
});

describe('a request that is repeated', () => {
  it('under the same mark is done once, and answered twice', async () => {
    const changes = { candidate: A, requestKey: 'one' };
    const both = await Promise.all([
      ask('force-master-takeover', changes),
      nodes.turns(2).then(() => ask('force-master-takeover', changes)),
    ]);
    const later = await ask('force-master-takeover', changes);
    for (const answer of [...both, later]) expect(answer).toMatchObject({ ok: true, value: { successor: A } });
    expect(nodes.recoveries.filter(({ kind }) => kind === 'dead-primary')).toHaveLength(1);
  });

  it('is known to the next leader too', async () => {
    let died = false;
    nodes.sessions.beforeStep = async (step) => {
      if (step.kind !== 'stop-io' || died) return;
      died = true;
      await nodes.changeLeader();
    };
    const changes = { candidate: A, requestKey: 'one' };
    await expect(ask('force-master-takeover', changes)).rejects.toMatchObject({
      code: 'FATE_UNKNOWN',
      message: expect.stringMatching(/What became of it: .*audit-recovery\/uid\/\d+:/) as string,
    });
    await nodes.turns();
    const again = ask('force-master-takeover', changes);
    await nodes.untilClosed();
    expect(await again).toMatchObject({ ok: true, value: { successor: A } });
  });
});

describe('a plan', () => {
  it('is that of the request, step by step, and nothing is done', async () => {
    const shown = plan('force-master-takeover', { candidate: A });
    expect(shown).toMatchObject({
      wouldRun: true,
      refusals: [],
      kind: 'dead-primary',
      successor: { server: A },
      verdict: { kind: 'succeeded' },
    });
    expect(world.taken).toEqual([]);
    expect(nodes.recoveries).toEqual([]);
    const answer = await ask('force-master-takeover', { candidate: A });
    if (!answer.ok) throw new Error(answer.refusal.message);
    expect(shown.steps.map(({ kind, server }) => `${kind} ${server}`)).toEqual(
      answer.value.steps.map(({ step }) => `${step.kind} ${step.server}`),
    );
    expect(shown.steps.filter(({ isPointOfNoReturn }) => isPointOfNoReturn)).toHaveLength(1);
  });

  it('names why it is this one: because it was asked for, or else by what ranks it first', () => {
    const because = (candidate: ServerId | null): string | undefined =>
      plan('graceful-master-takeover-auto', { candidate }).successor?.because;
    expect([because(A), because(B)]).toEqual(['it was asked for', 'it was asked for']);
    expect(because(null)).toMatch(/^it comes before/);
  });

  it('of what would be refused says why, and shows it where there is one', () => {
    const shown = plan('graceful-master-takeover');
    expect(shown).toMatchObject({ wouldRun: false, steps: [], refusals: [{ code: 'not-indicated' }] });
  });

  it.each(['graceful-master-takeover', 'force-master-failover', 'recover'] as const)(
    'can be asked of a follower: %s',
    (command) => {
      nodes.consensus.follow(2, 'n2');
      expect(plan(command, { candidate: command === 'force-master-failover' ? null : A }).cluster).toContain(P);
    },
  );

  it('of what would be done without being asked', () => {
    const shown = nodes.driver.requests.plan({ command: 'automatic', clusterId: nodes.cluster(), server: null });
    expect(shown).toMatchObject({ command: 'automatic', wouldRun: false, refusals: [{ code: 'not-covered' }] });
    expect(shown.steps.map(({ kind }) => kind)).toContain('promise-promotion');
  });
});

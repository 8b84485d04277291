import type { HookList } from '../../../src/core/recovery/telling/hook-terms.js';
import { describe, expect, it } from 'vitest';
import type { HookOrder, HookRunner } from '../../../src/runtime/ports/hooks.js';
import type { ServerSession, SessionOpener, SessionOptions } from '../../../src/runtime/ports/mysql.js';
import { ObservingHooks, ObservingSessions, ObservingStore } from '../../../src/runtime/recovery/observing.js';
import { recoveryOf } from '../../support/ledger.js';
import { MysqlWorld, uuidOf } from '../../support/worlds/mysql-world.js';
import { RecordingHooks } from '../../support/recording-hooks.js';
import { WorldNodes } from '../../support/worlds/world-nodes.js';

const [P, A, B] = [uuidOf(1), uuidOf(2), uuidOf(3)];

async function begin(observesOnly: boolean): Promise<{ world: MysqlWorld; nodes: WorldNodes }> {
  const world = new MysqlWorld();
  const primary = world.add(P, { readOnly: false });
  for (const id of [A, B]) world.follow(world.add(id), primary);
  world.write(primary, 5);
  world.settle();
  const nodes = new WorldNodes(world, { observesOnly });
  await nodes.start();
  return { world, nodes };
}

describe('a node that only observes', () => {
  it('says of a dead primary what it would do, once, and neither opens a recovery nor touches a server', async () => {
    const { world, nodes } = await begin(true);
    const before = JSON.stringify([...world.servers.values()].map(({ id, readOnly }) => [id, readOnly]));
    world.get(P).up = false;
    for (let round = 0; round < 3; round += 1) nodes.driver.noticeProblems([nodes.deadMaster(P)]);
    await nodes.turns();
    const told = nodes.lines.filter((line) => line.startsWith('observe only: '));
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(
      /DeadMaster of .* would be recovered now: .* would be promoted\. The plan: 1\. stop the IO/,
    );
    expect(told[0]).toContain('open ');
    expect(nodes.recoveries).toEqual([]);
    expect(nodes.touched).toEqual([]);
    expect(JSON.stringify([...world.servers.values()].map(({ id, readOnly }) => [id, readOnly]))).toBe(before);
  });

  it('says it in the audit too, and anew when the same server fails in another way', async () => {
    const { world, nodes } = await begin(true);
    world.get(P).up = false;
    const dead = nodes.deadMaster(P);
    nodes.driver.noticeProblems([dead]);
    nodes.driver.noticeProblems([{ ...dead, code: 'DeadMasterAndSomeReplicas' }]);
    await nodes.turns();
    const noted = nodes.ledger.state.audit.filter(({ kind }) => kind === 'observe-only').map(({ text }) => text);
    expect(noted).toEqual([
      expect.stringMatching(/^DeadMaster of .* would be promoted/),
      expect.stringMatching(/^DeadMasterAndSomeReplicas of .* would be promoted/),
    ]);
    expect(nodes.touched).toEqual([]);
  });

  it('would open a primary that was just seen to be closed, also where the log has it open still', async () => {
    const { nodes } = await begin(true);
    nodes.driver.noticeProblems([nodes.problem(P, 'NoWriteableMasterStructureWarning', 'open-primary')]);
    await nodes.turns();
    const [told = ''] = nodes.lines.filter((line) => line.startsWith('observe only: '));
    expect(told).toMatch(/The plan: .*open /);
    expect(told).not.toContain('come to nothing');
  });

  it('says nothing of a recovery that it would not begin anyway, and why', async () => {
    const { world, nodes } = await begin(true);
    await nodes.ledger.propose({ kind: 'recoveries-switched', enabled: false, by: 'bob' });
    world.get(P).up = false;
    nodes.driver.noticeProblems([nodes.deadMaster(P)]);
    await nodes.turns();
    expect(nodes.lines.filter((line) => line.startsWith('observe only: '))).toEqual([]);
    expect(nodes.lines.join()).toContain('recoveries are disabled for all clusters');
  });

  it('refuses what an operator asks for, and says what mends it', async () => {
    const { nodes } = await begin(true);
    const command = 'graceful-master-takeover-auto';
    const request = { command, clusterId: nodes.cluster(), server: null, candidate: A, requestedBy: 'bob' } as const;
    const answer = await nodes.driver.requests.ask(request);
    expect(answer).toMatchObject({ ok: false, refusal: { code: 'observe-only' } });
    expect(answer.ok ? '' : answer.refusal.message).toContain('take ObserveOnly out of the configuration');
    expect(nodes.touched).toEqual([]);
  });

  it('leaves a recovery that another leader began as it stands', async () => {
    for (const observesOnly of [true, false]) {
      const { world, nodes } = await begin(observesOnly);
      world.get(P).up = false;
      const recovery = recoveryOf('1:begun', nodes.cluster(), P);
      await nodes.ledger.propose({ kind: 'recovery-opened', recovery });
      await nodes.turns();
      expect(nodes.recoveries[0]?.closedAtMs === null).toBe(observesOnly);
    }
  });

  it('is the difference: the same death is recovered by one that acts', async () => {
    const { world, nodes } = await begin(false);
    world.get(P).up = false;
    nodes.driver.noticeProblems([nodes.deadMaster(P)]);
    await nodes.turns();
    expect(nodes.recoveries).toMatchObject([{ verdict: { kind: 'succeeded' }, successor: A }]);
  });
});

describe('the hooks of an incident that began while a node only observed', () => {
  it('are not run and not counted as told, and are run once, before the recovery, when it acts', async () => {
    const world = new MysqlWorld();
    const primary = world.add(P, { readOnly: false });
    for (const id of [A, B]) world.follow(world.add(id), primary);
    world.write(primary, 5);
    world.settle();
    const hooks = new RecordingHooks(['on-detection']);
    const policy = { observesOnly: true };
    const nodes = new WorldNodes(world, policy, { hooks });
    await nodes.start();
    world.get(P).up = false;
    for (let round = 0; round < 3; round += 1) {
      nodes.driver.noticeProblems([nodes.deadMaster(P)]);
      await nodes.turns();
    }
    expect(hooks.lists).toEqual([]);
    expect(nodes.ledger.state.detections.size).toBe(0);
    expect(nodes.lines.filter((line) => line.includes('OnFailureDetectionProcesses'))).toEqual([
      expect.stringMatching(
        /^observe only: DeadMaster of .* would be told to OnFailureDetectionProcesses now, and is not$/,
      ),
    ]);
    nodes.reload({ observesOnly: false });
    let opened = -1;
    hooks.during = () => {
      opened = nodes.recoveries.length;
    };
    for (let round = 0; round < 3; round += 1) {
      nodes.driver.noticeProblems([nodes.deadMaster(P)]);
      await nodes.turns();
    }
    expect(hooks.lists).toEqual(['on-detection']);
    expect(opened).toBe(0);
    expect(nodes.recoveries).toMatchObject([{ verdict: { kind: 'succeeded' }, successor: A }]);
  });
});

describe('whatever asks for it, while a node only observes', () => {
  const options = { address: { host: 'db1', port: 3306 } } as SessionOptions;

  it('no session is to be had, and one of before sends nothing more', async () => {
    let observes = false;
    const sent: unknown[] = [];
    const session: ServerSession = {
      alive: true,
      execute: (step) => {
        sent.push(step);
        return Promise.resolve({ ok: true, findings: {} });
      },
      close: () => Promise.resolve(),
    };
    const opener: SessionOpener = { open: () => Promise.resolve(session) };
    const sessions = new ObservingSessions(opener, () => observes);
    const context = { address: options.address, other: null, siblings: [] };
    const kept = await sessions.open(options);
    expect(await kept.execute({ kind: 'look', server: A }, context)).toMatchObject({ ok: true });
    observes = true;
    expect(await kept.execute({ kind: 'fence', server: A }, context)).toMatchObject({ ok: false, code: 'authority' });
    await expect(sessions.open(options)).rejects.toMatchObject({
      code: 'OBSERVE_ONLY',
      message: /^db1:3306 was not touched/,
    });
    expect(sent).toHaveLength(1);
  });

  it('no command is run, and the log says which would have been', async () => {
    let ran = 0;
    const lines: string[] = [];
    const line = (_fields: object, text: string): void => void lines.push(text);
    const runner: HookRunner = {
      configured: new Set<HookList>(['before-failover']),
      run: () => {
        ran += 1;
        return Promise.resolve({ ok: true, findings: {} });
      },
    };
    const hooks = new ObservingHooks(runner, () => true, { debug: line, info: line, warn: line, error: line });
    expect(await hooks.run(orderOf('before-failover'))).toMatchObject({ ok: false, code: 'authority' });
    expect(await hooks.run(orderOf('after-success'))).toMatchObject({ ok: true });
    expect(ran).toBe(0);
    expect(lines).toEqual(['observe only: the commands of PreFailoverProcesses would be run now, and are not']);
  });

  it('no store outside hears of a primary', async () => {
    let observes = true;
    let told = 0;
    const store = new ObservingStore(
      {
        name: 'a store',
        write: (all) => {
          told += 1;
          return Promise.resolve(all.map(() => 'written' as const));
        },
      },
      () => observes,
    );
    const one = { pairs: [], stamp: { founding: '', epoch: 0, index: 1 }, anew: true };
    const confirm = (): Promise<void> => Promise.resolve();
    expect(await store.write([one], confirm)).toEqual(['unchanged']);
    expect(told).toBe(0);
    observes = false;
    expect(await store.write([one], confirm)).toEqual(['written']);
    expect(told).toBe(1);
  });
});

function orderOf(list: HookList): HookOrder {
  return {
    list,
    event: {} as HookOrder['event'],
    confirm: () => Promise.resolve(),
    signal: new AbortController().signal,
  };
}

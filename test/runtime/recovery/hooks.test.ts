import { beforeEach, describe, expect, it } from 'vitest';
import type { Problem } from '../../../src/core/analysis/problem.js';
import type { HookList } from '../../../src/core/recovery/telling/hook-terms.js';
import type { Recovery } from '../../../src/core/recovery/recovery.js';
import { describeStep } from '../../../src/core/recovery/step-text.js';
import { MysqlWorld, uuidOf } from '../../support/worlds/mysql-world.js';
import { ALL_LISTS, RecordingHooks } from '../../support/recording-hooks.js';
import { WorldNodes } from '../../support/worlds/world-nodes.js';

const [P, A, B] = [uuidOf(1), uuidOf(2), uuidOf(3)];

let world: MysqlWorld;
let nodes: WorldNodes;
let hooks: RecordingHooks;

/** Detections have their own tests. */
const LISTS = ALL_LISTS.filter((list) => list !== 'on-detection');

async function begin(lists: readonly HookList[] = LISTS, detectionBlockMs?: number): Promise<void> {
  world = new MysqlWorld();
  const primary = world.add(P, { readOnly: false });
  for (const id of [A, B]) world.follow(world.add(id), primary);
  world.write(primary, 5);
  world.settle();
  hooks = new RecordingHooks(lists);
  nodes = new WorldNodes(world, {}, { hooks, ...(detectionBlockMs === undefined ? {} : { detectionBlockMs }) });
  await nodes.start();
}

beforeEach(async () => {
  await begin();
});

async function killPrimary(): Promise<void> {
  world.get(P).up = false;
  nodes.driver.noticeProblems([nodes.deadMaster(P)]);
  await nodes.turns();
}

function only(): Recovery {
  const [recovery] = nodes.recoveries;
  if (recovery === undefined) throw new Error('there is no recovery');
  return recovery;
}

const plainTexts = (): readonly string[] => only().steps.map(({ step }) => describeStep(step, (id) => id));

const takeOver = async (): Promise<unknown> =>
  await nodes.driver.requests.ask({
    command: 'graceful-master-takeover-auto',
    clusterId: nodes.cluster(),
    server: null,
    candidate: A,
    requestedBy: 'me',
  });

describe('the hooks of a failover', () => {
  it('come before the first change and after the end, each once', async () => {
    const changesBefore: Record<string, number> = {};
    hooks.during = (list) => {
      changesBefore[list] = world.taken.length;
    };
    await killPrimary();
    expect(hooks.lists).toEqual(['before-failover', 'after-primary', 'after-success']);
    expect(changesBefore['before-failover']).toBe(0);
    expect(changesBefore['after-primary']).toBe(world.taken.length);
    expect(only()).toMatchObject({ verdict: { kind: 'succeeded' }, successor: A });
  });

  it('are told what failed, and afterwards who took over', async () => {
    await nodes.ledger.propose({ kind: 'alias-set', clusterId: nodes.cluster(), alias: 'shop' });
    await killPrimary();
    const [before, after] = hooks.runs.map(({ event }) => event);
    expect(before).toMatchObject({
      facts: {
        failureType: 'DeadMaster',
        role: 'primary',
        clusterName: `${P}:3306`,
        clusterAlias: 'shop',
        command: '',
        isDowntimed: false,
      },
      recoveryId: only().id,
      attempt: 1,
      isSuccessful: false,
      successor: null,
    });
    expect([...(before?.facts.replicas ?? [])].sort()).toEqual([`${A}:3306`, `${B}:3306`]);
    expect(after).toMatchObject({ isSuccessful: true, successor: { address: { host: A, port: 3306 } }, lost: [] });
    expect(after?.facts).toEqual(before?.facts);
  });

  it('are steps of the record, with what was run', async () => {
    await killPrimary();
    const told = only().steps.filter(({ step }) => step.kind === 'hooks');
    expect(told.map(({ step, outcome }) => [step.kind === 'hooks' ? step.list : '', outcome])).toEqual([
      ['before-failover', { ok: true, findings: { text: '1 done', lines: ['ran before-failover'] } }],
      ['after-primary', { ok: true, findings: { text: '1 done', lines: ['ran after-primary'] } }],
      ['after-success', { ok: true, findings: { text: '1 done', lines: ['ran after-success'] } }],
    ]);
  });

  it('stand in a plan that is shown', () => {
    const shown = nodes.driver.requests.plan({ command: 'automatic', clusterId: nodes.cluster(), server: P });
    expect(shown.hooks).toEqual(['PreFailoverProcesses', 'PostMasterFailoverProcesses', 'PostFailoverProcesses']);
    expect(hooks.runs).toEqual([]);
  });

  it('cost nothing where there are none', async () => {
    await begin([]);
    await killPrimary();
    expect(only().steps.map(({ step }) => step.kind)).not.toContain('hooks');
    expect(only().inputs.hooks).toBeUndefined();
    expect(hooks.runs).toEqual([]);
  });

  it('that hold it back end it with nothing changed, block nothing, and are asked again later', async () => {
    hooks.failing.add('before-failover');
    await killPrimary();
    expect(world.taken).toEqual([]);
    expect(only()).toMatchObject({
      verdict: { kind: 'undone', reason: 'PreFailoverProcesses held it back: before-failover said no' },
    });
    // Nothing was attempted: no list speaks of a failure.
    expect(hooks.lists).toEqual(['before-failover']);
    hooks.failing.clear();
    await nodes.clock.advance(2_100);
    nodes.driver.noticeProblems([nodes.deadMaster(P)]);
    await nodes.turns();
    expect(nodes.recoveries.map(({ verdict }) => verdict?.kind)).toEqual(['undone', 'succeeded']);
  });

  it('are run after a failure too, other ones', async () => {
    for (const id of [A, B]) Object.assign(world.get(id), { broken: true, sql: false });
    for (const id of [A, B]) world.get(id).relay.push(`${P}:6`);
    await killPrimary();
    expect(only().verdict?.kind).not.toBe('succeeded');
    expect(hooks.lists).toEqual(['before-failover', 'after-failure']);
    expect(hooks.runs[1]?.event).toMatchObject({ isSuccessful: false, successor: null });
  });

  it('that fail afterwards do not keep the next ones from being run', async () => {
    hooks.failing.add('after-primary');
    await killPrimary();
    expect(hooks.lists).toEqual(['before-failover', 'after-primary', 'after-success']);
    expect(only().verdict).toEqual({ kind: 'succeeded' });
  });

  it('that take their time afterwards keep the cluster from nothing: the former primary is fenced meanwhile', async () => {
    let release = (): void => undefined;
    hooks.during = (list) =>
      list === 'after-primary' ? new Promise<void>((resolve) => (release = resolve)) : undefined;
    await killPrimary();
    expect(only().closedAtMs).not.toBeNull();
    expect(hooks.lists.at(-1)).toBe('after-primary');
    world.get(P).up = true;
    for (let round = 0; round < 20 && !world.get(P).readOnly; round++) await nodes.clock.advance(100);
    expect(world.writable.map(({ id }) => id)).toEqual([A]);
    expect(hooks.lists.at(-1)).toBe('after-primary');
    release();
    await nodes.turns();
    expect(hooks.lists.at(-1)).toBe('after-success');
  });
});

describe('the hooks of a planned takeover', () => {
  beforeEach(async () => {
    await begin(ALL_LISTS);
  });

  it('are run in their order, the first ones before the primary is closed, the last before the answer', async () => {
    const open: Record<string, boolean> = {};
    hooks.during = (list) => {
      open[list] = !world.get(P).readOnly;
    };
    expect(await takeOver()).toMatchObject({ ok: true });
    expect(hooks.lists).toEqual([
      'on-detection',
      'before-takeover',
      'before-failover',
      'after-primary',
      'after-success',
      'after-takeover',
    ]);
    expect(open).toMatchObject({ 'before-takeover': true, 'before-failover': true, 'after-primary': false });
    expect(hooks.runs[0]?.event.facts.command).toBe('graceful-master-takeover');
  });

  it.each(['on-detection', 'before-takeover', 'before-failover'] as const)(
    'leave everything as it was when %s fails',
    async (list) => {
      hooks.failing.add(list);
      expect(await takeOver()).toMatchObject({ ok: true, value: { verdict: { kind: 'undone' } } });
      expect(hooks.lists.at(-1)).toBe(list);
      expect(world.get(P).readOnly).toBe(false);
      expect(world.taken.map(({ kind }) => kind)).toEqual(['look', 'look', 'look']);
    },
  );

  it('may take their time: a candidate that somebody stops meanwhile keeps no client from writing', async () => {
    hooks.during = (list) => {
      if (list !== 'before-failover') return;
      world.get(A).io = false;
      world.write(world.get(P), 3);
      world.settle();
    };
    expect(await takeOver()).toMatchObject({ ok: true, value: { verdict: { kind: 'undone' } } });
    expect(world.taken.map(({ kind }) => kind)).not.toContain('close');
    expect(world.get(P).readOnly).toBe(false);
    expect(plainTexts()).toContain(`read once more how far ${P} has come`);
  });

  it('are not run when the takeover cannot be', async () => {
    world.errant(world.get(B));
    expect(await takeOver()).toMatchObject({ ok: true, value: { verdict: { kind: 'undone' } } });
    expect(hooks.lists).toEqual([]);
  });
});

describe('a failure that is found', () => {
  const found = (code: Problem['code'] = 'DeadMaster'): Problem => ({
    ...nodes.deadMaster(P),
    code,
    ...(code === 'DeadMaster' ? {} : { reaction: 'examine' as const }),
  });
  const notice = async (...problems: readonly Problem[]): Promise<void> => {
    nodes.driver.noticeProblems(problems);
    await nodes.turns();
  };

  beforeEach(async () => {
    await begin(['on-detection']);
    world.get(P).up = false;
  });

  it('is told before its recovery is opened, and once', async () => {
    let opened = -1;
    hooks.during = () => {
      opened = nodes.recoveries.length;
    };
    for (let times = 0; times < 3; times++) await notice(found());
    expect(opened).toBe(0);
    expect(hooks.lists).toEqual(['on-detection']);
    expect(hooks.runs[0]?.event).toMatchObject({ facts: { failureType: 'DeadMaster' }, attempt: 1, successor: null });
    expect(nodes.recoveries).toMatchObject([{ verdict: { kind: 'succeeded' } }]);
    expect(hooks.runs[0]?.event.recoveryId).not.toBe(only().id);
  });

  it('is shown to wait for its hooks, and no longer with what was said before it was certain', async () => {
    await notice(found('UnreachableMaster'));
    expect(nodes.driver.restraints.get(P)?.join()).toContain('UnreachableMaster is not answered');
    let during: readonly string[] | undefined;
    hooks.during = () => {
      during = nodes.driver.restraints.get(P);
    };
    await notice(found());
    expect(during).toEqual(['OnFailureDetectionProcesses are run first']);
    expect(nodes.driver.restraints.size).toBe(0);
  });

  it('is recovered though its hooks fail', async () => {
    hooks.failing.add('on-detection');
    await notice(found());
    expect(nodes.recoveries).toMatchObject([{ verdict: { kind: 'succeeded' } }]);
    expect([...nodes.ledger.state.detections.values()]).toMatchObject([{ outcome: { ok: false, code: 'hook' } }]);
  });

  it('is told where nothing may be recovered, too', async () => {
    await nodes.ledger.propose({ kind: 'recoveries-switched', enabled: false, by: 'me' });
    await notice(found());
    expect(hooks.lists).toEqual(['on-detection']);
    expect(nodes.recoveries).toEqual([]);
  });

  it('is not told of a server in downtime', async () => {
    const { nowMs: beganAtMs } = nodes.ledger.state;
    const downtime = { server: P, owner: 'me', reason: 'work', beganAtMs, endsAtMs: nodes.clock.wall + 60_000 };
    await nodes.ledger.propose({ kind: 'downtime-begun', downtime });
    await notice(found());
    expect(hooks.lists).toEqual([]);
  });

  it('is told again when it was not told for long', async () => {
    await nodes.ledger.propose({ kind: 'recoveries-switched', enabled: false, by: 'me' });
    await notice(found());
    await nodes.clock.advance(3_599_000);
    await notice(found());
    expect(hooks.runs).toHaveLength(1);
    await nodes.clock.advance(2_000);
    await notice(found());
    expect(hooks.runs).toHaveLength(2);
  });

  it('is told again whenever it comes again where nothing forbids it, and once while it stands', async () => {
    await begin(['on-detection'], 0);
    await nodes.ledger.propose({ kind: 'recoveries-switched', enabled: false, by: 'me' });
    for (let times = 0; times < 3; times++) await notice(found());
    expect(hooks.runs).toHaveLength(1);
    await notice();
    await notice(found());
    expect(hooks.runs).toHaveLength(2);
  });

  it('that nothing answers is told only when it lasts, and holds nothing up', async () => {
    await notice(found('UnreachableMaster'));
    expect(hooks.lists).toEqual([]);
    await notice();
    await nodes.clock.advance(1_500);
    await notice(found('UnreachableMaster'));
    expect(hooks.lists).toEqual([]);
    await nodes.clock.advance(1_100);
    await notice(found('UnreachableMaster'));
    await notice(found());
    expect(hooks.runs.map(({ event }) => event.facts.failureType)).toEqual(['UnreachableMaster', 'DeadMaster']);
  });

  it('is told again by the next leader when one dies over it, and then recovered', async () => {
    let died = false;
    hooks.during = async () => {
      if (died) return;
      died = true;
      await nodes.changeLeader();
    };
    await notice(found());
    await nodes.clock.advance(1_000);
    await notice(found());
    await nodes.untilClosed();
    expect(hooks.runs.map(({ event }) => event.attempt)).toEqual([1, 2]);
    expect(new Set(hooks.runs.map(({ event }) => event.recoveryId)).size).toBe(1);
    expect(nodes.recoveries).toMatchObject([{ verdict: { kind: 'succeeded' } }]);
  });

  it('is told by nobody who follows', async () => {
    nodes.consensus.follow(2, 'n2');
    await notice(found());
    expect(hooks.lists).toEqual([]);
  });
});

describe('a leader that dies', () => {
  it('before, in or after any list is followed by one that runs it again and says so, and none is left out', async () => {
    await killPrimary();
    const expected = hooks.lists;
    for (const [at, list] of expected.entries()) {
      await begin();
      let died = false;
      hooks.during = async (now) => {
        if (died || now !== list) return;
        died = true;
        await nodes.changeLeader();
      };
      await killPrimary();
      await nodes.untilClosed();
      await nodes.turns();
      const told = hooks.runs.map(({ list: one, event }) => `${one} ${String(event.attempt)}`);
      const again = expected.flatMap((one, position) => (position === at ? [`${one} 1`, `${one} 2`] : [`${one} 1`]));
      expect(told).toEqual(again);
      expect(new Set(hooks.runs.map(({ event }) => event.recoveryId)).size).toBe(1);
      expect(nodes.recoveries).toMatchObject([{ verdict: { kind: 'succeeded' } }]);
    }
  });

  it('begins no list any more', async () => {
    hooks.during = (list) => {
      if (list === 'after-primary') nodes.consensus.follow(2, 'n2');
    };
    await killPrimary();
    await nodes.clock.advance(10_000);
    expect(hooks.lists).toEqual(['before-failover', 'after-primary']);
    const last = only().steps.at(-1);
    expect(last).toMatchObject({ step: { list: 'after-primary' }, outcome: null });
  });
});

import { describe, expect, it } from 'vitest';
import type { Recovery, StepRecord } from '../../../src/core/recovery/recovery.js';
import type { ClusterId, ServerId } from '../../../src/core/topology/server.js';
import type { Happening, HappeningWatch } from '../../../src/runtime/ports/happenings.js';
import { serverId } from '../../support/facts.js';
import { HappeningStage } from '../../support/happenings.js';
import { recoveryOf } from '../../support/ledger.js';

function all(watch: HappeningWatch): readonly Happening[] {
  const taken: Happening[] = [];
  for (let some = watch.take(3); some.length > 0; some = watch.take(3)) taken.push(...some);
  return taken;
}

const kinds = (watch: HappeningWatch): readonly string[] => all(watch).map(({ kind }) => kind);
const nothing = (): void => undefined;

function step(number: number, changes: Partial<StepRecord> = {}): StepRecord {
  return {
    number,
    step: { kind: 'detach', server: serverId('r1') },
    intendedAtMs: 10,
    term: 1,
    attempt: 1,
    finishedAtMs: null,
    outcome: null,
    ...changes,
  };
}

describe('whoever begins to follow', () => {
  it('is told how things stand, and then what happens', () => {
    const stage = new HappeningStage();
    stage.find('p', 'UnreachableMaster');
    let woken = 0;
    const watch = stage.log.watch('', () => {
      woken += 1;
    });
    expect(kinds(watch)).toEqual(['reset', 'leader', 'problem-began', 'current']);
    stage.find('p', 'DeadMaster');
    stage.end('p');
    expect(woken).toBe(2);
    expect(all(watch).map(({ kind, code }) => `${kind} ${code}`)).toEqual([
      'problem-changed DeadMaster',
      'problem-ended DeadMaster',
    ]);
  });

  it('is not woken for what is as before', () => {
    const stage = new HappeningStage();
    stage.find('p', 'DeadMaster');
    let woken = 0;
    stage.log.watch('', () => {
      woken += 1;
    });
    stage.find('p', 'DeadMaster');
    expect(woken).toBe(0);
  });

  it('is told of open recoveries with their steps, and not of those that ended before', () => {
    const stage = new HappeningStage('life', 100);
    const cluster = 'c1' as ClusterId;
    stage.recoveries.set('old', recoveryOf('old', cluster, 'p', { closedAtMs: 50 }));
    stage.recoveries.set('open', recoveryOf('open', cluster, 'p', { openedAtMs: 60, steps: [step(1)] }));
    stage.log.notice();
    expect(kinds(stage.log.watch('', nothing))).toEqual([
      'reset',
      'leader',
      'recovery-opened',
      'step-began',
      'current',
    ]);
  });
});

describe('whoever comes back', () => {
  it('gets what came after the last that was seen', () => {
    const stage = new HappeningStage();
    const first = stage.log.watch('', nothing);
    const last = all(first).at(-1)?.id ?? '';
    first.close();
    stage.find('p', 'DeadMaster');
    const [began] = all(stage.log.watch(last, nothing));
    expect(began).toMatchObject({ kind: 'problem-began', server: 'p', text: 'DeadMaster of p' });
    expect(kinds(stage.log.watch(began?.id ?? '', nothing))).toEqual([]);
  });

  it.each([['another-3'], ['life-99999'], ['nonsense'], ['life-']])(
    'begins anew with %s, which means nothing',
    (id) => {
      const stage = new HappeningStage();
      expect(kinds(stage.log.watch(id, nothing))).toEqual(['reset', 'leader', 'current']);
    },
  );

  it('begins anew when what came after is forgotten', () => {
    const stage = new HappeningStage();
    const last = all(stage.log.watch('', nothing)).at(-1)?.id ?? '';
    for (let number = 0; number < 2500; number += 1) {
      stage.find('p', 'DeadMaster');
      stage.end('p');
    }
    expect(kinds(stage.log.watch(last, nothing))).toEqual(['reset', 'leader', 'current']);
  });
});

it('whoever reads too slowly begins anew, and nothing was kept for them meanwhile', () => {
  const stage = new HappeningStage();
  const slow = stage.log.watch('', nothing);
  all(slow);
  for (let number = 0; number < 2500; number += 1) {
    stage.find('p', 'DeadMaster');
    stage.end('p');
  }
  stage.find('q', 'UnreachableMaster');
  expect(kinds(slow)).toEqual(['reset', 'leader', 'problem-began', 'current']);
});

it('a recovery is told step by step, each once, also when much comes at a time', () => {
  const stage = new HappeningStage();
  const watch = stage.log.watch('', nothing);
  all(watch);
  const put = (changes: Partial<Recovery>): void => {
    stage.recoveries.set('rec', recoveryOf('rec', 'c1' as ClusterId, 'p', changes));
    stage.log.notice();
  };
  put({ openedAtMs: 5, steps: [step(1)] });
  put({ openedAtMs: 5, steps: [step(1, { finishedAtMs: 20, outcome: { ok: true, findings: {} } }), step(2)] });
  const failed = { ok: false, code: 'mysql', error: 'lost', retriable: true } as unknown as StepRecord['outcome'];
  put({
    openedAtMs: 5,
    steps: [step(2, { finishedAtMs: 30, outcome: failed })],
    closedAtMs: 40,
    verdict: { kind: 'failed', reason: 'nobody is left' },
  });
  expect(all(watch).map(({ kind, step: number, text }) => `${kind} ${String(number)} ${text}`)).toEqual([
    'recovery-opened 0 Master cannot be reached by orchestrator and none of its replicas is replicating',
    'step-began 1 make r1 forget its source',
    'step-ended 1 done',
    'step-began 2 make r1 forget its source',
    'step-ended 2 failed (mysql): lost',
    'recovery-closed 0 failed: nobody is left',
  ]);
});

it('who leads is told when it is somebody else', () => {
  const stage = new HappeningStage();
  const watch = stage.log.watch('', nothing);
  all(watch);
  stage.leader = '';
  stage.log.notice();
  stage.leader = 'n2';
  stage.log.notice();
  expect(all(watch).map(({ leader, text }) => `${leader}: ${text}`)).toEqual([': no node leads', 'n2: n2 leads']);
});

it('of a plan that moves several servers is told how many have arrived', () => {
  const stage = new HappeningStage();
  const watch = stage.log.watch('', nothing);
  all(watch);
  const [to, from] = [serverId('p2'), serverId('p')];
  const moves = ['r1', 'r2', 'r3'].map((name) => ({ server: serverId(name), to, from }));
  const refused = [{ server: serverId('r4'), reason: 'it lags', gtids: '' }];
  const movement = { command: 'relocate-replicas', manner: 'each', moves, refused, atOnce: 2 } as const;
  const pointed = (number: number, name: string, source: ServerId): StepRecord => {
    const repoint = { kind: 'repoint', server: serverId(name), source, start: true } as const;
    return step(number, { step: repoint, finishedAtMs: 20, outcome: { ok: true, findings: {} } });
  };
  const put = (steps: readonly StepRecord[]): void => {
    const plan = recoveryOf('rec', 'c1' as ClusterId, 'p', { openedAtMs: 5, steps });
    stage.recoveries.set('rec', { ...plan, inputs: { ...plan.inputs, movement } });
    stage.log.notice();
  };
  put([]);
  put([pointed(1, 'r1', to)]);
  put([pointed(1, 'r1', to), pointed(2, 'r2', to)]);
  // It failed there afterwards, and was put back.
  put([pointed(1, 'r1', to), pointed(2, 'r2', to), pointed(3, 'r2', from)]);
  const told = all(watch).filter(({ kind }) => kind !== 'step-began');
  expect(told.map(({ kind, arrived, moving }) => `${kind} ${String(arrived)} of ${String(moving)}`)).toEqual([
    'recovery-opened 0 of 4',
    'step-ended 1 of 4',
    'step-ended 2 of 4',
    'step-ended 1 of 4',
  ]);
});

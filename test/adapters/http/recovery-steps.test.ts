// The story of a recovery in the order in which people read it.
import { expect, it } from 'vitest';
import { legacyRecoverySteps } from '../../../src/adapters/http/legacy/recovery-steps.js';
import type { Recovery, StepRecord } from '../../../src/core/recovery/recovery.js';
import type { Step, StepOutcome } from '../../../src/core/recovery/step.js';
import type { ServerId } from '../../../src/core/topology/server.js';
import { uuidOf } from '../../support/worlds/mysql-world.js';
import { openingOf, participant } from '../../support/worlds/recoveries.js';

const [P, A, B] = [uuidOf(1), uuidOf(2), uuidOf(3)];
const NAMES = new Map<ServerId, string>([
  [P, 'db1:3306'],
  [A, 'db2:3306'],
  [B, 'db3:3306'],
]);
const done: StepOutcome = { ok: true, findings: {} };

function took(number: number, atMs: number, step: Step, outcome: StepOutcome = done): StepRecord {
  return { number, step, intendedAtMs: atMs, term: 1, attempt: 1, finishedAtMs: atMs + 10, outcome };
}

const opening = openingOf('dead-primary', P, [
  participant(P, 'primary'),
  participant(A, 'replica'),
  participant(B, 'replica', { promotable: false, reason: 'stands in another data centre' }),
]);
const ran: StepOutcome = { ok: true, findings: { text: '1 done', lines: ['Running 1 hooks', 'hook 1 of 1 done'] } };
const recovery: Recovery = {
  ...opening,
  openedAtMs: 1_000,
  openedBy: 'n1',
  code: 'DeadMaster',
  description: 'it is dead',
  steps: [
    took(1, 1_000, { kind: 'hooks', server: P, list: 'before-failover' }, ran),
    took(2, 1_010, { kind: 'promise-promotion', server: A, epoch: 1 }),
    took(
      3,
      1_020,
      { kind: 'publish', server: A },
      { ok: true, findings: { text: 'written', lines: ['Consul: written'] } },
    ),
    took(
      4,
      1_020,
      { kind: 'hooks', server: P, list: 'after-success' },
      { ok: false, code: 'hook', error: 'exit code 1', retriable: false, lines: ['hook 1 of 1 failed'] },
    ),
  ],
  promotion: { server: A, epoch: 1 },
  successor: A,
  lost: [{ server: B, reason: 'it has what nobody has', gtids: 'x:1' }],
  closedAtMs: 1_020,
  verdict: { kind: 'succeeded' },
};

const told = (one: Recovery): readonly string[] =>
  legacyRecoverySteps(one, (id) => NAMES.get(id) ?? id).map(({ Message }) => Message);

it('says who was considered, what was run and told, who was lost and why, and what followed', () => {
  expect(told(recovery)).toEqual([
    'n1 will handle DeadMaster on db1:3306: dead-primary recovery: it is dead',
    'will not promote db3:3306: stands in another data centre',
    'will run the hooks of PreFailoverProcesses',
    'Running 1 hooks',
    'hook 1 of 1 done',
    'run the hooks of PreFailoverProcesses: done, 10 ms: 1 done',
    'will commit db2:3306 as the primary of epoch 1: the point of no return',
    'commit db2:3306 as the primary of epoch 1: the point of no return: done, 10 ms',
    'promoted replica: db2:3306',
    'lost replica: db3:3306: it has what nobody has; it alone has x:1',
    'downtiming as lost-in-recovery: db1:3306, db3:3306',
    'recovery succeeded',
    'will write db2:3306 as the primary to the key-value stores',
    'will run the hooks of PostFailoverProcesses',
    'Consul: written',
    'write db2:3306 as the primary to the key-value stores: done, 10 ms: written',
    'hook 1 of 1 failed',
    'run the hooks of PostFailoverProcesses: failed, 10 ms: exit code 1',
  ]);
  const ids = legacyRecoverySteps(recovery, String).map(({ Id }) => Id);
  expect(ids).toEqual(ids.map((_, at) => at + 1));
});

it('ends with what held it back, where a hook did', () => {
  const held: Recovery = {
    ...recovery,
    steps: [
      took(
        1,
        1_010,
        { kind: 'hooks', server: P, list: 'before-failover' },
        { ok: false, code: 'hook', error: 'exit code 1', retriable: false },
      ),
    ],
    promotion: null,
    successor: null,
    lost: [],
    verdict: { kind: 'undone', reason: 'PreFailoverProcesses held it back: exit code 1' },
  };
  expect(told(held).slice(-2)).toEqual([
    'Failure: no replica promoted.',
    'recovery undone: PreFailoverProcesses held it back: exit code 1',
  ]);
});

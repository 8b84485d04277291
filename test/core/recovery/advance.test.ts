import { describe, expect, it } from 'vitest';
import { advance } from '../../../src/core/recovery/advance.js';
import { pauseBeforeMs } from '../../../src/core/recovery/patience.js';
import type { Driving } from '../../../src/core/recovery/playbooks/signs-of-life.js';
import { preview } from '../../../src/core/recovery/preview/preview.js';
import { withIntents, withOutcome } from '../../../src/core/recovery/record.js';
import type { StepOutcome } from '../../../src/core/recovery/step.js';
import { describeStep } from '../../../src/core/recovery/step-text.js';
import { uuidOf } from '../../support/worlds/mysql-world.js';
import { openingOf, participant } from '../../support/worlds/recoveries.js';

const [P, A, B] = [uuidOf(1), uuidOf(2), uuidOf(3)];
const opening = openingOf('dead-primary', P, [
  participant(P, 'primary'),
  participant(A, 'replica'),
  participant(B, 'replica', { preference: 1 }),
]);
const found: StepOutcome = { ok: true, findings: { executedGtids: `${P}:1-5` } };
function lookedAt(readOnly: boolean): StepOutcome {
  return { ok: true, findings: { executedGtids: `${P}:1-5`, readOnly } };
}
const refused: StepOutcome = { ok: false, code: 'late', error: 'late', retriable: true };

function stepsOf(decision: ReturnType<typeof advance>): unknown {
  return decision.kind === 'run'
    ? decision.steps.map(({ number, attempt, step }) => [number, attempt, step.kind])
    : decision.kind;
}

describe('what comes next', () => {
  const first = advance(opening, new Set());
  const intended = withIntents(opening, first.kind === 'run' ? first.steps : [], 1, 0);

  it('begins with steps beside each other, numbered', () => {
    expect(stepsOf(first)).toEqual([
      [1, 1, 'stop-io'],
      [2, 1, 'stop-io'],
    ]);
  });

  it('waits for what this process is doing, and takes again what another process left', () => {
    expect(stepsOf(advance(intended, new Set([1, 2])))).toBe('wait');
    expect(stepsOf(advance(intended, new Set([2])))).toEqual([[1, 2, 'stop-io']]);
    expect(stepsOf(advance(intended, new Set()))).toEqual([
      [1, 2, 'stop-io'],
      [2, 2, 'stop-io'],
    ]);
  });

  it('takes a step again that was refused for a reason that passes, under its number', () => {
    const record = withOutcome(withOutcome(intended, 1, refused, 0), 2, found, 0);
    expect(stepsOf(advance(record, new Set()))).toEqual([[1, 2, 'stop-io']]);
  });

  it('compares only when all have stopped', () => {
    const one = withOutcome(intended, 1, found, 0);
    expect(stepsOf(advance(one, new Set([2])))).toBe('wait');
    expect(stepsOf(advance(withOutcome(one, 2, found, 0), new Set()))).toEqual([[3, 1, 'await-applied']]);
  });

  it('does not close while a step is under way', () => {
    const dead: StepOutcome = { ok: false, code: 'unreachable', error: 'away', retriable: true };
    const record = withOutcome(withOutcome(intended, 1, dead, 0), 2, dead, 0);
    expect(stepsOf(advance(record, new Set([1])))).toBe('wait');
    expect(stepsOf(advance(record, new Set()))).toBe('close');
  });

  it('asks the dead once more before the promotion: once each who took it over, waited, or had word of it', () => {
    const stopped = withOutcome(withOutcome(intended, 1, found, 0), 2, found, 0);
    const waited = advance(stopped, new Set());
    const level = withOutcome(withIntents(stopped, waited.kind === 'run' ? waited.steps : [], 1, 0), 3, found, 0);
    const driving = (term: number) => ({ term, isTakenUp: term > 1, drivenMs: 1000, wasSeen: false });
    const next = (record: typeof level, term: number, more: Partial<Driving> = {}): unknown =>
      stepsOf(advance(record, new Set(), new Set(), { ...driving(term), ...more }));
    const asked = (outcome: StepOutcome): typeof level => {
      const look = advance(level, new Set(), new Set(), driving(2));
      return withOutcome(withIntents(level, look.kind === 'run' ? look.steps : [], 2, 0), 4, outcome, 0);
    };
    const gone = asked({ ok: false, code: 'unreachable', error: 'refused', retriable: true });
    expect(next(level, 1)).toBe('promise');
    expect(next(level, 1, { wasSeen: true })).toEqual([[4, 1, 'look']]);
    expect(next(level, 1, { drivenMs: 1001 })).toEqual([[4, 1, 'look']]);
    expect(next(level, 2)).toEqual([[4, 1, 'look']]);
    expect(next(gone, 2)).toBe('promise');
    expect(next(gone, 3)).toEqual([[4, 2, 'look']]);
    // Too many connections: whoever says so lives.
    const full: StepOutcome = { ok: false, code: 'not-admitted', error: '1040', retriable: true };
    expect(next(asked(lookedAt(true)), 2)).toBe('promise');
    for (const back of [asked(lookedAt(false)), asked(full)]) {
      expect(next(back, 2)).toEqual([
        [5, 1, 'repoint'],
        [6, 1, 'repoint'],
      ]);
    }
    expect(next({ ...level, inputs: { ...level.inputs, forced: true } }, 2)).toBe('promise');
  });

  it('gives the same answer for the same record', () => {
    expect(advance(structuredClone(intended), new Set())).toEqual(advance(intended, new Set()));
  });

  it('refuses to go on with a closed recovery', () => {
    expect(() => advance({ ...opening, closedAtMs: 1 }, new Set())).toThrow(/closed/);
  });

  it('pauses longer before each attempt, within a limit', () => {
    expect([1, 2, 3, 4].map(pauseBeforeMs)).toEqual([0, 50, 100, 200]);
    expect(pauseBeforeMs(30)).toBe(2000);
  });
});

describe('a plan that is shown before it runs', () => {
  const findings = { executedGtids: `${P}:1-5`, receivedGtids: '', purgedGtids: '' };

  it('is the plan that would run', () => {
    const { steps, ending } = preview(opening, (server) =>
      server === B ? { ...findings, receivedGtids: `${P}:6` } : findings,
    );
    const lines = steps.map((step) => describeStep(step, (server) => server.slice(7, 8)));
    expect(lines).toEqual([
      'stop the IO thread of 2 and read what it has received',
      'stop the IO thread of 3 and read what it has received',
      'wait until 3 has applied all of it, at most 10 s',
      'commit 3 as the primary of epoch 1: the point of no return',
      'make 3 forget its source',
      'open 3 for writes',
      'point 2 at 3',
    ]);
    expect(ending).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [] });
  });

  it('shows whom it would leave behind', () => {
    const { ending } = preview(opening, (server) => (server === A ? null : findings));
    expect(ending).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [{ server: A }] });
  });
});

// A failover that an operator forced: the primary is met first, fenced where it lives, given back where nobody is promoted.
import { beforeEach, describe, expect, it } from 'vitest';
import type { RecoveryInputs } from '../../../../src/core/recovery/recovery.js';
import type { Step, StepFailure, StepOutcome } from '../../../../src/core/recovery/step.js';
import { type MysqlWorld, uuidOf } from '../../../support/worlds/mysql-world.js';
import { type Disturb, diesAt, play, type Played } from '../../../support/worlds/plan-player.js';
import { deadPrimaryOpening, livePrimaryWorld } from '../../../support/worlds/plan-worlds.js';

const [P, A, B] = [uuidOf(1), uuidOf(2), uuidOf(3)];

let world: MysqlWorld;

beforeEach(() => {
  world = livePrimaryWorld([3, 5]);
});

const opening = (inputs: Partial<RecoveryInputs> = {}) =>
  deadPrimaryOpening([world.get(A), world.get(B)], [], { forced: true, fencesFirst: true, ...inputs });
const failsWith =
  (kind: Step['kind'], code: StepFailure, retriable = false): Disturb =>
  (step, outcome): StepOutcome =>
    step.kind === kind && step.server === P ? { ok: false, code, error: 'so it said', retriable } : outcome;
const taken = ({ record }: Played): readonly string[] =>
  record.steps.map(({ step }) => `${step.kind} ${step.server.slice(7, 8)}`);

describe('a live primary', () => {
  it('is met, fenced, and what it had arrives before the role moves: nothing is lost', () => {
    const played = play(opening(), world);
    expect(taken(played).slice(0, 6)).toEqual([
      'look 1',
      'fence 1',
      'await-received 2',
      'await-received 3',
      'stop-io 2',
      'stop-io 3',
    ]);
    expect(played.ending).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [] });
    expect([...world.get(A).executed]).toHaveLength(5);
    expect(world.writable.map(({ id }) => id)).toEqual([played.record.successor]);
  });

  it('waits for the one that was asked for alone', () => {
    const played = play(opening({ requestedCandidate: A }), world);
    expect(taken(played).filter((step) => step.startsWith('await-received'))).toEqual(['await-received 2']);
    expect(played.record.successor).toBe(A);
  });

  it.each(['not-admitted', 'state', 'statement', 'barrier', 'late'] as const)(
    'that answers and cannot be fenced (%s) stays the primary, open',
    (code) => {
      const played = play(opening(), world, undefined, failsWith('fence', code));
      expect(played.ending.verdict).toMatchObject({
        kind: 'undone',
        reason: expect.stringContaining('is alive and could not be fenced') as string,
      });
      expect(world.writable.map(({ id }) => id)).toEqual([P]);
      expect(played.record.promotion).toBeNull();
    },
  );

  it('that lets us not in is not touched, nor anybody else', () => {
    const played = play(opening(), world, undefined, failsWith('look', 'not-admitted'));
    expect(played.ending.verdict.kind).toBe('undone');
    expect(new Set(played.record.steps.map(({ step }) => step.kind))).toEqual(new Set(['look']));
  });

  it('is opened again, with its semi-sync, when nobody can be promoted', () => {
    for (const id of [A, B]) world.get(id).slow = true;
    const semiSync = { timeoutMs: 10_000, waitCount: 1, ackers: 1 };
    const { ending, record } = play(opening({ semiSync }), world);
    expect(ending.verdict.kind).toBe('undone');
    expect(world.writable.map(({ id }) => id)).toEqual([P]);
    const [reopened] = record.steps.filter(({ step }) => step.kind === 'open');
    expect(reopened?.step).toMatchObject({ server: P, epoch: record.inputs.epoch - 1, semiSync: { ackers: 2 } });
    for (const id of [A, B]) expect(world.get(id)).toMatchObject({ source: P, io: true });
  });

  it('that took no writes before takes none afterwards', () => {
    for (const id of [A, B]) world.get(id).slow = true;
    world.get(P).readOnly = true;
    expect(play(opening(), world).ending.verdict.kind).toBe('undone');
    expect(world.writable).toEqual([]);
  });

  it('that cannot be opened again is told as a failure', () => {
    for (const id of [A, B]) world.get(id).slow = true;
    const { ending } = play(opening(), world, undefined, failsWith('open', 'replaced'));
    expect(ending.verdict).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('could not be opened again') as string,
    });
  });

  it('leaves one primary, whenever a leader dies over it', () => {
    for (let point = 1; ; point++) {
      world = livePrimaryWorld([3, 5]);
      const { ending, deaths } = play(opening(), world, diesAt(point));
      expect(ending.verdict.kind, `point ${point}`).toBe('succeeded');
      expect(world.writable, `point ${point}`).toHaveLength(1);
      expect(ending.lost, `point ${point}`).toEqual([]);
      if (deaths > 0) continue;
      expect(point).toBeGreaterThan(20);
      return;
    }
  });

  it('is given back, whenever a leader dies over an attempt that comes to nothing', () => {
    for (let point = 1; ; point++) {
      world = livePrimaryWorld([3, 5]);
      for (const id of [A, B]) world.get(id).slow = true;
      const { ending, deaths } = play(opening(), world, diesAt(point));
      expect(ending.verdict.kind, `point ${point}`).toBe('undone');
      expect(
        world.writable.map(({ id }) => id),
        `point ${point}`,
      ).toEqual([P]);
      if (deaths > 0) continue;
      expect(point).toBeGreaterThan(15);
      return;
    }
  });
});

describe('a primary that does not answer', () => {
  it('is replaced without it: the committed demotion fences it when it comes back', () => {
    world.get(P).up = false;
    const played = play(opening(), world);
    expect(played.ending.verdict.kind).toBe('succeeded');
    expect(taken(played)).not.toContain('fence 1');
  });

  it('or dies while it is fenced: the failover goes on', () => {
    const played = play(opening(), world, undefined, (step, outcome) => {
      if (step.kind !== 'fence') return outcome;
      world.get(P).up = false;
      return { ok: false, code: 'unreachable', error: 'the connection is gone', retriable: false };
    });
    expect(played.ending.verdict.kind).toBe('succeeded');
  });

  it('or was rebuilt: whoever answers in its place is left alone', () => {
    Object.assign(world.get(P), { replaced: true, readOnly: true });
    const played = play(opening(), world);
    expect(played.ending.verdict.kind).toBe('succeeded');
    expect(taken(played)).not.toContain('fence 1');
  });
});

describe('replicas that still follow an earlier primary', () => {
  it('are pointed back at it when nobody can be promoted', () => {
    const gone = uuidOf(9);
    world.add(gone, { up: false });
    for (const id of [A, B]) world.get(id).slow = true;
    const told = [{ follows: P }, { follows: P }];
    const stranded = deadPrimaryOpening([world.get(A), world.get(B)], told, { forced: true, fencesFirst: true });
    const { ending } = play({ ...stranded, failed: gone }, world);
    expect(ending.verdict.kind).toBe('undone');
    for (const id of [A, B]) expect(world.get(id)).toMatchObject({ source: P, io: true });
  });
});

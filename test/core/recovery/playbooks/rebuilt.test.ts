// A server that was rebuilt at its old address is another server: what the plan counted on is gone.
import { describe, expect, it } from 'vitest';
import { immortal, play } from '../../../support/worlds/plan-player.js';
import { uuidOf } from '../../../support/worlds/mysql-world.js';
import { deadPrimaryOpening, deadPrimaryWorld } from '../../../support/worlds/plan-worlds.js';

const [A, B, C] = [uuidOf(2), uuidOf(3), uuidOf(4)];

describe('a server that was rebuilt', () => {
  it('is no candidate, and is not asked twice: another one is promoted', () => {
    const { world, replicas } = deadPrimaryWorld([5, 4]);
    world.get(A).replaced = true;
    const { ending, record } = play(deadPrimaryOpening(replicas), world);
    expect(ending).toMatchObject({ verdict: { kind: 'succeeded' } });
    expect(ending.lost).toMatchObject([{ server: A, reason: expect.stringContaining('was rebuilt') as string }]);
    expect(record.promotion?.server).toBe(B);
    expect(record.steps.find(({ step }) => step.server === A)).toMatchObject({
      attempt: 1,
      outcome: { code: 'replaced' },
    });
  });

  it('ends the preparation of a candidate, and the next one is promoted', () => {
    const { world, replicas } = deadPrimaryWorld([5, 5]);
    const { record } = play(deadPrimaryOpening(replicas), world, immortal, (step, outcome) => {
      if (step.kind !== 'await-applied' || step.server !== A) return outcome;
      world.get(A).replaced = true;
      return { ok: false, code: 'replaced', error: 'rebuilt', retriable: false };
    });
    expect(record.promotion?.server).toBe(B);
    expect(world.writable.map(({ id }) => id)).toEqual([B]);
  });

  it('ends a recovery that had promised it, at once, and nobody is pointed at the empty one', () => {
    const { world, replicas } = deadPrimaryWorld([5, 5, 5]);
    const { ending, record } = play(deadPrimaryOpening(replicas), world, immortal, (step, outcome) => {
      if (step.kind === 'await-applied') world.get(step.server).replaced = true;
      return outcome;
    });
    expect(record.promotion?.server).toBe(A);
    expect(record.steps.find(({ step }) => step.kind === 'detach')).toMatchObject({ attempt: 1 });
    expect(ending.verdict).toMatchObject({ kind: 'failed', reason: expect.stringContaining('is gone') as string });
    expect(ending.lost.map(({ server }) => server)).toEqual([B, C]);
    expect(world.taken.some(({ kind }) => kind === 'repoint')).toBe(false);
    expect(world.writable).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { choose, type Gathered, whyNotFollow } from '../../../../src/core/recovery/choice/choice.js';
import type { ServerId } from '../../../../src/core/topology/server.js';
import { uuidOf } from '../../../support/worlds/mysql-world.js';
import { participant, type Told } from '../../../support/worlds/recoveries.js';

const P = uuidOf(1);
const [A, B, C] = [uuidOf(2), uuidOf(3), uuidOf(4)];
const NO_LIMITS = { requested: null, excluded: new Set<ServerId>(), mustHave: '' };

function gathered(id: ServerId, has: string, told: Told = {}, changes: Partial<Gathered> = {}): Gathered {
  return {
    participant: participant(id, 'replica', told),
    has,
    purged: '',
    applierError: null,
    byPlace: false,
    ...changes,
  };
}

describe('whom to promote', () => {
  it('the most advanced, whatever the preference', () => {
    const choice = choose([gathered(A, `${P}:1-5`, { preference: 1 }), gathered(B, `${P}:1-4`)], NO_LIMITS);
    expect(choice).toMatchObject({
      kind: 'chosen',
      candidate: { participant: { id: A } },
      catchUpFrom: null,
      target: `${P}:1-5`,
    });
  });

  it('the preferred among the equally advanced', () => {
    const choice = choose([gathered(A, `${P}:1-5`, { preference: 1 }), gathered(B, `${P}:1-5`)], NO_LIMITS);
    expect(choice).toMatchObject({ candidate: { participant: { id: B } } });
  });

  it('one of a better tier although it is behind: it catches up from the most advanced', () => {
    const choice = choose([gathered(A, `${P}:1-5`), gathered(B, `${P}:1-4`, { tier: 0 })], NO_LIMITS);
    expect(choice).toMatchObject({
      candidate: { participant: { id: B } },
      catchUpFrom: { participant: { id: A } },
      target: `${P}:1-5`,
    });
  });

  it('the most advanced after all, when nobody can give the better placed what it lacks', () => {
    const behind = gathered(B, `${P}:1-4`, { tier: 0 });
    for (const source of [
      gathered(A, `${P}:1-5`, { servesOthers: false }),
      gathered(A, `${P}:1-5`, {}, { purged: `${P}:1-5` }),
    ]) {
      expect(choose([source, behind], NO_LIMITS)).toMatchObject({ candidate: { participant: { id: A } } });
    }
  });

  it('lets the only candidate catch up from one that may not be promoted', () => {
    const choice = choose([gathered(A, `${P}:1-5`, { promotable: false }), gathered(B, `${P}:1-4`)], NO_LIMITS);
    expect(choice).toMatchObject({ candidate: { participant: { id: B } }, catchUpFrom: { participant: { id: A } } });
  });

  it('the one that lacks least when what is lacking cannot be had', () => {
    const choice = choose(
      [
        gathered(A, `${P}:1-9`, { promotable: false, servesOthers: false }),
        gathered(B, `${P}:1-4`),
        gathered(C, `${P}:1-6`, { preference: 5 }),
      ],
      NO_LIMITS,
    );
    expect(choice).toMatchObject({ candidate: { participant: { id: C } }, catchUpFrom: null, target: `${P}:1-6` });
  });

  it('nobody who would leave behind what a slow one has received', () => {
    const limits = { requested: null, excluded: new Set([A]), mustHave: `${P}:1-5` };
    expect(choose([gathered(A, `${P}:1-5`, { servesOthers: false }), gathered(B, `${P}:1-4`)], limits)).toMatchObject({
      kind: 'none',
      reason: expect.stringContaining(`${P}:5`) as string,
    });
    expect(choose([gathered(A, `${P}:1-5`), gathered(B, `${P}:1-5`)], limits)).toMatchObject({
      candidate: { participant: { id: B } },
    });
  });

  it('does not take a replica for advanced because somebody wrote to it', () => {
    const choice = choose([gathered(A, `${P}:1-4,${A}:1-3`), gathered(B, `${P}:1-5`, { preference: 1 })], NO_LIMITS);
    expect(choice).toMatchObject({ candidate: { participant: { id: B } } });
  });

  it('leaves as few behind as it can', () => {
    const purged = gathered(A, `${P}:1-5`, {}, { purged: `${P}:1-4` });
    const choice = choose(
      [purged, gathered(B, `${P}:1-5`, { preference: 1 }), gathered(C, `${P}:1-3`, { preference: 2 })],
      NO_LIMITS,
    );
    expect(choice).toMatchObject({ candidate: { participant: { id: B } } });
  });

  it('passes over an applier that is broken, and says why nobody is left', () => {
    const broken = gathered(A, `${P}:1-5`, {}, { applierError: 'error 1062: duplicate' });
    expect(choose([broken, gathered(B, `${P}:1-4`)], NO_LIMITS)).toMatchObject({
      candidate: { participant: { id: B } },
    });
    const choice = choose(
      [broken, gathered(B, `${P}:1-4`, { promotable: false, reason: 'writes no binary log' })],
      NO_LIMITS,
    );
    expect(choice).toMatchObject({
      kind: 'none',
      reason: expect.stringMatching(/error 1062.*writes no binary log/) as string,
    });
  });

  it('the one that was asked for, or nobody', () => {
    const two = [gathered(A, `${P}:1-5`), gathered(B, `${P}:1-4`)];
    const asked = choose(two, { ...NO_LIMITS, requested: B });
    expect(asked).toMatchObject({ candidate: { participant: { id: B } }, catchUpFrom: { participant: { id: A } } });
    expect(choose(two, { ...NO_LIMITS, requested: C })).toMatchObject({ kind: 'none' });
  });
});

describe('who can follow the promoted one', () => {
  const promoted = gathered(A, `${P}:1-5`, {}, { purged: `${P}:1-2` });

  it('whoever has nothing that it lacks and lacks nothing that it has purged', () => {
    expect(whyNotFollow(gathered(B, `${P}:1-2`), promoted, promoted.has)).toBeNull();
  });

  it('names what the others have and it lacks', () => {
    const ahead = whyNotFollow(gathered(B, `${P}:1-6,${B}:1`), promoted, promoted.has);
    expect(ahead?.gtids).toBe(`${P}:6,${B}:1`);
  });

  it('names what it has purged, and versions that do not go together', () => {
    expect(whyNotFollow(gathered(B, `${P}:1`), promoted, promoted.has)?.reason).toContain(`${P}:2`);
    const old = gathered(B, `${P}:1-5`, { cannotFollow: [{ source: A, reason: 'its 8.0.36 is older than 8.4.0' }] });
    expect(whyNotFollow(old, promoted, promoted.has)?.reason).toContain('older');
  });
});

import { describe, expect, it } from 'vitest';
import { gtidText, uuidOf } from '../../../support/worlds/mysql-world.js';
import { diesAt, type Fate, immortal, play } from '../../../support/worlds/plan-player.js';
import { deadPrimaryOpening, deadPrimaryWorld } from '../../../support/worlds/plan-worlds.js';
import { participant } from '../../../support/worlds/recoveries.js';

const [P, A, B, C] = [uuidOf(1), uuidOf(2), uuidOf(3), uuidOf(4)];

describe('the playbook of a dead primary', () => {
  it('promotes the most advanced, which has applied all, and points the others at it', () => {
    const { world, replicas } = deadPrimaryWorld([3, 5, 4]);
    const { ending, record } = play(deadPrimaryOpening(replicas), world);
    expect(ending).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [], demotion: null });
    expect(record.promotion).toEqual({ server: B, epoch: 1 });
    expect(world.writable.map(({ id }) => id)).toEqual([B]);
    expect(world.get(A)).toMatchObject({ source: B, io: true, sql: true });
    expect(gtidText(world.get(B).executed)).toBe(`${P}:1-5`);
  });

  it('stops all IO threads before it compares, and opens before it repoints', () => {
    const { world, replicas } = deadPrimaryWorld([5, 5]);
    play(deadPrimaryOpening(replicas), world);
    expect(world.taken.map(({ kind, server }) => `${kind} ${server.slice(7, 8)}`)).toEqual([
      'stop-io 2',
      'stop-io 3',
      'await-applied 2',
      'detach 2',
      'open 2',
      'repoint 3',
    ]);
  });

  it('names a fellow that the promoted one may follow for a moment: one that has nothing it lacks, and serves others', () => {
    const fellowIn = (has: readonly number[], over: Parameters<typeof deadPrimaryOpening>[1]): unknown => {
      const { world, replicas } = deadPrimaryWorld(has);
      const { record } = play(deadPrimaryOpening(replicas, over), world);
      return record.steps.find(({ step }) => step.kind === 'detach')?.step;
    };
    expect(fellowIn([5, 4], [])).toEqual({ kind: 'detach', server: A, fellow: B });
    expect(fellowIn([5, 5, 4], [{}, { servesOthers: false }])).toEqual({ kind: 'detach', server: A, fellow: C });
    expect(fellowIn([5, 4], [{}, { servesOthers: false }])).toEqual({ kind: 'detach', server: A });
    expect(fellowIn([5, 4], [{ cannotFollow: [{ source: B, reason: 'it is newer' }] }])).not.toHaveProperty('fellow');
    expect(fellowIn([5, 4], [{ countsBy: 'writers' }])).not.toHaveProperty('fellow');
    expect(fellowIn([5], [])).toEqual({ kind: 'detach', server: A });
    const { world, replicas } = deadPrimaryWorld([5, 5]);
    world.errant(world.get(B));
    const { record } = play(deadPrimaryOpening(replicas), world);
    expect(record.steps.find(({ step }) => step.kind === 'detach')?.step).toEqual({ kind: 'detach', server: A });
  });

  it('lets a better placed candidate catch up first', () => {
    const { world, replicas } = deadPrimaryWorld([5, 2]);
    const { record } = play(deadPrimaryOpening(replicas, [{ tier: 2 }, { tier: 0 }]), world);
    expect(record.promotion?.server).toBe(B);
    expect(gtidText(world.get(B).executed)).toBe(`${P}:1-5`);
  });

  it('does without a replica that does not answer, and says so', () => {
    const { world, replicas } = deadPrimaryWorld([5, 5, 5]);
    world.get(A).up = false;
    const { ending, record } = play(deadPrimaryOpening(replicas), world);
    expect(record.promotion?.server).toBe(B);
    expect(ending.lost).toMatchObject([{ server: A, gtids: '' }]);
  });

  it('sets a replica apart that has what the promoted one lacks, and names it', () => {
    const { world, replicas } = deadPrimaryWorld([4, 5, 4]);
    world.errant(world.get(C));
    world.get(B).broken = true;
    world.get(B).sql = false;
    const { ending, record } = play(deadPrimaryOpening(replicas), world);
    expect(record.promotion?.server).toBe(A);
    expect(ending.lost).toMatchObject([
      { server: B, gtids: `${P}:5` },
      { server: C, gtids: `${C}:1` },
    ]);
    expect(world.get(B).relay).toHaveLength(5);
  });

  it('gives nothing up because of a candidate that is slow: it is undone, and replicas follow the old primary again', () => {
    const { world, replicas } = deadPrimaryWorld([5, 4]);
    world.get(A).slow = true;
    for (const { id } of replicas) world.get(id).byPlace = true;
    const { ending } = play(deadPrimaryOpening(replicas, [{ servesOthers: false }]), world);
    expect(ending.verdict).toMatchObject({ kind: 'undone', reason: expect.stringContaining(`${P}:5`) as string });
    expect(world.writable).toEqual([]);
    for (const { id } of replicas) expect(world.get(id)).toMatchObject({ source: P, io: true, byPlace: true });
  });

  it('counts on nothing that a candidate given up may have fetched: what was purged elsewhere it may lack', () => {
    const { world, replicas } = deadPrimaryWorld([5, 0, 5]);
    world.apply(world.get(A));
    for (const transaction of world.get(A).executed) world.get(A).purged.add(transaction);
    world.get(B).slow = true;
    const told = [{ tier: 2, servesOthers: false }, { tier: 0 }, { promotable: false }];
    const { ending, record } = play(deadPrimaryOpening(replicas, told), world);
    expect(record.steps.map(({ step }) => [step.kind, step.server])).toContainEqual(['repoint', B]);
    expect(record.promotion?.server).toBe(A);
    expect(ending.lost).toEqual([
      { server: B, reason: expect.stringContaining('has purged from its binary logs') as string, gtids: '' },
    ]);
    expect(world.get(B).source).toBe(C);
  });

  it('takes another candidate that is as advanced when the first is slow or dies', () => {
    for (const trouble of ['slow', 'dead'] as const) {
      const { world, replicas } = deadPrimaryWorld([5, 5]);
      const kill = { slow: () => undefined, dead: () => (world.get(A).up = false) }[trouble];
      world.get(A).slow = trouble === 'slow';
      const { record } = play(deadPrimaryOpening(replicas), world, immortal, (step, outcome) => {
        if (step.kind === 'stop-io' && step.server === B) kill();
        return outcome;
      });
      expect(record.promotion?.server).toBe(B);
    }
  });

  it('waits briefly for a candidate beside one as good that has less left to apply, and else as long as is configured', () => {
    const limitsOf = (over: Parameters<typeof deadPrimaryOpening>[1]): readonly number[] => {
      const { world, replicas } = deadPrimaryWorld([5, 5]);
      world.get(A).slow = true;
      world.apply(world.get(B));
      const { record } = play(deadPrimaryOpening(replicas, over), world);
      return record.steps.flatMap(({ step }) => (step.kind === 'await-applied' ? [step.limitMs] : []));
    };
    const { applyLimitMs } = deadPrimaryOpening(deadPrimaryWorld([5, 5]).replicas).inputs;
    expect(limitsOf([])).toEqual([3000, applyLimitMs]);
    expect(limitsOf([{ tier: 0 }, { tier: 2 }])).toEqual([applyLimitMs, applyLimitMs]);
    expect(limitsOf([{}, { promotable: false }])).toEqual([applyLimitMs]);
  });

  it('is undone when nobody answers, and when nobody may be promoted', () => {
    const { world, replicas } = deadPrimaryWorld([5, 5]);
    const nobody = play(
      deadPrimaryOpening(replicas, [{ promotable: false, reason: 'writes no binary log' }, { promotable: false }]),
      world,
    );
    expect(nobody.ending.verdict).toMatchObject({
      kind: 'undone',
      reason: expect.stringContaining('no binary log') as string,
    });
    expect(world.get(A)).toMatchObject({ source: P, io: true });
    for (const { id } of replicas) world.get(id).up = false;
    expect(play(deadPrimaryOpening(replicas), world).ending.verdict).toMatchObject({ kind: 'undone' });
  });

  it('points the others at a promoted server that died before it was opened, so that its death can be judged', () => {
    const { world, replicas } = deadPrimaryWorld([5, 5]);
    const { ending } = play(deadPrimaryOpening(replicas), world, immortal, (step, outcome) => {
      if (step.kind === 'await-applied') world.get(A).up = false;
      return outcome;
    });
    expect(ending.verdict).toMatchObject({ kind: 'failed' });
    expect(world.get(B)).toMatchObject({ source: A, readOnly: true });
  });

  it('fences an earlier primary that came back open, before it opens another server, and waits for it no longer than once', () => {
    for (const up of [true, false]) {
      const { world, replicas } = deadPrimaryWorld([5, 5]);
      const earlier = world.add(uuidOf(9), { readOnly: false, up });
      const plain = deadPrimaryOpening(replicas);
      const participants = [...plain.inputs.participants, participant(earlier.id, 'former', { promotable: false })];
      const { ending } = play({ ...plain, inputs: { ...plain.inputs, participants } }, world);
      expect(ending.verdict.kind).toBe('succeeded');
      expect(world.writable.map(({ id }) => id)).toEqual([A]);
    }
  });

  it('keeps a former primary stopped that an operator wants stopped', () => {
    const { world, replicas } = deadPrimaryWorld([5, 5]);
    play(deadPrimaryOpening(replicas, [{}, { start: false, promotable: false }]), world);
    expect(world.get(B)).toMatchObject({ source: A, io: false });
  });

  it('ends the same wherever leaders die', () => {
    const expected = outcomeOf(immortal);
    for (let point = 1; ; point++) {
      const fate = diesAt(point);
      const { deaths, ...found } = outcomeOf(fate);
      expect({ point, ...found }).toEqual({ point, ...expected, deaths: undefined });
      if (deaths === 0) {
        expect(point).toBeGreaterThan(20);
        return;
      }
    }
  });
});

/** A plan with everything in it: a candidate that catches up, one set apart, one that does not answer. */
function outcomeOf(fate: Fate): Record<string, unknown> {
  const { world, replicas } = deadPrimaryWorld([5, 3, 4, 5]);
  world.errant(world.get(C));
  world.get(uuidOf(5)).up = false;
  const { ending, record, deaths } = play(deadPrimaryOpening(replicas, [{ tier: 3 }, { tier: 0 }]), world, fate);
  const servers = [...world.servers.values()].map(({ executed, relay, ...rest }) => ({
    ...rest,
    has: gtidText([...executed, ...relay]),
  }));
  return { ending, promotion: record.promotion, servers, deaths };
}

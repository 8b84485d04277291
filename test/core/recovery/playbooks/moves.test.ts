// Moves upon the model of MySQL: who is moved, who is not and why, what becomes of a plan that fails, and that it ends the same
// wherever leaders die.
import { describe, expect, it } from 'vitest';
import { advance } from '../../../../src/core/recovery/advance.js';
import type { MoveTerms } from '../../../../src/core/recovery/requests/movement.js';
import { nameOf } from '../../../../src/core/recovery/playbooks/next.js';
import { leaderOf } from '../../../../src/core/recovery/playbooks/regroup.js';
import type { Recovery } from '../../../../src/core/recovery/recovery.js';
import type { Step } from '../../../../src/core/recovery/step.js';
import type { MysqlWorld } from '../../../support/worlds/mysql-world.js';
import { diesAt, type Disturb, immortal, play } from '../../../support/worlds/plan-player.js';
import { openingOf, participant } from '../../../support/worlds/recoveries.js';
import { A, B, below, C, opening, P, sourcesIn, UNMOVED, world } from '../../../support/worlds/three-replicas.js';

describe('a move', () => {
  it('takes a replica below its sibling, which it has waited for while both still replicated', () => {
    const servers = world();
    servers.write(servers.get(P), 2);
    servers.receive(servers.get(B));
    const { ending } = play(opening([below(B, A)]), servers);
    expect(ending).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [] });
    expect(sourcesIn(servers)).toEqual({ ...UNMOVED, [B]: [A, true] });
    const kinds = servers.taken.filter(({ kind }) => kind !== 'look').map(({ kind, server }) => [kind, server]);
    expect(kinds).toEqual([
      ['await-applied', A],
      ['stop-io', B],
      ['repoint', B],
    ]);
  });

  it('reads who moves before it reads what they are compared with, which has their transactions by then', () => {
    const plan = opening([below(B, A), below(C, A)]);
    const first = advance(plan, new Set());
    const read = first.kind === 'run' ? first.steps.map(({ step }) => [step.kind, step.server]) : [];
    expect(read).toEqual([
      ['look', B],
      ['look', C],
    ]);
  });

  it('leaves one stopped that was stopped', () => {
    const servers = world();
    Object.assign(servers.get(B), { io: false, sql: false });
    play(opening([below(B, A)], {}, { [B]: { start: false } }), servers);
    expect(sourcesIn(servers)).toEqual({ ...UNMOVED, [B]: [A, false] });
  });

  it('leaves one thread stopped that was stopped, at its new source and where it is put back', () => {
    const servers = world();
    servers.get(B).io = false;
    servers.get(C).sql = false;
    const told = { [B]: { rests: 'io' }, [C]: { rests: 'sql' } } as const;
    play(opening([below(B, A), below(C, A)], {}, told), servers);
    expect(sourcesIn(servers)).toEqual({ ...UNMOVED, [B]: [A, false], [C]: [A, true] });
    const refuses: Disturb = (step, outcome) =>
      step.kind === 'repoint' && step.source === P
        ? { ok: false, code: 'state', error: 'it cannot replicate from there', retriable: false }
        : outcome;
    play(opening([below(B, P, A), below(C, P, A)], {}, told), servers, immortal, refuses);
    expect(sourcesIn(servers)).toEqual({ ...UNMOVED, [B]: [A, false], [C]: [A, true] });
    expect([servers.get(B).sql, servers.get(C).sql]).toEqual([true, false]);
    play(opening([below(B, B, null), below(C, C, null)], { manner: 'resume' }, told), servers);
    expect([servers.get(B), servers.get(C)]).toMatchObject([
      { io: false, sql: true },
      { io: true, sql: false },
    ]);
  });

  it('does not move one whose applier somebody stopped before it had applied all', () => {
    const servers = world();
    servers.write(servers.get(P), 2);
    servers.get(C).sql = false;
    servers.settle();
    const { ending } = play(opening([below(C, A)], {}, { [C]: { rests: 'sql' } }), servers);
    const reason = expect.stringMatching(/stopped by somebody and has yet to apply .*start it first/) as unknown;
    expect(ending).toMatchObject({ verdict: { kind: 'undone' }, lost: [{ server: C, reason }] });
    expect(servers.get(C)).toMatchObject({ source: P, io: true, sql: false, relay: { length: 2 } });
    expect(servers.taken.map(({ kind }) => kind)).not.toContain('stop-io');
  });

  it('leaves one that follows by place so where it keeps its source: repointed, put back, or leading the others', () => {
    const servers = world();
    for (const id of [A, B, C]) servers.get(id).byPlace = true;
    play(opening([below(A, P)], { command: 'repoint' }), servers);
    const fails: Disturb = (step, outcome) =>
      step.kind === 'stop-io' ? { ok: false, code: 'state', error: 'it is busy', retriable: false } : outcome;
    play(opening([below(B, A)]), servers, immortal, fails);
    const members = [participant(P, 'place'), ...[A, B, C].map((id) => participant(id, 'replica'))];
    const movement: MoveTerms = { command: 'regroup-replicas', manner: 'regroup', moves: [], refused: [], atOnce: 5 };
    expect([A, B].map((id) => servers.get(id).byPlace)).toEqual([true, true]);
    const { record } = play(openingOf('move', P, members, { movement }), servers);
    const leader = leaderOf(record);
    expect([A, B, C].filter((id) => servers.get(id).byPlace)).toEqual([leader]);
  });

  it.each<readonly [string, (servers: MysqlWorld) => void, RegExp]>([
    ['has what nobody else has', (servers) => servers.errant(servers.get(B)), /transactions that .* lacks/],
    ['needs what is purged there', needsPurged, /purged/],
    ['cannot apply what it has', breakIt, /applier/],
    ['does not answer', (servers) => void (servers.get(B).up = false), /down/],
    ['goes to one that does not answer', (servers) => void (servers.get(A).up = false), /down/],
    ['goes to one that is behind and stands', behind, /does not run/],
    ['goes to one that is too slow', slow, /not applied in time/],
  ])('of one that %s changes nothing', (what, harm, why) => {
    const servers = world();
    harm(servers);
    const before = sourcesIn(servers);
    const { ending } = play(opening([below(B, A)], {}, { [A]: { start: !what.includes('stands') } }), servers);
    expect(ending).toMatchObject({ verdict: { kind: 'undone', reason: expect.stringMatching(why) as unknown } });
    expect(sourcesIn(servers)).toEqual(before);
    expect(servers.taken.map(({ kind }) => kind)).not.toContain('stop-io');
  });

  it('that fails on its way puts the server back', () => {
    const servers = world();
    const refuses: Disturb = (step, outcome) =>
      step.kind === 'repoint' && step.source === A
        ? { ok: false, code: 'state', error: 'it cannot replicate from there', retriable: false }
        : outcome;
    const { ending } = play(opening([below(B, A)]), servers, immortal, refuses);
    expect(ending).toMatchObject({
      verdict: { kind: 'undone', reason: expect.stringContaining('cannot replicate from there') as unknown },
      lost: [{ server: B }],
    });
    expect(sourcesIn(servers)).toEqual(UNMOVED);
  });
});

/** A follows P, B follows A: they change places. */
function chain(): MysqlWorld {
  const servers = world();
  servers.follow(servers.get(B), servers.get(A));
  return servers;
}

const SWAP = [below(B, P, A), below(A, B, P)];

describe('taking the place of its source', () => {
  it('ends with the two the other way round', () => {
    const servers = chain();
    servers.write(servers.get(P), 3);
    servers.receive(servers.get(A));
    const { ending } = play(opening(SWAP, { manner: 'in-order' }), servers);
    expect(ending).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [] });
    expect(sourcesIn(servers)).toEqual({ ...UNMOVED, [B]: [P, true], [A]: [B, true] });
  });

  it('is not begun when the source could not follow', () => {
    const servers = chain();
    servers.errant(servers.get(A));
    const { ending } = play(opening(SWAP, { manner: 'in-order' }), servers);
    expect(ending.verdict.kind).toBe('undone');
    expect(servers.taken.every(({ kind }) => kind === 'look')).toBe(true);
  });

  it('is undone as a whole when its second half fails', () => {
    const servers = chain();
    const refuses: Disturb = (step, outcome) =>
      step.kind === 'repoint' && step.server === A && step.source === B
        ? { ok: false, code: 'statement', error: 'no', retriable: false }
        : outcome;
    const { ending } = play(opening(SWAP, { manner: 'in-order' }), servers, immortal, refuses);
    expect(ending.verdict.kind).toBe('undone');
    expect(sourcesIn(servers)).toEqual({ ...UNMOVED, [B]: [A, true] });
  });
});

describe('two that are to follow each other', () => {
  const ring = () => opening([below(P, A, null)], { manner: 'co-primary' }, { [P]: { role: 'primary' } });

  it('do, and the primary goes on taking writes', () => {
    const servers = world();
    const { ending } = play(ring(), servers);
    expect(ending).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [] });
    expect(servers.get(P)).toMatchObject({ source: A, readOnly: false });
  });

  it('do not when the replica would give the primary something new', () => {
    const servers = world();
    servers.errant(servers.get(A));
    expect(play(ring(), servers).ending.verdict.kind).toBe('undone');
    expect(sourcesIn(servers)).toEqual(UNMOVED);
  });
});

describe('replicas that are regrouped', () => {
  function lostSource(): { readonly servers: MysqlWorld; readonly plan: Recovery } {
    const servers = world();
    servers.write(servers.get(P), 2);
    servers.receive(servers.get(B), 1);
    servers.receive(servers.get(C));
    servers.get(P).up = false;
    const plan = opening([below(A, P), below(B, P), below(C, P)], { command: 'regroup-replicas', manner: 'regroup' });
    return { servers, plan: { ...plan, failed: P } };
  }

  it('follow the one with the most, which stays where it was', () => {
    const { servers, plan } = lostSource();
    const { ending, record } = play(plan, servers);
    expect(ending).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [] });
    expect(leaderOf(record)).toBe(C);
    expect(sourcesIn(servers)).toMatchObject({ [A]: [C, true], [B]: [C, true], [C]: [P, true] });
  });

  it('are not said to be regrouped when none of them could be put below the one with the most', () => {
    const { servers, plan } = lostSource();
    const refuses: Disturb = (step, outcome) =>
      step.kind === 'repoint' && step.source === C && step.server !== C
        ? { ok: false, code: 'state', error: `${nameOf(plan, step.server)}: it cannot log in`, retriable: false }
        : outcome;
    const { ending, record } = play(plan, servers, immortal, refuses);
    const why = [A, B].map((server) => `${nameOf(plan, server)}: it cannot log in`).join('; ');
    const reason = `nobody could be put below ${nameOf(plan, C)}: ${why}`;
    expect(ending.verdict).toEqual({ kind: 'undone', reason });
    expect(leaderOf(record)).toBeNull();
    expect(sourcesIn(servers)).toMatchObject({ [A]: [P, true], [B]: [P, true], [C]: [P, true] });
  });

  it('are led by the only one that answers', () => {
    const { servers, plan } = lostSource();
    servers.get(A).up = false;
    servers.get(C).up = false;
    const { ending, record } = play(plan, servers);
    expect(ending.verdict.kind).toBe('succeeded');
    expect(leaderOf(record)).toBe(B);
  });

  it('stay where they are when none of them may lead', () => {
    const { servers, plan } = lostSource();
    const participants = plan.inputs.participants.map((one) => ({ ...one, promotable: false }));
    const { ending } = play({ ...plan, inputs: { ...plan.inputs, participants } }, servers);
    expect(ending.verdict.kind).toBe('undone');
    expect(sourcesIn(servers)).toMatchObject({ [A]: [P, true], [B]: [P, true], [C]: [P, true] });
  });
});

describe('wherever leaders die', () => {
  it.each<readonly [string, () => MysqlWorld, () => Recovery]>([
    ['a move of two', world, () => opening([below(B, A), below(C, A)])],
    ['a taken source', chain, () => opening(SWAP, { manner: 'in-order' })],
    ['a ring', world, () => opening([below(P, A, null)], { manner: 'co-primary' }, { [P]: { role: 'primary' } })],
    [
      'a regrouping',
      world,
      () => ({ ...opening([below(A, P), below(B, P)], { command: 'regroup-replicas', manner: 'regroup' }), failed: P }),
    ],
    ['a failing move', failing, () => opening([below(B, A)])],
  ])('%s ends the same', (_what, make, plan) => {
    const undisturbed = make();
    const { ending } = play(plan(), undisturbed);
    for (let point = 1; ; point += 1) {
      const servers = make();
      const played = play(plan(), servers, diesAt(point));
      if (played.deaths === 0) return;
      expect(played.ending.verdict.kind, String(point)).toBe(ending.verdict.kind);
      expect(sourcesIn(servers), String(point)).toEqual(sourcesIn(undisturbed));
    }
  });
});

it.each([
  ['detach', [P, false], true],
  ['reattach', [P, true], false],
] as const)('a replica is %sed, and the record says so', (manner, state, severed) => {
  const servers = world();
  Object.assign(servers.get(B), { severed: manner === 'reattach', io: manner === 'detach' });
  const plan = opening([below(B, B)], { manner });
  expect(play(plan, servers).ending).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [] });
  expect(sourcesIn(servers)).toEqual({ ...UNMOVED, [B]: state });
  expect(servers.get(B).severed).toBe(severed);
});

it('a plan that was broken off is taken up: those that stand go on where they are', () => {
  const servers = world();
  servers.take({ kind: 'stop-io', server: B });
  const plan = opening([below(B, B, null)], { manner: 'resume' });
  expect(play(plan, servers).ending).toMatchObject({ verdict: { kind: 'succeeded' } });
  expect(sourcesIn(servers)).toEqual(UNMOVED);
});

function needsPurged(servers: MysqlWorld): void {
  servers.write(servers.get(P));
  servers.receive(servers.get(A));
  servers.apply(servers.get(A));
  servers.get(A).purged.add(`${P}:6`);
}

function breakIt(servers: MysqlWorld): void {
  Object.assign(servers.get(B), { broken: true });
}

function behind(servers: MysqlWorld): void {
  servers.write(servers.get(P));
  servers.receive(servers.get(B));
}

function slow(servers: MysqlWorld): void {
  behind(servers);
  servers.get(A).slow = true;
}

/** B gets one more transaction of its own as soon as it has stopped: nobody will ever have that. */
function failing(): MysqlWorld {
  const servers = world();
  const take = servers.take.bind(servers);
  let isDone = false;
  servers.take = (step: Step) => {
    if (step.kind === 'stop-io' && !isDone) {
      isDone = true;
      servers.errant(servers.get(B));
    }
    return take(step);
  };
  return servers;
}

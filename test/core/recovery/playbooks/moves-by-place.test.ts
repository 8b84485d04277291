// Moves of replicas that follow by place, upon the model of MySQL without GTID, which throws when one begins at a place where it
// loses or repeats a transaction: up, beside, in hops, changing places; what fails is put back; leaders die anywhere.
import { describe, expect, it } from 'vitest';
import { arrivedIn } from '../../../../src/core/recovery/progress/headway.js';
import type { Leg, Movement, MoveTerms } from '../../../../src/core/recovery/requests/movement.js';
import type { Recovery } from '../../../../src/core/recovery/recovery.js';
import type { ServerId } from '../../../../src/core/topology/server.js';
import { uuidOf } from '../../../support/worlds/mysql-world.js';
import { PlaceWorld } from '../../../support/worlds/place-world.js';
import { diesAt, type Disturb, immortal, play } from '../../../support/worlds/plan-player.js';
import { openingOf, participant } from '../../../support/worlds/recoveries.js';

const [P, A, B, C, D] = [uuidOf(1), uuidOf(2), uuidOf(3), uuidOf(4), uuidOf(5)];

/** P over A and B; A over C and D; all have P's five transactions. */
function world(): PlaceWorld {
  const made = new PlaceWorld();
  const servers = [P, A, B, C, D].map((id) => made.add(id, { readOnly: id !== P }));
  const [p, a, b, c, d] = servers as [never, never, never, never, never];
  for (const [replica, source] of [
    [a, p],
    [b, p],
    [c, a],
    [d, a],
  ] as const) {
    made.follow(replica, source);
  }
  made.write(p, 5);
  made.settle();
  return made;
}

function opening(
  movers: readonly ServerId[],
  from: ServerId,
  legs: readonly Leg[],
  terms: Partial<MoveTerms> = {},
): Recovery {
  const to = legs.at(-1)?.to ?? from;
  const moves = movers.map((server): Movement => ({ server, to, from, byPlace: true }));
  const participants = [P, A, B, C, D].map((id) =>
    participant(id, id === P ? 'primary' : movers.includes(id) ? 'replica' : 'place'),
  );
  const movement = { command: 'relocate', manner: 'each', moves, refused: [], atOnce: 5, legs, ...terms } as const;
  return openingOf('move', movers[0] ?? P, participants, { movement });
}

const up = (from: ServerId, to: ServerId): Leg => ({ kind: 'up', from, to });
const beside = (from: ServerId, to: ServerId): Leg => ({ kind: 'beside', from, to });

/** Clients never rest, and what they write comes to everybody who is connected. */
const writing =
  (servers: PlaceWorld): Disturb =>
  (_step, outcome) => {
    servers.write(servers.get(P));
    servers.settle();
    return outcome;
  };

function sources(servers: PlaceWorld): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    [A, B, C, D].map((id) => [id, [servers.get(id).source, servers.get(id).io && servers.get(id).sql]]),
  );
}

const UNMOVED = { [A]: [P, true], [B]: [P, true], [C]: [A, true], [D]: [A, true] };

function allLevel(servers: PlaceWorld): void {
  servers.write(servers.get(P), 3);
  servers.settle();
  for (const id of [A, B, C, D]) expect(servers.get(id).executed, id).toEqual(servers.get(P).executed);
}

const lagging =
  (id: ServerId) =>
  (servers: PlaceWorld): void => {
    servers.get(id).slow = true;
    servers.write(servers.get(P), 2);
    servers.receive(servers.get(id));
    for (const other of [A, B].filter((one) => one !== id)) {
      servers.receive(servers.get(other));
      servers.apply(servers.get(other));
    }
  };

describe('a move by place', () => {
  it.each<readonly [string, readonly ServerId[], ServerId, readonly Leg[], Readonly<Record<string, unknown>>]>([
    ['one up', [C], A, [up(A, P)], { [C]: [P, true] }],
    ['all of a source up', [C, D], A, [up(A, P)], { [C]: [P, true], [D]: [P, true] }],
    ['one below its sibling', [B], P, [beside(P, A)], { [B]: [A, true] }],
    ['one beside its source', [C], A, [up(A, P), beside(P, B)], { [C]: [B, true] }],
    ['two beside their source', [C, D], A, [up(A, P), beside(P, B)], { [C]: [B, true], [D]: [B, true] }],
    ['one two levels down', [B], P, [beside(P, A), beside(A, C)], { [B]: [C, true] }],
  ])('%s, under write load, with every row', (_what, movers, from, legs, expected) => {
    const servers = world();
    const { ending } = play(opening(movers, from, legs), servers, immortal, writing(servers));
    expect(ending).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [] });
    expect(sources(servers)).toEqual({ ...UNMOVED, ...expected });
    allLevel(servers);
  });

  it('names the one who stood still and was not started again, and not those who arrived, as lost', () => {
    const servers = world();
    const { ending, record } = play(opening([C, D], A, [up(A, P)]), servers, immortal, (step, outcome) =>
      step.kind === 'start-replica' ? { ok: false, code: 'limit', error: 'silent', retriable: false } : outcome,
    );
    const reason = 'it was not started again: silent; it is started by itself when it answers again';
    expect(ending.lost).toEqual([{ server: A, reason, gtids: '' }]);
    expect(ending.verdict).toMatchObject({
      kind: 'failed',
      reason: expect.stringMatching(/; moved: \S+, \S+$/) as unknown,
    });
    expect([...arrivedIn(record)].sort()).toEqual([C, D]);
  });

  it('stops nobody before those who go are level, and the one who stands still goes on in the end', () => {
    const servers = world();
    const { record } = play(opening([B], P, [beside(P, A)]), servers, immortal, writing(servers));
    const kinds = record.steps.map(({ step: { kind, server } }) => [kind, server]);
    expect(kinds).toEqual([
      ['look', A],
      ['look', B],
      ['await-applied', A],
      ['await-applied', B],
      ['stop-io', A],
      ['await-applied', A],
      ['await-applied', B],
      ['stop-io', B],
      ['await-applied', B],
      ['run-until', A],
      ['repoint', B],
      ['start-replica', A],
    ]);
  });

  it('waits for one that falls behind its new source while that is stopped', () => {
    const servers = world();
    const { ending } = play(opening([B], P, [beside(P, A)]), servers, immortal, ({ kind, server }, outcome) => {
      if (kind === 'await-applied' && server === B && servers.get(A).io) {
        servers.write(servers.get(P), 2);
        servers.receive(servers.get(A));
        servers.apply(servers.get(A));
        servers.get(B).io = false;
      } else if (kind === 'await-applied' && server === A) servers.get(B).io = true;
      return outcome;
    });
    expect(ending).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [] });
    expect(sources(servers)).toEqual({ ...UNMOVED, [B]: [A, true] });
    allLevel(servers);
  });

  it.each<readonly [string, (servers: PlaceWorld) => unknown, RegExp]>([
    ['whose applier has failed', (servers) => Object.assign(servers.get(B), { broken: true, sql: false }), /1062/],
    ['that does not keep up', lagging(B), /not applied in time/],
    ['whose new source does not keep up', lagging(A), /not applied in time/],
    ['that does not answer', (servers) => Object.assign(servers.get(B), { up: false }), /down/],
  ])('of one %s stops nobody', (_what, harm, why) => {
    const servers = world();
    harm(servers);
    const before = sources(servers);
    const { ending } = play(opening([B], P, [beside(P, A)]), servers);
    expect(ending).toMatchObject({ verdict: { kind: 'undone', reason: expect.stringMatching(why) as unknown } });
    expect(sources(servers)).toEqual(before);
    expect(servers.taken.every(({ kind }) => kind === 'look' || kind === 'await-applied')).toBe(true);
  });

  it('whose source falls silent on the way is undone, and everybody goes on where they were', () => {
    const servers = world();
    const { ending } = play(opening([B], P, [beside(P, A)]), servers, immortal, (step, outcome) => {
      // What the replica has got is more than the other will ever get.
      if (step.kind === 'stop-io' && step.server === A) {
        servers.write(servers.get(P), 2);
        servers.receive(servers.get(B));
        servers.apply(servers.get(B));
      }
      if (step.kind === 'stop-io' && step.server === B) servers.get(P).up = false;
      return outcome;
    });
    expect(ending).toMatchObject({
      verdict: { kind: 'undone', reason: expect.stringContaining('never came') as unknown },
    });
    expect(sources(servers)).toEqual(UNMOVED);
  });

  const refuses =
    (at: ServerId, to: ServerId): Disturb =>
    (step, outcome) =>
      step.kind === 'repoint' && step.server === at && step.source === to
        ? { ok: false, code: 'state', error: 'it cannot replicate from there', retriable: false }
        : outcome;

  it.each([
    ['the first hop', [C], [up(A, P)], C, P],
    ['a later hop', [C], [up(A, P), beside(P, B)], C, B],
    ['a hop down', [B], [beside(P, A)], B, A],
    ['a later hop down', [B], [beside(P, A), beside(A, C)], B, C],
  ] as const)('that fails on %s puts the server back where it was', (_what, movers, legs, at, to) => {
    const servers = world();
    const from = legs[0].from;
    const { ending } = play(opening(movers, from, legs), servers, immortal, refuses(at, to));
    expect(ending).toMatchObject({
      verdict: { kind: 'undone' },
      lost: [{ server: at, reason: 'it cannot replicate from there' }],
    });
    expect(sources(servers)).toEqual(UNMOVED);
    allLevel(servers);
  });

  it('of many moves those who can, and names the others', () => {
    const servers = world();
    Object.assign(servers.get(D), { broken: true, sql: false });
    const { ending } = play(opening([C, D], A, [up(A, P)]), servers);
    expect(ending).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [{ server: D }] });
    expect(servers.get(C).source).toBe(P);
  });

  it('goes in groups, one after the other, where there are more than may be without their source', () => {
    const servers = world();
    const { ending, record } = play(opening([C, D], A, [up(A, P)], { atOnce: 1 }), servers, immortal, writing(servers));
    expect(ending.verdict).toEqual({ kind: 'succeeded' });
    const order = record.steps.filter(({ step }) => ['stop-io', 'repoint', 'start-replica'].includes(step.kind));
    expect(order.map(({ step }) => [step.kind, step.server])).toEqual([
      ['stop-io', A],
      ['repoint', C],
      ['start-replica', A],
      ['stop-io', A],
      ['repoint', D],
      ['start-replica', A],
    ]);
    allLevel(servers);
  });

  it.each<readonly [string, readonly ServerId[], readonly Leg[]]>([
    ['beside its source', [C, D], [up(A, P), beside(P, B)]],
    ['below its sibling', [B], [beside(P, A)]],
  ])('%s ends the same way wherever the leader dies', (_what, movers, legs) => {
    for (let point = 1; ; point++) {
      const servers = world();
      const from = legs[0]?.from ?? P;
      const { ending, deaths } = play(opening(movers, from, legs), servers, diesAt(point), writing(servers));
      expect(ending, `death at point ${String(point)}`).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [] });
      allLevel(servers);
      if (deaths === 0) return;
    }
  });
});

const swap = (): Recovery =>
  opening([C], A, [], {
    command: 'take-master',
    manner: 'in-order',
    moves: [
      { server: C, to: P, from: A, byPlace: true },
      { server: A, to: C, from: P, byPlace: true },
    ],
  });

describe('a replica and its source that change places', () => {
  it('do so under write load, wherever the leader dies', () => {
    for (let point = 1; ; point++) {
      const servers = world();
      const { ending, deaths } = play(swap(), servers, diesAt(point), writing(servers));
      expect(ending, `death at point ${String(point)}`).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [] });
      expect(sources(servers)).toEqual({ ...UNMOVED, [C]: [P, true], [A]: [C, true] });
      allLevel(servers);
      if (deaths === 0) return;
    }
  });

  it.each([
    ['the source', A, C],
    ['the replica', C, P],
  ])('are as they were where %s cannot go', (_what, at, to) => {
    const servers = world();
    const { ending } = play(swap(), servers, immortal, (step, outcome) =>
      step.kind === 'repoint' && step.server === at && step.source === to
        ? { ok: false, code: 'state', error: 'it cannot replicate from there', retriable: false }
        : outcome,
    );
    expect(ending.verdict).toMatchObject({ kind: 'undone' });
    expect(sources(servers)).toEqual(UNMOVED);
    allLevel(servers);
  });
});

describe('a replica and its source that got stuck on the way', () => {
  const stuckAt = (kinds: readonly string[]) => {
    const servers = world();
    return play(swap(), servers, immortal, (step, outcome) =>
      kinds.includes(`${step.kind} ${step.server === A ? 'source' : 'replica'}`)
        ? { ok: false, code: 'state', error: 'its disk is full', retriable: false }
        : outcome,
    ).ending;
  };

  it('say from which places on they are to be pointed back by hand, in order', () => {
    const { verdict } = stuckAt(['repoint replica']);
    const order = (server: ServerId, source: ServerId): string =>
      `point db-${server.slice(0, 8)}:3306 at db-${source.slice(0, 8)}:3306 from binlog.000001:50 on, if it stands at \\S+, and start it`;
    const told = new RegExp(`its disk is full; mend that, .*${order(C, A)}; then ${order(A, P)}$`);
    expect(verdict).toMatchObject({ kind: 'failed', reason: expect.stringMatching(told) as unknown });
  });

  it('say who is to be started where nobody was pointed elsewhere yet', () => {
    const { verdict } = stuckAt(['await-applied source', 'start-replica source']);
    expect(verdict).toMatchObject({
      kind: 'failed',
      reason: expect.stringMatching(/orchestrator-client -c start-replica -i db-\S+:3306$/) as unknown,
    });
  });
});

describe('a primary that follows its replica', () => {
  it('begins at the end of the log of that, which is its own', () => {
    const servers = world();
    const plan = opening([P], A, [], {
      manner: 'co-primary',
      moves: [{ server: P, to: A, from: null, byPlace: true }],
    });
    const { ending } = play(plan, servers, immortal, writing(servers));
    expect(ending.verdict).toEqual({ kind: 'succeeded' });
    expect(servers.get(P)).toMatchObject({ source: A, io: true });
    allLevel(servers);
  });
});

describe('replicas of a dead source', () => {
  it('are regrouped below the one with most, level or behind', () => {
    const servers = world();
    servers.write(servers.get(P), 3);
    servers.settle();
    servers.get(A).io = false;
    servers.write(servers.get(P), 2);
    servers.settle();
    servers.get(P).up = false;
    const moves = [A, B].map((server): Movement => ({ server, to: P, from: P }));
    const plan = opening([A, B], P, [], { command: 'regroup-replicas', manner: 'regroup', moves });
    const { ending } = play({ ...plan, failed: P }, servers);
    expect(ending).toMatchObject({ verdict: { kind: 'succeeded' }, lost: [] });
    expect(servers.get(A).source).toBe(B);
    servers.settle();
    expect(servers.get(A).executed).toEqual(servers.get(B).executed);
  });
});

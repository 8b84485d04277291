// Who goes where by each command, and every reason why not, in the words that users know.
import { beforeEach, describe, expect, it } from 'vitest';
import { openMove } from '../../../../src/core/recovery/openings/move.js';
import type { MoveWish } from '../../../../src/core/recovery/openings/move-wishes.js';
import type { Opening } from '../../../../src/core/recovery/openings/opening.js';
import { planOf } from '../../../../src/core/recovery/preview/plan.js';
import { pointAt } from '../../../../src/core/recovery/playbooks/one-move.js';
import type { RecoveryId } from '../../../../src/core/recovery/recovery.js';
import { describeStep } from '../../../../src/core/recovery/step-text.js';
import type { Channel, ServerFacts, ServerId } from '../../../../src/core/topology/server.js';
import { channelTo, factsOf, observed, serverId } from '../../../support/facts.js';
import { FedLedger } from '../../../support/ledger.js';
import { uuidOf } from '../../../support/worlds/mysql-world.js';
import { policyOf } from '../../../support/policy.js';
import { sightsOf } from '../../../support/sights.js';

const context = { id: '7:f' as RecoveryId, openedBy: 'n1', requestedBy: 'ann' };

let fed: FedLedger;
let number: number;
let silent: Set<string>;

function see(name: string, source: string | null, facts: Partial<ServerFacts> = {}): void {
  number += 1;
  const usual = { serverNumber: number, readOnly: source !== null };
  fed.feed({ kind: 'topology-observed', servers: [observed(name, source, { ...usual, ...facts })] });
}

/** p over m and s; m over a and b. */
beforeEach(() => {
  fed = new FedLedger();
  number = 0;
  silent = new Set();
  see('p', null);
  for (const [name, source] of Object.entries({ m: 'p', s: 'p', a: 'm', b: 'm' })) see(name, source);
});

function ask(
  command: MoveWish['command'],
  server: string,
  destination?: string,
  pattern: RegExp | null = null,
): Opening {
  const soft = { answers: (id: ServerId) => !silent.has(id), lagSeconds: () => 0 };
  const to = destination === undefined ? null : serverId(destination);
  return openMove(
    fed.state,
    policyOf({ applyLimitMs: 300_000 }),
    { command, server: serverId(server), destination: to, pattern },
    soft,
    context,
  );
}

function movesOf(opening: Opening): readonly string[] {
  if (!opening.ok) throw new Error(opening.refusals.map(({ message }) => message).join());
  const moves = opening.recovery.inputs.movement?.moves ?? [];
  return moves.map(({ server, to, from }) => `${server}: ${from ?? '-'} > ${to}`);
}

function noes(opening: Opening): readonly string[] {
  return opening.ok ? [] : opening.refusals.map(({ message }) => message);
}

describe('a request', () => {
  it.each<readonly [MoveWish['command'], string, string | undefined, readonly string[]]>([
    ['relocate', 'a', 's', ['a: m > s']],
    ['move-gtid', 'a', 'p', ['a: m > p']],
    ['relocate-replicas', 'm', 's', ['a: m > s', 'b: m > s']],
    ['relocate-replicas', 'm', 'b', ['a: m > b']],
    ['move-up', 'a', undefined, ['a: m > p']],
    ['move-up-replicas', 'm', undefined, ['a: m > p', 'b: m > p']],
    ['move-below', 'a', 'b', ['a: m > b']],
    ['repoint', 'a', undefined, ['a: m > m']],
    ['repoint-replicas', 'm', undefined, ['a: m > m', 'b: m > m']],
    ['take-siblings', 'a', undefined, ['b: m > a']],
    ['take-master', 'a', undefined, ['a: m > p', 'm: p > a']],
    ['make-co-master', 's', undefined, ['p: - > s']],
    ['regroup-replicas', 'm', undefined, ['a: m > m', 'b: m > m']],
  ])('%s of %s to %s', (command, server, to, moves) => {
    expect(movesOf(ask(command, server, to))).toEqual(moves);
  });

  it.each<readonly [MoveWish['command'], number]>([
    ['take-siblings', 10_000],
    ['relocate-replicas', 10_000],
    ['take-master', 20_000],
  ])('%s waits %d ms for a place that is behind', (command, waitMs) => {
    see('c', 'm');
    const opening = ask(command, command === 'relocate-replicas' ? 'm' : 'a', 's');
    expect(opening).toMatchObject({ recovery: { inputs: { applyLimitMs: waitMs } } });
  });

  it('holds those whose replication changes in maintenance, and says for what', () => {
    const opening = ask('relocate', 'a', 's');
    const locks = { servers: ['a'], reason: 'relocate: a:3306 below s:3306' };
    expect(opening).toMatchObject({ ok: true, recovery: { inputs: { locks } } });
  });

  it('for many takes those that match', () => {
    expect(movesOf(ask('relocate-replicas', 'm', 's', /^b:/))).toEqual(['b: m > s']);
  });

  it('for many begins with those who replicate', () => {
    see('a', 'm', { channels: [channelTo('m', { ioThread: 'connecting' })] });
    expect(movesOf(ask('relocate-replicas', 'm', 's'))).toEqual(['b: m > s', 'a: m > s']);
  });

  it('for many goes on without those who cannot, and names them', () => {
    silent.add('a');
    const opening = ask('relocate-replicas', 'm', 's');
    expect(movesOf(opening)).toEqual(['b: m > s']);
    const refused = [{ server: 'a', reason: 'a:3306 does not answer' }];
    expect(opening).toMatchObject({ recovery: { inputs: { movement: { refused } } } });
  });

  it('moves replicas away from a source that is dead', () => {
    silent.add('m');
    expect(movesOf(ask('relocate-replicas', 'm', 's'))).toEqual(['a: m > s', 'b: m > s']);
  });
});

describe('refused is', () => {
  it.each<readonly [string, MoveWish['command'], string, string | undefined, RegExp]>([
    ['a server below itself', 'relocate', 'a', 'a', /below itself/],
    ['a server below its own branch', 'relocate', 'm', 'a', /relocate: a:3306 is a descendant of m:3306/],
    ['a primary', 'relocate', 'p', 's', /instance is not a replica: p:3306/],
    ['a move up where there is no more up', 'move-up', 'm', undefined, /master is not a replica itself: p:3306/],
    ['a move up of a primary', 'move-up', 'p', undefined, /instance is not a replica: p:3306/],
    ['a move below one that is no sibling', 'move-below', 'a', 's', /instances are not siblings: a:3306, s:3306/],
    ['to take the primary', 'take-master', 'm', undefined, /p:3306 is the master of its cluster/],
    [
      'a co-primary of one that is none',
      'make-co-master',
      'a',
      undefined,
      /m:3306 is not a real master; it replicates/,
    ],
    ['to regroup nobody', 'regroup-replicas', 'a', undefined, /has no replica to be regrouped/],
    ['to move the replicas of nobody', 'relocate-replicas', 'a', 's', /has no replica to be moved/],
    ['to go nowhere', 'relocate', 'a', undefined, /not said where a:3306 is to go/],
  ])('%s', (_what, command, server, to, why) => {
    expect(noes(ask(command, server, to))).toContainEqual(expect.stringMatching(why));
  });

  it.each<readonly [string, () => void, RegExp]>([
    ['that does not answer', () => silent.add('a'), /^a:3306 does not answer/],
    ['to one that does not answer', () => silent.add('s'), /^s:3306 does not answer/],
    ['to one of a later version', newer, /cannot replicate from s:3306\. Reason: its version/],
    [
      'to one without a binary log',
      () => {
        see('s', 'p', { binlogEnabled: false });
      },
      /writes no binary log/,
    ],
    [
      'without GTID',
      () => {
        see('a', 'm', { gtidMode: 'OFF' });
      },
      /too complex; please do it manually|gtid_mode/,
    ],
    ['of a group secondary', secondary, /is a group secondary/],
    ['of one in maintenance', maintained, /already in maintenance, by bob: disks/],
  ])('a move %s', (_what, harm, why) => {
    harm();
    expect(noes(ask('relocate', 'a', 's'))).toContainEqual(expect.stringMatching(why));
  });

  it('to detach one that is detached, and to reattach one that is not', () => {
    expect(noes(ask('reattach-replica', 'a')).join()).toMatch(/instance does not seem to be detached: a:3306/);
    expect(movesOf(ask('detach-replica', 'a'))).toEqual(['a: m > a']);
    see('a', 'm', { channels: [{ ...channelTo('m'), source: { host: '//m', port: 3306 } }] });
    expect(noes(ask('detach-replica', 'a')).join()).toMatch(/instance already detached: a:3306/);
    expect(movesOf(ask('reattach-replica', 'a'))).toHaveLength(1);
  });

  it('a co-primary that takes writes, one whose primary asks for acknowledgements, and one that is one already', () => {
    see('s', 'p', { readOnly: false });
    expect(noes(ask('make-co-master', 's')).join()).toMatch(/s:3306 is not read-only; first make it read-only/);
    see('s', 'p');
    see('p', null, { semiSync: { ...factsOf().semiSync, sourceEnabled: true } });
    expect(noes(ask('make-co-master', 's')).join()).toMatch(/p:3306 asks for semi-sync acknowledgements/);
    see('p', 's', { channels: [channelTo('s')] });
    expect(noes(ask('make-co-master', 's')).join()).toMatch(/s:3306 is already co master of p:3306/);
  });
});

describe('one thread that somebody had stopped', () => {
  const halves: readonly (readonly [string, Partial<Channel>, string | undefined, string])[] = [
    ['the IO thread', { ioThread: 'stopped' }, 'io', ' and leave its IO thread stopped'],
    ['the applier', { sqlThread: 'stopped' }, 'sql', ' and leave its applier stopped'],
    ['an IO thread with an error', { ioThread: 'stopped', ioError: { number: 1236, text: 'gone' } }, undefined, ''],
    ['an applier with an error', { sqlThread: 'stopped', sqlError: { number: 1062, text: 'twice' } }, undefined, ''],
  ];

  it.each(halves)('is in the record and in the words of the plan: %s', (_name, threads, rests, text) => {
    see('a', 'm', { channels: [channelTo('m', threads)] });
    const opening = ask('relocate', 'a', 's');
    if (!opening.ok) throw new Error(noes(opening).join());
    const [found] = opening.recovery.inputs.participants;
    expect(found).toMatchObject({ id: 'a', start: true });
    expect(found?.rests).toBe(rests);
    const step = pointAt({ ...opening.recovery, steps: [] }, serverId('a'), serverId('s'));
    expect(describeStep(step, String)).toBe(`point a at s${text}`);
  });

  it('keeps a replica out of a regrouping, which would let it apply what it has', () => {
    see('a', 'm', { channels: [channelTo('m', { sqlThread: 'stopped' })] });
    const opening = ask('regroup-replicas', 'm');
    expect(movesOf(opening)).toEqual(['b: m > m']);
    const refused = opening.ok ? opening.recovery.inputs.movement?.refused : [];
    expect(refused).toMatchObject([{ server: 'a', reason: expect.stringContaining('stopped by somebody') as unknown }]);
  });
});

function newer(): void {
  see('s', 'p', { version: { text: '99.0.0', major: 99, minor: 0, patch: 0 } });
}

function secondary(): void {
  const group = {
    name: 'g',
    singlePrimary: true,
    state: 'ONLINE',
    role: 'SECONDARY',
    others: [],
    primary: null,
  } as const;
  see('a', 'm', { group });
}

function maintained(): void {
  const server = serverId('a');
  fed.feed({ kind: 'maintenance-begun', server, owner: 'bob', reason: 'disks', durationMs: 60_000 });
}

describe('a request for those who follow by place', () => {
  const byPlace = (name: string, source: string | null, facts: Partial<ServerFacts> = {}): void => {
    const channels = source === null ? [] : [channelTo(source, { autoPosition: false })];
    see(name, source, { gtidMode: 'OFF', channels, ...facts });
  };
  beforeEach(() => {
    byPlace('p', null);
    for (const [name, source] of Object.entries({ m: 'p', s: 'p', a: 'm', b: 'm' })) byPlace(name, source);
  });
  const legsOf = (opening: Opening): readonly string[] => {
    if (!opening.ok) throw new Error(opening.refusals.map(({ message }) => message).join());
    const { movement } = opening.recovery.inputs;
    expect(movement?.moves.every((one) => one.byPlace === true)).toBe(true);
    return (movement?.legs ?? []).map(({ kind, from, to }) => `${kind} ${from} > ${to}`);
  };

  it.each<readonly [MoveWish['command'], string, string | undefined, readonly string[]]>([
    ['move-up', 'a', undefined, ['up m > p']],
    ['relocate', 'a', 'p', ['up m > p']],
    ['relocate', 'a', 's', ['up m > p', 'beside p > s']],
    ['relocate', 'a', 'b', ['beside m > b']],
    ['relocate', 's', 'b', ['beside p > m', 'beside m > b']],
    ['relocate-replicas', 'm', 's', ['up m > p', 'beside p > s']],
    ['take-siblings', 'a', undefined, ['beside m > a']],
    ['take-master', 'a', undefined, []],
    ['make-co-master', 's', undefined, []],
  ])('%s of %s to %s goes hop by hop', (command, server, to, legs) => {
    expect(legsOf(ask(command, server, to))).toEqual(legs);
  });

  it('holds those in maintenance, too, who stand still for them', () => {
    expect(ask('relocate', 'a', 's')).toMatchObject({ recovery: { inputs: { locks: { servers: ['a', 'm', 's'] } } } });
  });

  it.each<readonly [string, () => void, RegExp]>([
    [
      'whose source stands',
      () => byPlace('m', 'p', { channels: [stopped('p')] }),
      /replication of m:3306 does not run/,
    ],
    ['whose source does not answer', () => silent.add('m'), /m:3306 does not answer/],
    ['whose source logs nothing', () => byPlace('m', 'p', { logReplicaUpdates: false }), /m:3306 does not log/],
    ['that stands itself', () => byPlace('a', 'm', { channels: [stopped('m')] }), /replication of a:3306 does not run/],
    [
      'of two sources',
      () =>
        byPlace('a', 'm', {
          channels: [channelTo('m', { autoPosition: false }), channelTo('z', { name: 'x', autoPosition: false })],
        }),
      /several sources/,
    ],
    [
      'whose source follows by GTID',
      () => byPlace('m', 'p', { channels: [channelTo('p', { autoPosition: true })] }),
      /m:3306 follows by GTID/,
    ],
    [
      'in a ring that takes writes',
      () => {
        byPlace('p', 'm', { readOnly: false });
        byPlace('m', 'p', { readOnly: false });
      },
      /follow each other/,
    ],
  ])('of one %s says why not, and what to do', (_what, harm, why) => {
    harm();
    const opening = ask('relocate', 'a', 'p');
    expect(noes(opening).join()).toMatch(
      /^Relocating a:3306 below p:3306 turns to be too complex; please do it manually: /,
    );
    expect(noes(opening).join()).toMatch(why);
  });

  it('goes by GTID where there is no way by place and both could', () => {
    byPlace('a', 'm', { gtidMode: 'ON' });
    for (const [name, source] of Object.entries({ m: 'p', s: 'p' })) see(name, source);
    see('p', null);
    const opening = ask('relocate', 'a', 's');
    expect(movesOf(opening)).toEqual(['a: m > s']);
    expect(opening).toMatchObject({ recovery: { inputs: { movement: { moves: [{ server: 'a' }] } } } });
    if (opening.ok) expect(opening.recovery.inputs.movement).not.toHaveProperty('legs');
  });
});

describe('a move that is shown while clients write', () => {
  it.each([
    ['relocate', 'a', 's'],
    ['move-up', 'a', undefined],
    ['take-master', 'a', undefined],
    ['make-co-master', 's', undefined],
  ] as const)('is judged as if all had been seen at one moment: %s', (command, server, destination) => {
    const [P, M, S, A, B] = [uuidOf(1), uuidOf(2), uuidOf(3), uuidOf(4), uuidOf(5)];
    const names: Readonly<Record<string, ServerId>> = { p: P, m: M, s: S, a: A, b: B };
    const idOf = (name: string): ServerId => names[name] ?? P;
    fed = new FedLedger();
    for (const [name, source] of [
      ['p', null],
      ['m', 'p'],
      ['s', 'p'],
      ['a', 'm'],
      ['b', 'm'],
    ] as const) {
      see(idOf(name), source === null ? null : idOf(source));
    }
    const wish = { command, server: idOf(server), pattern: null };
    const opening = openMove(
      fed.state,
      policyOf(),
      { ...wish, destination: destination === undefined ? null : idOf(destination) },
      { answers: () => true, lagSeconds: () => 0 },
      context,
    );
    const seen = { [P]: 5, [M]: 6, [S]: 7, [A]: 9, [B]: 8 };
    const sights = sightsOf(
      Object.fromEntries(Object.entries(seen).map(([id, last]) => [id, { executed: `${P}:1-${String(last)}` }])),
    );
    const { clusterId = null } = fed.state.servers.get(P) ?? {};
    if (clusterId === null) throw new Error('p is in a cluster');
    const decision = { opening, refusals: opening.ok ? [] : opening.refusals };
    const asked = { belief: { ...fed.state, nowMs: 0 }, sights, command, clusterId, decision };
    const shown = planOf({ ...asked, isDead: false, candidate: null, equipped: (recovery) => recovery });
    expect(shown).toMatchObject({ wouldRun: true, refusals: [], verdict: { kind: 'succeeded' } });
  });
});

function stopped(source: string): ServerFacts['channels'][number] {
  return channelTo(source, { autoPosition: false, ioThread: 'stopped', sqlThread: 'stopped' });
}

// Replicas of several sources: which channel is meant, whose plan it is, and that what came from elsewhere is nobody's loss.
import { beforeEach, describe, expect, it } from 'vitest';
import { lostReplicasOf, whyLeftAlone } from '../../../src/core/recovery/ways-back/lost-replicas.js';
import { openDeadPrimary } from '../../../src/core/recovery/openings/dead-primary.js';
import { openLostReplica } from '../../../src/core/recovery/openings/lost-replica.js';
import { openMove } from '../../../src/core/recovery/openings/move.js';
import type { MoveWish } from '../../../src/core/recovery/openings/move-wishes.js';
import type { Opening } from '../../../src/core/recovery/openings/opening.js';
import type { RecoveryId } from '../../../src/core/recovery/recovery.js';
import { hasHere } from '../../../src/core/recovery/progress/share.js';
import type { Channel, ServerId } from '../../../src/core/topology/server.js';
import { channelTo, observed, serverId } from '../../support/facts.js';
import { FedLedger } from '../../support/ledger.js';
import { uuidOf } from '../../support/worlds/mysql-world.js';
import { policyOf } from '../../support/policy.js';
import { openingOf, participant } from '../../support/worlds/recoveries.js';

const context = { id: '7:f' as RecoveryId, openedBy: 'n1', requestedBy: 'ann' };
const EAST: readonly Channel[] = [channelTo('w'), channelTo('e', { name: 'east' })];

let fed: FedLedger;
let number: number;

function see(name: string, source: string | null, channels?: readonly Channel[]): void {
  number += 1;
  const facts = { serverNumber: number, readOnly: source !== null, ...(channels === undefined ? {} : { channels }) };
  fed.feed({ kind: 'topology-observed', servers: [observed(name, source, facts)] });
}

/** Two clusters, w over w2 and e over e2 and e3; r follows w, and e over the channel east. */
beforeEach(() => {
  fed = new FedLedger();
  number = 0;
  for (const [name, source] of [
    ['w', null],
    ['e', null],
    ['w2', 'w'],
    ['e2', 'e'],
    ['e3', 'e'],
  ] as const) {
    see(name, source);
  }
  see('r', 'w', EAST);
});

function ask(command: MoveWish['command'], server: string, destination: string | null, channel?: string): Opening {
  const soft = { answers: () => true, lagSeconds: () => 0 };
  const to = destination === null ? null : serverId(destination);
  const wish = { command, server: serverId(server), destination: to, pattern: null };
  return openMove(fed.state, policyOf(), channel === undefined ? wish : { ...wish, channel }, soft, context);
}

function told(opening: Opening): readonly string[] {
  if (!opening.ok) return opening.refusals.map(({ message }) => message);
  const { movement, participants } = opening.recovery.inputs;
  return (movement?.moves ?? []).map(({ server, to, from }) => {
    const { channel = '-' } = participants.find(({ id }) => id === server) ?? {};
    return `${server} over ${channel}: ${from ?? '-'} > ${to}`;
  });
}

describe('a replica of two sources', () => {
  it.each<readonly [MoveWish['command'], string, string | null, string | undefined, string]>([
    ['relocate', 'r', 'e2', undefined, 'r over east: e > e2'],
    ['relocate', 'r', 'e2', 'east', 'r over east: e > e2'],
    ['relocate', 'r', 'w2', undefined, 'r over : w > w2'],
    ['repoint', 'r', null, 'east', 'r over east: e > e'],
    ['detach-replica', 'r', null, 'east', 'r over east: e > r'],
    ['relocate-replicas', 'e', 'e3', undefined, 'r over east: e > e3'],
    ['relocate-replicas', 'w', 'w2', undefined, 'r over : w > w2'],
  ])('%s of %s to %s over %s concerns one channel', (command, server, to, channel, move) => {
    expect(told(ask(command, server, to, channel))).toContain(move);
  });

  it.each<readonly [MoveWish['command'], string | null, string | undefined, RegExp]>([
    [
      'repoint',
      null,
      undefined,
      /several channels \("" from w:3306, "east" from e:3306\), which are moved one at a time/,
    ],
    ['detach-replica', null, undefined, /one at a time/],
    ['move-up', null, undefined, /one at a time/],
    ['relocate', 'e2', 'north', /r:3306 has no channel "north"/],
    ['relocate', 'e2', '', /are not of one cluster/],
  ])('%s to %s over %s is refused', (command, to, channel, why) => {
    expect(told(ask(command, 'r', to, channel)).join('; ')).toMatch(why);
  });

  it('is moved by a plan of the cluster that the channel comes from, whose recoveries come first', () => {
    const home = fed.state.servers.get(serverId('e'))?.clusterId;
    expect(ask('relocate', 'r', 'e2')).toMatchObject({ ok: true, recovery: { clusterId: home } });
  });

  it.each([
    ['e', 'east'],
    ['w', ''],
  ])('takes part in the failover of %s with its channel "%s", and is never promoted', (failed, channel) => {
    const server = serverId(failed);
    const clusterId = fed.clusterOf(failed);
    if (clusterId === undefined) throw new Error(`${failed} is not known`);
    const problem = { server, clusterId, code: 'DeadMaster', description: '' } as const;
    const sights = () => ({ answers: true, vitals: null, lastSeenAtMs: 0 }) as never;
    const asked = { problem, requestedCandidate: null, forced: false, sights };
    const opening = openDeadPrimary(fed.state, policyOf(), asked, context);
    const own = opening.ok ? opening.recovery.inputs.participants.find(({ id }) => id === serverId('r')) : null;
    expect(own).toMatchObject({ role: 'replica', channel, promotable: false });
  });
});

describe('one that was away when the source of one of its channels was replaced', () => {
  const id = '1:a' as RecoveryId;
  const r = serverId('r');

  /** Of the cluster that e heads: e2 has taken over, and r did not answer. */
  function lose(failed: string, successor: string): void {
    const clusterId = fed.clusterOf(failed);
    if (clusterId === undefined) throw new Error(`${failed} is not known`);
    const problem = { server: serverId(failed), clusterId, code: 'DeadMaster', description: '' } as const;
    const sights = () => ({ answers: true, vitals: null, lastSeenAtMs: 0 }) as never;
    const recoveryId = `${String(fed.state.recoveries.size + 1)}:a` as RecoveryId;
    const asked = { problem, requestedCandidate: null, forced: false, sights };
    const opening = openDeadPrimary(fed.state, policyOf(), asked, { ...context, id: recoveryId });
    if (!opening.ok) throw new Error('it is dead');
    fed.feed({ kind: 'recovery-opened', recovery: opening.recovery });
    fed.feed({ kind: 'promoting', recoveryId, server: serverId(successor), epoch: 1 });
    const lost = [{ server: r, reason: 'it did not answer', gtids: '' }];
    fed.feed({ kind: 'recovery-closed', recoveryId, verdict: { kind: 'succeeded' }, lost });
  }

  const belief = () => ({ ...fed.state, nowMs: 0 });
  const lostIn = (name: string) =>
    lostReplicasOf(belief()).filter(({ clusterId }) => clusterId === fed.clusterOf(name));

  it.each([
    ['e', 'e2', 'east'],
    ['w', 'w2', ''],
  ])('is pointed at the successor of %s, %s, over its channel "%s" when it is back', (failed, successor, channel) => {
    lose(failed, successor);
    const [lost, ...more] = lostReplicasOf(belief());
    if (lost === undefined) throw new Error('it was left behind');
    expect(more).toEqual([]);
    expect(lost).toMatchObject({ server: r, recovery: id, state: 'away', clusterId: fed.clusterOf(successor) });
    expect(whyLeftAlone(belief(), lost)).toBeNull();
    const opening = openLostReplica(belief(), policyOf(), lost, context);
    expect(opening).toMatchObject({ ok: true, recovery: { clusterId: lost.clusterId, failed: r } });
    const told = opening.ok ? opening.recovery.inputs.participants : [];
    expect(told).toMatchObject([
      { id: successor, role: 'primary' },
      { id: 'r', role: 'replica', channel },
    ]);
    const back = EAST.map((one) => (one.name === channel ? channelTo(successor, { name: channel }) : one));
    see('r', 'w', back);
    expect(lostReplicasOf(belief())).toEqual([]);
  });

  it('is left behind twice, where both were, and comes back over one channel after the other', () => {
    lose('e', 'e2');
    lose('w', 'w2');
    expect(lostReplicasOf(belief())).toHaveLength(2);
    see('r', 'w', [channelTo('w'), channelTo('e2', { name: 'east' })]);
    expect(lostIn('e2')).toEqual([]);
    expect(lostIn('w2')).toHaveLength(1);
  });

  it('is left alone over a channel that is gone, or that somebody pointed elsewhere', () => {
    lose('e', 'e2');
    see('r', 'w', [channelTo('w'), channelTo('e3', { name: 'east' })]);
    const [lost] = lostIn('e2');
    expect(lost === undefined ? null : whyLeftAlone(belief(), lost)).toMatch(/somebody pointed it at e3/);
    see('r', 'w', [channelTo('w')]);
    const [still] = lostIn('e2');
    expect(still === undefined ? null : whyLeftAlone(belief(), still)).toBe('it has no source any more');
  });
});

describe('what it has of one of them', () => {
  const [W, A, E, R] = [uuidOf(1), uuidOf(2), uuidOf(3), uuidOf(9)];

  function record(channel: string | undefined, seenAtA: string, received = '') {
    const own = participant(R, 'replica', channel === undefined ? {} : { channel });
    const plan = openingOf('move', R, [participant(W, 'primary'), participant(A, 'place'), own]);
    const look = { number: 1, attempt: 1, term: 1, intendedAtMs: 0, finishedAtMs: 0 };
    const outcome = { ok: true, findings: { executedGtids: seenAtA } } as const;
    const steps = [{ ...look, step: { kind: 'look', server: A }, outcome }] as const;
    const executedGtids = `${W}:1-9,${E}:1-500,${R}:1`;
    return hasHere({ ...plan, steps }, R, { executedGtids, receivedGtids: received });
  }

  it('is what came over the channel, what the others have, and what their servers wrote', () => {
    expect(record('', `${W}:1-8`)).toBe(`${W}:1-9`);
    const old = '00000077-0000-4000-8000-000000000000' as ServerId;
    expect(record('', `${W}:1-8,${E}:1-3`, `${old}:4`)).toBe(`${W}:1-9,${E}:1-3,${old}:4`);
  });

  it('is everything where there is but one', () => {
    expect(record(undefined, `${W}:1-8`)).toBe(`${W}:1-9,${E}:1-500,${R}:1`);
  });

  it('is told by its domains on MariaDB', () => {
    const own = participant(R, 'replica', { channel: 'east' });
    const plan = openingOf('move', R, [participant(A, 'place'), own]);
    const look = { number: 1, attempt: 1, term: 1, intendedAtMs: 0, finishedAtMs: 0 };
    const outcome = { ok: true, findings: { executedGtids: '2-30-5' } } as const;
    const steps = [{ ...look, step: { kind: 'look', server: A }, outcome }] as const;
    const findings = { executedGtids: '1-10-700,2-30-6', receivedGtids: '1-10-700,2-30-7' };
    expect(hasHere({ ...plan, steps }, R, findings)).toBe('2-30-7');
  });
});

// The Moves service over a real port: shown, carried out, cancelled, passed on to the leader.
import { type MethodDefinition, type ServiceError, status } from '@grpc/grpc-js';
import { afterEach, expect, it } from 'vitest';
import { loadMovesService, type MovesDoor, movesHandlers } from '../../../../src/adapters/grpc/services/moves.js';
import { movesDoor } from '../../../../src/app/compose/recoveries-door.js';
import type { NodeId } from '../../../../src/core/raft/message.js';
import { FateUnknown, NotLeader } from '../../../../src/runtime/ports/consensus-errors.js';
import { serverId } from '../../../support/facts.js';
import { recoveryOf } from '../../../support/ledger.js';
import { FIRST, MAIN, SECOND, seen } from '../../http/fake-service.js';
import { calledAt, type Stand, Stands } from './stands.js';

const definition = loadMovesService();
const stands = new Stands();

async function stand(changes: Partial<MovesDoor> = {}): Promise<Stand> {
  const made = await stands.open(definition, (door, service) =>
    movesHandlers({ ...movesDoor(door, service), ...changes }),
  );
  const main = { id: MAIN, host: 'main' };
  const servers = [
    seen(FIRST, 'read-replica-1', main, { serverNumber: 2 }),
    seen(SECOND, 'read-replica-2', main, { serverNumber: 3 }),
  ];
  made.service.fed.feed({ kind: 'topology-observed', servers });
  return made;
}

afterEach(() => stands.close());

function called(address: string, method: 'Plan' | 'Move' | 'Cancel', request: object, who = 'me'): Promise<unknown> {
  return calledAt(address, definition[method] as MethodDefinition<object, object>, request, who);
}

const ONE = { command: 'relocate', server: 'read-replica-1:3306', destination: 'read-replica-2' };

it('a plan is shown to who may look, and nothing is done', async () => {
  const { address, service } = await stand();
  expect(await called(address, 'Plan', ONE, 'guest')).toMatchObject({
    command: 'relocate',
    wouldRun: true,
    kind: 'move',
    refusals: [],
  });
  expect(service.calls).toEqual([]);
});

it('a move is carried out with all that was said, and answered with who was moved and who was not', async () => {
  const { address, service } = await stand();
  const moves = [FIRST, SECOND].map((name) => ({ server: serverId(name), to: serverId(MAIN), from: serverId(MAIN) }));
  const recovery = recoveryOf('7:c', service.clusterId(), MAIN);
  const movement = { command: 'relocate-replicas', manner: 'each', moves, refused: [], atOnce: 5 } as const;
  service.recovery = {
    ...recovery,
    kind: 'move',
    inputs: { ...recovery.inputs, movement },
    verdict: { kind: 'succeeded' },
    lost: [{ server: serverId(SECOND), reason: 'it lags', gtids: '' }],
  };
  const asked = { command: 'relocate-replicas', server: 'main', destination: 'read-replica-2', pattern: 'read' };
  expect(await called(address, 'Move', { ...asked, channel: '' })).toEqual({
    uid: '7:c',
    verdict: 'succeeded',
    reason: '',
    moved: ['read-replica-1:3306'],
    lost: [{ server: SECOND, name: 'read-replica-2:3306', reason: 'it lags', gtids: '' }],
    leader: '',
  });
  expect(service.calls).toEqual([`relocate-replicas ${MAIN} below ${SECOND} matching /read/ over "" by me`]);
});

it('of one that ended badly it is told who was moved all the same', async () => {
  const { address, service } = await stand();
  const moves = [FIRST, SECOND].map((name) => ({ server: serverId(name), to: serverId(MAIN), from: null }));
  const recovery = recoveryOf('7:c', service.clusterId(), MAIN);
  const movement = { command: 'relocate-replicas', manner: 'each', moves, refused: [], atOnce: 5 } as const;
  const step = { kind: 'repoint', server: serverId(FIRST), source: serverId(MAIN), start: true } as const;
  const times = { attempt: 1, term: 1, intendedAtMs: 0, finishedAtMs: 1 };
  service.recovery = {
    ...recovery,
    kind: 'move',
    inputs: { ...recovery.inputs, movement },
    steps: [{ number: 1, step, ...times, outcome: { ok: true, findings: {} } }],
    verdict: { kind: 'failed', reason: 'it is stuck' },
    lost: [{ server: serverId(SECOND), reason: 'it is stuck', gtids: '' }],
  };
  const asked = { command: 'relocate-replicas', server: 'main', destination: 'read-replica-2' };
  expect(await called(address, 'Move', asked)).toMatchObject({
    verdict: 'failed',
    moved: ['read-replica-1:3306'],
    lost: [{ name: 'read-replica-2:3306' }],
  });
});

it('a follower passes it on, once, in the name of who asked', async () => {
  const there = await stand();
  stands.leader = there.address;
  const refuse = (): Promise<never> => Promise.reject(new NotLeader('n2' as NodeId));
  const here = await stand({ move: refuse, cancel: refuse });
  await called(here.address, 'Move', ONE);
  await called(here.address, 'Cancel', { uid: '7:c' });
  expect(there.service.calls).toEqual([`relocate ${FIRST} below ${SECOND} by me`, 'cancel 7:c by me']);
});

it('a key goes with it, and of a leader that was lost in the middle nobody says that nothing was done', async () => {
  const keys: unknown[] = [];
  const { address, service } = await stand({
    move: (request) => {
      keys.push(request.requestKey);
      return keys.length === 1 ? Promise.reject(new FateUnknown('the leader was lost')) : service.move(request);
    },
  });
  const lost = await called(address, 'Move', { ...ONE, requestKey: 'one' }).catch((error: unknown) => error);
  expect(lost).toMatchObject({ code: status.UNKNOWN });
  expect((lost as ServiceError).metadata.get('orchestrator-done')).toEqual(['unknown']);
  await called(address, 'Move', { ...ONE, requestKey: 'one' });
  expect(keys).toEqual(['one', 'one']);
});

it.each<readonly [string, 'Plan' | 'Move' | 'Cancel', object, string, number]>([
  ['a command that is none', 'Move', { ...ONE, command: 'fly' }, 'me', status.INVALID_ARGUMENT],
  ['a key that is too long', 'Move', { ...ONE, requestKey: 'k'.repeat(201) }, 'me', status.INVALID_ARGUMENT],
  ['a pattern that is none', 'Plan', { ...ONE, pattern: '(' }, 'me', status.INVALID_ARGUMENT],
  ['a pattern that would match for ever', 'Plan', { ...ONE, pattern: '(.+)+x' }, 'guest', status.INVALID_ARGUMENT],
  ['a server that nobody knows', 'Move', { ...ONE, server: 'nowhere:1' }, 'me', status.NOT_FOUND],
  ['who may only look', 'Move', ONE, 'guest', status.PERMISSION_DENIED],
  ['who may only look, to cancel', 'Cancel', { uid: '7:c' }, 'guest', status.PERMISSION_DENIED],
])('refused is %s', async (_what, method, request, who, code) => {
  const { address, service } = await stand();
  const failure = await called(address, method, request, who).catch((error: unknown) => error as ServiceError);
  expect(failure).toMatchObject({ code });
  expect(service.calls).toEqual([]);
});

// The Switches service over a real port: shown, carried out, passed on to the leader.
import { type MethodDefinition, status } from '@grpc/grpc-js';
import { afterEach, expect, it } from 'vitest';
import {
  loadSwitchesService,
  type SwitchesDoor,
  switchesHandlers,
} from '../../../../src/adapters/grpc/services/switches.js';
import { switchesDoor } from '../../../../src/app/compose/recoveries-door.js';
import type { NodeId } from '../../../../src/core/raft/message.js';
import { NotLeader } from '../../../../src/runtime/ports/consensus-errors.js';
import { recoveryOf } from '../../../support/ledger.js';
import { FIRST, MAIN } from '../../http/fake-service.js';
import { calledAt, type Stand, Stands } from './stands.js';

const definition = loadSwitchesService();
const stands = new Stands();

function stand(changes: Partial<SwitchesDoor> = {}): Promise<Stand> {
  return stands.open(definition, (door, service) => switchesHandlers({ ...switchesDoor(door, service), ...changes }));
}

afterEach(() => stands.close());

function called(address: string, method: 'Plan' | 'Switch', request: object, who = 'me'): Promise<unknown> {
  return calledAt(address, definition[method] as MethodDefinition<object, object>, request, who);
}

const ONE = { command: 'stop-replica', server: 'read-replica-1:3306' };

it('a plan is shown to who may look, and nothing is done', async () => {
  const { address, service } = await stand();
  expect(await called(address, 'Plan', ONE, 'guest')).toMatchObject({
    command: 'stop-replica',
    wouldRun: true,
    kind: 'switch',
    steps: [{ text: 'stop the replication of read-replica-1:3306: STOP REPLICA' }],
  });
  expect(service.calls).toEqual([]);
});

it('a switch is carried out with all that was said, and answered with how it ended', async () => {
  const { address, service } = await stand();
  expect(await called(address, 'Switch', { ...ONE, channel: 'west' })).toEqual({
    uid: '7:s',
    verdict: 'succeeded',
    reason: '',
  });
  await called(address, 'Switch', { command: 'delay-replication', server: 'read-replica-1', seconds: 0 });
  await called(address, 'Switch', { command: 'kill-query', server: 'main', connection: 77 });
  await called(address, 'Switch', { command: 'purge-binary-logs', server: 'main', binaryLog: 'latest', force: true });
  expect(service.calls).toEqual([
    `stop-replica ${FIRST} west by me`,
    `delay-replication ${FIRST} 0 by me`,
    `kill-query ${MAIN} 77 by me`,
    `purge-binary-logs ${MAIN} latest forced by me`,
  ]);
  const base = recoveryOf('7:s', service.clusterId(), FIRST);
  service.recovery = { ...base, kind: 'switch', closedAtMs: 1, verdict: { kind: 'failed', reason: 'error 1064' } };
  expect(await called(address, 'Switch', ONE)).toMatchObject({ verdict: 'failed', reason: 'error 1064' });
});

it('a follower passes it on, once, in the name of who asked', async () => {
  const there = await stand();
  stands.leader = there.address;
  const refuse = (): Promise<never> => Promise.reject(new NotLeader('n2' as NodeId));
  const here = await stand({ switch: refuse });
  await called(here.address, 'Switch', ONE);
  expect(there.service.calls).toEqual([`stop-replica ${FIRST} by me`]);
});

it.each([
  [{ ...ONE, command: 'dance' }, 'me', status.INVALID_ARGUMENT, 'there is no command "dance"'],
  [{ ...ONE, server: 'nowhere' }, 'me', status.NOT_FOUND, 'no server is known at "nowhere"'],
  [ONE, 'guest', status.PERMISSION_DENIED, 'lets you not'],
])('%j by %s is refused', async (request, who, code, details) => {
  const { address } = await stand();
  const refusal = { code, details: expect.stringContaining(details) as unknown };
  await expect(called(address, 'Switch', request, who)).rejects.toMatchObject(refusal);
});

/** The Membership service over a real port: changes, refusals, rights, and calls passed on to the leader. */
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { type ApiServer, createApiServer } from '../../../../src/adapters/grpc/api-server.js';
import { membershipHandlers } from '../../../../src/adapters/grpc/services/membership.js';
import {
  type ChangeName,
  loadMembershipService,
  type WireChangeRequest,
} from '../../../../src/adapters/grpc/services/membership-wire.js';
import type { NodeId } from '../../../../src/core/raft/message.js';
import { systemClock } from '../../../../src/runtime/ports/clock.js';
import { NotLeader } from '../../../../src/runtime/ports/consensus-errors.js';
import { FakeMembership } from '../../../support/fake-membership.js';

const service = loadMembershipService();
const servers: ApiServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function serve(membership: FakeMembership, leader: string | null = null, password = ''): Promise<string> {
  const server = createApiServer({ listenAddress: '127.0.0.1:0' });
  servers.push(server);
  const mayAll = (authorization: string | undefined): boolean => password === '' || authorization === password;
  server.register(
    service,
    membershipHandlers({
      nodeId: 'n1',
      membership,
      clock: systemClock,
      credentials: credentials.createInsecure(),
      leaderAddress: () => leader,
      rights: (authorization) => ({ look: mayAll(authorization), change: mayAll(authorization) }),
    }),
  );
  return (await server.start()).address;
}

function call(
  address: string,
  name: ChangeName,
  request: Partial<WireChangeRequest>,
  authorization = '',
): Promise<unknown> {
  const client = new Client(address, credentials.createInsecure());
  const { path, requestSerialize, responseDeserialize } = service[name];
  const metadata = new Metadata();
  if (authorization !== '') metadata.set('authorization', authorization);
  return new Promise((resolve, reject) => {
    const whole = { id: '', waitMs: 0, ...request };
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, whole, metadata, (error, response) => {
      client.close();
      if (error === null) resolve(response);
      else reject(error);
    });
  });
}

describe('the Membership service', () => {
  it('asks for what was asked of it', async () => {
    const membership = new FakeMembership();
    const address = await serve(membership);
    const outcome = { done: true, message: 'as you wished', matchIndex: 0, lastIndex: 0 };
    expect(await call(address, 'Add', { address: 'h:1', learner: true })).toEqual(outcome);
    await call(address, 'Replace', { oldId: 'n3', id: 'n4', address: 'h:1' });
    await call(address, 'Remove', { id: 'n3', despiteDeadVoters: true });
    await call(address, 'Transfer', {});
    expect(membership.asked).toEqual([
      { verb: 'add', id: null, address: 'h:1', learner: true, despiteDeadVoters: false },
      { verb: 'replace', old: 'n3', id: 'n4', address: 'h:1', despiteDeadVoters: false },
      { verb: 'remove', id: 'n3', despiteDeadVoters: true },
      { verb: 'transfer', to: null },
    ]);
  });

  it('names the reason of a refusal', async () => {
    const membership = new FakeMembership();
    membership.answer = () => ({ ok: false, refusal: { code: 'LAST_VOTER', message: 'no' } });
    const error = (await call(await serve(membership), 'Remove', { id: 'n1' }).catch(
      (thrown: unknown) => thrown,
    )) as ServiceError;
    expect([error.code, error.details, error.metadata.get('orchestrator-code')]).toEqual([9, 'no', ['LAST_VOTER']]);
  });

  it('passes a change on to the leader once, with what its caller showed', async () => {
    const [leading, following] = [new FakeMembership(), new FakeMembership()];
    following.answer = () => {
      throw new NotLeader('n2' as NodeId);
    };
    const leader = await serve(leading, null, 'secret');
    const follower = await serve(following, leader);
    expect(await call(follower, 'Promote', { id: 'n4' }, 'secret')).toMatchObject({ done: true });
    expect(leading.asked).toEqual([{ verb: 'promote', id: 'n4', despiteDeadVoters: false }]);
    await expect(call(follower, 'Promote', { id: 'n4' })).rejects.toMatchObject({ code: 7 });
    // Two that take each other for the leader do not throw it back and forth.
    leading.answer = following.answer;
    await expect(call(follower, 'Promote', { id: 'n4' }, 'secret')).rejects.toMatchObject({ code: 14 });
    expect(leading.asked).toHaveLength(2);
  });

  it('does nothing for those who may not', async () => {
    const membership = new FakeMembership();
    const address = await serve(membership, null, 'secret');
    await expect(call(address, 'Transfer', {}, 'guess')).rejects.toMatchObject({ code: 7 });
    expect(membership.asked).toEqual([]);
  });
});

/** The WaysBack service over a real port. */
import { credentials, type MethodDefinition, type ServiceError, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ApiServer, createApiServer } from '../../../../src/adapters/grpc/api-server.js';
import { loadWaysBackService, waysBackHandlers } from '../../../../src/adapters/grpc/services/ways-back.js';
import type { NodeId } from '../../../../src/core/raft/message.js';
import type { Recovery } from '../../../../src/core/recovery/recovery.js';
import { NotLeader } from '../../../../src/runtime/ports/consensus-errors.js';
import type { Answer, WayBackRequest } from '../../../../src/runtime/ports/service.js';
import { serverId } from '../../../support/facts.js';
import { FakeService } from '../../http/fake-service.js';
import { calledAt } from './stands.js';

const definition = loadWaysBackService();
let server: ApiServer;
let address: string;
let service: FakeService;
let leader: string | null;
let taking: (request: WayBackRequest) => Promise<Answer<Recovery>>;

beforeEach(async () => {
  service = new FakeService();
  leader = null;
  taking = (request) => service.wayBack(request);
  server = createApiServer({ listenAddress: '127.0.0.1:0' });
  server.register(
    definition,
    waysBackHandlers({
      serverAt: (text) => (text.startsWith('db') ? serverId(text) : null),
      plans: () => service.waysBack(),
      take: (request) => taking(request),
      user: (authorization = '', right) => {
        if (authorization === 'stranger' || (right === 'change' && authorization !== 'boss')) return null;
        return authorization;
      },
      nodeId: 'n1',
      credentials: credentials.createInsecure(),
      leaderAddress: () => leader,
    }),
  );
  ({ address } = await server.start());
});

afterEach(async () => {
  await server.close();
});

function call<Request>(
  method: MethodDefinition<Request, object>,
  request: Request,
  authorization = 'boss',
): Promise<unknown> {
  return calledAt(address, method, request, authorization);
}

const codeOf = (calling: Promise<unknown>): Promise<unknown> =>
  calling.catch((error: unknown) => (error as ServiceError).code);

it('plans are shown, each with its steps or its reasons', async () => {
  const refusal = { code: 'has-replicas', message: 'it has replicas', mend: 'move them' };
  service.plans.push({ way: 'reset-gtids', refusals: [refusal], steps: [], ending: '' });
  const shown = await call(definition.Show, { server: 'db1', donor: '' });
  expect(shown).toMatchObject({ ways: [{ way: 'reset', refusals: [refusal] }] });
});

it('a way is taken, from the donor that is named', async () => {
  const taken = await call(definition.Take, { server: 'db1', donor: 'db2', way: 'rebuild', requestKey: '' });
  expect(taken).toMatchObject({ recovery: '7:b', verdict: '' });
  expect(service.calls).toEqual(['rebuild of db1 from db2 by boss']);
});

it('the key of a request goes with it', async () => {
  const keys: unknown[] = [];
  taking = (request) => {
    keys.push(request.requestKey);
    return service.wayBack(request);
  };
  for (const requestKey of ['one', ''])
    await call(definition.Take, { server: 'db1', donor: '', way: 'reset', requestKey });
  expect(keys).toEqual(['one', undefined]);
});

it('who may not, what is no way, and who is not known are told apart', async () => {
  const wish = { server: 'db1', donor: '', way: 'reset', requestKey: '' };
  expect(await codeOf(call(definition.Show, wish, 'stranger'))).toBe(status.PERMISSION_DENIED);
  expect(await codeOf(call(definition.Take, wish, 'me'))).toBe(status.PERMISSION_DENIED);
  expect(await codeOf(call(definition.Take, { ...wish, way: 'delete' }))).toBe(status.INVALID_ARGUMENT);
  expect(await codeOf(call(definition.Take, { ...wish, server: 'x' }))).toBe(status.NOT_FOUND);
  expect(await codeOf(call(definition.Take, { ...wish, donor: 'x' }))).toBe(status.NOT_FOUND);
  expect(service.calls).toEqual([]);
});

it('a follower passes a way on to the leader once, with the caller, and the answer back', async () => {
  const wish = { server: 'db1', donor: '', way: 'reset', requestKey: '' };
  const asked: string[] = [];
  taking = (request) => {
    asked.push(request.requestedBy);
    // The leader is this very node here; it says so once the call was passed on.
    if (asked.length === 1) return Promise.reject(new NotLeader('n2' as NodeId));
    return service.wayBack(request);
  };
  leader = address;
  expect(await call(definition.Take, wish)).toMatchObject({ recovery: '7:b' });
  expect(asked).toEqual(['boss', 'boss']);

  taking = () => Promise.reject(new NotLeader('n2' as NodeId));
  expect(await codeOf(call(definition.Take, wish))).toBe(status.UNAVAILABLE);
});

it('what is refused is certainly not done, and says why', async () => {
  const reason = 'db1 has replicas';
  taking = () => Promise.resolve({ ok: false, refusal: { code: 'has-replicas', message: reason } });
  const failure = (await call(definition.Take, { server: 'db1', donor: '', way: 'reset', requestKey: '' }).catch(
    (error: unknown) => error,
  )) as ServiceError;
  expect(failure).toMatchObject({ code: status.FAILED_PRECONDITION, details: reason });
  expect(failure.metadata.getMap()).toMatchObject({ 'orchestrator-done': 'no', 'orchestrator-code': 'has-replicas' });
});

/** The Recoveries service over a real port. */
import { credentials, type MethodDefinition, type ServiceError, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ApiServer, createApiServer } from '../../../../src/adapters/grpc/api-server.js';
import { loadRecoveriesService, recoveriesHandlers } from '../../../../src/adapters/grpc/services/recoveries.js';
import type { WayToLeader } from '../../../../src/adapters/grpc/pass-on.js';
import { recoveriesDoor } from '../../../../src/app/compose/recoveries-door.js';
import type { NodeId } from '../../../../src/core/raft/message.js';
import type { Recovery } from '../../../../src/core/recovery/recovery.js';
import { NotLeader } from '../../../../src/runtime/ports/consensus-errors.js';
import type { Answer, RecoveryRequest } from '../../../../src/runtime/ports/service.js';
import { serverId } from '../../../support/facts.js';
import { recoveryOf } from '../../../support/ledger.js';
import { FakeService, FIRST, MAIN } from '../../http/fake-service.js';
import { calledAt, identityOf } from './stands.js';

const definition = loadRecoveriesService();
const WAY: WayToLeader = { nodeId: 'n1', credentials: credentials.createInsecure(), leaderAddress: () => leader };
let leader: string | null;
let recovering: (request: RecoveryRequest) => Promise<Answer<Recovery>>;
let server: ApiServer;
let address: string;
let service: FakeService;

beforeEach(async () => {
  service = new FakeService();
  leader = null;
  recovering = (request) => service.recover(request);
  server = createApiServer({ listenAddress: '127.0.0.1:0' });
  server.register(
    definition,
    recoveriesHandlers({
      ...recoveriesDoor({ service, way: WAY, identityOf, defaultPort: () => 3306 }),
      recover: (request) => recovering(request),
    }),
  );
  ({ address } = await server.start());
});

afterEach(async () => {
  await server.close();
});

type Method = 'Explain' | 'Plan' | 'Recover';

function called(method: Method, request: object, authorization = 'me'): Promise<unknown> {
  return calledAt(address, definition[method] as MethodDefinition<object, object>, request, authorization);
}

const explained = (cluster: string, authorization = 'me'): Promise<unknown> =>
  called('Explain', { cluster }, authorization);

async function failureOf(
  call: Promise<unknown>,
): Promise<{ code: number; details: string; name: string; done: string }> {
  const error = await call.then(
    () => {
      throw new Error('it succeeded');
    },
    (reason: unknown) => reason as ServiceError,
  );
  const told = (key: string): string => String(error.metadata.get(key)[0] ?? '');
  return {
    code: error.code,
    details: error.details,
    name: told('orchestrator-code'),
    done: told('orchestrator-done'),
  };
}

it('a cluster is explained by its name, an alias, or one of its servers', async () => {
  service.fed.feed({ kind: 'alias-set', clusterId: service.clusterId(), alias: 'shop' });
  for (const hint of ['main:3306', 'main', 'shop', 'read-replica-2:3306', service.clusterId()]) {
    expect(await explained(hint)).toMatchObject({
      cluster: 'main:3306',
      alias: 'shop',
      wouldFailOver: true,
      refusals: [],
      successor: { server: FIRST },
      candidates: [{ rank: 1, lagSeconds: 0, unapplied: 0 }, { rank: 2 }],
      durability: { policy: 'none', guaranteed: false },
    });
  }
});

it('reasons come with their code and what mends them', async () => {
  service.fed.feed({ kind: 'recoveries-switched', enabled: false, by: 'me' });
  const mend = 'orchestrator-client -c enable-global-recoveries';
  expect(await explained('main')).toMatchObject({
    wouldFailOver: false,
    refusals: [{ code: 'recoveries-disabled', mend }],
  });
});

it('a cluster that nobody knows is not found, and who may not look is told so', async () => {
  const codeOf = (cluster: string, who: string): Promise<unknown> =>
    explained(cluster, who).catch((error: unknown) => (error as ServiceError).code);
  expect(await codeOf('nobody', 'me')).toBe(status.NOT_FOUND);
  expect(await codeOf('', 'me')).toBe(status.NOT_FOUND);
  expect(await codeOf('main', 'you')).toBe(status.PERMISSION_DENIED);
});

it('a plan has its steps in words, and nothing is done', async () => {
  const request = { command: 'force-master-takeover', cluster: 'main', candidate: 'read-replica-1:3306' };
  expect(await called('Plan', request, 'guest')).toMatchObject({
    command: 'force-master-takeover',
    cluster: 'main:3306',
    wouldRun: true,
    kind: 'dead-primary',
    failed: 'main:3306',
    successor: { name: 'read-replica-1:3306' },
    steps: expect.arrayContaining([
      expect.objectContaining({ number: 1, text: 'read the state of main:3306', isPointOfNoReturn: false }),
      expect.objectContaining({ kind: 'promise-promotion', isPointOfNoReturn: true }),
    ]) as unknown,
    verdict: 'succeeded',
  });
  expect(await called('Plan', { command: 'automatic', server: 'main:3306' })).toMatchObject({ command: 'automatic' });
  expect(await called('Plan', { command: 'graceful-master-takeover', cluster: 'main' })).toMatchObject({
    wouldRun: false,
    refusals: [{ code: 'not-indicated' }],
  });
  expect(service.calls.every((call) => call.startsWith('plan '))).toBe(true);
});

it('a request is done once, by whom it says, and answered when it has ended', async () => {
  const ended = { successor: serverId(FIRST), closedAtMs: 1, verdict: { kind: 'succeeded' } } as const;
  service.recovery = recoveryOf('7:aa', service.clusterId(), MAIN, ended);
  const request = { command: 'recover-lite', server: 'main:3306', candidate: 'read-replica-1', requestKey: 'k' };
  expect(await called('Recover', request)).toMatchObject({
    uid: '7:aa',
    verdict: 'succeeded',
    failed: 'main:3306',
    successor: 'read-replica-1:3306',
  });
  expect(service.calls).toEqual([`recover-lite ${MAIN} with ${MAIN} to ${FIRST} by me`]);
});

it('what is refused says why and that it was not done; what cannot be read is told apart', async () => {
  service.recovery = recoveryOf('7:aa', service.clusterId(), MAIN);
  service.refusal = { code: 'not-indicated', message: 'target instance not indicated' };
  const takeover = { command: 'graceful-master-takeover', cluster: 'main' };
  expect(await failureOf(called('Recover', takeover))).toEqual({
    code: status.FAILED_PRECONDITION,
    details: 'target instance not indicated',
    name: 'not-indicated',
    done: 'no',
  });
  const codeOf = async (request: object, who = 'me') => (await failureOf(called('Recover', request, who))).code;
  expect(await codeOf({ ...takeover, command: 'relocate' })).toBe(status.INVALID_ARGUMENT);
  expect(await codeOf({ ...takeover, cluster: 'nobody' })).toBe(status.NOT_FOUND);
  expect(await codeOf({ ...takeover, candidate: 'nobody' })).toBe(status.NOT_FOUND);
  expect(await codeOf(takeover, 'guest')).toBe(status.PERMISSION_DENIED);
});

it('a follower passes a request on to the leader once, with the caller, and the answer back', async () => {
  const asked: string[] = [];
  recovering = (request) => {
    asked.push(request.requestedBy);
    // The leader is this very node here; it says so once the call was passed on.
    if (asked.length === 1) return Promise.reject(new NotLeader('n2' as NodeId));
    return service.recover(request);
  };
  leader = address;
  service.recovery = recoveryOf('7:aa', service.clusterId(), MAIN, { closedAtMs: 1, verdict: { kind: 'succeeded' } });
  expect(await called('Recover', { command: 'recover', server: 'main' })).toMatchObject({ uid: '7:aa' });
  expect(asked).toEqual(['me', 'me']);

  recovering = () => Promise.reject(new NotLeader('n2' as NodeId));
  const { code, name } = await failureOf(called('Recover', { command: 'recover', server: 'main' }));
  expect({ code, name }).toEqual({ code: status.UNAVAILABLE, name: 'NOT_LEADER' });
});

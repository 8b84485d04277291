// Two nodes' doors in one process: n1 leads over a consensus of its own, n2 follows and passes writes on to it.
import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { loadKeyValueService } from '../../../../src/adapters/grpc/key-value/proto.js';
import { type ApiServer, createApiServer } from '../../../../src/adapters/grpc/api-server.js';
import { keyValueHandlers } from '../../../../src/adapters/grpc/key-value/handlers.js';
import { GrpcLeaderCalls } from '../../../../src/adapters/grpc/key-value/leader-calls.js';
import { systemClock } from '../../../../src/runtime/ports/clock.js';
import { FateUnknown } from '../../../../src/runtime/ports/consensus-errors.js';
import { CallFailed, KeyValueClient, type WatchEvent } from '../../../../tools/bench/raft/key-value-client.js';
import { startKeyValue, type TestKeyValue } from '../../../support/key-value/key-value-node.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Node extends TestKeyValue {
  readonly server: ApiServer;
  readonly address: string;
  readonly client: KeyValueClient;
}

async function startNode(id: string): Promise<Node> {
  const leaderCalls = new GrpcLeaderCalls({ nodeId: id, clock: systemClock });
  const node = await startKeyValue(leaderCalls);
  const server = createApiServer({ listenAddress: '127.0.0.1:0' });
  server.register(loadKeyValueService(), keyValueHandlers(node.keyValue, systemClock));
  const { address } = await server.start();
  const client = new KeyValueClient(address);
  cleanups.push(
    () => server.close(),
    () => {
      leaderCalls.close();
      client.close();
    },
  );
  return { ...node, server, address, client };
}

async function startPair(): Promise<{ leader: Node; follower: Node }> {
  const [leader, follower] = [await startNode('n1'), await startNode('n2')];
  follower.consensus.addresses.set('n1', leader.address);
  follower.consensus.follow(1, 'n1');
  return { leader, follower };
}

async function failureOf(call: Promise<unknown>): Promise<CallFailed> {
  const error: unknown = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof CallFailed) return error;
  throw new Error(`expected a failed call, got ${String(error)}`);
}

describe('the KeyValue service', () => {
  it('serves each call on the leader', async () => {
    const { client } = await startNode('n1');
    expect(await client.get('a')).toEqual({ found: false, value: '', revision: 0 });
    expect(await client.put('a', '')).toEqual({ revision: 1 });
    expect(await client.get('a')).toEqual({ found: true, value: '', revision: 1 });
    expect(await client.compareAndSwap('a', null, 'x')).toEqual({ swapped: false, revision: 1 });
    expect(await client.compareAndSwap('a', '', 'x')).toEqual({ swapped: true, revision: 2 });
    expect(await client.compareAndSwap('b', null, 'y')).toEqual({ swapped: true, revision: 3 });
    expect(await client.delete('a')).toEqual({ found: true, revision: 4 });
    expect(await client.delete('a')).toEqual({ found: false, revision: 0 });
    expect(await client.get('b', 'STALE')).toEqual({ found: true, value: 'y', revision: 3 });
  });

  it('passes writes from a follower on to the leader, and its answers back', async () => {
    const { leader, follower } = await startPair();
    expect(await follower.client.put('a', '1')).toEqual({ revision: 1 });
    expect(await follower.client.compareAndSwap('a', '2', '3')).toEqual({ swapped: false, revision: 1 });
    expect(await follower.client.compareAndSwap('a', '1', '3')).toEqual({ swapped: true, revision: 2 });
    expect(await follower.client.delete('a')).toEqual({ found: true, revision: 3 });
    expect(await follower.client.delete('a')).toEqual({ found: false, revision: 0 });
    expect(leader.ledger.keyValue.revision).toBe(3);
    const failure = await failureOf(follower.client.put('k'.repeat(600), ''));
    expect(failure).toMatchObject({ status: status.INVALID_ARGUMENT, certainlyNotDone: true });
  });

  it('carries many requests on one stream, in order, with answers by id', async () => {
    const { leader, follower } = await startPair();
    for (const node of [leader, follower]) {
      const pipeline = node.client.pipeline();
      const count = 3000;
      const before = leader.ledger.keyValue.revision;
      const answers = await Promise.all(
        Array.from({ length: count }, (_, number) => pipeline.put(`k${number % 10}`, String(number))),
      );
      expect(answers.map(({ put }) => put?.revision)).toEqual(answers.map((_, number) => before + number + 1));
      expect(await pipeline.get('nothing', 'STALE')).toMatchObject({ response: 'get', get: { found: false } });
      expect((await pipeline.compareAndSwap('k9', '2999', 'x')).compareAndSwap?.swapped).toBe(true);
      expect((await pipeline.delete('k9')).delete?.found).toBe(true);
      const failure = await failureOf(pipeline.put('', 'x'));
      expect(failure).toMatchObject({ status: status.INVALID_ARGUMENT, code: 'BAD_REQUEST', certainlyNotDone: true });
      pipeline.close();
    }
  });

  it('tells a write whose fate is unknown from one that was certainly not done', async () => {
    const { leader, follower } = await startPair();
    // The leader takes the write and dies before it is committed.
    leader.consensus.autoCommit = false;
    const lost = failureOf(follower.client.put('a', '1'));
    await expect.poll(() => leader.consensus.proposed).toBe(1);
    await leader.server.close();
    expect(await lost).toMatchObject({ status: status.UNKNOWN, code: 'FATE_UNKNOWN', certainlyNotDone: false });
    // The follower still believes in it, and cannot reach it: nothing is sent. It says so just before the caller's deadline; a
    // machine that is held up for longer than that lets the deadline pass, and the caller asks again.
    const hasty = new KeyValueClient(follower.address, 500);
    cleanups.push(() => hasty.close());
    const refused = () => failureOf(hasty.put('a', '2'));
    await expect
      .poll(refused, { timeout: 60_000 })
      .toMatchObject({ status: status.UNAVAILABLE, code: 'NOT_LEADER', certainlyNotDone: true });
  });

  it('says so when the leader itself lost sight of what it proposed', async () => {
    const { leader } = await startPair();
    leader.consensus.refuseWith = new FateUnknown();
    const failure = await failureOf(leader.client.put('a', '1'));
    expect(failure).toMatchObject({ status: status.UNKNOWN, code: 'FATE_UNKNOWN', certainlyNotDone: false });
  });

  it('gives up writes that a former leader leaves open, soon after another leads', async () => {
    const { leader, follower } = await startPair();
    leader.consensus.autoCommit = false;
    const lost = failureOf(follower.client.put('a', '1'));
    await expect.poll(() => leader.consensus.proposed).toBe(1);
    follower.consensus.follow(2, 'n3');
    expect(await lost).toMatchObject({ status: status.UNKNOWN, certainlyNotDone: false });
  });
});

describe('Watch', () => {
  it('begins with what is there, says at which revision, and goes on', async () => {
    const { client } = await startNode('n1');
    await client.put('a/x', '1');
    await client.put('b', '1');
    const events: WatchEvent[] = [];
    const stream = client.watch('a/', 0);
    const header = new Promise<string>((resolve) => {
      stream.on('metadata', (metadata) => {
        resolve(metadata.get('orchestrator-revision').join());
      });
    });
    stream.on('error', () => undefined);
    stream.on('data', (event: WatchEvent) => events.push(event));
    expect(await header).toBe('2');
    await expect.poll(() => events.length).toBe(1);
    await client.put('a/y', '');
    await client.delete('a/x');
    await expect.poll(() => events.length).toBe(3);
    expect(events).toMatchObject([
      { key: 'a/x', value: '1', revision: 1 },
      { key: 'a/y', value: '', revision: 3 },
      { key: 'a/x', revision: 4 },
    ]);
    expect(events[2]).not.toHaveProperty('value');
    stream.cancel();
  });

  it('ends with OUT_OF_RANGE when the past asked for is forgotten', async () => {
    const { client, keyValue, ledger } = await startNode('n1');
    await client.put('a', '1');
    const writes = Array.from({ length: 7000 }, () =>
      keyValue.write({ kind: 'put', key: 'a', value: 'x' }, 'client', 1e15),
    );
    await Promise.all(writes);
    await Promise.all(
      Array.from({ length: 7000 }, () => keyValue.write({ kind: 'put', key: 'a', value: 'x' }, 'client', 1e15)),
    );
    expect(ledger.keyValue.revision).toBe(14_001);
    const stream = client.watch('', 1);
    const code = await new Promise((resolve) => {
      stream.on('error', (error: { code?: number }) => {
        resolve(error.code);
      });
      stream.on('data', () => undefined);
    });
    expect(code).toBe(status.OUT_OF_RANGE);
  });
});

describe('the API server', () => {
  it('says which address it cannot have', async () => {
    const { address } = await startNode('n1');
    await expect(createApiServer({ listenAddress: address }).start()).rejects.toMatchObject({ code: 'CONFIGURATION' });
  });
});

import { createServer, type Server as TcpServer } from 'node:net';
import { createServer as createHttp, type Server as PlainServer } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttpServer, type HttpServer } from '../../../src/adapters/http/server.js';
import { FakeService } from './fake-service.js';
import { OPEN_SETTINGS, QUIET } from './http-fixture.js';

interface Closable {
  close(): unknown;
}

const closing: (Closable | HttpServer)[] = [];

afterEach(async () => {
  for (const one of closing.splice(0)) {
    if ('stop' in one) await one.stop();
    else one.close();
  }
});

async function node(
  role: 'leader' | 'follower',
  leaderHttpAddress: string | null,
  settings: { readonly writesPerSecond?: number } = {},
): Promise<[FakeService, string]> {
  const service = new FakeService();
  service.status = { ...service.status, id: role, role, leader: 'leader', leaderHttpAddress };
  const listen = { host: '127.0.0.1', port: 0 };
  const server = createHttpServer({
    service,
    membership: service.membership,
    settings: { ...OPEN_SETTINGS, ...settings },
    listen,
    webRoot: null,
    log: QUIET,
  });
  await server.start();
  closing.push(server);
  return [service, `http://127.0.0.1:${String(server.address()?.port)}`];
}

async function get(url: string, headers: Record<string, string> = {}): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url, { headers });
  return { status: response.status, body: await response.json() };
}

async function portOf(server: TcpServer | PlainServer): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(server);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return `http://127.0.0.1:${String(address.port)}`;
}

describe('a write at a follower', () => {
  it('is done by the leader, and its answer comes back as it is', async () => {
    const [leader, leaderUrl] = await node('leader', null);
    const [follower, followerUrl] = await node('follower', leaderUrl);
    const { status, body } = await get(`${followerUrl}/api/forget/gone/3306/`);
    expect({ status, body }).toEqual({
      status: 200,
      body: { Code: 'OK', Message: 'Instance forgotten: gone:3306', Details: { Hostname: 'gone', Port: 3306 } },
    });
    expect(leader.calls).toEqual(['forget gone:3306 by n1.example']);
    expect(follower.calls).toEqual([]);
  });

  it('is not counted twice: the leader knows that a node of its cluster let it in', async () => {
    const [leader, leaderUrl] = await node('leader', null, { writesPerSecond: 1 });
    const [follower, followerUrl] = await node('follower', leaderUrl);
    for (const { state } of [leader, follower]) Object.assign(state, { founding: 'f1' });
    const proof = { 'x-orchestrator-forwarded-proof': 'made up' };
    for (let at = 0; at < 12; at++) {
      expect((await get(`${followerUrl}/api/forget/gone%20${String(at)}/3306?x="`, proof)).status).toBe(200);
    }
    expect(leader.calls).toHaveLength(12);
  });

  it('comes back refused as the leader refused it', async () => {
    const [leader, leaderUrl] = await node('leader', null);
    const [, followerUrl] = await node('follower', leaderUrl);
    leader.refusal = { code: 'NO', message: 'no' };
    const response = await fetch(`${followerUrl}/api/forget/gone/3306`);
    expect(response.status).toBe(500);
    expect(response.headers.get('x-orchestrator-refusal')).toBe('NO');
  });

  it('is not passed on twice', async () => {
    const [first, firstUrl] = await node('follower', 'http://127.0.0.1:1');
    const [second, secondUrl] = await node('follower', firstUrl);
    const { status, body } = await get(`${secondUrl}/api/forget/gone/3306`);
    expect(status).toBe(500);
    expect(body).toMatchObject({ Code: 'ERROR', Message: expect.stringContaining('nothing was done') as unknown });
    expect([...first.calls, ...second.calls]).toEqual([]);
  });

  it('takes who asks and the key of the request along', async () => {
    const seen: Record<string, unknown>[] = [];
    const leader = createHttp((request, response) => {
      seen.push(request.headers);
      response.setHeader('content-type', 'application/json').end('{"Code":"OK","Message":"","Details":null}');
    });
    const [, followerUrl] = await node('follower', await portOf(leader));
    await get(`${followerUrl}/api/forget/gone/3306`, {
      authorization: 'Basic eA==',
      'idempotency-key': 'k1',
      connection: 'close',
    });
    expect(seen).toMatchObject([
      { authorization: 'Basic eA==', 'idempotency-key': 'k1', 'x-orchestrator-forwarded-by': 'follower' },
    ]);
  });

  it.each([
    ['there is no leader', null, null],
    ['the leader has no address yet', 'leader', null],
    ['the leader has no usable address', 'leader', 'nonsense'],
  ])('says that nothing was done when %s', async (_what, leader, address) => {
    const [service, url] = await node('follower', address);
    service.status = { ...service.status, leader };
    const { status, body } = await get(`${url}/api/forget/gone/3306`);
    expect(status).toBe(500);
    expect(body).toMatchObject({ Code: 'ERROR', Message: expect.stringContaining('nothing was done') as unknown });
  });

  it('says that nothing was done when the leader refuses the connection', async () => {
    const closed = createServer();
    const url = await portOf(closed);
    await new Promise((resolve) => closed.close(resolve));
    const [, followerUrl] = await node('follower', url);
    const { body } = await get(`${followerUrl}/api/forget/gone/3306`);
    expect(body).toMatchObject({ Message: expect.stringMatching(/ECONNREFUSED.*nothing was done/) as unknown });
  });

  it('says that it does not know when the leader goes away before it answers', async () => {
    const rude = createServer((socket) => {
      socket.once('data', () => {
        socket.destroy();
      });
    });
    const [, followerUrl] = await node('follower', await portOf(rude));
    const { body } = await get(`${followerUrl}/api/forget/gone/3306`);
    expect(body).toMatchObject({ Message: expect.stringContaining('not known whether') as unknown });
  });

  it('does not wait for a frozen leader when another leads: it says who goes on', async () => {
    const frozen = createServer();
    const asked = new Promise((resolve) => frozen.once('connection', resolve));
    const [service, followerUrl] = await node('follower', await portOf(frozen));
    const answer = get(`${followerUrl}/api/forget/gone/3306`);
    await asked;
    service.status = { ...service.status, leader: 'another' };
    service.emit({ kind: 'node' });
    const { body } = await answer;
    expect(body).toMatchObject({ Message: expect.stringMatching(/another leads now.*not known whether/) as unknown });
    expect(service.listeners).toBeGreaterThan(0);
  });
});

describe('the answer to a write at a follower', () => {
  /** A leader that has applied one entry more than the follower. */
  async function pair(): Promise<{ follower: FakeService; url: string; leaderAnswered: Promise<void> }> {
    let ahead = 0;
    const leader = createHttp((_request, response) => {
      response.setHeader('content-type', 'application/json');
      response.setHeader('x-orchestrator-applied-index', String(ahead));
      response.end('{"Code":"OK","Message":"","Details":null}', () => leader.emit('answered'));
    });
    const leaderAnswered = new Promise<void>((resolve) => leader.once('answered', resolve));
    const [follower, url] = await node('follower', await portOf(leader));
    ahead = follower.state.index + 1;
    return { follower, url, leaderAnswered };
  }

  it('comes when this node knows what was done, so that a read here shows it', async () => {
    const { follower, url, leaderAnswered } = await pair();
    const before = follower.listeners;
    const seenAt = get(`${url}/api/disable-global-recoveries`).then(() => follower.state.recoveriesEnabled);
    await leaderAnswered;
    await expect.poll(() => follower.listeners).toBeGreaterThan(before);
    // It says so of other things too.
    follower.emit({ kind: 'state', index: follower.state.index });
    follower.fed.feed({ kind: 'recoveries-switched', enabled: false, by: 'test' });
    follower.emit({ kind: 'state', index: follower.state.index });
    expect(await seenAt).toBe(false);
    expect(follower.listeners).toBe(before);
  });

  it('comes all the same when this node is late to learn of it', async () => {
    const { follower, url } = await pair();
    const before = follower.listeners;
    expect((await get(`${url}/api/disable-global-recoveries`)).status).toBe(200);
    expect(follower.listeners).toBe(before);
  });

  it('says up to where the leader has applied the log', async () => {
    const [leader, leaderUrl] = await node('leader', null);
    const response = await fetch(`${leaderUrl}/api/disable-global-recoveries`);
    expect(response.headers.get('x-orchestrator-applied-index')).toBe(String(leader.state.index));
  });
});

describe('routed-leader-check at a follower', () => {
  it('is the leader its word', async () => {
    const [, leaderUrl] = await node('leader', null);
    const [, followerUrl] = await node('follower', leaderUrl);
    expect(await get(`${followerUrl}/api/routed-leader-check`)).toEqual({ status: 200, body: 'OK' });
    expect(await get(`${followerUrl}/api/leader-check`)).toEqual({ status: 404, body: 'Not leader' });
  });

  it('is no without one', async () => {
    const [, followerUrl] = await node('follower', null);
    expect(await get(`${followerUrl}/api/routed-leader-check`)).toEqual({ status: 404, body: 'Not leader' });
  });
});

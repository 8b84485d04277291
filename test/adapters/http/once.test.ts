/** A request that is asked twice acts once: with a key, through a follower that loses its leader, and by the shell client. */
import { request as httpRequest } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttpServer, type HttpServer } from '../../../src/adapters/http/server.js';
import { FateUnknown, NotLeader } from '../../../src/runtime/ports/consensus-errors.js';
import { ReplicatedRequests } from '../../../src/runtime/requests/replicated-requests.js';
import type { Proposal } from '../../../src/runtime/replicated-ledger.js';
import { type FedLedger, recoveryOf } from '../../support/ledger.js';
import { FakeService, FIRST } from './fake-service.js';
import { type Fixture, OPEN_SETTINGS, openFixture, QUIET } from './http-fixture.js';

const closing: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of closing.splice(0)) await one.stop();
});

let random = 0;

/** The book of one node; several of them stand on one log. */
function bookOn(fed: FedLedger, self: string, isLeader: () => boolean = () => true): ReplicatedRequests {
  return new ReplicatedRequests({
    ledger: {
      state: fed.state,
      propose: async (proposal: Proposal) => {
        await Promise.resolve();
        if (!isLeader()) throw new NotLeader(null);
        const facts = fed.feed(proposal);
        return { index: 0, command: null, facts };
      },
    },
    self,
    randomHex: () => String((random += 1)),
    warn: () => undefined,
  });
}

async function keyed(): Promise<Fixture> {
  const service = new FakeService();
  const fixture = await openFixture({ requests: bookOn(service.fed, 'n1') }, service);
  closing.push({ stop: () => fixture.close() });
  return fixture;
}

const SHELL = { 'user-agent': 'curl/8.5.0' };
const K1 = { 'idempotency-key': 'k1' };

describe('under one key', () => {
  it('the second call gets the answer of the first, and nothing is done', async () => {
    const { raw, service } = await keyed();
    const first = await raw('GET', '/api/forget/gone/3306', K1);
    const second = await raw('GET', '/api/forget/gone/3306', K1);
    expect({ status: second.status, text: second.text }).toEqual({ status: first.status, text: first.text });
    expect([first, second].map(({ headers }) => headers['x-orchestrator-replayed'])).toEqual([undefined, 'true']);
    expect(service.calls).toHaveLength(1);
    await raw('GET', '/api/forget/gone/3306', { 'idempotency-key': 'k2' });
    await raw('GET', '/api/forget/gone/3306');
    await raw('GET', '/api/forget/gone/3306');
    expect(service.calls).toHaveLength(4);
  });

  it('two calls at once are one', async () => {
    const { raw, service } = await keyed();
    const answers = await Promise.all([1, 2, 3].map(() => raw('GET', '/api/forget/gone/3306', K1)));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(service.calls).toHaveLength(1);
  });

  it('a refusal is final too', async () => {
    const { raw, service } = await keyed();
    service.refusal = { code: 'NO', message: 'no' };
    await raw('GET', '/api/forget/gone/3306', K1);
    service.refusal = null;
    const { status, headers } = await raw('GET', '/api/forget/gone/3306', K1);
    expect({ status, refusal: headers['x-orchestrator-refusal'] }).toEqual({ status: 500, refusal: 'NO' });
  });

  it('nothing else can be asked', async () => {
    const { raw, service } = await keyed();
    await raw('GET', '/api/forget/gone/3306', K1);
    const { headers } = await raw('GET', '/api/forget/other/3306', K1);
    expect(headers['x-orchestrator-refusal']).toBe('IDEMPOTENCY_KEY_TAKEN');
    expect((await raw('GET', '/api/forget/x/3306', { 'idempotency-key': 'a b' })).status).toBe(500);
    expect(service.calls).toHaveLength(1);
  });

  it('what is only read is read each time', async () => {
    const { raw } = await keyed();
    await raw('GET', '/api/clusters', K1);
    expect((await raw('GET', '/api/clusters', K1)).headers['x-orchestrator-replayed']).toBeUndefined();
  });
});

describe('at the next leader', () => {
  it('the answer of the first is there', async () => {
    const { raw, service } = await keyed();
    await raw('GET', '/api/forget/gone/3306', K1);
    const next = await openFixture({ requests: bookOn(service.fed, 'n2') });
    closing.push({ stop: () => next.close() });
    expect((await next.raw('GET', '/api/forget/gone/3306', K1)).headers['x-orchestrator-replayed']).toBe('true');
    expect(next.service.calls).toEqual([]);
  });

  it('what the first left open is not done again, with a key or without', async () => {
    const service = new FakeService();
    let leads = true;
    const first = await openFixture({ requests: bookOn(service.fed, 'n1', () => leads) }, service);
    closing.push({ stop: () => first.close() });
    const forget = service.forget.bind(service);
    service.forget = async (address, by) => {
      leads = false;
      return await forget(address, by);
    };
    for (const [url, headers] of [
      ['/api/forget/gone/3306', K1],
      ['/api/forget/away/3306', {}],
    ] as const) {
      leads = true;
      await first.raw('GET', url, headers);
      const next = await openFixture({ requests: bookOn(service.fed, 'n2') });
      closing.push({ stop: () => next.close() });
      const answer = await next.raw('GET', url, headers);
      expect(answer.headers['x-orchestrator-refusal']).toBe('FATE_UNKNOWN');
      expect(answer.text).toContain('begun by n1');
      expect(next.service.calls).toEqual([]);
    }
  });
});

describe('of what a leader was lost in the middle of', () => {
  it('the next one tells the end where the log has it under the key, and does it where it has none', async () => {
    const service = new FakeService();
    let leads = true;
    const first = await openFixture({ requests: bookOn(service.fed, 'n1', () => leads) }, service);
    closing.push({ stop: () => first.close() });
    const keys: (string | undefined)[] = [];
    service.move = (request) => {
      keys.push(request.requestKey);
      leads = false;
      return Promise.reject(new FateUnknown('the leader was lost'));
    };
    const url = '/api/relocate/read-replica-1/3306/read-replica-2/3306';
    for (const key of ['begun', 'not-begun']) {
      leads = true;
      await first.raw('GET', url, { 'idempotency-key': key });
    }
    const recovery = recoveryOf('7:c', service.clusterId(), FIRST);
    const ended = { ...recovery, kind: 'move', inputs: { ...recovery.inputs, requestKey: '/begun' } } as const;
    service.fed.feed({ kind: 'recovery-opened', recovery: ended });
    const next = await openFixture({ requests: bookOn(service.fed, 'n2') }, service);
    closing.push({ stop: () => next.close() });
    service.move = (request) => {
      keys.push(request.requestKey);
      return Promise.resolve({ ok: true, value: { ...ended, verdict: { kind: 'succeeded' } } });
    };
    expect((await next.raw('GET', url, { 'idempotency-key': 'begun' })).text).toContain('relocated below');
    expect((await next.raw('GET', url, { 'idempotency-key': 'not-begun' })).text).toContain('relocated below');
    expect(keys).toEqual(['/begun', '/not-begun', '/begun', '/not-begun']);
  });

  it('is not known where the log has dropped plans of that time', async () => {
    const service = new FakeService();
    let leads = true;
    const first = await openFixture({ requests: bookOn(service.fed, 'n1', () => leads) }, service);
    closing.push({ stop: () => first.close() });
    service.move = () => {
      leads = false;
      return Promise.reject(new FateUnknown('the leader was lost'));
    };
    const url = '/api/relocate/read-replica-1/3306/read-replica-2/3306';
    await first.raw('GET', url, K1);
    for (let at = 0; at <= 500; at += 1) {
      const recovery = recoveryOf(`7:${String(at)}`, service.clusterId(), FIRST);
      const verdict = { kind: 'undone', reason: 'no' } as const;
      service.fed.feed({ kind: 'recovery-opened', recovery });
      service.fed.feed({ kind: 'recovery-closed', recoveryId: recovery.id, verdict, lost: [] });
    }
    const next = await openFixture({ requests: bookOn(service.fed, 'n2') }, service);
    closing.push({ stop: () => next.close() });
    const unknown = await next.raw('GET', url, K1);
    expect(unknown.headers['x-orchestrator-refusal']).toBe('FATE_UNKNOWN');
  });
});

async function node(service: FakeService, requests: ReplicatedRequests): Promise<[HttpServer, string]> {
  const server = createHttpServer({
    service,
    membership: service.membership,
    requests,
    settings: OPEN_SETTINGS,
    listen: { host: '127.0.0.1', port: 0 },
    webRoot: null,
    log: QUIET,
  });
  await server.start();
  closing.push(server);
  return [server, `http://127.0.0.1:${String(server.address()?.port)}`];
}

describe('a caller without a key that lost its connection', () => {
  it('hears the first answer when it asks the same again, and is served anew after that', async () => {
    const service = new FakeService();
    const [, url] = await node(service, bookOn(service.fed, 'n1'));
    const forget = service.forget.bind(service);
    let goOn: () => void = () => undefined;
    const asked = new Promise<void>((begun) => {
      service.forget = async (address, by) => {
        begun();
        await new Promise<void>((resolve) => {
          goOn = resolve;
        });
        service.forget = forget;
        return await forget(address, by);
      };
    });
    const outgoing = httpRequest(`${url}/api/forget/gone/3306`, { agent: false, headers: SHELL });
    const broken = new Promise((resolve) => outgoing.once('error', resolve));
    outgoing.end();
    await asked;
    outgoing.destroy(new Error('cut'));
    await broken;
    // What it is asked later it answers later: it has heard of it by then.
    for (let time = 0; time < 3; time += 1) await (await fetch(`${url}/api/lb-check`)).text();
    const again = fetch(`${url}/api/forget/gone/3306`, { headers: SHELL });
    goOn();
    const response = await again;
    expect(response.headers.get('x-orchestrator-replayed')).toBe('true');
    expect(service.calls).toHaveLength(1);
    await fetch(`${url}/api/forget/gone/3306`, { headers: SHELL });
    expect(service.calls).toHaveLength(2);
  });
});

describe('a leader that finds itself deposed', () => {
  it('asks its successor, because it began nothing', async () => {
    const next = new FakeService();
    const [, nextUrl] = await node(next, bookOn(next.fed, 'n2'));
    const deposed = new FakeService();
    deposed.status = { ...deposed.status, leader: 'n2', leaderHttpAddress: nextUrl };
    const [, url] = await node(
      deposed,
      bookOn(deposed.fed, 'n1', () => false),
    );
    expect((await fetch(`${url}/api/forget/gone/3306`)).status).toBe(200);
    expect(deposed.calls).toEqual([]);
    expect(next.calls).toHaveLength(1);
  });
});

describe('a follower whose leader goes away', () => {
  it('asks the next one under the same key, and the write is done once', async () => {
    const leader = new FakeService();
    const [dying, dyingUrl] = await node(leader, bookOn(leader.fed, 'n1'));
    const next = new FakeService();
    const [, nextUrl] = await node(next, bookOn(leader.fed, 'n2'));
    const follower = new FakeService();
    follower.status = { ...follower.status, id: 'n3', role: 'follower', leaderHttpAddress: dyingUrl };
    const [, followerUrl] = await node(follower, bookOn(follower.fed, 'n3'));
    await dying.stop();
    const answer = fetch(`${followerUrl}/api/forget/gone/3306`);
    setTimeout(() => {
      follower.status = { ...follower.status, leader: 'n2', term: 4, leaderHttpAddress: nextUrl };
      follower.emit({ kind: 'node' });
    }, 100);
    expect((await answer).status).toBe(200);
    expect(leader.calls).toEqual([]);
    expect(next.calls).toHaveLength(1);
    expect([...leader.state.requests.keys()]).toEqual([expect.stringContaining('/forwarded-n3-')]);
  });
});

/** HTTPS, whose certificates are good enough, and a follower that passes a write on over it. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { connect } from 'node:tls';
import { credentials, makeClientConstructor, Metadata, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { createApiServer } from '../../../src/adapters/grpc/api-server.js';
import { doorCredentials } from '../../../src/adapters/grpc/raft/tls.js';
import type { HttpTls, MutualTls } from '../../../src/adapters/http/access/mutual-tls.js';
import { createHttpServer, type HttpServer, type HttpSettings } from '../../../src/adapters/http/server.js';
import { FakeService } from './fake-service.js';
import { OPEN_SETTINGS, QUIET } from './http-fixture.js';

const pem = (name: string): string => readFileSync(new URL(`certificates/${name}.pem`, import.meta.url), 'utf8');
const ca = pem('authority');
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function tlsOf(mutual: MutualTls | null): HttpTls {
  return { certificate: pem('nodes'), key: pem('nodes-key'), authority: ca, mutual, skipsVerifying: false };
}

async function node(
  tls: HttpTls,
  changes: Partial<FakeService['status']> = {},
  settings: HttpSettings = { ...OPEN_SETTINGS, tls },
): Promise<[FakeService, string, HttpServer]> {
  const service = new FakeService();
  service.status = { ...service.status, ...changes };
  const server = createHttpServer({
    service,
    membership: service.membership,
    settings,
    listen: { host: '127.0.0.1', port: 0 },
    webRoot: null,
    log: QUIET,
  });
  await server.start();
  closing.push(() => server.stop());
  return [service, `https://localhost:${String(server.address()?.port)}`, server];
}

/** As the owner of a certificate, or of none. */
function get(url: string, unit: string | null = null): Promise<{ status: number; text: string }> {
  const own = unit === null ? {} : { cert: pem(unit), key: pem(`${unit}-key`) };
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { ca, ...own, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
      });
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

/** Whose certificate is shown to a new caller. */
function shownAt(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port), rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.OU));
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

describe('renewed certificates', () => {
  it('are shown to new callers, and those that are there are served on', async () => {
    const settings = { ...OPEN_SETTINGS, tls: tlsOf(null) };
    const [, url, server] = await node(settings.tls, {}, settings);
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca });
    closing.push(() => {
      agent.destroy();
      return Promise.resolve();
    });
    const kept = (): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const outgoing = request(`${url}/api/clusters`, { agent }, (response) => {
          response.resume();
          response.on('end', () => {
            resolve(response.statusCode);
          });
        });
        outgoing.on('error', reject).end();
      });
    expect([await shownAt(url), await kept()]).toEqual(['nodes,all', 200]);
    settings.tls = { ...settings.tls, certificate: pem('dba'), key: pem('dba-key') };
    server.renewCertificates();
    expect([await shownAt(url), await kept()]).toEqual(['dba,all', 200]);
  });

  it('of a gRPC port are shown to new callers', async () => {
    const { server: own, renew } = doorCredentials({ ...tlsOf(null), isMutual: false });
    const api = createApiServer({ listenAddress: '127.0.0.1:0', credentials: own });
    const { address } = await api.start();
    closing.push(() => api.close());
    const url = `https://${address}`;
    expect(await shownAt(url)).toBe('nodes,all');
    renew({ certificate: pem('dba'), key: pem('dba-key'), authority: ca });
    expect(await shownAt(url)).toBe('dba,all');
  });
});

describe('HTTPS', () => {
  it('asks nobody for a certificate unless it is mutual', async () => {
    const [, url] = await node(tlsOf(null));
    expect(await get(`${url}/api/clusters`)).toMatchObject({ status: 200, text: '["main:3306"]' });
    await expect(fetch(`${url.replace('https', 'http')}/api/clusters`)).rejects.toThrow();
  });

  it('takes those whose certificate names a unit, when it is mutual', async () => {
    const [, url] = await node(tlsOf({ validUnits: ['dba', 'nodes'], healthToo: false }));
    expect(await get(`${url}/api/clusters`, 'dba')).toMatchObject({ status: 200 });
    expect(await get(`${url}/api/clusters`, 'guests')).toEqual({ status: 401, text: 'Invalid OU\n' });
    expect(await get(`${url}/api/clusters`)).toEqual({ status: 401, text: 'No client certificate\n' });
  });

  it('takes every certificate of the authority when no unit is asked for, and no other', async () => {
    const [, url] = await node(tlsOf({ validUnits: [], healthToo: false }));
    expect(await get(`${url}/api/clusters`, 'guests')).toMatchObject({ status: 200 });
    const [, strict] = await node({ ...tlsOf({ validUnits: [], healthToo: false }), authority: pem('dba') });
    expect(await get(`${strict}/api/clusters`, 'guests')).toMatchObject({
      status: 401,
      text: expect.stringContaining('not of the authority') as unknown,
    });
  });

  it('lets balancers check health without one, unless told otherwise', async () => {
    const [, url] = await node(tlsOf({ validUnits: ['dba'], healthToo: false }));
    for (const path of ['/api/status', '/health/live', '/health/leader', '/api/status?a=b']) {
      expect((await get(`${url}${path}`)).status, path).toBe(200);
    }
    expect((await get(`${url}/api/clusters?x=/api/status`)).status).toBe(401);
    const [, strict] = await node(tlsOf({ validUnits: ['dba'], healthToo: true }));
    expect((await get(`${strict}/api/status`)).status).toBe(401);
    expect((await get(`${strict}/api/status`, 'dba')).status).toBe(200);
  });

  it('passes a write on to the leader, with the certificate of the node', async () => {
    const mutual = { validUnits: ['dba', 'nodes'], healthToo: false };
    const [leader, leaderUrl] = await node(tlsOf(mutual));
    const [, followerUrl] = await node(tlsOf(mutual), { role: 'follower', leaderHttpAddress: leaderUrl });
    expect((await get(`${followerUrl}/api/forget/gone/3306`, 'dba')).status).toBe(200);
    expect(leader.calls).toHaveLength(1);
  });

  it('is not passed on to a leader that cannot show who it is', async () => {
    const [leader, leaderUrl] = await node(tlsOf(null));
    const [, followerUrl] = await node(
      { ...tlsOf(null), authority: pem('dba') },
      { role: 'follower', leaderHttpAddress: leaderUrl },
    );
    const answer = await get(`${followerUrl}/api/forget/gone/3306`);
    expect(answer.text).toContain('nothing was done');
    expect(leader.calls).toEqual([]);
  });
});

describe('the gRPC port', () => {
  it('takes the certificates of the same units', async () => {
    const tls = { ...tlsOf(null), isMutual: true };
    const echo = {
      echo: {
        path: '/test.Echo/Echo',
        requestStream: false,
        responseStream: false,
        requestSerialize: (value: Buffer) => value,
        requestDeserialize: (value: Buffer) => value,
        responseSerialize: (value: Buffer) => value,
        responseDeserialize: (value: Buffer) => value,
      },
    } as const;
    const server = createApiServer({
      listenAddress: '127.0.0.1:0',
      credentials: doorCredentials(tls).server,
      validUnits: () => ['dba'],
    });
    server.register(echo, {
      echo: (call: { request: Buffer }, answer: (error: null, value: Buffer) => void) => {
        answer(null, call.request);
      },
    });
    const { address } = await server.start();
    closing.push(() => server.close());
    const Client = makeClientConstructor(echo, 'test.Echo');
    const call = (unit: string): Promise<number> =>
      new Promise((resolve) => {
        const port = address.slice(address.lastIndexOf(':') + 1);
        const own = [Buffer.from(pem(`${unit}-key`)), Buffer.from(pem(unit))] as const;
        const client = new Client(`localhost:${port}`, credentials.createSsl(Buffer.from(ca), ...own));
        client.makeUnaryRequest(
          echo.echo.path,
          (value: Buffer) => value,
          (value: Buffer) => value,
          Buffer.from('x'),
          new Metadata(),
          {},
          (error) => {
            client.close();
            resolve(error?.code ?? status.OK);
          },
        );
      });
    expect(await call('dba')).toBe(status.OK);
    expect(await call('guests')).toBe(status.UNAUTHENTICATED);
  });
});

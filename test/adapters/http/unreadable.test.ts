/** Requests that no route sees: too long, or no HTTP. Whoever sent them reads the same form of error as everywhere. */
import { connect as connectPlain, type Socket } from 'node:net';
import { readFileSync } from 'node:fs';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { HTTP_LIMITS } from '../../../src/adapters/http/limits.js';
import { createHttpServer, type HttpServer, type HttpSettings } from '../../../src/adapters/http/server.js';
import { FakeService, FIRST } from './fake-service.js';
import { OPEN_SETTINGS, QUIET } from './http-fixture.js';

const pem = (name: string): string => readFileSync(new URL(`certificates/${name}.pem`, import.meta.url), 'utf8');
const TLS = { certificate: pem('nodes'), key: pem('nodes-key'), authority: null, mutual: null, skipsVerifying: false };

let server: HttpServer | null = null;

afterEach(async () => {
  await server?.stop();
});

async function start(changes: Partial<HttpSettings> = {}): Promise<FakeService> {
  const service = new FakeService();
  const { membership } = service;
  const listen = { host: '127.0.0.1', port: 0 };
  const settings = { ...OPEN_SETTINGS, ...changes };
  server = createHttpServer({ service, membership, settings, listen, webRoot: null, log: QUIET });
  await server.start();
  return service;
}

interface Heard {
  readonly status: number;
  readonly head: string;
  readonly body: Record<string, unknown>;
}

/** What comes back before the connection ends. */
async function say(text: string, isSecure = false): Promise<Heard> {
  const where = { host: '127.0.0.1', port: server?.address()?.port ?? 0 };
  const socket: Socket = isSecure ? connectTls({ ...where, rejectUnauthorized: false }) : connectPlain(where);
  let heard = '';
  socket.on('data', (data: Buffer) => (heard += data.toString()));
  // What was said stands, also where the connection is cut behind it.
  socket.on('error', () => undefined);
  await new Promise((resolve) => {
    socket.once('close', resolve);
    socket.write(text);
  });
  const [head = '', body = ''] = heard.split('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), head, body: JSON.parse(body) as Record<string, unknown> };
}

function getting(path: string, headers = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`;
}

const downtime = (reason: string): string =>
  `/api/begin-downtime/read-replica-1/3306/ann/${encodeURIComponent(reason)}/10m`;

describe('a reason', () => {
  it('may be as long as a page, in any script', async () => {
    const service = await start();
    const reason = '停'.repeat(HTTP_LIMITS.parameterCharacters);
    expect(await say(getting(downtime(reason)))).toMatchObject({ status: 200 });
    expect(service.calls).toEqual([`downtime ${FIRST} by ann because ${reason} for 600000`]);
  });

  it('that is longer is refused by its name, with the limit, and nothing is done', async () => {
    const service = await start();
    const { status, head, body } = await say(getting(downtime('x'.repeat(HTTP_LIMITS.parameterCharacters + 1))));
    expect([status, body]).toEqual([
      414,
      {
        Code: 'ERROR',
        Message: 'reason may have 2048 characters, and it has 2049: say it in fewer words',
        Details: null,
      },
    ]);
    expect(head.toLowerCase()).toContain('x-content-type-options: nosniff');
    expect(service.calls).toEqual([]);
  });
});

describe.each([false, true])('over TLS: %s', (isSecure) => {
  const tls = isSecure ? TLS : null;

  it.each([
    ['a head that is too large', getting('/api/clusters', `X-Long: ${'x'.repeat(HTTP_LIMITS.headBytes)}\r\n`), 431],
    ['a path that is too large', getting(downtime('x'.repeat(HTTP_LIMITS.headBytes * 2))), 431],
    ['no HTTP at all', 'HELO me\r\n\r\n', 400],
    ['a header without a name', 'GET /api/clusters HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n', 400],
    ['a percent sign alone', getting('/api/cluster/%zz'), 400],
  ])('%s is answered in our form', async (_what, request, expected) => {
    await start({ tls, identity: 'orc-1' });
    const { status, head, body } = await say(request, isSecure);
    expect([status, body['Code'], body['Details']]).toEqual([expected, 'ERROR', null]);
    expect(body['Message']).toMatch(/^Orchestrator orc-1 says: The request/);
    expect(head.toLowerCase()).toContain('x-content-type-options: nosniff');
    expect(head.toLowerCase()).toContain('content-type: application/json');
  });
});

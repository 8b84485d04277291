/** The client against something that listens, in this process: what it printed and how it ended. */
import { createServer, type IncomingMessage } from 'node:http';
import type { HttpSettings } from '../../../src/adapters/http/http-app.js';
import { createHttpServer } from '../../../src/adapters/http/server.js';
import { runClient } from '../../../src/app/client/run.js';
import type { ClientSurroundings } from '../../../src/app/client/surroundings.js';
import type { Happenings } from '../../../src/runtime/ports/happenings.js';
import { freePorts } from '../../../tools/lab/free-ports.js';
import type { FakeService } from '../../adapters/http/fake-service.js';
import { HandClock, OPEN_SETTINGS, QUIET } from '../../adapters/http/http-fixture.js';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** How long it waited between attempts. */
  readonly slept: readonly number[];
}

export async function run(
  api: string | readonly string[],
  argv: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  profileFile = '/nonexistent',
  more: Partial<ClientSurroundings> = {},
): Promise<Ran> {
  const out: string[] = [];
  const err: string[] = [];
  const slept: number[] = [];
  const code = await runClient({
    argv,
    environment: { ORCHESTRATOR_API: [api].flat().join(' '), ...environment },
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    sleep: (ms) => {
      slept.push(ms);
      return Promise.resolve();
    },
    profileFile,
    ...more,
  });
  return { code, out: out.join(''), err: err.join(''), slept };
}

export interface Listening {
  readonly url: string;
  close(): Promise<void>;
}

export async function serve(
  service: FakeService,
  settings: Partial<HttpSettings> = {},
  happenings?: Happenings,
): Promise<Listening> {
  const server = createHttpServer({
    service,
    membership: service.membership,
    settings: { ...OPEN_SETTINGS, ...settings },
    listen: { host: '127.0.0.1', port: 0 },
    webRoot: null,
    ...(happenings === undefined ? {} : { happenings }),
    log: QUIET,
    clock: new HandClock(service.nowMs),
  });
  await server.start();
  return { url: `http://127.0.0.1:${String(server.address()?.port)}`, close: () => server.stop() };
}

/** Answers every request with what `answer` says; null: hangs up. */
export async function serveCanned(
  answer: (request: IncomingMessage) => {
    readonly status?: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body: string;
  } | null,
): Promise<Listening & { readonly asked: { readonly url: string; readonly headers: IncomingMessage['headers'] }[] }> {
  const asked: { url: string; headers: IncomingMessage['headers'] }[] = [];
  const server = createServer((request, response) => {
    asked.push({ url: request.url ?? '', headers: request.headers });
    const reply = answer(request);
    if (reply === null) request.socket.destroy();
    else
      response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers }).end(reply.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return {
    url: `http://127.0.0.1:${String(address.port)}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

/** An address at which nothing listens, nor will. */
export async function nowhere(): Promise<string> {
  const [port = 0] = await freePorts(1);
  return `http://127.0.0.1:${String(port)}`;
}

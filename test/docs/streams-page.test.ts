/** The examples of `docs/streams.md` are run as they stand there, against a node's own doors. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it, vi } from 'vitest';
import { createApiServer } from '../../src/adapters/grpc/api-server.js';
import { happeningsHandlers, loadHappeningsService } from '../../src/adapters/grpc/services/happenings.js';
import { HappeningStream } from '../../src/adapters/http/streams/happening-stream.js';
import { systemClock } from '../../src/runtime/ports/clock.js';
import { HappeningStage } from '../support/happenings.js';

const PATIENCE = { timeout: 60_000, interval: 50 };
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const endings: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function page(): Promise<string> {
  return readFile(join(ROOT, 'docs/streams.md'), 'utf8');
}

/** The program that begins with a comment of that name. */
async function example(name: string): Promise<string> {
  const found = [...(await page()).matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, program]) => program ?? '');
  const program = found.find((one) => one.startsWith(`// ${name}:`));
  if (program === undefined) throw new Error(`the page has no ${name}`);
  return program;
}

async function serveHttp(stage: HappeningStage): Promise<string> {
  const stream = new HappeningStream({ happenings: stage.log, clock: systemClock, headers: {} });
  const server = createServer((request, response) => {
    if (request.url === '/api/v1/happenings') {
      stream.attach(request, response, String(request.headers['last-event-id'] ?? ''));
    } else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endings.push(() => {
    stream.close();
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${String(typeof address === 'object' && address !== null ? address.port : 0)}`;
}

async function serveGrpc(stage: HappeningStage): Promise<string> {
  const server = createApiServer({ listenAddress: '127.0.0.1:0' });
  server.register(loadHappeningsService(), happeningsHandlers({ happenings: stage.log, mayLook: () => true }));
  endings.push(() => server.close());
  return (await server.start()).address;
}

interface Running {
  readonly child: ChildProcess;
  said: string;
}

/** As a file of the project would be, without one: `name` stands where the program's own does. */
async function run(name: string, words: readonly string[]): Promise<Running> {
  const program = ['--input-type=module', '--eval', await example(name), '--', name, ...words];
  const child = spawn(process.execPath, program, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  const running: Running = { child, said: '' };
  for (const output of [child.stdout, child.stderr]) {
    output.on('data', (data: Buffer) => {
      running.said += data.toString();
    });
  }
  endings.push(async () => {
    const over = new Promise((resolve) => child.on('exit', resolve));
    child.kill('SIGKILL');
    await over;
  });
  return running;
}

async function expectToFollow(stage: HappeningStage, running: Running): Promise<void> {
  await vi.waitFor(() => {
    expect(running.said).toMatch(/^reset[\s\S]*^current/m);
  }, PATIENCE);
  stage.find('db1:3306', 'DeadMaster');
  await vi.waitFor(() => {
    expect(running.said).toContain('problem-began db1:3306 DeadMaster it was seen\n');
  }, PATIENCE);
  stage.end('db1:3306');
  await vi.waitFor(() => {
    expect(running.said).toContain('problem-ended db1:3306 DeadMaster');
  }, PATIENCE);
}

it('over HTTP', async () => {
  const stage = new HappeningStage();
  await expectToFollow(stage, await run('follow-http.mjs', [await serveHttp(stage)]));
});

it('over gRPC', async () => {
  const stage = new HappeningStage();
  await expectToFollow(stage, await run('follow-grpc.mjs', [await serveGrpc(stage), 'proto/orchestrator.proto']));
});

it('the one-line example names the path that is served, and shows events of the form that is sent', async () => {
  const text = await page();
  const path = /curl -N http:\/\/[^/]+(\/\S+)/.exec(text)?.[1] ?? '';
  const response = await fetch(`${await serveHttp(new HappeningStage())}${path}`);
  expect(response.status).toBe(200);
  const stream = response.body as ReadableStream<Uint8Array>;
  const { value } = await stream.getReader().read();
  expect(new TextDecoder().decode(value)).toMatch(/^retry: 1000\n\n/);
  const shown = [...text.matchAll(/^ {4}event: (.*)$/gm)].map(([, kind]) => kind);
  expect(shown).toEqual(['reset', 'problem-began']);
});

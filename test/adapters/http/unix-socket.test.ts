import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createHttpServer, type HttpServer } from '../../../src/adapters/http/server.js';
import { FakeService } from './fake-service.js';
import { OPEN_SETTINGS, QUIET } from './http-fixture.js';

let folder: string;
const started: HttpServer[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrator-socket-'));
});

afterEach(async () => {
  for (const server of started.splice(0)) await server.stop();
  await rm(folder, { recursive: true });
});

async function start(socket: string): Promise<void> {
  const service = new FakeService();
  const { membership } = service;
  const listen = { socket };
  const server = createHttpServer({ service, membership, settings: OPEN_SETTINGS, listen, webRoot: null, log: QUIET });
  await server.start();
  started.push(server);
}

function statusAt(socketPath: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path: '/api/clusters' }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

test('answers on a socket, and takes the place of one that was left behind', async () => {
  const path = join(folder, 'orchestrator.sock');
  const killed = createServer();
  await new Promise<void>((resolve) => void killed.listen(path, resolve));
  // Node unlinks the file when it closes a server; a process that is killed does not.
  await expect(start(path)).rejects.toThrow(/^ListenSocket: cannot listen on .*another process listens there/);
  await new Promise<void>(
    (resolve) =>
      void killed.close(() => {
        resolve();
      }),
  );
  await start(path);
  expect(await statusAt(path)).toBe(200);
});

test('a file that is no socket is left alone', async () => {
  const path = join(folder, 'precious');
  await writeFile(path, 'x');
  await expect(start(path)).rejects.toThrow(/^ListenSocket: .*is not a socket/);
  expect((await stat(path)).size).toBe(1);
});

test('a folder that is not there is named with the key', async () => {
  await expect(start(join(folder, 'none', 'a.sock'))).rejects.toThrow(/^ListenSocket: .*(no such folder|more rights)/);
});

import { createServer, type Server } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Graphite, graphitePath } from '../../../src/adapters/outlets/graphite.js';

let server: Server;
let got = '';

beforeEach(async () => {
  got = '';
  server = createServer((socket) => socket.on('data', (data: Buffer) => void (got += data.toString())));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  if (server.listening)
    await new Promise<void>(
      (resolve) =>
        void server.close(() => {
          resolve();
        }),
    );
});

function sender(told: (string | null)[]): Graphite {
  const bound = server.address();
  return new Graphite({
    host: '127.0.0.1',
    port: typeof bound === 'object' ? (bound?.port ?? 0) : 0,
    path: 'db.orc1',
    everyMs: 1000,
    clock: { wallMs: () => 1_700_000_000_900, setTimer: () => ({ cancel: () => undefined }) },
    figures: () =>
      Promise.resolve([
        { name: 'servers', value: 12 },
        { name: 'lag', value: 0.5 },
      ]),
    onTrouble: (reason) => void told.push(reason),
  });
}

test('one line a figure, with the time in seconds', async () => {
  const told: (string | null)[] = [];
  await sender(told).send();
  expect(got).toBe('db.orc1.servers 12 1700000000\ndb.orc1.lag 0.5 1700000000\n');
  expect(told).toEqual([]);
});

test('that it does not work is told once, and once that it works again', async () => {
  const told: (string | null)[] = [];
  const graphite = sender(told);
  const { port } = server.address() as { port: number };
  await new Promise<void>(
    (resolve) =>
      void server.close(() => {
        resolve();
      }),
  );
  await graphite.send();
  await graphite.send();
  expect(told).toEqual([expect.stringContaining('ECONNREFUSED')]);
  await new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve));
  await graphite.send();
  expect(told).toEqual([expect.stringContaining('ECONNREFUSED'), null]);
});

test.each([
  ['db.{hostname}.orc', true, 'db.orc-1_dc1.orc'],
  ['db.{hostname}.', false, 'db.orc-1.dc1'],
  ['', true, ''],
])('the path %s', (path, underscores, expected) => {
  expect(graphitePath(path, 'orc-1.dc1', underscores)).toBe(expected);
});

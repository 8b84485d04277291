import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HTTP_LIMITS } from '../../../src/adapters/http/limits.js';
import { createHttpServer, type HttpServer } from '../../../src/adapters/http/server.js';
import { FakeService } from './fake-service.js';
import { HandClock, OPEN_SETTINGS, QUIET } from './http-fixture.js';

interface Overview {
  readonly clusters: readonly { readonly name: string; readonly servers: readonly { readonly lagSeconds: number }[] }[];
  readonly recoveriesEnabled: boolean;
}

let service: FakeService;
let clock: HandClock;
let server: HttpServer;
let port: number;
const sockets: Socket[] = [];

beforeEach(async () => {
  service = new FakeService();
  clock = new HandClock(service.nowMs);
  const listen = { host: '127.0.0.1', port: 0 };
  server = createHttpServer({
    service,
    membership: service.membership,
    settings: OPEN_SETTINGS,
    listen,
    webRoot: null,
    log: QUIET,
    clock,
  });
  await server.start();
  port = server.address()?.port ?? 0;
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server.stop();
});

/** What a page has received so far, event by event. */
class Page {
  #text = '';
  #waiting: (() => void)[] = [];
  closed = false;

  constructor(method = 'GET') {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    socket.write(`${method} /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n`);
    socket.on('data', (data) => {
      this.#text += data.toString();
      for (const wake of this.#waiting.splice(0)) wake();
    });
    socket.on('close', () => {
      this.closed = true;
      for (const wake of this.#waiting.splice(0)) wake();
    });
    socket.on('error', () => undefined);
  }

  get text(): string {
    return this.#text;
  }

  get pictures(): Overview[] {
    return [...this.#text.matchAll(/event: overview\ndata: (.*)\n\n/g)].map(
      ([, json]) => JSON.parse(json ?? '') as Overview,
    );
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.closed) throw new Error(`closed with: ${this.#text}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}

async function openPage(): Promise<Page> {
  const page = new Page();
  await page.until(() => page.pictures.length === 1);
  return page;
}

describe('events', () => {
  it('begin with the whole picture', async () => {
    const page = await openPage();
    expect(page.text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(page.text.toLowerCase()).toContain('content-type: text/event-stream');
    expect(page.pictures).toMatchObject([{ clusters: [{ name: 'main:3306' }], recoveriesEnabled: true }]);
  });

  it('bring the next picture soon after something was decided, and many changes as one', async () => {
    const page = await openPage();
    for (const enabled of [false, true, false]) {
      service.fed.feed({ kind: 'recoveries-switched', enabled, by: 'ann' });
      service.emit({ kind: 'state', index: service.state.index });
    }
    clock.advance(0);
    await page.until(() => page.pictures.length === 2);
    service.fed.feed({ kind: 'recoveries-switched', enabled: true, by: 'ann' });
    service.emit({ kind: 'state', index: service.state.index });
    clock.advance(HTTP_LIMITS.eventIntervalMs - 1);
    clock.advance(1);
    await page.until(() => page.pictures.length === 3);
    expect(page.pictures.map(({ recoveriesEnabled }) => recoveriesEnabled)).toEqual([true, false, true]);
  });

  it('bring what was merely seen again once a second, unless something was decided', async () => {
    const page = await openPage();
    service.emit({ kind: 'sighting' });
    clock.advance(0);
    await page.until(() => page.pictures.length === 2);
    service.emit({ kind: 'sighting' });
    clock.advance(HTTP_LIMITS.eventIntervalMs);
    service.emit({ kind: 'analysis' });
    clock.advance(0);
    await page.until(() => page.pictures.length === 3);
    expect(page.pictures).toHaveLength(3);
  });

  it('beat while nothing happens', async () => {
    const page = await openPage();
    clock.advance(HTTP_LIMITS.eventHeartbeatMs);
    await page.until(() => page.text.includes(': still here'));
  });

  it('reach every page, and end when the server stops', async () => {
    const pages = [await openPage(), await openPage()];
    service.emit({ kind: 'node' });
    clock.advance(0);
    for (const page of pages) await page.until(() => page.pictures.length === 2);
    await server.stop();
    for (const page of pages) {
      while (!page.closed) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(service.listeners).toBe(0);
  });

  it('are refused to one page too many', async () => {
    await Promise.all(Array.from({ length: HTTP_LIMITS.eventClients }, openPage));
    const response = await fetch(`http://127.0.0.1:${String(port)}/api/v1/events`);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ Code: 'ERROR' });
    const metrics = await (await fetch(`http://127.0.0.1:${String(port)}/metrics`)).text();
    expect(metrics).toContain(`orchestrator_http_event_clients ${String(HTTP_LIMITS.eventClients)}`);
  });

  it('answer a HEAD and do not count it', async () => {
    const page = new Page('HEAD');
    await page.until(() => page.text.endsWith('\r\n\r\n'));
    const metrics = await (await fetch(`http://127.0.0.1:${String(port)}/metrics`)).text();
    expect(metrics).toContain('orchestrator_http_event_clients 0');
  });
});

import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import { afterEach, expect, it, vi } from 'vitest';
import { HappeningStream } from '../../../src/adapters/http/streams/happening-stream.js';
import { systemClock } from '../../../src/runtime/ports/clock.js';
import { HappeningStage } from '../../support/happenings.js';

const PATIENCE = { timeout: 60_000 };

const endings: (() => void)[] = [];

afterEach(() => {
  for (const end of endings.splice(0).reverse()) end();
});

async function serve(stage: HappeningStage): Promise<number> {
  const stream = new HappeningStream({ happenings: stage.log, clock: systemClock, headers: {} });
  const server: Server = createServer((request, response) => {
    stream.attach(request, response, String(request.headers['last-event-id'] ?? ''));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endings.push(() => {
    stream.close();
    server.close();
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

interface Page {
  text: string;
  response: IncomingMessage | null;
  close(): void;
}

function open(port: number, lastId = ''): Page {
  const request = get({ port, host: '127.0.0.1', headers: lastId === '' ? {} : { 'last-event-id': lastId } });
  const page: Page = { text: '', response: null, close: () => request.destroy() };
  request.on('error', () => undefined);
  request.on('response', (response) => {
    page.response = response;
    response.on('data', (data: Buffer) => {
      page.text += data.toString();
    });
    response.on('error', () => undefined);
  });
  endings.push(() => request.destroy());
  return page;
}

const eventsOf = (page: Page): readonly string[] =>
  [...page.text.matchAll(/^event: (.*)$/gm)].map(([, kind]) => kind ?? '');
const lastIdOf = (page: Page): string => [...page.text.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] ?? '';

it('a page that comes back goes on where it was', async () => {
  const stage = new HappeningStage();
  const port = await serve(stage);
  const page = open(port);
  stage.find('p', 'DeadMaster');
  await vi.waitFor(() => {
    // The whole of the picture: its last frame alone has an id.
    expect(page.text).toMatch(/event: current\ndata: .*\n\n$/);
  }, PATIENCE);
  const id = lastIdOf(page);
  page.close();
  await vi.waitFor(() => {
    expect(stage.log.watchers).toBe(0);
  }, PATIENCE);
  stage.end('p');
  const again = open(port, id);
  await vi.waitFor(() => {
    expect(eventsOf(again)).toEqual(['problem-ended']);
  }, PATIENCE);
  expect(again.response?.headers['content-type']).toContain('text/event-stream');
});

it('the middle of a picture has no id, so that a page that lost its connection there begins again', async () => {
  const stage = new HappeningStage();
  stage.find('p', 'DeadMaster');
  const page = open(await serve(stage));
  await vi.waitFor(() => {
    expect(eventsOf(page)).toEqual(['reset', 'leader', 'problem-began', 'current']);
  }, PATIENCE);
  expect([...page.text.matchAll(/^id: /gm)]).toHaveLength(1);
  expect(page.text.indexOf('id: ')).toBeGreaterThan(page.text.indexOf('event: problem-began'));
});

/** The Happenings service over a real port. */
import { Client, type ClientReadableStream, credentials, Metadata, status } from '@grpc/grpc-js';
import { afterEach, expect, it, vi } from 'vitest';
import { type ApiServer, createApiServer } from '../../../../src/adapters/grpc/api-server.js';
import { happeningsHandlers, loadHappeningsService } from '../../../../src/adapters/grpc/services/happenings.js';
import type { Happening } from '../../../../src/runtime/ports/happenings.js';
import { HappeningStage } from '../../../support/happenings.js';

const PATIENCE = { timeout: 60_000 };

const service = loadHappeningsService();
const endings: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function serve(stage: HappeningStage, password = ''): Promise<string> {
  const server: ApiServer = createApiServer({ listenAddress: '127.0.0.1:0' });
  const mayLook = (authorization: string | undefined): boolean => password === '' || authorization === password;
  server.register(service, happeningsHandlers({ happenings: stage.log, mayLook }));
  endings.push(() => server.close());
  return (await server.start()).address;
}

interface Reader {
  readonly stream: ClientReadableStream<Happening>;
  readonly heard: Happening[];
  code: number | null;
}

function follow(address: string, after = ''): Reader {
  const client = new Client(address, credentials.createInsecure());
  const { path, requestSerialize, responseDeserialize } = service.Watch;
  const stream = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, { after }, new Metadata());
  const reader: Reader = { stream, heard: [], code: null };
  stream.on('data', (happening: Happening) => reader.heard.push(happening));
  stream.on('error', (error: Error & { code: number }) => {
    reader.code = error.code;
  });
  endings.push(() => {
    stream.cancel();
    client.close();
  });
  return reader;
}

it('tells how things stand, then what happens, and goes on where a caller was', async () => {
  const stage = new HappeningStage();
  const address = await serve(stage);
  const first = follow(address);
  await vi.waitFor(() => {
    expect(first.heard.map(({ kind }) => kind)).toEqual(['reset', 'leader', 'current']);
  }, PATIENCE);
  stage.find('p', 'DeadMaster');
  await vi.waitFor(() => {
    expect(first.heard.at(-1)).toMatchObject({ kind: 'problem-began', code: 'DeadMaster', reasons: ['it was seen'] });
  }, PATIENCE);
  first.stream.cancel();
  stage.end('p');
  const second = follow(address, first.heard.at(-1)?.id);
  await vi.waitFor(() => {
    expect(second.heard.map(({ kind }) => kind)).toEqual(['problem-ended']);
  }, PATIENCE);
});

it('lets nobody follow who may not look, and forgets who left', async () => {
  const closed = follow(await serve(new HappeningStage(), 'secret'));
  await vi.waitFor(() => {
    expect(closed.code).toBe(status.PERMISSION_DENIED);
  }, PATIENCE);
  const stage = new HappeningStage();
  const reader = follow(await serve(stage));
  await vi.waitFor(() => {
    expect(stage.log.watchers).toBe(1);
  }, PATIENCE);
  reader.stream.cancel();
  await vi.waitFor(() => {
    expect(stage.log.watchers).toBe(0);
  }, PATIENCE);
});

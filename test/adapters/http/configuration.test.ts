import { describe, expect, test } from 'vitest';
import { createHttpApp, type HttpAppOptions } from '../../../src/adapters/http/http-app.js';
import { accept, refuse } from '../../../src/runtime/ports/answer.js';
import { FakeService } from './fake-service.js';
import { HandClock, OPEN_SETTINGS, QUIET } from './http-fixture.js';

async function asked(url: string, more: Partial<HttpAppOptions> = {}): Promise<{ status: number; body: unknown }> {
  const service = new FakeService();
  const { app, release } = await createHttpApp({
    service,
    membership: service.membership,
    clock: new HandClock(service.nowMs),
    log: QUIET,
    webRoot: null,
    settings: OPEN_SETTINGS,
    ...more,
  });
  const { statusCode, body } = await app.inject({ method: 'GET', url });
  release();
  await app.close();
  return { status: statusCode, body: JSON.parse(body) as unknown };
}

describe('reload-configuration', () => {
  test('reads again on the very node that is asked, with another file where one is named', async () => {
    const files: (string | null)[] = [];
    const configuration = {
      reload: (file: string | null) => {
        files.push(file);
        return Promise.resolve(accept('in force now: Debug'));
      },
    };
    expect((await asked('/api/reload-configuration', { configuration })).body).toEqual({
      Code: 'OK',
      Message: 'Config reloaded: in force now: Debug',
      Details: '',
    });
    const other = await asked('/api/reload-configuration?config=%2Fetc%2Fmore.json%0A', { configuration });
    expect(other.body).toMatchObject({ Details: '/etc/more.json' });
    expect(files).toEqual([null, '/etc/more.json']);
  });

  test('says what is wrong when nothing was changed', async () => {
    const configuration = { reload: () => Promise.resolve(refuse<string>('CONFIGURATION', 'Debug: 7 was given')) };
    const { status, body } = await asked('/api/reload-configuration', { configuration });
    expect(status).toBe(500);
    expect(body).toMatchObject({ Code: 'ERROR', Message: 'Debug: 7 was given' });
  });

  test("is an administrator's: who may only read is turned away, and nothing is read", async () => {
    let reloads = 0;
    const configuration = { reload: () => Promise.resolve(accept(String(++reloads))) };
    const settings = { ...OPEN_SETTINGS, readOnly: true };
    const { status, body } = await asked('/api/reload-configuration', { configuration, settings });
    expect(status).toBe(500);
    expect(body).toMatchObject({ Message: 'Unauthorized' });
    expect(reloads).toBe(0);
  });

  test('a HEAD asks whether it is there, and reads nothing', async () => {
    let reloads = 0;
    const configuration = { reload: () => Promise.resolve(accept(String(++reloads))) };
    const service = new FakeService();
    const { app, release } = await createHttpApp({
      service,
      membership: service.membership,
      clock: new HandClock(service.nowMs),
      log: QUIET,
      webRoot: null,
      settings: OPEN_SETTINGS,
      configuration,
    });
    expect((await app.inject({ method: 'HEAD', url: '/api/reload-configuration' })).statusCode).toBe(200);
    release();
    await app.close();
    expect(reloads).toBe(0);
  });
});

test('an error shows no secret, whoever worded it', async () => {
  const conceal = (text: string): string => text.replaceAll('sesame', '(secret)');
  const configuration = { reload: () => Promise.reject(new Error("near 'sesame'")) };
  const { status, body } = await asked('/api/reload-configuration', { configuration, conceal });
  expect(status).toBe(500);
  expect(JSON.stringify(body)).toContain("near '(secret)'");
  expect(JSON.stringify(body)).not.toContain('sesame');
});

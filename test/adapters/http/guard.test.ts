/** Who may not give commands although they might: pages of other sites, callers who ask too often. And short answers. */
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { acceptsGzip, gzipped } from '../../../src/adapters/http/compression.js';
import { createHttpApp } from '../../../src/adapters/http/http-app.js';
import { proofOf } from '../../../src/adapters/http/forwarding/forward-proof.js';
import { isCommand } from '../../../src/adapters/http/route.js';
import { routeGroups } from '../../../src/adapters/http/route-table.js';
import { ReadTimedOut } from '../../../src/runtime/ports/consensus-errors.js';
import { FakeService } from './fake-service.js';
import { type Fixture, HandClock, OPEN_SETTINGS, openFixture, QUIET } from './http-fixture.js';

let fixture: Fixture;

afterEach(async () => {
  await fixture.close();
});

/** They do not end; test/adapters/http/events.test.ts has them. */
const STREAMS = new Set<string>(['/api/v1/events']);

const CHANGE = '/api/forget/x/3306';

describe('a page of another site', () => {
  it.each([
    [{ 'sec-fetch-site': 'cross-site' }],
    [{ 'sec-fetch-site': 'same-site' }],
    [{ origin: 'https://evil.example', host: 'orc:3000' }],
    [{ referer: 'https://evil.example/page', host: 'orc:3000' }],
    [{ origin: 'null', host: 'orc:3000' }],
  ])('%j changes nothing, and may read', async (headers) => {
    fixture = await openFixture();
    for (const url of [CHANGE, '/api/reload-configuration', '/api/v1/raft/remove/n9']) {
      const answer = await fixture.raw('GET', url, headers);
      expect({ url, status: answer.status, refusal: answer.headers['x-orchestrator-refusal'] }).toEqual({
        url,
        status: 403,
        refusal: 'CROSS_SITE',
      });
    }
    expect(fixture.service.calls).toEqual([]);
    expect((await fixture.raw('GET', '/api/clusters', headers)).status).toBe(200);
  });

  it.each([
    [{}],
    [{ 'sec-fetch-site': 'none' }],
    [{ 'sec-fetch-site': 'same-origin', origin: 'http://whatever' }],
    [{ origin: 'http://orc:3000', host: 'orc:3000' }],
    [{ referer: 'https://front.example/orc/', host: 'orc:3000', 'x-forwarded-host': 'front.example' }],
  ])('%j is none', async (headers) => {
    fixture = await openFixture();
    expect((await fixture.raw('GET', CHANGE, headers)).status).toBe(200);
  });

  it('may read what not everybody may', async () => {
    fixture = await openFixture();
    expect((await fixture.raw('GET', '/api/bulk-instances', { 'sec-fetch-site': 'cross-site' })).status).toBe(200);
  });

  it('may be allowed to, for scripts that look like one', async () => {
    fixture = await openFixture({ crossSiteWrites: true });
    expect((await fixture.raw('GET', CHANGE, { 'sec-fetch-site': 'cross-site' })).status).toBe(200);
  });
});

describe('a caller who asks too often', () => {
  it('is told to wait, and reads on', async () => {
    fixture = await openFixture({ writesPerSecond: 2 });
    const statuses: number[] = [];
    for (let at = 0; at < 11; at++) statuses.push((await fixture.raw('GET', `/api/forget/x${String(at)}/3306`)).status);
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 200), 429]);
    expect(fixture.service.calls).toHaveLength(10);
    expect((await fixture.raw('GET', '/api/clusters')).status).toBe(200);
    fixture.clock.advance(500);
    expect((await fixture.raw('GET', CHANGE)).status).toBe(200);
    const refused = await fixture.raw('GET', CHANGE);
    expect(refused.headers['retry-after']).toBe('1');
    expect(JSON.parse(refused.text)).toMatchObject({ Code: 'ERROR' });
  });
});

describe('a caller who says that a node passes its request on', () => {
  it('is believed only with the proof that nodes of this cluster have', async () => {
    fixture = await openFixture({ writesPerSecond: 1 });
    const { service } = fixture;
    const proven = (founding: string, target = CHANGE) => ({
      'x-orchestrator-forwarded-by': 'n2',
      'x-orchestrator-forwarded-proof': proofOf(founding, 'n2', target),
    });
    const elsewhere = { 'sec-fetch-site': 'cross-site' };
    const statusOf = async (headers: Record<string, string>): Promise<number> =>
      (await fixture.raw('GET', CHANGE, headers)).status;
    // As long as the founding is not known, nothing proves anything.
    expect(await statusOf({ ...elsewhere, ...proven('') })).toBe(403);
    Object.assign(service.state, { founding: 'f1' });
    const strange = [
      { 'x-orchestrator-forwarded-by': 'n2' },
      { 'x-orchestrator-forwarded-by': 'n2', 'x-orchestrator-forwarded-proof': 'x' },
      proven('f2'),
      proven('f1', '/api/forget/y/3306'),
    ];
    for (const headers of strange) expect(await statusOf({ ...elsewhere, ...headers })).toBe(403);
    for (let at = 0; at < 5; at++) expect(await statusOf(strange[0] ?? {})).toBe(200);
    for (const headers of strange) expect(await statusOf(headers)).toBe(429);
    for (let at = 0; at < 20; at++) expect(await statusOf(proven('f1'))).toBe(200);
  });
});

describe('a caller who takes gzip', () => {
  it('gets long answers short, and short ones as they are', async () => {
    fixture = await openFixture();
    const plain = await fixture.raw('GET', '/api/all-instances');
    expect(plain.headers['content-encoding']).toBeUndefined();
    const { headers, status } = await fixture.raw('GET', '/api/all-instances', { 'accept-encoding': 'br, gzip' });
    expect({ status, how: headers['content-encoding'], vary: headers['vary'] }).toEqual({
      status: 200,
      how: 'gzip',
      vary: 'accept-encoding',
    });
    expect(Number(headers['content-length'])).toBeLessThan(plain.text.length / 2);
    const short = await fixture.raw('GET', '/api/clusters', { 'accept-encoding': 'gzip' });
    expect(short.headers['content-encoding']).toBeUndefined();
  });

  it('can read it, and says no by its weight', async () => {
    fixture = await openFixture();
    const text = 'abc'.repeat(1000);
    expect(gunzipSync(gzipped(text) ?? Buffer.alloc(0)).toString()).toBe(text);
    expect(gzipped(Buffer.alloc(3_000_000))).toBeNull();
    expect(['gzip', 'deflate, gzip;q=0.5', '*', 'GZIP'].map(acceptsGzip)).toEqual([true, true, true, true]);
    expect(['', 'br', 'gzip;q=0', 'gzip; q=0.0', undefined].map(acceptsGzip)).toEqual([
      false,
      false,
      false,
      false,
      false,
    ]);
  });
});

describe('a linearizable read', () => {
  it('is not mistaken for another one when it is misspelled', async () => {
    fixture = await openFixture();
    const { status, body } = await fixture.get('/api/clusters?consistency=linearisable');
    expect({ status, body }).toMatchObject({ status: 500, body: { Code: 'ERROR' } });
  });

  it('waits for what was committed anywhere, and fails without a quorum', async () => {
    fixture = await openFixture();
    const service = new FakeService();
    let asked = 0;
    let hasQuorum = true;
    const { app, release } = await createHttpApp({
      service,
      membership: service.membership,
      clock: new HandClock(service.nowMs),
      log: QUIET,
      webRoot: null,
      settings: OPEN_SETTINGS,
      confirmRead: () => {
        asked += 1;
        return hasQuorum ? Promise.resolve() : Promise.reject(new ReadTimedOut());
      },
    });
    await app.inject({ url: '/api/clusters' });
    expect(asked).toBe(0);
    const sure = await app.inject({ url: '/api/clusters?consistency=linearizable' });
    expect(asked).toBe(1);
    expect(sure.headers['x-orchestrator-consistency']).toBe('linearizable');
    hasQuorum = false;
    const failed = await app.inject({ url: '/api/clusters?consistency=linearizable' });
    expect({ status: failed.statusCode, error: failed.headers['x-orchestrator-error'] }).toEqual({
      status: 500,
      error: 'NO_QUORUM',
    });
    release();
    await app.close();
  });
});

describe('a node that is cut off', () => {
  it('says so in every answer', async () => {
    fixture = await openFixture();
    expect((await fixture.raw('GET', '/metrics')).headers['x-orchestrator-in-quorum']).toBeUndefined();
    fixture.service.status = { ...fixture.service.status, role: 'follower', leader: null, inQuorum: false };
    for (const url of ['/', '/metrics', '/api/clusters', '/api/leader-check', '/health/live', CHANGE, '/nothing']) {
      expect((await fixture.raw('GET', url)).headers['x-orchestrator-in-quorum'], url).toBe('false');
    }
  });

  it('says so, and how old it is, whatever route is read', async () => {
    fixture = await openFixture();
    await fixture.raw('GET', '/api/clusters');
    fixture.service.status = { ...fixture.service.status, role: 'follower', leader: null, inQuorum: false };
    fixture.clock.advance(1500);
    const reads = routeGroups('')
      .flatMap(({ routes }) => routes)
      .filter((route) => !isCommand(route) && !STREAMS.has(route.path));
    expect(reads.length).toBeGreaterThan(100);
    for (const { path, access } of reads) {
      const url = path.replace(':host/:port', 'main/3306').replaceAll(/:\w+/g, '1').replace('*', 'x');
      const { headers } = await fixture.raw('GET', url);
      expect({ url, in: headers['x-orchestrator-in-quorum'] }).toEqual({ url, in: 'false' });
      // What a node tells of itself alone is as old as the answer.
      const age = access === 'read' ? '1500' : undefined;
      if (access !== 'relayed') expect({ url, age: headers['x-orchestrator-state-age-ms'] }).toEqual({ url, age });
    }
  });
});

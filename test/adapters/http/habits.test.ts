/** What the shell client, balancers and browsers do to a server, and what must come of it. */
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FIRST } from './fake-service.js';
import { type Fixture, openFixture, QUIET } from './http-fixture.js';
import { INCUMBENT_ROUTES } from '../../support/incumbent/routes.js';

let fixture: Fixture;

beforeEach(async () => {
  fixture = await openFixture();
});

afterEach(async () => {
  await fixture.close();
});

describe('the shell client', () => {
  it.each(['/', '/api', '/api/', '/api/clusters', '/api/v1/events'])('may HEAD %s', async (url) => {
    const { status, text } = await fixture.raw('HEAD', url);
    expect([200, 404]).toContain(status);
    expect(text).toBe('');
  });

  it('may HEAD a write without anything being done', async () => {
    expect((await fixture.raw('HEAD', '/api/forget/main/3306')).status).toBe(200);
    expect((await fixture.raw('HEAD', '/api/disable-global-recoveries')).status).toBe(200);
    expect(fixture.service.calls).toEqual([]);
  });

  it.each([
    '/api/clusters/',
    '/api/downtimed/',
    '/api/cluster/main:3306/',
    '/api/topology/main:3306/',
    '/api/topology/main/3306/',
  ])('may end %s with a slash', async (url) => {
    expect((await fixture.raw('GET', url)).text).toBe((await fixture.raw('GET', url.slice(0, -1))).text);
  });

  it('may end every value with an encoded newline', async () => {
    expect((await fixture.get('/api/search?s=replica-1%0A')).body).toHaveLength(1);
    expect((await fixture.get('/api/cluster/main:3306%0A')).body).toHaveLength(3);
    await fixture.get('/api/begin-downtime/read-replica-1/3306/ann%0A/a%20b%0A/10m');
    expect(fixture.service.calls).toEqual([`downtime ${FIRST} by ann because a b for 600000`]);
  });

  it('may give a reason as long as a paragraph', async () => {
    const reason = 'because '.repeat(100);
    const url = `/api/begin-downtime/read-replica-1/3306/ann/${encodeURIComponent(reason)}/10m`;
    expect((await fixture.get(url)).status).toBe(200);
  });

  it('gets JSON for every route of the incumbent', async () => {
    for (const route of INCUMBENT_ROUTES) {
      const url = route.replaceAll(/:[A-Za-z]*[pP]ort/g, '3306').replaceAll(/:\w+/g, 'x');
      const { status, text, headers } = await fixture.raw('GET', url);
      expect([200, 404, 500], url).toContain(status);
      expect(headers['content-type'], url).toBe('application/json; charset=UTF-8');
      expect(() => JSON.parse(text) as unknown, url).not.toThrow();
    }
  });

  it('learns at once which command is not answered yet', async () => {
    expect(await fixture.get('/api/match/a/3306/b/3306')).toMatchObject({
      status: 500,
      body: { Code: 'ERROR', Message: 'match is not supported yet', Details: null },
    });
  });
});

describe('a stranger', () => {
  it('gets a plain 404 for what is not there, whatever the method', async () => {
    for (const [method, url] of [
      ['GET', '/api/nothing'],
      ['POST', '/api/clusters'],
      ['GET', '/nothing'],
    ] as const) {
      const { status, text, headers } = await fixture.raw(method, url);
      expect({ status, text }).toEqual({ status: 404, text: '404 page not found\n' });
      expect(headers['content-type']).toBe('text/plain; charset=utf-8');
    }
  });

  it('gets an answer for a path that cannot be decoded', async () => {
    const { status, text } = await fixture.raw('GET', '/api/cluster/%zz');
    expect(status).toBe(400);
    expect(JSON.parse(text)).toMatchObject({ Code: 'ERROR' });
  });

  it('is told what is wrong with a request that the framework refuses, and fills no log with it', async () => {
    const faults = vi.spyOn(QUIET, 'error');
    const { status, text } = await fixture.raw('POST', '/api/clusters', { 'content-length': '100000000' });
    expect({ status, body: JSON.parse(text) as unknown }).toEqual({
      status: 413,
      body: { Code: 'ERROR', Message: 'The request cannot be answered: Request body is too large', Details: null },
    });
    expect(faults).not.toHaveBeenCalled();
    faults.mockRestore();
  });

  it('finds every answer guarded', async () => {
    for (const url of ['/', '/api/clusters', '/api/nothing', '/metrics']) {
      const { headers } = await fixture.raw('GET', url);
      expect(headers['content-security-policy']).toContain("default-src 'self'");
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['x-frame-options']).toBe('DENY');
    }
  });

  it('is told what went wrong when a use case breaks', async () => {
    fixture.service.recovery = null;
    expect(await fixture.get('/api/graceful-master-takeover/main:3306')).toMatchObject({
      status: 500,
      body: { Code: 'ERROR', Message: expect.stringContaining('the test says what') as unknown },
    });
  });
});

describe('a balancer', () => {
  it('finds the leader by its status', async () => {
    expect(await fixture.get('/api/leader-check')).toMatchObject({ status: 200, body: 'OK' });
    expect((await fixture.raw('HEAD', '/api/leader-check')).status).toBe(200);
    expect((await fixture.raw('GET', '/health/leader')).status).toBe(200);
    fixture.service.status = { ...fixture.service.status, role: 'follower' };
    expect(await fixture.get('/api/leader-check')).toMatchObject({ status: 404, body: 'Not leader' });
    expect((await fixture.get('/api/leader-check/503')).status).toBe(503);
    expect((await fixture.get('/api/leader-check/-1')).status).toBe(404);
    expect((await fixture.get('/api/leader-check/abc')).status).toBe(404);
    expect((await fixture.raw('GET', '/health/leader')).status).toBe(503);
  });

  it('is not sent to a leader without a quorum', async () => {
    fixture.service.status = { ...fixture.service.status, inQuorum: false };
    for (const url of ['/api/leader-check', '/api/raft-health', '/api/health', '/health/ready', '/health/leader']) {
      expect((await fixture.raw('GET', url)).status, url).toBeGreaterThanOrEqual(400);
    }
    for (const url of ['/api/lb-check', '/api/_ping', '/health/live']) {
      expect((await fixture.raw('GET', url)).status, url).toBe(200);
    }
  });

  it('finds the health check where the configuration puts it', async () => {
    await fixture.close();
    fixture = await openFixture({ urlPrefix: '/orc', statusEndpoint: '/status-of-orc' });
    expect((await fixture.get('/status-of-orc')).body).toMatchObject({ Code: 'OK', Details: { Healthy: true } });
    expect((await fixture.get('/orc/api/status')).status).toBe(200);
    expect((await fixture.get('/orc/api/clusters')).body).toEqual(['main:3306']);
    expect((await fixture.raw('GET', '/api/clusters')).status).toBe(404);
  });
});

describe('Raft', () => {
  it('is told about as the incumbent tells', async () => {
    expect((await fixture.get('/api/raft-health')).body).toBe('healthy');
    expect((await fixture.get('/api/raft-leader')).body).toBe('n1.example:10008');
    expect((await fixture.get('/api/raft-state')).body).toBe('Leader');
    expect((await fixture.get('/api/raft-peers')).body).toEqual(['n1', 'n2', 'n3'].map((id) => `${id}.example:10008`));
    expect((await fixture.get('/api/raft-status')).body).toEqual({
      RaftBind: 'n1.example:10008',
      RaftAdvertise: 'n1.example:10008',
      State: 'Leader',
      Healthy: true,
      IsPartOfQuorum: true,
      Leader: 'n1.example:10008',
      LeaderURI: 'http://n1.example:3000',
      Peers: ['n1.example:10008', 'n2.example:10008', 'n3.example:10008'],
    });
    const { body } = await fixture.get('/api/health');
    expect(body).toMatchObject({
      Message: 'Application node is healthy',
      Details: { IsRaftLeader: true, RaftHealthyMembers: ['n1', 'n2', 'n3'].map((id) => `${id}.example:10008`) },
    });
  });

  it('does not hide that automatic recovery is switched off or has stopped itself', async () => {
    expect((await fixture.get('/api/health')).body).toMatchObject({
      Details: { RecoveriesEnabled: true, Brake: null },
    });
    fixture.service.fed.feed({ kind: 'brake-applied', reason: '25 clusters at once' });
    fixture.service.fed.feed({ kind: 'recoveries-switched', enabled: false, by: 'me' });
    expect((await fixture.get('/api/status')).body).toMatchObject({
      Message: 'Application node is healthy',
      Details: { RecoveriesEnabled: false, Brake: '25 clusters at once' },
    });
    expect((await fixture.raw('GET', '/metrics')).text).toContain('orchestrator_brake 1');
    expect((await fixture.get('/api/v1/overview')).body).toMatchObject({ brake: '25 clusters at once' });
  });

  it('is an error where there is none', async () => {
    fixture.service.status = { ...fixture.service.status, raftEnabled: false };
    expect(await fixture.get('/api/raft-leader')).toMatchObject({
      status: 500,
      body: { Message: 'raft-leader: not running with raft setup' },
    });
    expect((await fixture.get('/api/leader-check')).status).toBe(200);
  });
});

describe('a read', () => {
  it('says how old it may be', async () => {
    expect((await fixture.get('/api/clusters')).headers).toMatchObject({
      'x-orchestrator-node': 'n1',
      'x-orchestrator-applied-index': String(fixture.service.state.index),
      'x-orchestrator-in-quorum': 'true',
      'x-orchestrator-state-age-ms': '0',
    });
    fixture.service.status = { ...fixture.service.status, role: 'follower', leader: null, inQuorum: false };
    fixture.clock.advance(1500);
    expect((await fixture.get('/api/clusters')).headers).toMatchObject({
      'x-orchestrator-in-quorum': 'false',
      'x-orchestrator-state-age-ms': '1500',
    });
  });
});

describe('basic authentication', () => {
  const right = `Basic ${Buffer.from('ann:secret').toString('base64')}`;

  beforeEach(async () => {
    await fixture.close();
    fixture = await openFixture({ authentication: { method: 'basic', user: 'ann', password: 'secret' } });
  });

  it('turns everybody else away, at every door', async () => {
    for (const url of ['/', '/api/clusters', '/api/leader-check', '/health/live', '/metrics', '/nothing']) {
      const { status, text, headers } = await fixture.raw('GET', url);
      expect({ url, status, text }).toEqual({ url, status: 401, text: 'Not Authorized\n' });
      expect(headers['www-authenticate']).toBe('Basic realm="Authorization Required"');
    }
    for (const authorization of ['Basic', `Basic ${Buffer.from('ann:Secret').toString('base64')}`, 'Bearer x']) {
      expect((await fixture.raw('GET', '/api/clusters', { authorization })).status).toBe(401);
    }
  });

  it('lets the right one in, and signs with the name', async () => {
    expect((await fixture.raw('GET', '/api/clusters', { authorization: right })).status).toBe(200);
    await fixture.raw('GET', '/api/forget/x/3306', { authorization: right });
    expect(fixture.service.calls).toEqual(['forget x:3306 by ann']);
  });
});

describe('a read-only node', () => {
  it('changes nothing and reads everything', async () => {
    await fixture.close();
    fixture = await openFixture({ readOnly: true });
    expect(await fixture.get('/api/forget/x/3306')).toMatchObject({ status: 500, body: { Message: 'Unauthorized' } });
    expect((await fixture.get('/api/bulk-instances')).status).toBe(500);
    expect((await fixture.get('/api/clusters')).status).toBe(200);
    expect(fixture.service.calls).toEqual([]);
  });
});

describe('Prometheus', () => {
  it('gets a small set', async () => {
    await fixture.raw('GET', '/api/clusters');
    const { text } = await fixture.raw('GET', '/metrics');
    expect(text).toContain('orchestrator_is_leader 1');
    expect(text).toContain('orchestrator_servers 3');
    expect(text).toContain('orchestrator_http_requests_total{route="/api/clusters",status="200"} 1');
  });
});

describe('the page', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'page-'));
    await mkdir(join(folder, 'assets'));
    await writeFile(join(folder, 'index.html'), '<title>page</title>');
    await writeFile(join(folder, 'assets', 'a-1234.js'), 'export {};');
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('is served where it was built', async () => {
    await fixture.close();
    fixture = await openFixture({ webRoot: folder });
    expect(await fixture.raw('GET', '/')).toMatchObject({ status: 200, text: '<title>page</title>' });
    expect((await fixture.raw('GET', '/')).headers['cache-control']).toBe('no-cache');
    expect((await fixture.raw('GET', '/assets/a-1234.js')).headers['cache-control']).toContain('immutable');
    expect(await fixture.raw('GET', '/assets/none.js')).toMatchObject({ status: 404, text: '404 page not found\n' });
    expect((await fixture.raw('GET', '/..%2f..%2fetc/passwd')).status).not.toBe(200);
    expect((await fixture.get('/api/clusters')).body).toEqual(['main:3306']);
  });

  it('is served below a prefix, where its relative addresses lead to the right place', async () => {
    await fixture.close();
    fixture = await openFixture({ webRoot: folder, urlPrefix: '/orc' });
    expect(await fixture.raw('GET', '/orc/')).toMatchObject({ status: 200, text: '<title>page</title>' });
    expect(await fixture.raw('GET', '/orc')).toMatchObject({ status: 302, headers: { location: '/orc/' } });
    expect((await fixture.raw('GET', '/orc/assets/a-1234.js')).status).toBe(200);
    expect((await fixture.raw('GET', '/orc/web/cluster/x')).headers['location']).toBe('/orc/#x');
    expect((await fixture.raw('GET', '/')).status).toBe(404);
  });

  it('is not missed where it was not', async () => {
    expect((await fixture.raw('GET', '/')).text).toContain('API');
  });

  it.each([
    ['/web/cluster/main:3306', '/#main%3A3306'],
    ['/web/cluster/alias/shop', '/#shop'],
    ['/web/cluster/instance/main/3306', '/#main%3A3306'],
    ['/web/audit-recovery/cluster/x/1', '/'],
    ['/web', '/'],
  ])('has a redirect from %s', async (from, to) => {
    const { status, headers } = await fixture.raw('GET', from);
    expect({ status, location: headers['location'] }).toEqual({ status: 302, location: to });
  });
});
